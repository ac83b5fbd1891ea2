"""Show depth maps, meshes, clouds and runs."""

from im2mesh.cli import run_script
from im2mesh.commands.vis import main

if __name__ == "__main__":
    run_script(main)
