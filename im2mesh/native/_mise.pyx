# The bookkeeping of MISE. Arguments are checked by im2mesh/native/mise.py, which also says what
# is refined and why.
#
# The lattice of level l has resolution_0 << l cells along each axis, of side 1 << (steps - l)
# in units of the finest cells. Nodes are numbered x-major on the finest lattice. Levels 0 to
# steps - 1 have a byte a cell, whether or not the cell exists yet; cells of the finest level
# are never refined and need none.
#
# Every condition for a refinement stays true once it is true, so the set of nodes that is
# evaluated in the end does not depend on the order in which they are.

import numpy as np

from libcpp.vector cimport vector

ctypedef unsigned char byte
ctypedef long long index_t

# States of a node. A way to know a node without evaluating it (space that is seen to be empty)
# would be one more state and one more caller of `_settle`.
cdef enum:
    UNKNOWN = 0
    PENDING = 1  # a cell needs it
    TAKEN = 2  # in the batch that is being checked
    KNOWN = 3

# Bits of a cell.
cdef enum:
    SEEN_OUT = 1  # a known node in or on the cell is outside
    SEEN_IN = 2
    BOTH = 3
    FORCED = 4
    EXISTS = 8
    REFINED = 16


cdef struct Cell:
    int level
    index_t x
    index_t y
    index_t z


cdef class Octree:
    """Which nodes of the finest lattice are needed, and what is known about them."""

    cdef readonly index_t resolution
    cdef readonly index_t evaluated
    cdef readonly index_t missing
    cdef int steps
    cdef index_t coarse, nodes
    cdef double threshold, margin
    cdef object value_array, state_array, cell_array
    cdef float* values
    cdef byte* states
    cdef byte* cells
    cdef vector[index_t] first_cell  # of each level, into `cells`
    cdef vector[index_t] pending
    cdef vector[Cell] to_refine

    def __init__(self, index_t coarse, int steps, double threshold, double margin, forced):
        self.coarse = coarse
        self.steps = steps
        self.resolution = coarse << steps
        self.nodes = self.resolution + 1
        self.threshold = threshold
        self.margin = margin
        self.evaluated = 0
        self.missing = 0
        cdef index_t total = 0
        cdef int level
        for level in range(steps):
            self.first_cell.push_back(total)
            total += (coarse << level) ** 3
        # Pages that are never touched cost no memory.
        self.value_array = np.empty((self.nodes,) * 3, np.float32)
        self.state_array = np.zeros(self.nodes**3, np.uint8)
        self.cell_array = np.zeros(max(total, 1), np.uint8)
        cdef float[:, :, ::1] values = self.value_array
        cdef byte[::1] states = self.state_array
        cdef byte[::1] cells = self.cell_array
        self.values = &values[0, 0, 0]
        self.states = &states[0]
        self.cells = &cells[0]
        cdef const index_t[:, ::1] forced_cells = forced
        with nogil:
            self._force(forced_cells)
            self._plant()
            self._refine()

    # -- cells and nodes -------------------------------------------------------------------------

    cdef inline byte* _cell(self, int level, index_t x, index_t y, index_t z) noexcept nogil:
        cdef index_t side = self.coarse << level
        return self.cells + self.first_cell[level] + (x * side + y) * side + z

    cdef inline index_t _node(self, index_t x, index_t y, index_t z) noexcept nogil:
        return (x * self.nodes + y) * self.nodes + z

    cdef int _request(self, index_t node) except -1 nogil:
        if self.states[node] == UNKNOWN:
            self.states[node] = PENDING
            self.pending.push_back(node)
            self.missing += 1
        return 0

    cdef int _force(self, const index_t[:, ::1] forced) except -1 nogil:
        """Mark every cell that holds a forced cell of the finest level."""
        cdef index_t n
        cdef int level, shift
        for n in range(forced.shape[0]):
            for level in range(self.steps):
                shift = self.steps - level
                self._cell(
                    level, forced[n, 0] >> shift, forced[n, 1] >> shift, forced[n, 2] >> shift
                )[0] |= FORCED
        return 0

    cdef int _plant(self) except -1 nogil:
        """Create the coarsest cells and ask for their nodes."""
        cdef index_t x, y, z
        for x in range(self.coarse + 1):
            for y in range(self.coarse + 1):
                for z in range(self.coarse + 1):
                    self._request(
                        self._node(x << self.steps, y << self.steps, z << self.steps)
                    )
        if self.steps:
            for x in range(self.coarse):
                for y in range(self.coarse):
                    for z in range(self.coarse):
                        self._create(0, x, y, z)
        return 0

    cdef int _create(self, int level, index_t x, index_t y, index_t z) except -1 nogil:
        self._cell(level, x, y, z)[0] |= EXISTS
        return self._consider(level, x, y, z, True)

    cdef int _consider(
        self, int level, index_t x, index_t y, index_t z, bint corners_changed
    ) except -1 nogil:
        """Queue a cell if it exists, is not refined yet and has a reason to be."""
        cdef byte* cell = self._cell(level, x, y, z)
        cdef bint wanted
        if not cell[0] & EXISTS or cell[0] & REFINED:
            return 0
        wanted = cell[0] & FORCED or (cell[0] & BOTH) == BOTH
        if not wanted and corners_changed and self.margin > 0.0:
            wanted = self._is_close(level, x, y, z)
        if wanted:
            cell[0] |= REFINED
            self.to_refine.push_back(Cell(level, x, y, z))
        return 0

    cdef bint _is_close(self, int level, index_t x, index_t y, index_t z) noexcept nogil:
        """Whether all corners of a one-sided cell are known and near the threshold."""
        cdef int shift = self.steps - level
        cdef int corner
        cdef index_t node
        cdef double value, low = 0.0, high = 0.0, gap
        for corner in range(8):
            node = self._node(
                (x + (corner & 1)) << shift,
                (y + (corner >> 1 & 1)) << shift,
                (z + (corner >> 2 & 1)) << shift,
            )
            if self.states[node] != KNOWN:
                return False
            value = self.values[node]
            if corner == 0:
                low = high = value
            elif value < low:
                low = value
            elif value > high:
                high = value
        gap = low - self.threshold if low > self.threshold else self.threshold - high
        return gap < self.margin * (high - low)

    cdef int _refine(self) except -1 nogil:
        """Split the queued cells, and what their children lead to."""
        cdef Cell cell
        cdef int half_shift
        cdef index_t i, j, k
        while self.to_refine.size():
            cell = self.to_refine.back()
            self.to_refine.pop_back()
            half_shift = self.steps - cell.level - 1
            for i in range(3):
                for j in range(3):
                    for k in range(3):
                        self._request(
                            self._node(
                                (2 * cell.x + i) << half_shift,
                                (2 * cell.y + j) << half_shift,
                                (2 * cell.z + k) << half_shift,
                            )
                        )
            if cell.level + 1 < self.steps:
                for i in range(2):
                    for j in range(2):
                        for k in range(2):
                            self._create(
                                cell.level + 1, 2 * cell.x + i, 2 * cell.y + j, 2 * cell.z + k
                            )
        return 0

    cdef int _settle(self, index_t x, index_t y, index_t z) except -1 nogil:
        """Tell every cell that has the node in it or on it which side the node is on."""
        cdef byte side = (
            SEEN_IN if self.values[self._node(x, y, z)] > self.threshold else SEEN_OUT
        )
        cdef int level, shift
        cdef index_t mask, last, i, j, k
        cdef bint is_corner
        for level in range(self.steps):
            shift = self.steps - level
            mask = (1 << shift) - 1
            last = (self.coarse << level) - 1
            is_corner = not (x | y | z) & mask
            # Along each axis a node lies in one cell, or between two unless on the border.
            for i in range((x - 1) >> shift if x else 0, min(x >> shift, last) + 1):
                for j in range((y - 1) >> shift if y else 0, min(y >> shift, last) + 1):
                    for k in range((z - 1) >> shift if z else 0, min(z >> shift, last) + 1):
                        self._cell(level, i, j, k)[0] |= side
                        self._consider(level, i, j, k, is_corner)
        return 0

    # -- what the wrapper calls ------------------------------------------------------------------

    def take(self, const index_t[:, ::1] nodes, const float[::1] values):
        """Store values, all or none; returns the row of the first node not asked for, or -1."""
        cdef index_t n, m, node, bad = -1
        cdef index_t count = nodes.shape[0]
        with nogil:
            for n in range(count):
                node = self._node(nodes[n, 0], nodes[n, 1], nodes[n, 2])
                if self.states[node] != PENDING:
                    bad = n
                    break
                self.states[node] = TAKEN
            if bad >= 0:
                for m in range(bad):
                    self.states[self._node(nodes[m, 0], nodes[m, 1], nodes[m, 2])] = PENDING
            else:
                for n in range(count):
                    node = self._node(nodes[n, 0], nodes[n, 1], nodes[n, 2])
                    self.states[node] = KNOWN
                    self.values[node] = values[n]
                self.evaluated += count
                self.missing -= count
                for n in range(count):
                    self._settle(nodes[n, 0], nodes[n, 1], nodes[n, 2])
                self._refine()
        return bad

    def ask(self):
        """(missing,) int64 numbers of the nodes that are needed and not known, ascending."""
        cdef size_t n, kept = 0
        with nogil:
            for n in range(self.pending.size()):
                if self.states[self.pending[n]] == PENDING:
                    self.pending[kept] = self.pending[n]
                    kept += 1
            self.pending.resize(kept)
        cdef index_t[::1] numbers = np.empty(kept, np.int64)
        for n in range(kept):
            numbers[n] = self.pending[n]
        array = np.asarray(numbers)
        array.sort()
        return array

    def fill(self):
        """The values of all nodes; those of unknown ones are written over at every call."""
        cdef int level
        cdef index_t x, y, z, side
        cdef byte state
        # Coarse to fine, so that a node on the border between two cells gets its value from
        # the smaller one.
        with nogil:
            for level in range(self.steps):
                side = self.coarse << level
                for x in range(side):
                    for y in range(side):
                        for z in range(side):
                            state = self._cell(level, x, y, z)[0]
                            if state & EXISTS and not state & REFINED:
                                self._fill_cell(level, x, y, z)
        return self.value_array

    cdef void _fill_cell(self, int level, index_t x, index_t y, index_t z) noexcept nogil:
        """Trilinear interpolation of the corners at the unknown nodes in or on a cell."""
        cdef int shift = self.steps - level
        cdef index_t side = 1 << shift
        cdef index_t i, j, k, row
        cdef int corner
        cdef double scale = 1.0 / side, u, v, w, near, far, value
        cdef double c[8]
        cdef double low, high
        x <<= shift
        y <<= shift
        z <<= shift
        for corner in range(8):
            c[corner] = self.values[
                self._node(
                    x + side * (corner & 1),
                    y + side * (corner >> 1 & 1),
                    z + side * (corner >> 2 & 1),
                )
            ]
        low = high = c[0]
        for corner in range(1, 8):
            low = min(low, c[corner])
            high = max(high, c[corner])
        for i in range(side + 1):
            u = i * scale
            for j in range(side + 1):
                v = j * scale
                near = (1 - v) * ((1 - u) * c[0] + u * c[1]) + v * ((1 - u) * c[2] + u * c[3])
                far = (1 - v) * ((1 - u) * c[4] + u * c[5]) + v * ((1 - u) * c[6] + u * c[7])
                row = self._node(x + i, y + j, z)
                for k in range(side + 1):
                    if self.states[row + k] != KNOWN:
                        w = k * scale
                        value = (1 - w) * near + w * far
                        # Rounding must not carry a value across the threshold.
                        self.values[row + k] = <float>min(max(value, low), high)
