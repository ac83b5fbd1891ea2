"""Print the IoU of trivial predictions and of a level on its validation points.

python -m im2mesh.commands.baselines CONFIG [--no-cuda]

The predictions: always empty, always full, and a shell of constant thickness behind the observed
surface (the thickness that is best on these data). Then follow the level's model_best.pt and its
validations (``validation.csv``).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from im2mesh.cli import DONE, add_device, new_parser, parse, pick_device, run_script
from im2mesh.errors import DataError

log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> int:
    parser = new_parser((__doc__ or "").splitlines()[0])
    parser.add_argument("config", metavar="CONFIG", help="the level's YAML file")
    add_device(parser, by_name=False)
    args = parse(parser, argv)
    from im2mesh.config import load_config
    from im2mesh.files import read_csv
    from im2mesh.training.baselines import measure
    from im2mesh.training.validation import HISTORY

    config = load_config(args.config)
    config.check_supported()
    table = measure(config, pick_device(None, args.no_cuda))
    lines = [f"{name:<48} {iou:.4f}" for name, iou in table.items()]
    log.info("%s", "\n".join([f"{'prediction':<48} IoU", *lines]))
    history = Path(config.training.out_dir) / HISTORY
    if history.is_file():
        try:
            log.info("\n%s", read_csv(history, ["it"]).to_string(index=False))
        except DataError as error:
            log.warning("%s", error)
    return DONE


if __name__ == "__main__":
    run_script(main)
