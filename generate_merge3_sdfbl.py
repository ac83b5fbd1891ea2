"""HPN3 with an SDF global level and two occupancy patch levels, fused."""

from im2mesh.cli import run_script
from im2mesh.commands.generate import GLOBAL_SDF, PATCH, generator

main = generator(__doc__, (GLOBAL_SDF, PATCH, PATCH))

if __name__ == "__main__":
    run_script(main)
