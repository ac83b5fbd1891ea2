"""Turn depth maps into meshes by one or more levels: the command of all generator scripts."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from im2mesh.cli import (
    SOME_FAILED,
    add_device,
    add_levels,
    add_workers,
    exit_code,
    new_parser,
    parse,
    pick_device,
    run_script,
)
from im2mesh.errors import ConfigError

if TYPE_CHECKING:
    from im2mesh.config import Config

log = logging.getLogger(__name__)

GLOBAL, PATCH, GLOBAL_SDF = "GLOBAL", "PATCH", "GLOBAL_SDF"

EPILOG = """\
which generator:
  generate.py               any number and mix of levels, one global level alone included
  generate_merge3.py        the published command of HPN3: a global level and two patch levels
  generate_merge5.py        that of HPN5: a global level and four patch levels
  generate_merge3_sdfbl.py  HPN3 with a global level of signed distances
They differ only in the kinds of levels that they accept: generate.py makes the same meshes. For a
depth camera's images use reconstruct.py.
"""

OVERRIDES = (
    "lattice",
    "extraction",
    "precision",
    "observation",
    "symmetry",
    "resolution",
    "fit",
    "mesh_formats",
    "vertex_normals",
)
"""Keys of ``generation`` with a flag of the same name."""

CODES = {
    SOME_FAILED: "some depth maps could not be used and are named at the end; the others were done"
}


def generator(
    description: str, roles: Sequence[str] | None
) -> Callable[[Sequence[str] | None], int]:
    """Return the ``main`` of a generator script.

    ``roles`` are the kind of each configuration, in order; None: any number of any kind.
    """

    def main(argv: Sequence[str] | None = None) -> int:
        return _generate(parse(_generator_parser(description, roles), argv), roles)

    return main


def _generator_parser(description: str, roles: Sequence[str] | None) -> argparse.ArgumentParser:
    parser = new_parser(description, EPILOG, CODES)
    if roles is None:
        parser.add_argument("configs", nargs="+", metavar="CONFIG", help="one YAML file a level")
    else:
        for role in roles:  # one by one, because argparse shows one name for each argument
            parser.add_argument(
                "configs", action="append", metavar=role, help="a YAML file of this kind of level"
            )
    parser.add_argument(
        "--input",
        nargs="+",
        metavar="DIR|FILE",
        help="depth maps (.npz .npy .exr, 16-bit .png .tif) or folders of them, instead of the "
        "configs' test split",
    )
    parser.add_argument("--out", metavar="DIR", help="folder of the results (default: the run's)")
    parser.add_argument(
        "--depth-scale",
        metavar="S",
        help="stored value of the maps to sides of the cube, as 1/65535 (needed for the integers "
        "of PNG and TIFF, whose background is 0)",
    )
    parser.add_argument(
        "--fit",
        action="store_true",
        default=None,
        help="centre and scale the object of each map to the cube; its mesh is moved back",
    )
    parser.add_argument(
        "--mesh-formats", nargs="+", metavar="EXT", help="of ply off obj stl glb (default: ply off)"
    )
    parser.add_argument(
        "--vertex-normals",
        action="store_true",
        default=None,
        help="write the normals of the vertices, too (ply, obj, glb)",
    )
    add_device(parser)
    add_workers(parser, most=1, cluster=True)
    add_levels(parser)
    parser.add_argument(
        "--noise",
        type=float,
        metavar="S",
        help="overrides generation.observation_noise: standard deviation of the depths, in sides "
        "of the cube",
    )
    parser.add_argument("--lattice", choices=("exact", "released"), help="overrides the config")
    parser.add_argument(
        "--precision",
        choices=("auto", "float32", "bfloat16"),
        help="overrides the config: of hidden layers; auto: bfloat16 where it is faster here",
    )
    parser.add_argument("--extraction", choices=("mise", "dense"), help="overrides the config")
    parser.add_argument(
        "--observation", choices=("none", "carve", "surface"), help="overrides the config"
    )
    parser.add_argument("--symmetry", choices=("none", "auto"), help="overrides the config")
    again = parser.add_mutually_exclusive_group()
    again.add_argument(
        "--resume",
        action="store_true",
        help="skip maps whose results are there (the default where --input names a folder)",
    )
    again.add_argument(
        "--overwrite",
        action="store_true",
        help="make all results again; all results made with other settings are removed first",
    )
    return parser


def _generate(args: argparse.Namespace, roles: Sequence[str] | None) -> int:
    from im2mesh.config import load_config, read_generation

    configs = [load_config(path) for path in args.configs]
    if roles is not None:
        for config, role in zip(configs, roles, strict=True):
            _check_role(config, role)
    # These import torch, which takes a second or two: only for configurations that can be read.
    from im2mesh.data.run_folders import run_folder
    from im2mesh.data.sensor_files import parse_scale
    from im2mesh.data.sources import sources_of_paths, sources_of_split
    from im2mesh.generation.pipeline import Reconstructor
    from im2mesh.generation.run import check_same_data, run

    overrides = {key: value for key in OVERRIDES if (value := getattr(args, key)) is not None}
    if args.depth_scale is not None:
        overrides["depth_scale"] = parse_scale(args.depth_scale)
    if args.noise is not None:
        overrides["observation_noise"] = args.noise
    reconstructor = Reconstructor.from_configs(
        configs,
        pick_device(args.device, args.no_cuda),
        threshold=args.threshold,
        **read_generation(overrides, "command line"),
    )
    if args.input:
        sources = sources_of_paths(args.input, reconstructor.settings.depth_scale)
    else:
        check_same_data(configs)
        sources = sources_of_split(configs[0], configs[0].data.test_split)
    folder = Path(args.out) if args.out else run_folder(configs)
    resume = args.resume or (
        not args.overwrite and any(Path(path).is_dir() for path in args.input or ())
    )
    report = run(reconstructor, sources, folder, resume, args.overwrite, args.workers, args.cluster)
    for _, message in report.failed:
        log.error("%s", message)
    kept = f", {len(report.skipped)} there already" if report.skipped else ""
    failed = f", {len(report.failed)} not usable" if report.failed else ""
    log.info("%s: %d done%s%s", folder, len(report.written), kept, failed)
    return exit_code(len(report.written) + len(report.skipped), len(report.failed))


def _check_role(config: Config, role: str) -> None:
    """Check that a configuration is of the kind that its place on the command line takes."""
    kind = "a patch level" if config.is_patch else "a global level"
    method = "SDF" if config.is_sdf else "occupancy"
    wanted = {
        GLOBAL: not config.is_patch and not config.is_sdf,
        GLOBAL_SDF: not config.is_patch and config.is_sdf,
        PATCH: config.is_patch,
    }
    if not wanted[role]:
        raise ConfigError(
            f"{config.source}: is {kind} ({method}) where {role} is expected; "
            "generate.py takes any mix of levels"
        )


main = generator(
    "Meshes from depth maps by any number of levels, any mix of global and patch.", None
)
merge3 = generator(
    "The paper's HPN3: a global level and two patch levels, fused.", (GLOBAL, PATCH, PATCH)
)
merge5 = generator(
    "The paper's HPN5: a global level and four patch levels, in any order, fused.",
    (GLOBAL, PATCH, PATCH, PATCH, PATCH),
)
merge3_sdfbl = generator(
    "HPN3 with an SDF global level and two occupancy patch levels, fused.",
    (GLOBAL_SDF, PATCH, PATCH),
)


if __name__ == "__main__":
    run_script(main)
