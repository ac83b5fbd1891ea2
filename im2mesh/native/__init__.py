"""Compiled kernels, each behind a wrapper that checks its arguments."""

MAX_RESOLUTION = 2048
"""Cells of a lattice along an axis. More would not fit into any ordinary memory."""
