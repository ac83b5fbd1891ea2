"""The paper's HPN5: a global level and four patch levels, in any order, fused."""

from im2mesh.cli import run_script
from im2mesh.commands.generate import merge5 as main

if __name__ == "__main__":
    run_script(main)
