"""Compiled kernels, each behind a wrapper that checks its arguments."""
