# Which points a mesh contains. Arguments are checked by im2mesh/native/point_in_mesh.py, which also
# lays the grid of cells over the plane.

import numpy as np

from libcpp.vector cimport vector

ctypedef long long index_t


cdef inline bint passes_right(
    double ax, double ay, double bx, double by, double px, double py
) noexcept nogil:
    """Whether the edge a–b passes the point p on the side of larger x, at p's y.

    The lower end always comes first, so the two triangles of an edge compute the same number.
    """
    if (ay > py) == (by > py):
        return False
    if ay > by:
        ax, ay, bx, by = bx, by, ax, ay
    return (bx - ax) * (py - ay) > (px - ax) * (by - ay)


cdef inline double height(
    double px, double py, const double* a, const double* b, const double* c
) noexcept nogil:
    """z of the triangle's plane above (px, py), kept within the triangle's own range."""
    cdef double u = (b[0] - px) * (c[1] - py) - (c[0] - px) * (b[1] - py)
    cdef double v = (c[0] - px) * (a[1] - py) - (a[0] - px) * (c[1] - py)
    cdef double w = (a[0] - px) * (b[1] - py) - (b[0] - px) * (a[1] - py)
    cdef double total = u + v + w
    cdef double low = min(a[2], min(b[2], c[2]))
    cdef double high = max(a[2], max(b[2], c[2]))
    cdef double z
    if total == 0:  # seen edge on: any height of the triangle is as right as another
        return 0.5 * low + 0.5 * high
    z = u / total * a[2] + v / total * b[2] + w / total * c[2]
    return min(max(z, low), high)


def contains(
    const double[:, :, ::1] triangles,
    const index_t[:, ::1] covered,
    const double[:, ::1] points,
    const index_t[:, ::1] cells,
    index_t side,
):
    """Whether rays up and down from each point cross the surface an odd number of times.

    Args:
        triangles: (F, 3, 3) corners, finite.
        covered: (F, 4) first and last cell along x, first and last along y, of each triangle.
        points: (N, 3), finite.
        cells: (N, 2) the cell of each point along x and y; −1: outside the grid.
        side: cells along each axis.

    Returns:
        (N,) uint8, 1 where both numbers are odd.
    """
    cdef Py_ssize_t n, f, i, j, k
    cdef Py_ssize_t above, below
    cdef double px, py
    cdef const double* a
    cdef const double* b
    cdef const double* c
    cdef vector[index_t] start, members
    cdef unsigned char[::1] inside = np.zeros(points.shape[0], np.uint8)

    with nogil:
        # The triangles of each cell, one after the other: counted, then filled in from the back.
        start.resize(side * side + 1)
        for f in range(triangles.shape[0]):
            for i in range(covered[f, 0], covered[f, 1] + 1):
                for j in range(covered[f, 2], covered[f, 3] + 1):
                    start[i * side + j] += 1
        for k in range(side * side):
            start[k + 1] += start[k]
        members.resize(start[side * side])
        for f in range(triangles.shape[0]):
            for i in range(covered[f, 0], covered[f, 1] + 1):
                for j in range(covered[f, 2], covered[f, 3] + 1):
                    k = i * side + j
                    start[k] -= 1
                    members[start[k]] = f

        for n in range(points.shape[0]):
            if cells[n, 0] < 0 or cells[n, 1] < 0:
                continue
            px = points[n, 0]
            py = points[n, 1]
            above = below = 0
            k = cells[n, 0] * side + cells[n, 1]
            for i in range(start[k], start[k + 1]):
                a = &triangles[members[i], 0, 0]
                b = a + 3
                c = a + 6
                if (
                    passes_right(a[0], a[1], b[0], b[1], px, py)
                    ^ passes_right(b[0], b[1], c[0], c[1], px, py)
                    ^ passes_right(c[0], c[1], a[0], a[1], px, py)
                ):
                    if height(px, py, a, b, c) > points[n, 2]:
                        above += 1
                    else:
                        below += 1
            inside[n] = above & below & 1
    return np.asarray(inside)
