"""HPN3 with an SDF global level and two occupancy patch levels, fused."""

from im2mesh.cli import run_script
from im2mesh.commands.generate import merge3_sdfbl as main

if __name__ == "__main__":
    run_script(main)
