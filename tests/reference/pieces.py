"""Connected pieces of a lattice's nodes, one node at a time."""

from __future__ import annotations

import numpy as np

Node = tuple[int, ...]


def pieces(inside: np.ndarray) -> list[list[Node]]:
    """Sets of inside nodes that are neighbours along the axes, in the order of their first one."""
    left = {tuple(node) for node in np.argwhere(inside).tolist()}
    found = []
    for start in sorted(left):
        if start not in left:
            continue
        left.remove(start)
        piece, waiting = [start], [start]
        while waiting:
            node = waiting.pop()
            for axis in range(len(node)):
                for step in (-1, 1):
                    beside = (*node[:axis], node[axis] + step, *node[axis + 1 :])
                    if beside in left:
                        left.remove(beside)
                        piece.append(beside)
                        waiting.append(beside)
        found.append(piece)
    return found
