"""Errors that a user can cause.

Every message is one line that names the file or the key and says what to do. The scripts print it
and leave with exit code 2 (see :mod:`im2mesh.cli`). An error that is neither an :class:`InputError`
nor an ``OSError`` is a bug and keeps its traceback.
"""


class InputError(ValueError):
    """An input that cannot be used."""


class EmptyError(InputError):
    """A well-formed file without content: no face, no point."""


class ConfigError(InputError):
    """A configuration that is missing, malformed or contradicts another one."""


class DepthError(InputError):
    """A file without a usable depth map."""


class DataError(InputError):
    """A data set that lacks a file, or a file with unexpected content."""


class CheckpointError(InputError):
    """A checkpoint that is missing, unreadable or of another architecture."""
