"""The experiments, as calls of this project's own scripts."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from im2mesh.config import load_config, read_yaml
from im2mesh.data.records import write_record
from im2mesh.data.sources import sources_of_paths
from im2mesh.errors import ConfigError, InputError
from im2mesh.files import check_writable, write_text
from im2mesh.preparation.collection import find_families, find_shapes
from im2mesh.preparation.settings import DatasetSettings
from im2mesh.reproduction.jobs import Job, run_jobs
from im2mesh.reproduction.plan import (
    ABLATED,
    BUNDLED,
    HPN3,
    METHODS,
    NETWORKS,
    OTHER_SEEDS,
    REAL_METHODS,
    SCENES,
    SEEN,
    SYMMETRIC,
    UNSEEN,
    VOLUME,
    Method,
    Size,
    method_configs,
    training_config,
    write_config,
)

ROOT = Path(__file__).resolve().parent.parent.parent
"""Folder of the scripts and of ``configs``."""

TRAINING_SEEDS = 1 << 32
"""Training and validation shapes have seeds below this (:mod:`im2mesh.data.procedural`)."""

CLAIM, REAL, MAPS, ABLATIONS = "claim", "real", "maps", "ablations"
PARTS = (CLAIM, REAL, MAPS, ABLATIONS)
"""Parts of the reproduction: the claim on procedural objects, real objects, real depth maps, and
ablations."""

MAP_METHODS = (
    HPN3,
    Method("volume level, none", VOLUME.levels),
    Method("volume level, carve", VOLUME.levels, generation={"observation": "carve"}),
    Method("volume level, surface", VOLUME.levels, generation=VOLUME.generation),
    SYMMETRIC,
)

RAW_INPUT = "input points"


@dataclass(frozen=True)
class Reproduction:
    """The experiments and the folder of their results.

    .. code-block:: text

        <out>/networks/seed<n>/<network>.yaml   and the folder of that name: its training
        <out>/data/{families,real}              test objects
        <out>/<part>/<method>/                  levels/, meshes/, scores
        <out>/logs/                             output of the scripts
    """

    out: Path  # folder of everything but the document
    size: Size  # of the experiments
    meshes: Path | None  # folder of real meshes, `<class>/<file>`; None: there is none
    maps: Path | None  # folder of real depth maps; None: there is none
    workers: int  # number of processes
    align: bool = True  # score with ICP, too, in all parts but the ablations
    device: Sequence[str] = ()  # further arguments of `train.py` and `generate.py` (`--no-cuda`)

    # --- the parts ----------------------------------------------------------------------------

    def run(self, parts: Sequence[str]) -> Iterator[str]:
        """Run the experiments part by part; yield each part when its scores are there.

        Finished results are kept. Parts without objects are skipped.

        Raises:
            InputError: a script failed, an input cannot be used, ``out`` holds results of
                another size or of other inputs, or the working folder is not the repository's.
        """
        if not Path(NETWORKS[0].base).is_file():
            raise InputError(f"{Path.cwd()}: has no {NETWORKS[0].base}; run this in {ROOT}")
        if self.meshes is not None and REAL in parts:
            find_shapes(self.meshes)
        if self.maps is not None and MAPS in parts:
            sources_of_paths([self.maps])
        self._check_size()
        if CLAIM in parts or ABLATIONS in parts:
            self._run("train", [self._training(*each) for each in self.networks(parts)])
            self._run("test objects", [self._families()])
        if CLAIM in parts:
            own = [self._scored(CLAIM, m, self.trained(m.seed), self.families) for m in self.claim]
            self._run(CLAIM, [self._raw_input(CLAIM, self.families), *own])
            yield CLAIM
        if REAL in parts and self.meshes is not None:
            self._run("real objects", [self._real()])
            write_split(self.real, "real", self.size.real_objects)
            own = [self._scored(REAL, m, bundled(), self.real, "real") for m in REAL_METHODS]
            self._run(REAL, [self._raw_input(REAL, self.real, "real"), *own])
            yield REAL
        if MAPS in parts and self.maps is not None:
            self._run(MAPS, [self._against_input(method) for method in MAP_METHODS])
            yield MAPS
        if ABLATIONS in parts:
            write_split(self.families, "ablation", self.size.ablation_objects)
            self._run(
                ABLATIONS,
                [
                    self._scored(ABLATIONS, m, self.trained(0), self.families, "ablation")
                    for ablation in ABLATED
                    for m in ablation.methods
                ],
            )
            yield ABLATIONS

    @property
    def families(self) -> Path:
        return self.out / "data" / "families"

    @property
    def real(self) -> Path:
        return self.out / "data" / "real"

    @property
    def claim(self) -> list[Method]:
        return [*METHODS, *OTHER_SEEDS]

    def networks(self, parts: Sequence[str]) -> list[tuple[str, int]]:
        """Return the name and the seed of each network that the parts need, each once."""
        methods = self.claim if CLAIM in parts else []
        if ABLATIONS in parts:
            methods = [*methods, *(m for ablation in ABLATED for m in ablation.methods)]
        return list(dict.fromkeys((name, m.seed) for m in methods for name in m.levels))

    def trained(self, seed: int) -> dict[str, Path]:
        """Return network → the configuration that it was trained with."""
        folder = self.out / "networks" / f"seed{seed}"
        return {network.name: folder / f"{network.name}.yaml" for network in NETWORKS}

    def place(self, part: str, method: str) -> Path:
        return self.out / part / folder_of(method)

    def _check_size(self) -> None:
        """Refuse to mix results of different sizes or inputs; write the present ones."""
        check_writable(self.out, "choose another --out")
        path = self.out / "size.yaml"
        inputs = {"meshes": self.meshes, "maps": self.maps}
        now = asdict(self.size) | {k: v and str(v.resolve()) for k, v in inputs.items()}
        made = {
            "share": "networks/*/*",
            "resolution": "*/*/meshes",
            "meshes": "data/real/*",
            "maps": "maps/*/meshes",
        }
        if path.is_file():
            try:
                before = read_yaml(path)
            except ConfigError:
                before = {}
            if not {"share", "resolution"} <= before.keys():
                raise InputError(
                    f"{path}: damaged; choose another --out, or remove it if all in {self.out} "
                    "is of one size"
                )
            for key, results in made.items():
                if now[key] is None:  # not done this time
                    now[key] = before.get(key)
                elif before.get(key) not in (None, now[key]) and any(self.out.glob(results)):
                    raise InputError(
                        f"{self.out}: holds results of {key} {before[key]}, not {now[key]}; "
                        "choose another --out"
                    )
        write_record(path, now)

    # --- the scripts --------------------------------------------------------------------------

    def _run(self, title: str, jobs: Sequence[Job]) -> None:
        run_jobs(jobs, self.workers, title)

    def _log(self, *names: str) -> Path:
        return self.out / "logs" / ("_".join(folder_of(name) for name in names) + ".txt")

    def _training(self, name: str, seed: int) -> Job:
        network = next(network for network in NETWORKS if network.name == name)
        config = training_config(network, seed, self.size.share, self.out)
        command = script("train.py", config, *self.device)
        return Job(f"{name}, seed {seed}", [command], self._log("train", f"seed{seed}", name))

    def _families(self) -> Job:
        check_disjoint(self.size.objects)
        counts = ",".join(f"{name}={self.size.objects}" for name in (*SEEN, *UNSEEN, *SCENES))
        command = script(
            "build_dataset.py", "--procedural", counts, "--views", 1, "--splits", "test=1",
            "--out", self.families, "--workers", self.workers,
        )  # fmt: skip
        return Job("families", [command], self._log("data", "families"))

    def _real(self) -> Job:
        assert self.meshes is not None
        command = script(
            "build_dataset.py", self.meshes, "--views", 1, "--splits", "test=1",
            "--out", self.real, "--workers", self.workers,
        )  # fmt: skip
        # Exit code 1: some meshes cannot be used; rejected.csv names them.
        return Job("real meshes", [command], self._log("data", "real"), accept=(0, 1))

    def _scored(
        self,
        part: str,
        method: Method,
        networks: Mapping[str, Path],
        data: Path,
        split: str = "test",
    ) -> Job:
        run = self.place(part, method.name)
        levels = method_configs(method, networks, data, run, self.size.resolution, split)
        generate = script("generate.py", *levels, "--out", run, "--resume", *self.device)
        icp = [] if self.align and part != ABLATIONS else ["--no-icp"]
        evaluate = script("eval_meshes.py", levels[0], "--meshes", run, "--workers", 1, *icp)
        return Job(method.name, [generate, evaluate], self._log(part, method.name))

    def _raw_input(self, part: str, data: Path, split: str = "test") -> Job:
        run = self.place(part, RAW_INPUT)
        run.mkdir(parents=True, exist_ok=True)
        config = write_config(
            run / "data.yaml",
            {
                "inherit_from": str(ROOT / "configs/base/global.yaml"),
                "data": {"path": str(data), "classes": None, "test_split": split, "img_folder": ""},
                "training": {"out_dir": str(run)},
            },
        )
        icp = [] if self.align else ["--no-icp"]
        command = script(
            "eval_meshes.py", config, "--eval_input", "--meshes", run, "--workers", 1, *icp
        )
        return Job(RAW_INPUT, [command], self._log(part, RAW_INPUT))

    def _against_input(self, method: Method) -> Job:
        run = self.place(MAPS, method.name)
        levels = method_configs(method, bundled(), self.families, run, self.size.resolution)
        maps = ["--input", self.maps]
        generate = script("generate.py", *levels, *maps, "--out", run, "--resume", *self.device)
        evaluate = script(
            "eval_meshes.py", levels[0], "--against-input", *maps, "--meshes", run, "--workers", 1
        )
        # Exit code 1: some maps cannot be used.
        log_file = self._log(MAPS, method.name)
        return Job(method.name, [generate, evaluate], log_file, accept=(0, 1))


def write_split(data: Path, name: str, objects: int | None) -> None:
    """Write ``<name>.lst``, the first objects of ``test.lst``, in each class folder."""
    for path in sorted(data.glob("*/test.lst")):
        names = path.read_text("utf-8").split()[:objects]
        write_text(path.with_name(f"{name}.lst"), "\n".join(names) + "\n")


def folder_of(name: str) -> str:
    """Turn a method's name into that of a folder."""
    kept = "".join(c if c.isalnum() or c == "." else "_" for c in name.lower())
    return "_".join(filter(None, kept.split("_")))


def script(name: str, *arguments: object) -> list[str]:
    """Return the command that runs one of the project's scripts."""
    return [sys.executable, str(ROOT / name), *map(str, arguments)]


def bundled() -> dict[str, Path]:
    """Return network → the configuration that names its bundled weights."""
    return {name: ROOT / path for name, path in BUNDLED.items()}


def check_disjoint(objects: int) -> None:
    """Check that training and validation cannot draw any test object.

    Raises:
        AssertionError: an object's seed is among those of training.
    """
    seed = DatasetSettings().seed
    for entry in find_families(dict.fromkeys((*SEEN, *UNSEEN, *SCENES), objects)):
        assert entry.shape_seed(seed) >= TRAINING_SEEDS, entry.label


def steps_of(config: Path) -> int:
    """Return the number of steps that a network is trained for."""
    steps = load_config(config).training.max_iterations
    assert steps is not None
    return steps
