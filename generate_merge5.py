"""The paper's HPN5: a global level and four patch levels, in any order, fused."""

from im2mesh.cli import GLOBAL, PATCH, generator, run_script

main = generator(__doc__, (GLOBAL, PATCH, PATCH, PATCH, PATCH))

if __name__ == "__main__":
    run_script(main)
