"""Meshes from depth maps by any number of levels, any mix of global and patch."""

from im2mesh.cli import run_script
from im2mesh.commands.generate import main

if __name__ == "__main__":
    run_script(main)
