"""Print the tables of scored runs."""

from im2mesh.cli import run_script
from im2mesh.commands.read_results import main

if __name__ == "__main__":
    run_script(main)
