# The loop of marching cubes. Arguments are checked by im2mesh/native/marching_cubes.py, which
# also builds the table of cases and numbers corners and edges.

import numpy as np

from libc.math cimport isfinite
from libc.stdint cimport uint64_t
from libc.string cimport memcpy
from libcpp.vector cimport vector

ctypedef unsigned char byte

ctypedef fused real:
    float
    double


cdef inline double crossing(double low, double high, double iso, double margin) noexcept nogil:
    """Where along an edge, from 0 at ``low`` to 1 at ``high``, the value is ``iso``."""
    cdef double rise = high - low
    cdef double t
    if isfinite(rise):
        t = (iso - low) / rise
    else:  # the difference of two huge values overflows, that of their halves does not
        t = (0.5 * iso - 0.5 * low) / (0.5 * high - 0.5 * low)
    # Written so that a NaN (there is none, but for denormal halves) would be caught as well.
    if not t >= margin:
        return margin
    if t > 1.0 - margin:
        return 1.0 - margin
    return t


cdef int add_vertex(
    vector[double]& vertices, double x, double y, double z
) except -1 nogil:
    vertices.push_back(x)
    vertices.push_back(y)
    vertices.push_back(z)
    return 0


def polygonise(
    const real[:, :, ::1] volume,
    double iso,
    double margin,
    const byte[:, ::1] triangles,
    const byte[::1] counts,
):
    """Vertices and faces where ``volume`` crosses ``iso``.

    Slabs of cells between slices i and i + 1 of the first axis are done one after the other.
    ``sides`` holds two bits a node: bit 0 says that the node of slice i is inside, bit 1 that of
    slice i + 1. The nodes whose cell (the one that starts at the node) is not all on one side
    are listed, and only they are looked at closely. The vertices on a slab's edges are numbered
    in five planes: the edges along x between the slices, those along y in the even and in the
    odd slice, those along z likewise. Only crossed edges are ever written, and only they are
    read, so that nothing is cleared.

    Args:
        volume: (X, Y, Z), no side under 2, finite.
        iso: inside is > iso.
        margin: least distance of a vertex from both ends of its edge, in edge lengths.
        triangles: (256, 3·n) edge numbers of each case.
        counts: (256,) triangles of each case.

    Returns:
        vertices (V, 3) float64 in index coordinates, faces (F, 3) int64.
    """
    cdef Py_ssize_t nx = volume.shape[0], ny = volume.shape[1], nz = volume.shape[2]
    cdef Py_ssize_t plane = ny * nz
    cdef Py_ssize_t i, j, k, n, m, at, beside
    cdef Py_ssize_t start[2]
    cdef Py_ssize_t offset[12]
    cdef int case, bit
    cdef byte side, some, every
    cdef uint64_t eight
    cdef vector[double] vertices
    cdef vector[long long] faces
    cdef vector[byte] sides_store, mixed_store
    cdef vector[long long] index_store
    cdef vector[Py_ssize_t] active
    cdef byte* sides
    cdef byte* mixed  # of a row: whether the node's cell has both sides
    cdef long long* index

    with nogil:
        sides_store.resize(plane)
        mixed_store.resize(nz + 8)  # read in words of eight
        index_store.resize(5 * plane)
        sides = sides_store.data()
        mixed = mixed_store.data()
        index = index_store.data()

        for j in range(ny):
            for k in range(nz):
                sides[j * nz + k] = (volume[0, j, k] > iso) << 1

        for i in range(nx - 1):
            for bit in range(2):
                start[bit] = plane * ((i + bit) & 1)  # slice i + bit within a pair of planes
            for n in range(4):
                # Corner bits are x | y << 1 | z << 2; edges 0-3 run along x, 4-7 along y,
                # 8-11 along z, in the order of their lower corners.
                offset[n] = (n & 1) * nz + (n >> 1)
                offset[4 + n] = plane + start[n & 1] + (n >> 1)
                offset[8 + n] = 3 * plane + start[n & 1] + (n >> 1) * nz

            for j in range(ny):
                at = j * nz
                for k in range(nz):
                    sides[at + k] = (sides[at + k] >> 1) | ((volume[i + 1, j, k] > iso) << 1)

            active.clear()
            for j in range(ny):
                at = j * nz
                beside = at + nz if j < ny - 1 else at  # the last row has cells of no width
                for k in range(nz - 1):
                    some = sides[at + k] | sides[at + k + 1]
                    some = some | sides[beside + k] | sides[beside + k + 1]
                    every = sides[at + k] & sides[at + k + 1]
                    every = every & sides[beside + k] & sides[beside + k + 1]
                    mixed[k] = (some != 0) & (every != 3)
                k = nz - 1
                some = sides[at + k] | sides[beside + k]
                every = sides[at + k] & sides[beside + k]
                mixed[k] = (some != 0) & (every != 3)
                for k in range(0, nz, 8):
                    memcpy(&eight, mixed + k, 8)
                    if eight:
                        for n in range(k, min(k + 8, nz)):
                            if mixed[n]:
                                active.push_back(at + n)

            # Vertices of the edges that start at a listed node: along x, and within slice
            # i + 1 (at the beginning within slice 0 too).
            for n in range(<Py_ssize_t>active.size()):
                at = active[n]
                j = at // nz
                k = at - j * nz
                side = sides[at]
                if side == 1 or side == 2:
                    index[at] = vertices.size() // 3
                    add_vertex(
                        vertices,
                        i + crossing(volume[i, j, k], volume[i + 1, j, k], iso, margin),
                        j,
                        k,
                    )
                for bit in range(0 if i == 0 else 1, 2):
                    m = i + bit
                    if j < ny - 1 and (side ^ sides[at + nz]) >> bit & 1:
                        index[plane + start[bit] + at] = vertices.size() // 3
                        add_vertex(
                            vertices,
                            m,
                            j + crossing(volume[m, j, k], volume[m, j + 1, k], iso, margin),
                            k,
                        )
                    if k < nz - 1 and (side ^ sides[at + 1]) >> bit & 1:
                        index[3 * plane + start[bit] + at] = vertices.size() // 3
                        add_vertex(
                            vertices,
                            m,
                            j,
                            k + crossing(volume[m, j, k], volume[m, j, k + 1], iso, margin),
                        )

            for n in range(<Py_ssize_t>active.size()):
                at = active[n]
                if at >= plane - nz or at % nz == nz - 1:
                    continue
                case = (
                    sides[at]
                    | sides[at + nz] << 2
                    | sides[at + 1] << 4
                    | sides[at + nz + 1] << 6
                )
                for m in range(3 * counts[case]):
                    faces.push_back(index[offset[triangles[case, m]] + at])

    cdef double[:, ::1] vertex_array = np.empty((vertices.size() // 3, 3), np.float64)
    cdef long long[:, ::1] face_array = np.empty((faces.size() // 3, 3), np.int64)
    if vertices.size():
        memcpy(&vertex_array[0, 0], vertices.data(), vertices.size() * sizeof(double))
    if faces.size():
        memcpy(&face_array[0, 0], faces.data(), faces.size() * sizeof(long long))
    return np.asarray(vertex_array), np.asarray(face_array)
