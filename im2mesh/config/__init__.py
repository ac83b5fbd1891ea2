"""The typed view of a YAML configuration.

``Config()`` holds the defaults. A file may inherit from another one (``inherit_from``) and then
overrides its keys one by one. Files of the released code load unchanged: keys that never had an
effect are accepted and named in a debug line. Any other key that is unknown, of the wrong type or
out of range is a :class:`~im2mesh.errors.ConfigError` of one line that names the file and the key.
"""

from im2mesh.config.reading import (
    KEYS_WITHOUT_EFFECT,
    differences,
    from_dict,
    load_config,
    read_generation,
    read_yaml,
    save_config,
    to_dict,
    with_defaults,
)
from im2mesh.config.sections import (
    IMAGE_SIZE,
    Config,
    DataConfig,
    DecoderConfig,
    EncoderConfig,
    GenerationConfig,
    ModelConfig,
    TestConfig,
    TrainingConfig,
)
from im2mesh.config.values import LARGEST, MESH_FORMATS

__all__ = [
    "IMAGE_SIZE",
    "KEYS_WITHOUT_EFFECT",
    "LARGEST",
    "MESH_FORMATS",
    "Config",
    "DataConfig",
    "DecoderConfig",
    "EncoderConfig",
    "GenerationConfig",
    "ModelConfig",
    "TestConfig",
    "TrainingConfig",
    "differences",
    "from_dict",
    "load_config",
    "read_generation",
    "read_yaml",
    "save_config",
    "to_dict",
    "with_defaults",
]
