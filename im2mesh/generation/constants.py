"""The constants of the depth observation and of the search for symmetries.

They are the same for every run, so they are not configuration keys. The comment before each gives
its unit, in brackets, and its reason.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class ObservationConstants:
    """Constants of :mod:`im2mesh.generation.observation`."""

    # [cells] Thickness of the shell behind the observed surface. On any line at least one node of
    # the lattice lies in two cells.
    shell_thickness: float = 2.0
    # [cells] The shell's sides are straight up to this distance behind the surface. Marching cubes
    # would cut off a rim that is round from the start.
    straight_rim: float = 1.0
    # [standard deviations of the depth] Within this distance of the measured surface the field
    # decides where the surface is.
    noise_sigmas: float = 2.0

    # [pixels] Neighbours belong to different parts if their depths differ by this much more than
    # the slope beside them explains.
    jump: float = 4.0
    # [1] Largest ratio of the slopes of neighbouring pixels on a smooth surface.
    steepening: float = 2.5
    # [1] Largest slope with which a surface is continued beyond its outline.
    max_continued_slope: float = 3.0
    # [pixels] Holes in the object up to this radius are closed.
    hole_radius: int = 3
    # [pixels] Background added around the map, so that the object ends at the cube's faces.
    padding: int = 2

    # [pixels] Outlines may move by this much to become smooth. Less than half a pixel keeps the
    # middle of every pixel on its own side.
    max_outline_shift: float = 0.3
    # [pixels] Narrower gaps are not smoothed, because smoothing would close them.
    narrow_gap: int = 4
    # [pixels] Narrow gaps are widened by this much on each side, so that a gap of one cell always
    # contains a node.
    gap_widening: float = 0.1
    # [cells] Thin parts are widened by about this much on each side at the most.
    max_growth: float = 0.75
    # [pixels] Thin parts are widened by this much more than the lattice needs.
    growth_margin: float = 0.3

    # [1] Least cosine between the observed surface's normal and the ray.
    min_cosine: float = 0.1
    # [1] The same at an outline, for the back of the shell. The slope there is a guess, and the
    # shell of a surface that is almost parallel to the ray is deep.
    min_outline_cosine: float = 0.5
    # [pixels] Interpolation over a longer step makes no shell.
    max_shell_step: float = 24.0


@dataclass(frozen=True)
class MatchWidth:
    """Distances within which a point's image meets a surface, in sides of the cube.

    Attributes:
        observed: distance from the observed surface at which a match counts 1/e.
        predicted: the same for the predicted surface.
        tolerance: distance in front of the observed surface that is not free space yet.
    """

    observed: float
    predicted: float
    tolerance: float

    def widened(self, by: float) -> MatchWidth:
        """Return larger distances, for a map that is wrong by this much."""
        return MatchWidth(self.observed + by, self.predicted + by, self.tolerance + by)


@dataclass(frozen=True)
class SearchStage:
    """One stage of the direct search for a plane or an axis.

    Attributes:
        candidates: number of the best ones that are improved.
        points: number of observed points by which the search compares; fewer cost less.
        width: distances within which images meet the surfaces.
        step: first step, in sides of the cube; directions start with twice as much, in radians.
        rounds: of the search, each with shorter steps
            (:func:`~im2mesh.generation.symmetry_evidence.maximised`).
    """

    candidates: int
    points: int
    width: MatchWidth
    step: float
    rounds: int


_COARSE = MatchWidth(0.016, 0.02, 0.008)
_MIDDLE = MatchWidth(0.008, 0.015, 0.006)
_FINE = MatchWidth(0.005, 0.01, 0.004)


@dataclass(frozen=True)
class SymmetryConstants:
    """Constants of the search for mirror planes and axes of revolution.

    *Support* is the mean score of the observed points' images: 1 on the observed surface,
    ``predicted_score`` on the predicted one, −``free_penalty`` in free space, else 0.
    """

    # [points] Fewer observed points say too little about a symmetry.
    min_points: int = 100
    # [score] An image on the predicted surface is weaker evidence than one on the observed surface.
    predicted_score: float = 0.5
    # [score] An image in free space all but refutes a symmetry.
    free_penalty: float = 4.0
    # [sides of the cube] The penalty grows from nothing to all of itself over this distance.
    free_ramp: float = 0.01
    # [widths] A match with the observed surface within this distance counts ``predicted_score``.
    good_match: float = math.sqrt(math.log(2))
    # [score] An axis with less support before any stage of the search is given up.
    hopeless_support: float = -0.1
    # [standard deviations of the depth] Images may miss by this much more. A sensor's errors are
    # correlated, and its outlines are torn or grown by a pixel or two.
    noise_sigmas: float = 5.0
    # [share] On a measured map this share of a circle about an axis may say what the rest does not.
    noise_share: float = 0.1
    # [1] A round of a search that moves less than a step makes steps so much shorter.
    shortening: float = 0.5
    # The result is judged with this width.
    final_width: MatchWidth = MatchWidth(0.008, 0.015, 0.01)

    # --- mirror planes ---
    # Planes that are looked for, each perpendicular to those before.
    max_planes: int = 3
    # [score] Least support of a plane in use.
    min_support: float = 0.3
    # [share] Most observed points that a plane in use may reflect into free space.
    max_contradicted: float = 0.12
    # [share] The same for planes after the first one. They carve most, and a table, a sofa or a
    # screen that is turned upside down is contradicted by a twentieth of the points only.
    max_contradicted_further: float = 0.045
    # [score] Further planes with less support before any stage of the search, which adds 0.2 or
    # so, are given up.
    hopeless_further: float = 0.1

    # --- mirror planes: the coarse scan ---
    # [cells] Side of the table that the scan looks scores up in.
    table_cells: int = 48
    table_width: MatchWidth = MatchWidth(0.03, 0.03, 0.02)
    # [radians] Angle between neighbouring normals; the same for further planes, which are few and
    # have no ICP.
    normal_spacing: float = 0.1
    further_spacing: float = 0.04
    # [sides of the cube] Distances of the planes from the cube's centre.
    offsets: tuple[float, ...] = tuple(k * 0.02 for k in range(-10, 11))
    # [points] Observed points that are reflected.
    scan_points: int = 200
    # Planes that are refined.
    scan_candidates: int = 12
    # [cosine, sides of the cube] Planes with a larger cosine between their normals and a smaller
    # difference of their offsets are the same.
    same_plane: tuple[float, float] = (0.97, 0.03)

    # --- mirror planes: the refinement ---
    # [points] Observed points that are reflected.
    points: int = 800
    # Stages of ICP: the largest distance of a match, one for each iteration [sides of the cube];
    # how many of the planes are kept.
    icp_stages: tuple[tuple[tuple[float, ...], int], ...] = (
        ((0.05, 0.04, 0.03), 6),
        ((0.02, 0.02, 0.015, 0.015, 0.01), 4),
    )
    # [points] Observed points that ICP matches.
    icp_points: int = 200
    # [points] ICP stops where there are fewer matches.
    icp_min_matches: int = 10
    plane_stages: tuple[SearchStage, ...] = (
        SearchStage(4, 400, _COARSE, 0.02, 6),
        SearchStage(2, 400, _MIDDLE, 0.008, 5),
        SearchStage(1, 800, _FINE, 0.005, 4),
    )
    # [cosine, sides of the cube] Refined planes that are closer to one another are one plane.
    one_plane: tuple[float, float] = (0.9995, 0.002)
    # [score] A plane with so much less support than the best one is not refined.
    max_deficit: float = 0.6
    # Gauss–Newton: most points, iterations, largest distance of a match [sides of the cube], least
    # cosine between its normals, distance at which a match weighs half [sides of the cube].
    newton_points: int = 4000
    newton_iterations: int = 8
    # [radians, sides of the cube] Steps below this end the iterations.
    newton_least_step: float = 1e-5
    newton_radius: float = 0.015
    newton_min_cosine: float = 0.9
    newton_half_weight: float = 0.002
    # [1] Levenberg–Marquardt damping, times the number of observed points.
    newton_damping: float = 1e-3

    # --- axes of revolution ---
    # [score] Least support of an axis in use.
    axis_min_support: float = 0.2
    # [share] Most images in free space of an axis in use.
    axis_max_contradicted: float = 0.03
    # [share] The same on a measured map, of which some pixels are wrong by more than the margin.
    axis_max_contradicted_measured: float = 0.05
    # [share] Most observed points that do not belong to the solid, such as a handle's.
    axis_max_outliers: float = 0.2
    # [score] Score of an observed point that does not belong to the solid.
    outlier_score: float = -1.0
    # [radians] Angles by which points are turned: thirteenths of a full turn, so that no object
    # with a few equal sides, legs or spokes is its own image.
    turns: tuple[float, ...] = tuple(k * (2 * math.pi / 13) for k in range(1, 7))
    # [points] Observed points that are turned.
    turned_points: int = 300
    # Axes that are judged.
    axis_candidates: int = 6
    axis_stages: tuple[SearchStage, ...] = (
        SearchStage(2, 100, _COARSE, 0.02, 6),
        SearchStage(1, 300, _MIDDLE, 0.006, 6),
    )

    # --- axes of revolution: candidates from normals ---
    # Random samples of points that axes are computed from.
    samples: int = 300
    # [points] Size of a sample. Four would do; more say more where normals are nearly parallel.
    sample_size: int = 6
    # [points] Points that axes are compared by.
    compared_points: int = 800
    # [sides of the cube] Distance of a normal from the axis, times the sine of the angle between
    # them, at which it counts 1/e.
    normal_distance: float = 0.01
    # Axes that are improved at the most, and the weighted fits that improve one.
    improved_axes: int = 40
    improving_fits: int = 5
    # [cosine, sides of the cube] Axes with a larger cosine between their directions that pass each
    # other more closely are the same.
    same_axis: tuple[float, float] = (0.98, 0.03)
    # [1] Damping of an axis' moment, for points with mean 0 and mean square 1. Where the normals
    # leave the axis free to move, it passes by the middle of the points.
    moment_damping: float = 1e-3

    # --- a field under an axis ---
    # [radians] Angles about the axis, from the side that faces the camera, at which the networks
    # are evaluated. They are most reliable just behind the visible surface.
    field_angles: tuple[float, ...] = (0.0, 0.5, -0.5, 1.0, -1.0)
    # Least number of angles at which the map is looked up around a circle.
    min_circle_points: int = 8
    # [1] A direction's component of less than this length counts as none.
    min_component: float = 1e-3


OBSERVATION = ObservationConstants()
SYMMETRY = SymmetryConstants()
