"""The paper's HPN3: a global level and two patch levels, fused."""

from im2mesh.cli import run_script
from im2mesh.commands.generate import merge3 as main

if __name__ == "__main__":
    run_script(main)
