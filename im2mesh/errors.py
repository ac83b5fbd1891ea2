"""The errors that a user can cause.

Every message is one line that names the file or the key and says what to do.
The scripts print it and leave with exit code 2 (see :mod:`im2mesh.cli`); anything
that is not an :class:`InputError` or an ``OSError`` is a bug and keeps its traceback.
"""


class InputError(ValueError):
    """Something that the user gave cannot be used."""


class EmptyError(InputError):
    """A file is well-formed but holds nothing: no face, no point."""


class ConfigError(InputError):
    """A configuration file is missing, malformed or contradicts another one."""


class DepthError(InputError):
    """A file does not hold a usable depth map."""


class DataError(InputError):
    """A data set lacks a file, or the file does not hold what it should."""


class CheckpointError(InputError):
    """A checkpoint is missing, unreadable or belongs to another architecture."""
