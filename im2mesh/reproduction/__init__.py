"""The paper's claim put to the test, by this project's own commands (``reproduce.py``).

:mod:`.plan` says what is trained, generated and compared; :mod:`.jobs` runs it; :mod:`.statistics`
has the intervals; :mod:`.document` writes ``docs/results.md`` and its plots.
"""
