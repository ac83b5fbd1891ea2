"""Render orthographic depth maps of meshes."""

from im2mesh.cli import run_script
from im2mesh.commands.render_depth import main

if __name__ == "__main__":
    run_script(main)
