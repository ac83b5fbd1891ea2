"""Write the weights of a trained level alone, as float16.

python -m im2mesh.commands.export CONFIG FILE

writes the network of the level's checkpoint (``<out_dir>/<test.model_file>``) to FILE in the
published format, {'model': …}, without the optimizer and as float16, a sixth of the size.
Generators read such files.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from im2mesh.cli import DONE, new_parser, parse, run_script
from im2mesh.errors import CheckpointError

if TYPE_CHECKING:
    from im2mesh.config import Config

log = logging.getLogger(__name__)


def export(config: Config, path: Path) -> None:
    """Write the weights of a level as float16, all of them in its range.

    Raises:
        CheckpointError: the checkpoint is missing, belongs to another architecture, or has
            weights beyond float16's range.
        OSError: the file cannot be written.
    """
    import torch

    from im2mesh.models.build import build_network
    from im2mesh.models.checkpoints import load_weights
    from im2mesh.training.checkpoint import write_checkpoint

    network = build_network(config)
    load_weights(network, config.model_path)
    state = {}
    for key, tensor in network.state_dict().items():
        half = tensor.half() if tensor.dtype.is_floating_point else tensor
        if not torch.isfinite(half).all():
            raise CheckpointError(
                f"{config.model_path}: {key} holds values beyond the range of float16 (65504)"
            )
        state[key] = half
    write_checkpoint({"model": state}, path)


def main(argv: Sequence[str] | None = None) -> int:
    parser = new_parser((__doc__ or "").splitlines()[0])
    parser.add_argument("config", metavar="CONFIG", help="the level's YAML file")
    parser.add_argument("file", metavar="FILE", type=Path, help="file to write, <name>.pt")
    args = parse(parser, argv)
    from im2mesh.config import load_config

    config = load_config(args.config)
    export(config, args.file)
    log.info("%s: %.1f MB", args.file, args.file.stat().st_size / 1e6)
    return DONE


if __name__ == "__main__":
    run_script(main)
