"""The campaign of damaged inputs and killed runs: ``python -m tests.fuzz`` prints its counts."""
