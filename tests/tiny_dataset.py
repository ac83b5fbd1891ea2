"""A data set for tests of scores: meshes in the camera frame, their depth and ground truth."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import trimesh

from im2mesh.data.storage import (
    PointCloud,
    Points,
    write_depth,
    write_pointcloud,
    write_points,
)
from im2mesh.geometry.rendering import render_depth
from im2mesh.metrics.distances import sample_surface
from im2mesh.native.point_in_mesh import contains


def ground_truth(
    mesh: trimesh.Trimesh, count: int = 5_000, seed: int = 0
) -> tuple[np.ndarray, PointCloud, Points]:
    """Depth map, surface points (visible: not behind the depth map by more than 0.01), volume."""
    random = np.random.default_rng(seed)
    depth = render_depth(mesh.vertices, mesh.faces)
    points, normals = sample_surface(mesh.vertices, mesh.faces, count, random)
    columns = np.clip((points[:, 0] + 0.5) * 256, 0, 255).astype(int)
    rows = np.clip((0.5 - points[:, 1]) * 256, 0, 255).astype(int)
    visible = 0.5 - points[:, 2] - depth[rows, columns] <= 0.01
    queries = random.uniform(-0.5, 0.5, (count, 3)).astype(np.float16).astype(np.float32)
    inside = contains(mesh.vertices, mesh.faces, queries)
    return depth, PointCloud(points, normals, visible), Points(queries, inside)


def write_dataset(
    root: Path, class_id: str, meshes: Mapping[str, trimesh.Trimesh], count: int = 5_000
) -> None:
    """Write model folders and the split list ``all.lst``."""
    for seed, (name, mesh) in enumerate(meshes.items()):
        depth, cloud, points = ground_truth(mesh, count, seed)
        folder = root / class_id / name
        write_depth(folder / "000.npz", depth)
        write_pointcloud(folder / "pointcloud.npz", cloud)
        write_points(folder / "points.npz", points)
    (root / class_id / "all.lst").write_text("".join(f"{name}\n" for name in meshes))
