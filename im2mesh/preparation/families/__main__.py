"""``python -m im2mesh.preparation.families``: contact sheets, see :mod:`.sheet`."""

from im2mesh.cli import run_script
from im2mesh.preparation.families.sheet import main

if __name__ == "__main__":
    run_script(main)
