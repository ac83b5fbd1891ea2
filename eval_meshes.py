"""Score the meshes of a generation run."""

from im2mesh.cli import run_script
from im2mesh.commands.eval_meshes import main

if __name__ == "__main__":
    run_script(main)
