"""Training of one level: steps, validation, checkpoints, limits, on one device or many."""
