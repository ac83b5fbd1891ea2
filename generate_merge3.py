"""The paper's HPN3: a global level and two patch levels, fused."""

from im2mesh.cli import run_script
from im2mesh.commands.generate import GLOBAL, PATCH, generator

main = generator(__doc__, (GLOBAL, PATCH, PATCH))

if __name__ == "__main__":
    run_script(main)
