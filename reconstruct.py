"""Turn a depth camera's image of an object into a closed mesh in metres."""

from im2mesh.cli import run_script
from im2mesh.commands.reconstruct import main

if __name__ == "__main__":
    run_script(main)
