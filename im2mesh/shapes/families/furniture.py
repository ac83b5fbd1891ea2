"""The families of furniture, gathered from their modules."""

from im2mesh.shapes.families.beds import bed
from im2mesh.shapes.families.seating import bench, chair, sofa
from im2mesh.shapes.families.storage import cabinet, shelf
from im2mesh.shapes.families.tables import lamp, table

__all__ = ["bed", "bench", "cabinet", "chair", "lamp", "shelf", "sofa", "table"]
