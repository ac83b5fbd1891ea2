"""One depth map in, one closed mesh out.

>>> from im2mesh import Reconstructor
>>> hpn3 = Reconstructor.bundled()     # or from_configs(["global.yaml", …])
>>> mesh = hpn3("000.npz").mesh        # a trimesh.Trimesh

Closed means that every edge belongs to two faces. In a simplified mesh a few edges may belong to
four (:func:`im2mesh.generation.meshing.without_doubles`).
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from im2mesh.bundled import DEMO_LEVELS, ROOT, demo_config
from im2mesh.config import Config, GenerationConfig, load_config, read_generation
from im2mesh.config.sections import Precision
from im2mesh.data.depth import check_depth, check_known, load_depth, load_known
from im2mesh.data.fitting import fit_of, fitted
from im2mesh.errors import ConfigError, DepthError
from im2mesh.generation.constants import OBSERVATION
from im2mesh.generation.extraction import calibrate, extract_dense, extract_mise, in_slabs
from im2mesh.generation.field import FusedField, ObservedField
from im2mesh.generation.lattice import Lattice, exact_lattice, released_lattice
from im2mesh.generation.level import Level
from im2mesh.generation.meshing import (
    extract_mesh,
    refine,
    seen_nodes,
    simplify,
    without_doubles,
    without_small_cavities,
    without_small_pieces,
)
from im2mesh.generation.observation import Observation
from im2mesh.generation.symmetry import Symmetry
from im2mesh.generation.symmetry_search import find_symmetry
from im2mesh.geometry.cameras import RayMap
from im2mesh.geometry.patches import RELEASED_NODES
from im2mesh.models.build import default_device
from im2mesh.models.decoder import bfloat16_pays
from im2mesh.processors import begun, undivided
from im2mesh.timing import Stopwatch

if TYPE_CHECKING:
    import trimesh

log = logging.getLogger(__name__)

STAGES = (
    "encode inputs", "observe", "symmetry", "eval points", "mise", "marching cubes", "simplify",
    "refine",
)  # fmt: skip
"""Timed stages in order: encoding and folding; measuring the depth map, beyond the time of
encoding; looking for a symmetry; evaluating the field; bookkeeping of coarse to fine; work on the
mesh."""


@dataclass(frozen=True)
class Reconstruction:
    """A mesh and the cost of making it.

    Attributes:
        vertices: (V, 3) float64 in the camera frame.
        faces: (F, 3) int64, oriented outward; V = F = 0 where the field is empty.
        seconds: of each of :data:`STAGES`.
        decoder_passes: over all levels.
        decoder_rows: pairs of a point and a network evaluated, over all levels.
        symmetry: mirror planes or axis that the object was taken to have; None: none.
    """

    vertices: np.ndarray
    faces: np.ndarray
    seconds: dict[str, float] = field(default_factory=dict)
    decoder_passes: int = 0
    decoder_rows: int = 0
    symmetry: Symmetry | None = None

    @property
    def mesh(self) -> trimesh.Trimesh:
        """Return the mesh with its vertices as they are, not merged."""
        import trimesh

        return trimesh.Trimesh(self.vertices, self.faces, process=False)


class Reconstructor:
    """A hierarchy of levels that turns depth maps into meshes.

    Attributes:
        levels: in the order given.
        settings: the first level's ``generation`` section.
        resolution: cells of the final lattice.
        reference: index of the level that gives the fused field its meaning and iso-level: the
            first global one, or the first one if none is global.
    """

    def __init__(
        self,
        levels: Sequence[Level],
        settings: GenerationConfig | None = None,
        device: torch.device | str = "cpu",
    ) -> None:
        """Combine levels.

        A symmetry is looked for under an observation only.

        Args:
            levels: at least one; any mix of global and patch, occupancy and SDF.
            settings: replace the first level's ``generation`` section; their ``resolution``
                replaces the levels' unless it is None.
            device: of the levels' networks.

        Raises:
            ConfigError: the levels disagree about the resolution, or settings contradict
                each other.
        """
        if not levels:
            raise ConfigError("give at least one configuration file")
        self.levels = list(levels)
        self.settings = settings or levels[0].config.generation
        self.device = torch.device(device)
        common = _common_resolution([level.config for level in levels])
        self.resolution = (settings.resolution if settings else None) or common
        source = str(levels[0].config.source or "config")
        _check_settings(self.settings, self.resolution, source)
        if self.settings.lattice == "released":
            _check_released([level.config for level in levels])
        self.reference = next((k for k, v in enumerate(levels) if v.windows is None), 0)

    @classmethod
    def from_configs(
        cls,
        configs: Sequence[str | os.PathLike[str] | Config],
        device: torch.device | str | None = None,
        *,
        threshold: float | None = None,
        noise: float | None = None,
        **generation: Any,
    ) -> Reconstructor:
        """Load configured levels and their weights.

        A symmetry without an observation is not looked for; a warning says so.

        Args:
            configs: paths or loaded configurations, in order.
            device: where to run; None: CUDA where there is one.
            threshold: replaces ``test.threshold`` of the level that gives the mesh its iso-level,
                the first global one, or the first one if none is global.
            noise: short for ``observation_noise``, in sides of the cube.
            generation: keys that replace those of the first file's ``generation`` section, such
                as ``lattice="released"``, with the values that a file may have.

        Raises:
            ConfigError: see :func:`load_config`; also for an unknown keyword or a bad value.
            CheckpointError: see :class:`Level`.
        """
        if noise is not None:
            generation["observation_noise"] = noise
        more = ("threshold", "noise", "device")
        generation = read_generation(generation, "from_configs", more)
        loaded = [c if isinstance(c, Config) else load_config(c) for c in configs]
        if not loaded:
            raise ConfigError("give at least one configuration file")
        for key in ("resolution_0", "upsampling_steps"):
            if key in generation:
                raise ConfigError(
                    f"{key} is another resolution for a patch level than for a global one; give "
                    "resolution, the cells of the final lattice"
                )
        if "level_weight" in generation:
            raise ConfigError("level_weight is each level's own; set it in their configurations")
        if generation.get("resolution") is not None:
            loaded = [
                replace(c, generation=replace(c.generation, resolution=generation["resolution"]))
                for c in loaded
            ]
        if threshold is not None:
            changed = next((k for k, c in enumerate(loaded) if not c.is_patch), 0)
            try:
                test = replace(loaded[changed].test, threshold=float(threshold))
            except (TypeError, ValueError):
                raise ConfigError(f"threshold must be a number, found {threshold!r}") from None
            loaded[changed] = replace(loaded[changed], test=test)
            loaded[changed].check()
        settings = replace(loaded[0].generation, **generation)
        source = str(loaded[0].source or "config")
        if settings.symmetry == "auto" and settings.observation == "none":
            log.warning(
                "%s: generation.symmetry auto does nothing without an observation; set "
                "generation.observation to carve or surface, or generation.symmetry to none",
                source,
            )
        # Find contradictions before reading weights, which can take a while.
        _check_settings(settings, _common_resolution(loaded), source)
        device = device or default_device()
        return cls([Level.load(config, device) for config in loaded], settings, device)

    @classmethod
    def bundled(cls, device: torch.device | str | None = None, **changes: Any) -> Reconstructor:
        """Load the networks that come with the package, from any working directory.

        The arguments and errors are those of :meth:`from_configs`.
        """
        configs = [load_config(demo_config(name)) for name in DEMO_LEVELS]
        return cls.from_configs(
            [
                replace(c, training=replace(c.training, out_dir=str(ROOT / c.training.out_dir)))
                for c in configs
            ],
            device,
            **changes,
        )

    @property
    def lattice(self) -> Lattice:
        """Lattice of the mesh."""
        if self.settings.lattice == "released":
            return released_lattice()
        return exact_lattice(self.resolution)

    @property
    def precision(self) -> Precision:
        """Precision of the hidden layers: ``float32`` or ``bfloat16``; ``auto`` is measured."""
        settings = self.settings
        if settings.precision != "auto":
            return settings.precision
        sizes = {
            level.config.model.decoder_kwargs.hidden_size
            for level in self.levels
            if not level.config.is_volume
        }
        if settings.lattice != "exact" or not sizes:
            return "float32"
        pays = all(bfloat16_pays(self.device, size) for size in sizes)
        return "bfloat16" if pays else "float32"

    @property
    def mise_resolution(self) -> int:
        """Cells of the lattice that MISE starts with, at most the configured number.

        It is larger where the final resolution cannot be halved so often.
        """
        cells = self.resolution
        while cells > self.settings.mise_resolution and cells % 2 == 0:
            cells //= 2
        return cells

    def _iso_level(self, level: Level) -> float:
        """Return a level's iso-level; as published, the first patch level's serves its method."""
        if level.windows is None:
            return level.objective.iso_level
        return next(
            other.objective.iso_level
            for other in self.levels
            if other.windows is not None and other.config.is_sdf == level.config.is_sdf
        )

    @undivided()
    def field(
        self,
        depth: np.ndarray,
        watch: Stopwatch | None = None,
        known: np.ndarray | None = None,
        rays: RayMap | None = None,
    ) -> FusedField | ObservedField:
        """Return the fused field of all levels under one depth map.

        A mix of occupancy and SDF levels is calibrated on the coarse lattice, except for
        ``lattice: released``, which takes the ranges of its full grids.

        Args:
            depth: (256, 256) float32, background −1 (:func:`im2mesh.data.depth.load_depth`).
            watch: takes the time of the stages ``encode inputs``, ``observe`` and ``eval points``.
            known: see :class:`Observation`; networks see background where nothing is known. It is
                ignored with ``observation: none``.
            rays: map of a camera in front of the cube. The observation is then of this map, and
                only the networks see ``depth``.
        """
        watch = watch or Stopwatch(self.device)
        released = self.settings.lattice == "released"
        depth = self._shown(depth, known)
        measured = begun(partial(self._observation, depth, known, rays))
        with watch("encode inputs"):
            on_device = torch.from_numpy(depth).to(self.device)
            fields = [
                level.bind(
                    on_device, self.settings.batch_size, released, self.settings.patch_window
                )
                for level in self.levels
            ]
        reference = self.levels[self.reference]
        moved_from = [
            None if level.config.is_sdf == reference.config.is_sdf else self._iso_level(level)
            for level in self.levels
        ]
        fused = FusedField(
            fields,
            reference.objective.iso_level,
            moved_from,
            self.reference,
            [str(level.weights) for level in self.levels],
            [level.config.generation.level_weight for level in self.levels],
        )
        if not fused.calibrated and not released:
            with watch("eval points"):
                calibrate(fused, self.mise_resolution, self.device)
        if self.precision == "bfloat16":
            with watch("eval points"):
                fused.use_rounded(self.device)
        with watch("observe"):
            observation = measured()
        if observation is None:
            return fused
        surface = self.settings.observation == "surface"
        observed = ObservedField(fused, observation, surface, reference.config.is_sdf)
        if self.settings.symmetry == "auto":
            symmetry = self._symmetry(observed, depth, watch)
            with watch("eval points"):
                observed.use(symmetry)
        return observed

    def _observation(
        self, depth: np.ndarray, known: np.ndarray | None, rays: RayMap | None
    ) -> Observation | None:
        """Measure the depth map, or that along a camera's rays; see :meth:`field`."""
        if self.settings.observation == "none":
            return None
        perspective = None
        if rays is not None:
            depth, known, perspective = rays.depth, rays.known, rays.perspective
        noise = self.settings.observation_noise
        return Observation(depth, self.resolution, noise, known, self.device, perspective)

    def _shown(self, depth: np.ndarray, known: np.ndarray | None) -> np.ndarray:
        """Return the depth map for the networks: background where an observation knows nothing."""
        if known is None or self.settings.observation == "none":
            return depth
        return np.where(known, depth, np.float32(-1))

    def _symmetry(
        self, observed: ObservedField, depth: np.ndarray, watch: Stopwatch
    ) -> Symmetry | None:
        """Find the symmetry by the depth map and a coarse mesh of the field."""
        lattice = exact_lattice(self.mise_resolution)
        values = extract_dense(observed, lattice, self.device, watch)
        with watch("symmetry"):
            predicted = extract_mesh(values, lattice, observed.iso_level)[0]
            return find_symmetry(depth, observed.observation, predicted)

    def _without_crumbs(
        self, values: np.ndarray, iso_level: float, depth: np.ndarray
    ) -> np.ndarray:
        lattice = self.lattice
        slack = OBSERVATION.noise_sigmas * self.settings.observation_noise
        unit = 1 / lattice.cells if self.levels[self.reference].config.is_sdf else 1.0
        least = self.settings.min_piece
        values = without_small_pieces(
            values, iso_level, lambda: seen_nodes(depth, lattice, slack), least, unit
        )
        return without_small_cavities(values, iso_level, least, unit)

    @undivided()
    def grid(
        self, fused: FusedField | ObservedField, depth: np.ndarray, watch: Stopwatch | None = None
    ) -> np.ndarray:
        """Evaluate the fused field on the lattice, (n, n, n) float32 along (x, y up, z)."""
        watch = watch or Stopwatch(self.device)
        if self.settings.extraction == "dense" or self.settings.lattice == "released":
            return extract_dense(fused, self.lattice, self.device, watch)
        return extract_mise(fused, self.lattice, self.mise_resolution, depth, self.device, watch)

    @undivided()
    def __call__(
        self,
        depth: np.ndarray | str | os.PathLike[str],
        known: np.ndarray | None = None,
        rays: RayMap | None = None,
    ) -> Reconstruction:
        """Reconstruct one depth map.

        Args:
            depth: a depth map, see :func:`im2mesh.data.depth.check_depth`; or its file, of which
                the mask is used, too.
            known: where it was measured or is certainly background, see :class:`Observation`;
                None: see the file's mask, else all of it.
            rays: map of a camera in front of the cube, see :meth:`field`.

        Raises:
            DepthError: the depth map or the mask is not valid, or the mask leaves no foreground.
            CheckpointError: a level's weights give values that are not finite.
        """
        if isinstance(depth, str | os.PathLike):
            known = load_known(depth) if known is None else known
            depth = load_depth(depth, self.settings.depth_scale)
        depth = check_depth(depth)
        if known is not None:
            known = check_known(known)
            depth = self._shown(depth, known)
            if not (depth >= 0).any():
                raise DepthError("the mask leaves no foreground of the depth map")
        if self.settings.fit and rays is None:
            return self._fitted(depth, known)
        watch = Stopwatch(self.device)
        fused = self.field(depth, watch, known, rays)
        values = self.grid(fused, depth, watch)
        with watch("marching cubes"):
            if self.settings.min_piece:
                values = self._without_crumbs(values, fused.iso_level, depth)
            vertices, faces = extract_mesh(values, self.lattice, fused.iso_level)
        if self.settings.simplify_nfaces is not None:
            with watch("simplify"):
                simple = simplify(vertices, faces, self.settings.simplify_nfaces)
                vertices, faces = without_doubles(*simple)
        if self.settings.refinement_step and len(vertices):
            with watch("refine"):
                vertices = refine(
                    vertices,
                    lambda points: in_slabs(fused, points, self.device),
                    fused.iso_level,
                    self.settings.refinement_step,
                    1 / self.resolution,
                )
        decoders = (fused.field if isinstance(fused, ObservedField) else fused).decoders
        return Reconstruction(
            vertices,
            faces,
            {stage: watch.seconds.get(stage, 0.0) for stage in STAGES},
            sum(decoder.passes for decoder in decoders),
            sum(decoder.rows for decoder in decoders),
            fused.symmetry if isinstance(fused, ObservedField) else None,
        )

    def _fitted(self, depth: np.ndarray, known: np.ndarray | None) -> Reconstruction:
        """Reconstruct a map in its object's own cube; return the mesh in the map's."""
        fit = fit_of(depth)
        noise = min(self.settings.observation_noise / fit.side, 1.0)
        settings = replace(self.settings, fit=False, observation_noise=noise)
        own = Reconstructor(self.levels, settings, self.device)
        shown, known_there = fitted(depth, fit, known)
        result = own(shown, None if known is None else known_there)
        return replace(result, vertices=fit.back(result.vertices))


def _common_resolution(configs: Sequence[Config]) -> int:
    """Return the lattice resolution, which all levels must share."""
    first = configs[0]
    for other in configs[1:]:
        if other.resolution != first.resolution:
            raise ConfigError(
                f"{other.source}: generation.resolution is {other.resolution} but {first.source} "
                f"has {first.resolution}; all levels must share one lattice"
            )
    return first.resolution


def _check_released(configs: Sequence[Config]) -> None:
    """Check what the released lattice needs: two nodes in a patch or more, and the plain mean."""
    for config in configs:
        size, image = config.data.parts_size, config.data.img_size
        if config.is_patch and size is not None and size * RELEASED_NODES < 2 * image:
            raise ConfigError(
                f"{config.source}: data.parts_size {size} is too small for generation.lattice "
                f"released; use patches of {2 * image // RELEASED_NODES} pixels or more, or exact"
            )
        if config.generation.level_weight != configs[0].generation.level_weight:
            raise ConfigError(
                f"{config.source}: generation.level_weight differs from {configs[0].source}'s; "
                "generation.lattice released fuses by the plain mean: give all levels the same"
            )


RELEASED_VALUES: dict[str, tuple[object, ...]] = {
    "precision": ("auto", "float32"),
    "refinement_step": (0,),
    "patch_window": ("gaussian",),
    "observation": ("none",),
}
"""Values of ``generation`` keys with which the released lattice reproduces published numbers."""


def _check_settings(settings: GenerationConfig, resolution: int, source: str) -> None:
    """Check the generation keys for contradictions."""
    if settings.lattice != "released":
        return
    released = released_lattice().nodes
    if resolution != released:
        raise ConfigError(
            f"{source}: generation.lattice released is defined at resolution {released} only, not "
            f"{resolution}"
        )
    for key, allowed in RELEASED_VALUES.items():
        value = getattr(settings, key)
        if value not in allowed:
            raise ConfigError(
                f"{source}: generation.{key} {value} needs generation.lattice exact: the released "
                f"lattice reproduces published numbers; use {' or '.join(map(str, allowed))}"
            )
