"""Meshes from depth maps by any number of levels, any mix of global and patch."""

from im2mesh.cli import generator, run_script

main = generator(__doc__, None)

if __name__ == "__main__":
    run_script(main)
