"""``docs/results.md`` and its plots, from the scores on the disk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from im2mesh.errors import DataError, InputError
from im2mesh.files import atomic, check_writable, first_line, read_csv
from im2mesh.metrics import results
from im2mesh.metrics.plot import plot
from im2mesh.metrics.report import Method as Scored
from im2mesh.metrics.results import read_scores
from im2mesh.reproduction.plan import (
    ABLATED,
    HPN3,
    METHODS,
    MIRRORED,
    NETWORKS,
    OBSERVED,
    ONET,
    SCENES,
    SEEDS,
    SEEN,
    UNSEEN,
)
from im2mesh.reproduction.run import (
    ABLATIONS,
    CLAIM,
    MAP_METHODS,
    MAPS,
    PARTS,
    RAW_INPUT,
    REAL,
    Reproduction,
    steps_of,
)
from im2mesh.reproduction.statistics import Interval, bootstrap, contrast

GROUPS = {"seen": SEEN, "unseen": UNSEEN, "scenes": SCENES}
"""Groups of families."""

MARGIN = 2.0
"""By how many points of F@1% HPN3 has to be above ONet on unseen families."""

NETWORKS_TITLE = "Networks of the claim"

TITLES = {
    CLAIM: "The claim: local priors generalise",
    REAL: "Real objects",
    MAPS: "Real depth maps",
    ABLATIONS: "Ablations",
}
"""The sections of the document, in their order; that of the networks comes before them."""

HEAD = """\
# Results

All scores are ×100; Chamfer (the sum of both mean distances) is better when low, the others when
high. Means are over class means. Brackets are 95% intervals of a bootstrap over objects, drawn
within their classes (`im2mesh/reproduction/statistics.py`): they say what other objects would
change, not what another training would. What is trained, generated and compared is in
`im2mesh/reproduction/plan.py`; scores are defined in [evaluation.md](evaluation.md). Each section
names the command that wrote it.
"""

Row = tuple[str, list[str]]


@dataclass(frozen=True)
class Objects:
    """The scores of several methods on the same objects.

    Attributes:
        methods: name → its rows.
    """

    methods: dict[str, Scored]

    @classmethod
    def read(cls, plan: Reproduction, part: str, names: Sequence[str], kind: str) -> Objects | None:
        """What there is of a part; None if there is nothing.

        Args:
            plan: where it lies.
            part: one of the plan's.
            names: of methods.
            kind: of scores (:data:`im2mesh.metrics.results.KINDS`).
        """
        found = {}
        for name in names:
            own = results.INPUT if name == RAW_INPUT else kind
            scores = read_scores(plan.place(part, name), own)
            if scores is not None:
                found[name] = Scored(name, scores, frozenset(SEEN) if part == CLAIM else None)
        return cls(found) if found else None

    def values(self, name: str, score: str, raw: bool) -> pd.Series:
        """A score of each object ×100, by (class, model)."""
        method = self.methods[name]
        index = pd.MultiIndex.from_frame(method.table[["class name", "modelname"]])
        return pd.Series(method.values(score, raw).to_numpy(), index)

    def mean(self, name: str, score: str, raw: bool, classes: Sequence[str] | None) -> float:
        """The mean over class means of some classes; None: of all."""
        means = self.values(name, score, raw).groupby(level=0).mean()
        return float(means[means.index.isin(classes) if classes else slice(None)].mean())

    def difference(
        self, name: str, other: str, classes: Sequence[str] | None = None
    ) -> Interval | None:
        """Of F@1%, not aligned, over the objects of some classes; None where one is missing."""
        both = self._differences(name, other)
        if classes:
            both = both[_class_of(both).isin(classes)]
        return None if both.empty else bootstrap(both, _class_of(both))

    def gain_beyond(
        self, name: str, other: str, classes: Sequence[str], others: Sequence[str]
    ) -> Interval | None:
        """By how much a difference is larger on some classes than on others; None as above."""
        both = self._differences(name, other)
        both = both[_class_of(both).isin([*classes, *others])]
        here = _class_of(both).isin(classes)
        return contrast(both, _class_of(both), here) if here.any() and not here.all() else None

    def _differences(self, name: str, other: str) -> pd.Series:
        """Of F@1%, not aligned, of the objects that both have."""
        if name not in self.methods or other not in self.methods:
            return pd.Series(dtype=float, index=pd.MultiIndex.from_arrays([[], []]))
        both = self.values(name, "fscore@1", True) - self.values(other, "fscore@1", True)
        return both.dropna()


def _class_of(values: pd.Series) -> pd.Series:
    """The class of each of (class, model)."""
    return values.index.get_level_values(0).to_series(values.index)


def write_document(
    plan: Reproduction, path: Path, command: str, parts: Sequence[str] = PARTS
) -> Path:
    """Write the sections of parts that there are scores of, and keep the document's others.

    Args:
        plan: whose results.
        path: of the document; plots go into the folder of its name beside it.
        command: that made them, for the reader.
        parts: that are written.

    Raises:
        InputError: there are no scores of any of them, a table is damaged, or see
            :func:`read_document`.
    """
    sections = read_document(path)
    plots = path.with_suffix("")
    write = {
        CLAIM: lambda: _claim(plan, plots),
        REAL: lambda: _real(plan, plots),
        MAPS: lambda: _maps(plan),
        ABLATIONS: lambda: _ablations(plan),
    }
    made = {TITLES[part]: write[part]() for part in parts}
    if made.get(TITLES[CLAIM]):
        made[NETWORKS_TITLE] = _training(plan, plan.networks([CLAIM]))
    found = {title: lines for title, lines in made.items() if lines}
    if not found:
        raise InputError(f"{plan.out}: holds no scores of {', '.join(parts)}")
    for title, lines in found.items():
        sections[title] = "\n".join(["Written by", "", f"    {command}", "", *lines])
    text = [HEAD]
    for title in (NETWORKS_TITLE, *TITLES.values()):
        if title in sections:
            text.append(f"## {title}\n\n{sections[title].strip()}\n")
    with atomic(path) as beside:
        beside.write_text("\n".join(text), encoding="utf-8")
    return path


def read_document(path: Path) -> dict[str, str]:
    """Title → text of the sections of an earlier document; none where there is no such file.

    Raises:
        InputError: no document can be written there, or it is none of ours and would be lost.
    """
    advice = "choose another --document"
    if path.suffix != ".md":
        raise InputError(f"{path}: the document's name ends in .md; {advice}")
    check_writable(path.parent, advice)
    if not path.exists():
        return {}
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: no document that reproduce.py wrote; {advice}") from error
    ours = {NETWORKS_TITLE, *TITLES.values()}
    _, *sections = f"\n{text}".split("\n## ")
    if text.strip() and (
        not text.startswith(HEAD.partition("\n")[0])
        or not ours.issuperset(section.partition("\n")[0] for section in sections)
    ):
        raise InputError(f"{path}: no document that reproduce.py wrote; {advice}")
    return {title: text for title, _, text in (each.partition("\n") for each in sections)}


# --- the sections -----------------------------------------------------------------------------


def _training(plan: Reproduction, networks: Sequence[tuple[str, int]]) -> list[str]:
    """Networks, by name and seed, with their validations."""
    rows: list[Row] = []
    for network in NETWORKS:
        cells = [""] * 3
        for column, seed in enumerate(SEEDS):
            config = plan.trained(seed)[network.name]
            curve = config.with_suffix("") / "validation.csv"
            if (network.name, seed) not in networks or not curve.is_file():
                continue
            cells[0] = str(steps_of(config))
            shown = _read(curve, "it", gaps=["iou"]).itertuples(index=False)
            cells[1 + column] = ", ".join(f"{iou:.3f} ({step:.0f})" for step, iou in shown)
        if any(cells):
            rows.append((network.name, cells))
    if not rows:
        return []
    heads = ["network", "steps", *(f"seed {seed}: IoU after steps" for seed in SEEDS)]
    return [
        f"Trained on the families {_listed(SEEN)} alone, with {plan.size.share:.0%} of the steps "
        "of `configs/procedural`, and validated on 32 objects of the 14 families of the claim, "
        "other ones for each seed.",
        "",
        *_table(heads, rows),
        "",
    ]


def _claim(plan: Reproduction, plots: Path) -> list[str]:
    names = [RAW_INPUT, *(method.name for method in plan.claim)]
    objects = Objects.read(plan, CLAIM, names, results.MESHES)
    if objects is None:
        return []
    first = next(iter(objects.methods.values())).table
    per_class = first.groupby("class name").size()
    picture = plots / "claim.png"
    shown = [objects.methods[name] for name in _main_names() if name in objects.methods]
    plot(shown, picture, raw=True, over="class")
    aligned = [m for m in objects.methods.values() if m.aligned]
    lines = [
        f"{len(first)} test objects, {_count(per_class)} of each family, one view each; seen: "
        f"{_listed(SEEN)}; unseen: {_listed(UNSEEN)}; scenes: two objects together. Their seeds "
        f"are none that training draws from. Lattice: {plan.size.resolution} cells. Raw input "
        "points are no mesh and have no IoU.",
        "",
        "Not aligned:",
        "",
        *_paper_table(objects, list(objects.methods), raw=True),
        "",
        "Visible and invisible parts, not aligned (F@1%):",
        "",
        *_parts_table(objects, list(objects.methods), GROUPS),
        "",
    ]
    if aligned:
        lines += [
            "Aligned by ICP, as published:",
            "",
            *_paper_table(objects, [m.name for m in aligned], raw=False),
            "",
        ]
    lines += [
        "F@1% by family, not aligned:",
        "",
        *_family_table(objects, list(objects.methods), (*SEEN, *UNSEEN, *SCENES)),
        "",
        f"![F@1% by family, and F-score over distance]({plots.name}/{picture.name})",
        "",
        "### Does it hold?",
        "",
        "Differences of F@1%, not aligned, object by object; the last column is how much larger "
        "they are on unseen families than on seen ones:",
        "",
        *_differences(objects, _pairs(), GROUPS, beyond=("unseen", "seen")),
        "",
        *_verdict(objects),
        "",
    ]
    return lines


def _pairs() -> list[tuple[str, str]]:
    others = [(f"{HPN3.name}, seed {s}", f"{ONET.name}, seed {s}") for s in SEEDS[1:]]
    return [
        (HPN3.name, ONET.name),
        *others,
        ("HPN5", HPN3.name),
        ("HPN3, SDF global", HPN3.name),
        (OBSERVED.name, HPN3.name),
        (OBSERVED.name, RAW_INPUT),
        (MIRRORED.name, OBSERVED.name),
        (MIRRORED.name, RAW_INPUT),
        ("p64s32 alone", ONET.name),
        ("p32s16 alone", ONET.name),
    ]


def _verdict(objects: Objects) -> list[str]:
    lines = []
    for name, other in _pairs()[: len(SEEDS)]:
        unseen = objects.difference(name, other, UNSEEN)
        seen = objects.difference(name, other, SEEN)
        if unseen is None or seen is None:
            continue
        holds = unseen.mean >= MARGIN and unseen.low > 0
        words = "holds" if holds else "does NOT hold"
        worse = "better" if seen.low > 0 else "WORSE" if seen.high < 0 else "no difference shown"
        lines.append(
            f"* {name} above {other} on unseen families by at least {MARGIN:g} points, the "
            f"interval above 0: **{words}** ({unseen}). On seen families: **{worse}** ({seen})."
        )
    return lines


def _real(plan: Reproduction, plots: Path) -> list[str]:
    names = [RAW_INPUT, *(method.name for method in (*METHODS, MIRRORED))]
    objects = Objects.read(plan, REAL, names, results.MESHES)
    if objects is None:
        return []
    first = next(iter(objects.methods.values())).table
    picture = plots / "real.png"
    shown = [objects.methods[name] for name in _main_names() if name in objects.methods]
    plot(shown, picture, raw=True, over="class")
    heads = ["", "F@1%", "visible", "invisible", "recall", "precision", "Chamfer", "IoU"]
    scores = ["fscore@1", "fscore@1_vis", "fscore@1_invis", "recall@1", "precision@1",
              "chamfer", "iou"]  # fmt: skip
    lines = [
        f"Meshes: {len(first)}, of {first['class name'].nunique()} classes, one random view each; "
        f"lattice: {plan.size.resolution} cells. The networks are the bundled ones "
        "([weights.md](weights.md)), trained on procedural shapes of all families.",
    ]
    for raw, title in ((True, "Not aligned:"), (False, "Aligned by ICP, as published:")):
        kept = [n for n, m in objects.methods.items() if raw or m.aligned]
        rows: list[Row] = [
            (n, [_number(objects.mean(n, score, raw, None)) for score in scores]) for n in kept
        ]
        if rows:
            lines += ["", title, "", *_table(heads, _with_best(rows, "hhhhhlh"))]
    return [
        *lines,
        "",
        "Differences of F@1%, not aligned, object by object:",
        "",
        *_differences(objects, _pairs(), {"all": None}),
        "",
        f"![F@1% by class, and F-score over distance]({plots.name}/{picture.name})",
        "",
    ]


def _maps(plan: Reproduction) -> list[str]:
    names = [method.name for method in MAP_METHODS]
    objects = Objects.read(plan, MAPS, names, results.OBSERVED)
    if objects is None:
        return []
    first = next(iter(objects.methods.values()))
    rows: list[Row] = []
    for _, model in first.models():
        cells = []
        for name in objects.methods:
            scores = ("silhouette iou", "depth error median")
            values = [objects.values(name, score, True) / 100 for score in scores]
            found = [v[v.index.get_level_values(1) == model] for v in values]
            iou, error = (each.iloc[0] if len(each) else np.nan for each in found)
            cells.append("" if np.isnan(iou) else f"{iou:.3f}, {error:.4f}")
        rows.append((model.partition("_")[0], cells))
    return [
        "Silhouette IoU and median depth error (in sides of the cube) of the mesh, rendered, "
        "against the depth map that it was made from; bundled networks.",
        "",
        *_table(["", *objects.methods], rows),
        "",
    ]


def _ablations(plan: Reproduction) -> list[str]:
    lines: list[str] = []
    for ablation in ABLATED:
        names = [method.name for method in ablation.methods]
        objects = Objects.read(plan, ABLATIONS, names, results.MESHES)
        if objects is None:
            continue
        rows: list[Row] = []
        for name in objects.methods:
            cells = [
                _number(objects.mean(name, score, True, group))
                for group in (SEEN, (*UNSEEN, *SCENES))
                for score in ("fscore@1", "precision@1", "recall@1", "chamfer", "iou")
            ]
            gain = None if name == ablation.base else objects.difference(name, ablation.base)
            seconds = _seconds(plan, name)
            shown = "" if seconds is None else f"{seconds:.1f}"
            rows.append((name, [*cells, "" if gain is None else str(gain), shown]))
        heads = [
            f"{group} {score}"
            for group in ("seen", "others")
            for score in ("F@1%", "precision", "recall", "Chamfer", "IoU")
        ]
        lines += [
            f"### {ablation.title}",
            "",
            *_table(
                ["", *heads, f"all F@1%, difference from {ablation.base}", "s a map"],
                _with_best(rows, "hhhlhhhhlh--"),
            ),
            "",
        ]
    if not lines:
        return []
    return [
        f"Test objects of each family: {plan.size.ablation_objects}, the first; not aligned; "
        f"lattice, where it is not what differs: {plan.size.resolution} cells; the networks of the "
        f"claim (seed {SEEDS[0]}), and one more p64s32, trained alike but for its points. Seconds "
        "are of one thread with other runs beside it: for comparing, no measurement.",
        "",
        *lines,
    ]


def _seconds(plan: Reproduction, name: str) -> float | None:
    """Mean time of a map."""
    path = plan.place(ABLATIONS, name) / "time_generation_full.csv"
    return float(_read(path, "time (total)")["time (total)"].mean()) if path.is_file() else None


def _read(path: Path, *columns: str, gaps: Sequence[str] = ()) -> pd.DataFrame:
    """Columns of numbers of a table that a script wrote; those of ``gaps`` may have some.

    Raises:
        DataError: it is damaged, or is another table.
    """
    try:
        return read_csv(path, columns)[[*columns, *gaps]]
    except (ValueError, KeyError, OSError) as error:
        raise DataError(
            f"{path}: not a readable table ({first_line(error)}); remove it, and the document is "
            "written without its numbers"
        ) from error


# --- tables -----------------------------------------------------------------------------------


def _main_names() -> list[str]:
    return [RAW_INPUT, ONET.name, HPN3.name, "HPN5", OBSERVED.name, MIRRORED.name]


def _paper_table(objects: Objects, names: Sequence[str], raw: bool) -> list[str]:
    """A row a method; F@1%, Chamfer and IoU of each group."""
    heads = [f"{group} {s}" for group in GROUPS for s in ("F@1%", "Chamfer", "IoU")]
    rows: list[Row] = [
        (
            name,
            [
                _number(objects.mean(name, score, raw, classes))
                for classes in GROUPS.values()
                for score in ("fscore@1", "chamfer", "iou")
            ],
        )
        for name in names
    ]
    return _table(["", *heads], _with_best(rows, "hlh" * len(GROUPS)))


def _parts_table(
    objects: Objects, names: Sequence[str], groups: dict[str, tuple[str, ...]]
) -> list[str]:
    heads = [f"{group} {part}" for group in groups for part in ("visible", "invisible")]
    rows: list[Row] = [
        (
            name,
            [
                _number(objects.mean(name, f"fscore@1_{part}", True, classes))
                for classes in groups.values()
                for part in ("vis", "invis")
            ],
        )
        for name in names
    ]
    return _table(["", *heads], _with_best(rows, "h" * len(heads)))


def _family_table(objects: Objects, names: Sequence[str], families: Sequence[str]) -> list[str]:
    rows: list[Row] = []
    for family in families:
        rows.append(
            (family, [_number(objects.mean(n, "fscore@1", True, (family,))) for n in names])
        )
    return _table(["", *names], rows)


def _differences(
    objects: Objects,
    pairs: Sequence[tuple[str, str]],
    groups: dict[str, tuple[str, ...]] | dict[str, None],
    beyond: tuple[str, str] | None = None,
) -> list[str]:
    """A row a pair, a column a group, and one for how much larger one group's is than another's."""
    rows: list[Row] = []
    for name, other in pairs:
        found = [objects.difference(name, other, classes) for classes in groups.values()]
        if beyond:
            two = [groups[group] or () for group in beyond]
            found.append(objects.gain_beyond(name, other, *two))
        if any(found):
            rows.append((f"{name} − {other}", ["" if f is None else str(f) for f in found]))
    return _table(["", *groups, *([" − ".join(beyond)] if beyond else [])], rows)


def _with_best(rows: Sequence[Row], better: str) -> list[Row]:
    """The best number of each column in bold.

    Args:
        rows: of formatted numbers, "" for none; of any texts in columns without a mark.
        better: for each column ``h`` (high), ``l`` (low), or anything else for no mark.
    """
    marked = [(label, list(cells)) for label, cells in rows]
    for column, which in enumerate(better):
        pick: Callable[..., float] | None = {"h": max, "l": min}.get(which)
        if pick is None:
            continue
        numbers = {k: float(cells[column]) for k, (_, cells) in enumerate(rows) if cells[column]}
        if len(numbers) < 2:
            continue
        best = pick(numbers.values())
        for k, number in numbers.items():
            if number == best:
                marked[k][1][column] = f"**{marked[k][1][column]}**"
    return marked


def _table(heads: Sequence[str], rows: Sequence[Row]) -> list[str]:
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    return lines + ["| " + " | ".join([label, *cells]) + " |" for label, cells in rows]


def _number(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.1f}"


def _count(per_class: pd.Series) -> str:
    low, high = per_class.min(), per_class.max()
    return str(low) if low == high else f"{low} to {high}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:-1]) + f" and {names[-1]}"
