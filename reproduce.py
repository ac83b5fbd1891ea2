"""Put the paper's claim to the test."""

from im2mesh.cli import run_script
from im2mesh.commands.reproduce import main

if __name__ == "__main__":
    run_script(main)
