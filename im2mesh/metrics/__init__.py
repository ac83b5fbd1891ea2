"""Scores of predicted surfaces, usable on plain arrays.

>>> from im2mesh.metrics import GroundTruth, evaluate_mesh
>>> evaluate_mesh(mesh, GroundTruth(points, visible=visible))["fscore@1"]
"""

from im2mesh.metrics.evaluation import GroundTruth, evaluate_cloud, evaluate_mesh

__all__ = ["GroundTruth", "evaluate_cloud", "evaluate_mesh"]
