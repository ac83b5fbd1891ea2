"""``docs/results.md`` and its plots, from the scores on the disk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from im2mesh.errors import InputError
from im2mesh.files import check_writable, read_csv, write_text
from im2mesh.metrics import results
from im2mesh.metrics.plot import plot
from im2mesh.metrics.results import read_scores
from im2mesh.metrics.scored_runs import ScoredMethod
from im2mesh.metrics.tables import markdown
from im2mesh.reproduction.plan import (
    ABLATED,
    HPN3,
    NETWORKS,
    OBSERVED,
    ONET,
    REAL_METHODS,
    SCENES,
    SEEDS,
    SEEN,
    SYMMETRIC,
    UNSEEN,
    VOLUME,
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
"""Points of F@1% by which HPN3 has to be above ONet on unseen families."""

SCORES = {
    "F@1%": "fscore@1",
    "visible": "fscore@1_vis",
    "invisible": "fscore@1_invis",
    "recall": "recall@1",
    "precision": "precision@1",
    "Chamfer": "chamfer",
    "IoU": "iou",
}
"""Heads of the tables → scores. Chamfer is better when low, the others when high."""

ADVICE = "remove it, and the document is written without its numbers"
"""Advice in the error for a damaged table."""

NETWORKS_TITLE = "Networks of the claim"

TITLES = {
    CLAIM: "The claim: local priors generalise",
    REAL: "Real objects",
    MAPS: "Real depth maps",
    ABLATIONS: "Ablations",
}
"""The sections of the document, in their order. The networks' section comes first."""

HEAD = """\
# Results

All scores are ×100; Chamfer (the sum of both mean distances) is better when low, the others when
high. Means are over class means. Brackets are 95% intervals of a bootstrap over objects, drawn
within their classes (`im2mesh/reproduction/statistics.py`): they say what other objects would
change, not what another training would. What is trained, generated and compared is in
`im2mesh/reproduction/plan.py`; scores are defined in [evaluation.md](evaluation.md). Each section
names the command that wrote it.
"""


@dataclass(frozen=True)
class Objects:
    """The scores of several methods, by name, on the same objects."""

    methods: dict[str, ScoredMethod]

    @classmethod
    def read(cls, plan: Reproduction, part: str, names: Sequence[str], kind: str) -> Objects | None:
        """Read the scores of some methods of a part, of one kind; None if there are none."""
        found = {}
        for name in names:
            own = results.INPUT if name == RAW_INPUT else kind
            scores = read_scores(plan.place(part, name), own)
            if scores is not None:
                found[name] = ScoredMethod(name, scores, frozenset(SEEN) if part == CLAIM else None)
        return cls(found) if found else None

    def values(self, name: str, score: str, raw: bool) -> pd.Series:
        """Return a score of each object ×100, by (class, model)."""
        method = self.methods[name]
        index = pd.MultiIndex.from_frame(method.table[["class name", "modelname"]])
        return pd.Series(method.values(score, raw).to_numpy(), index)

    def mean(self, name: str, score: str, raw: bool, classes: Sequence[str] | None) -> float:
        """Return the mean over the class means of some classes; None: of all."""
        means = self.values(name, score, raw).groupby(level=0).mean()
        return float(means[means.index.isin(classes) if classes else slice(None)].mean())

    def means(
        self, raw: bool, heads: Iterable[str], groups: Mapping[str, Sequence[str] | None]
    ) -> pd.DataFrame:
        """Return means of the scores in ``heads``: a row a method, a column a group and head.

        A group's classes None mean all. Aligned means leave out methods without aligned scores.
        """
        columns = [(group, head) for group in groups for head in heads]
        rows = {
            name: [self.mean(name, SCORES[head], raw, groups[group]) for group, head in columns]
            for name, method in self.methods.items()
            if raw or method.aligned
        }
        names = [f"{group} {head}".strip() for group, head in columns]
        return pd.DataFrame.from_dict(rows, orient="index", columns=names)

    def difference(
        self, name: str, other: str, classes: Sequence[str] | None = None
    ) -> Interval | None:
        """Return the difference in raw F@1% over the objects of some classes, if there is one."""
        both = self._differences(name, other)
        if classes:
            both = both[_class_of(both).isin(classes)]
        return None if both.empty else bootstrap(both, _class_of(both))

    def gain_beyond(
        self, name: str, other: str, classes: Sequence[str], others: Sequence[str]
    ) -> Interval | None:
        """Return the excess of a difference on some classes over that on others; None as above."""
        both = self._differences(name, other)
        both = both[_class_of(both).isin([*classes, *others])]
        here = _class_of(both).isin(classes)
        return contrast(both, _class_of(both), here) if here.any() and not here.all() else None

    def _differences(self, name: str, other: str) -> pd.Series:
        """Return the differences in raw F@1% of the objects that both have."""
        if name not in self.methods or other not in self.methods:
            return pd.Series(dtype=float, index=pd.MultiIndex.from_arrays([[], []]))
        both = self.values(name, "fscore@1", True) - self.values(other, "fscore@1", True)
        return both.dropna()


def _class_of(values: pd.Series) -> pd.Series:
    """Return the class of each value with an index of (class, model)."""
    return values.index.get_level_values(0).to_series(values.index)


def write_document(
    plan: Reproduction, path: Path, command: str, parts: Sequence[str] = PARTS
) -> Path:
    """Write the sections of parts that have scores, and keep the document's other sections.

    Plots go into the folder of its name beside it. ``command`` is what made the results.

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
    write_text(path, "\n".join(text))
    return path


def read_document(path: Path) -> dict[str, str]:
    """Return title → text of the sections of an earlier document; none without such a file.

    Raises:
        InputError: no document can be written there, or the file has another origin.
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
    rows: dict[str, dict[str, str]] = {}
    for network in NETWORKS:
        for seed in SEEDS:
            config = plan.trained(seed)[network.name]
            curve = config.with_suffix("") / "validation.csv"
            if (network.name, seed) in networks and curve.is_file():
                shown = read_csv(curve, ["it"], ["iou"], ADVICE)[["it", "iou"]]
                row = rows.setdefault(network.name, {"steps": str(steps_of(config))})
                row[f"seed {seed}: IoU after steps"] = ", ".join(
                    f"{iou:.3f} ({step:.0f})" for step, iou in shown.itertuples(index=False)
                )
    if not rows:
        return []
    return [
        f"Trained on the families {_listed(SEEN)} alone, with {plan.size.share:.0%} of the steps "
        "of `configs/procedural`, and validated on 32 objects of the 14 families of the claim, "
        "other ones for each seed.",
        "",
        markdown(pd.DataFrame.from_dict(rows, orient="index")),
        "",
    ]


def _claim(plan: Reproduction, plots: Path) -> list[str]:
    names = [RAW_INPUT, *(method.name for method in plan.claim)]
    objects = Objects.read(plan, CLAIM, names, results.MESHES)
    if objects is None:
        return []
    first = next(iter(objects.methods.values())).table
    per_class = first.groupby("class name").size()
    heads = ("F@1%", "Chamfer", "IoU")
    aligned = objects.means(False, heads, GROUPS)
    families = {family: (family,) for family in (*SEEN, *UNSEEN, *SCENES)}
    by_family = objects.means(True, ["F@1%"], families).set_axis(list(families), axis=1).T
    return [
        f"{len(first)} test objects, {_count(per_class)} of each family, one view each; seen: "
        f"{_listed(SEEN)}; unseen: {_listed(UNSEEN)}; scenes: two objects together. Their seeds "
        f"are none that training draws from. Lattice: {plan.size.resolution} cells. The input "
        "points are no mesh and have no IoU.",
        *_titled("Not aligned:", _with_best(objects.means(True, heads, GROUPS))),
        *_titled(
            "Visible and invisible parts, not aligned (F@1%):",
            _with_best(objects.means(True, ("visible", "invisible"), GROUPS)),
        ),
        *(_titled("Aligned by ICP, as published:", _with_best(aligned)) if len(aligned) else []),
        *_titled("F@1% by family, not aligned:", by_family),
        "",
        _plot(objects, plots / "claim.png", "family"),
        "",
        "### Does it hold?",
        *_titled(
            "Differences of F@1%, not aligned, object by object; the last column is how much "
            "larger they are on unseen families than on seen ones:",
            _differences(objects, GROUPS, beyond=("unseen", "seen")),
        ),
        "",
        *_verdict(objects),
        "",
    ]


def _pairs() -> list[tuple[str, str]]:
    others = [(f"{HPN3.name}, seed {s}", f"{ONET.name}, seed {s}") for s in SEEDS[1:]]
    return [
        (HPN3.name, ONET.name),
        *others,
        ("HPN5", HPN3.name),
        ("HPN3, SDF global", HPN3.name),
        (OBSERVED.name, HPN3.name),
        (OBSERVED.name, RAW_INPUT),
        (VOLUME.name, RAW_INPUT),
        (SYMMETRIC.name, VOLUME.name),
        (SYMMETRIC.name, RAW_INPUT),
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
    names = [RAW_INPUT, *(method.name for method in REAL_METHODS)]
    objects = Objects.read(plan, REAL, names, results.MESHES)
    if objects is None:
        return []
    first = next(iter(objects.methods.values())).table
    lines = [
        f"Meshes: {len(first)}, of {first['class name'].nunique()} classes, one random view each; "
        f"lattice: {plan.size.resolution} cells. The networks are the bundled ones "
        "([weights.md](weights.md)), trained on procedural shapes.",
    ]
    for raw, title in ((True, "Not aligned:"), (False, "Aligned by ICP, as published:")):
        means = objects.means(raw, SCORES, {"": None})
        if len(means):
            lines += _titled(title, _with_best(means))
    return [
        *lines,
        *_titled(
            "Differences of F@1%, not aligned, object by object:",
            _differences(objects, {"all": None}),
        ),
        "",
        _plot(objects, plots / "real.png", "class"),
        "",
    ]


def _maps(plan: Reproduction) -> list[str]:
    names = [method.name for method in MAP_METHODS]
    objects = Objects.read(plan, MAPS, names, results.OBSERVED)
    if objects is None:
        return []
    columns = {}
    for name in objects.methods:
        iou, error = (
            objects.values(name, score, True).droplevel(0) / 100
            for score in ("silhouette iou", "depth error median")
        )
        columns[name] = pd.Series(
            [f"{a:.3f}, {b:.4f}" for a, b in zip(iou, error, strict=True)], iou.index, dtype=object
        )[iou.notna()]
    order = [model for _, model in next(iter(objects.methods.values())).models()]
    frame = pd.DataFrame(columns).reindex(order)
    return [
        *_titled(
            "Silhouette IoU and median depth error (in sides of the cube) of the mesh, rendered, "
            "against the depth map that it was made from; bundled networks.",
            frame.set_axis([str(model).partition("_")[0] for model in order]),
        )[1:],
        "",
    ]


def _ablations(plan: Reproduction) -> list[str]:
    lines: list[str] = []
    for ablation in ABLATED:
        names = [method.name for method in ablation.methods]
        objects = Objects.read(plan, ABLATIONS, names, results.MESHES)
        if objects is None:
            continue
        heads = ("F@1%", "precision", "recall", "Chamfer", "IoU")
        frame = _with_best(objects.means(True, heads, {"seen": SEEN, "others": UNSEEN + SCENES}))
        frame[f"all F@1%, difference from {ablation.base}"] = [
            "" if name == ablation.base else _shown(objects.difference(name, ablation.base))
            for name in frame.index
        ]
        frame["s a map"] = [_seconds(plan, name) for name in frame.index]
        lines += [f"### {ablation.title}", "", markdown(frame, digits=1), ""]
    if not lines:
        return []
    return [
        f"Test objects of each family: {plan.size.ablation_objects}, the first; not aligned; "
        f"lattice, where it is not what differs: {plan.size.resolution} cells; the networks of the "
        f"claim (seed {SEEDS[0]}), and one more p64s32, trained alike but for its points. Seconds "
        "are of one thread beside other runs. Use them only to compare rows.",
        "",
        *lines,
    ]


def _seconds(plan: Reproduction, name: str) -> float:
    path = plan.place(ABLATIONS, name) / "time_generation_full.csv"
    if not path.is_file():
        return np.nan
    return float(read_csv(path, ["time (total)"], advice=ADVICE)["time (total)"].mean())


# --- tables and plots -------------------------------------------------------------------------


def _main_names() -> list[str]:
    return [RAW_INPUT, ONET.name, HPN3.name, "HPN5", OBSERVED.name, VOLUME.name, SYMMETRIC.name]


def _plot(objects: Objects, picture: Path, kind: str) -> str:
    """Plot the main methods and return the Markdown line that shows the picture."""
    shown = [objects.methods[name] for name in _main_names() if name in objects.methods]
    plot(shown, picture, raw=True, over="class")
    return f"![F@1% by {kind}, and F-score over distance]({picture.parent.name}/{picture.name})"


def _titled(title: str, frame: pd.DataFrame) -> list[str]:
    return ["", title, "", markdown(frame, digits=1)]


def _differences(
    objects: Objects,
    groups: Mapping[str, Sequence[str] | None],
    beyond: tuple[str, str] | None = None,
) -> pd.DataFrame:
    """Return a row a pair and a column a group of differences in F@1%.

    ``beyond`` names two groups; a last column says how much larger the first one's difference is.
    """
    rows = {}
    for name, other in _pairs():
        row = [objects.difference(name, other, classes) for classes in groups.values()]
        if beyond:
            row.append(objects.gain_beyond(name, other, *(groups[g] or () for g in beyond)))
        if any(row):
            rows[f"{name} − {other}"] = [_shown(interval) for interval in row]
    heads = [*groups, *([" − ".join(beyond)] if beyond else [])]
    return pd.DataFrame.from_dict(rows, orient="index", columns=heads)


def _with_best(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the numbers as text, the best of each column in bold where there are several."""
    numbers = frame.round(1)
    best = numbers.eq(
        [c.min() if str(name).endswith("Chamfer") else c.max() for name, c in numbers.items()]
    ) & (numbers.count() > 1)
    texts = numbers.map(lambda value: "" if np.isnan(value) else f"{value:.1f}")
    return texts.where(~best, "**" + texts + "**")


def _shown(interval: Interval | None) -> str:
    return "" if interval is None else str(interval)


def _count(per_class: pd.Series) -> str:
    low, high = per_class.min(), per_class.max()
    return str(low) if low == high else f"{low} to {high}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:-1]) + f" and {names[-1]}"
