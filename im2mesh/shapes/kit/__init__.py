"""The vocabulary of the families of objects: choices, copies, bars, profiles, outlines, parts.

Functions return lists of solids. Solids of one object share faces or overlap, so that their union
has no seam. Frames: x right, y up, z to the front; a place is a (3,) point.
"""
