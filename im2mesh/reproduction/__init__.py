"""A test of the paper's claim by this project's own scripts (``reproduce.py``).

:mod:`.plan` lists networks, methods and ablations; :mod:`.run` turns them into calls of scripts;
:mod:`.jobs` runs these; :mod:`.statistics` computes intervals; :mod:`.document` writes
``docs/results.md`` and its plots.
"""
