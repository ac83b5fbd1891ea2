"""Connected pieces of a lattice's nodes, one node at a time."""

from __future__ import annotations

from itertools import product

import numpy as np

Node = tuple[int, ...]


def pieces(inside: np.ndarray, reach: int = 1) -> list[list[Node]]:
    """Sets of inside nodes that are neighbours, in the order of their first one.

    Neighbours differ by 1 along at most ``reach`` axes.
    """
    left = {tuple(node) for node in np.argwhere(inside).tolist()}
    found = []
    for start in sorted(left):
        if start not in left:
            continue
        left.remove(start)
        piece, waiting = [start], [start]
        while waiting:
            node = waiting.pop()
            for steps in product((-1, 0, 1), repeat=len(node)):
                beside = tuple(place + step for place, step in zip(node, steps, strict=True))
                if beside in left and sum(map(abs, steps)) <= reach:
                    left.remove(beside)
                    piece.append(beside)
                    waiting.append(beside)
        found.append(piece)
    return found
