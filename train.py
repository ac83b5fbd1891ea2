"""Train one level of the hierarchy."""

from im2mesh.cli import run_script
from im2mesh.commands.train import main

if __name__ == "__main__":
    run_script(main)
