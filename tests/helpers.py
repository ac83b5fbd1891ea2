"""What processes that tests start must be able to import."""

from __future__ import annotations

import os
import signal

from im2mesh.preparation.dataset import Outcome, Task, build_shape


def deadly(task: Task) -> Outcome:
    """``build_shape``, but for one shape that takes its process with it."""
    if task.shape.name == "b":
        os.kill(os.getpid(), signal.SIGKILL)
    return build_shape(task)
