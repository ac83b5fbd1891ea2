"""The paper's HPN3: a global level and two patch levels, fused."""

from im2mesh.cli import GLOBAL, PATCH, generator, run_script

main = generator(__doc__, (GLOBAL, PATCH, PATCH))

if __name__ == "__main__":
    run_script(main)
