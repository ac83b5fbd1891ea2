"""Write a data set, from meshes or from procedural shapes."""

from im2mesh.cli import run_script
from im2mesh.commands.build_dataset import main

if __name__ == "__main__":
    run_script(main)
