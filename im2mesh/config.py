"""The typed view of a YAML configuration: every key, its type, its default and what it does.

``Config()`` holds the defaults; ``configs/default.yaml`` says the same to a reader of YAML. A file
may inherit from another one (``inherit_from``), whose keys it then overrides one by one. Files of
the released code load unchanged: keys that never had an effect are accepted and named in a debug
line. Anything else that is unknown, of the wrong type or out of range is a :class:`ConfigError` of
one line that names the file and the key.
"""

from __future__ import annotations

import difflib
import logging
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import (
    Annotated,
    Any,
    ClassVar,
    Literal,
    NamedTuple,
    TypeAlias,
    get_args,
    get_type_hints,
)

import numpy as np
import yaml

from im2mesh.errors import ConfigError
from im2mesh.files import atomic
from im2mesh.native import MAX_RESOLUTION

log = logging.getLogger(__name__)

REPOSITORY = Path(__file__).resolve().parent.parent
"""Where ``inherit_from`` looks when the working directory does not have the file."""

IMAGE_SIZE = 256
"""Pixels along a side of every depth map that reaches a network."""

LARGEST = 2**63 - 1
"""The most that an integer may be: numpy and torch hold no more."""

MOST_POINTS = 2**24
"""The most points of a sample."""

LARGEST_NUMBER = 1e30
"""The most that a number may be, or its negative the least: networks compute in float32."""

# --- the types of values ----------------------------------------------------------------------


class _Mismatch(Exception):
    """A value is not what its key asks for; the argument is a hint, or ''."""


class _Kind(NamedTuple):
    """What a key asks for, in words, and the function that reads a value or refuses it."""

    words: str
    read: Callable[[Any], Any]


def _whole(least: int, most: int = LARGEST) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise _Mismatch("")
        return value

    return read


def _within(least: float, most: float, open_at: float | None = None) -> Callable[[Any], float]:
    def read(value: Any) -> float:
        number = _read_number(value)
        if not least <= number <= most or number == open_at:
            raise _Mismatch("")
        return number

    return read


def _optional(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else read(value)


def _read_flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _Mismatch("")
    return value


def _read_string(value: Any) -> str:
    if not isinstance(value, str):
        raise _Mismatch("")
    return value


def _read_text(value: Any) -> str:
    if not _read_string(value):
        raise _Mismatch("")
    return str(value)


def _read_number(value: Any) -> float:
    # YAML 1.1 reads 1e-4, which has no dot, as a string.
    if isinstance(value, str) and re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+", value):
        value = float(value)
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise _Mismatch("")
    if not abs(value) <= LARGEST_NUMBER:  # nor is .nan
        raise _Mismatch("")
    return float(value)


def _read_names(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        raise _Mismatch(f"write [{value}]")
    if not isinstance(value, list | tuple) or not value:
        raise _Mismatch("")
    for name in value:
        if not isinstance(name, str) or not name:
            raise _Mismatch(f"its entry {_found(name)} is no string, put it in quotes")
    return tuple(value)


def _read_subsample(value: Any) -> int | tuple[int, int]:
    if not isinstance(value, list | tuple):
        return _whole(1, MOST_POINTS)(value)
    if len(value) != 2:
        raise _Mismatch(f"the list has {len(value)} entries")
    outside, inside = (_whole(0, MOST_POINTS)(count) for count in value)
    if not outside + inside:
        raise _Mismatch("the list asks for no point at all")
    return outside, inside


def _interval(least: float, most: float) -> Callable[[Any], tuple[float, float]]:
    read_bound = _within(least, most)

    def read(value: Any) -> tuple[float, float]:
        if not isinstance(value, list | tuple) or len(value) != 2:
            raise _Mismatch("")
        low, high = (read_bound(bound) for bound in value)
        if low > high:
            raise _Mismatch("the first is the larger one")
        return low, high

    return read


def _read_observed(value: Any) -> str:
    if isinstance(value, bool):
        return "silhouette" if value else "none"
    if value not in ("none", "offset", "silhouette", "features"):
        raise _Mismatch("")
    return str(value)


def _read_cells(value: Any) -> int:
    if value not in (16, 32, 64, 128, 256) or isinstance(value, bool | float):
        raise _Mismatch("")
    return int(value)


def _read_lift(value: Any) -> int:
    number = _whole(0, 1024)(value)
    if number % 8:
        raise _Mismatch("")
    return number


def _read_sizes(value: Any) -> tuple[int, ...]:
    if not isinstance(value, list | tuple) or not 1 <= len(value) <= 5:
        raise _Mismatch("")
    sizes = tuple(_read_lift(size) for size in value)
    if not all(sizes):
        raise _Mismatch("")
    return sizes


def _choice(*words: str) -> _Kind:
    def read(value: Any) -> str:
        if value not in words:
            raise _Mismatch("")
        return str(value)

    return _Kind(" or ".join([", ".join(words[:-1]), words[-1]]), read)


_read_positive = _within(0, LARGEST_NUMBER, open_at=0)

Count: TypeAlias = Annotated[int, _Kind("a positive integer", _whole(1))]
CountOrZero: TypeAlias = Annotated[int, _Kind("an integer, 0 or more", _whole(0))]
Doublings: TypeAlias = Annotated[int, _Kind("an integer from 0 to 16", _whole(0, 16))]
Workers: TypeAlias = Annotated[int, _Kind("an integer from 0 to 1024", _whole(0, 1024))]
Width: TypeAlias = Annotated[int, _Kind("an integer from 1 to 1024", _whole(1, 1024))]
Channels: TypeAlias = Annotated[int, _Kind("an integer from 1 to 8192", _whole(1, 8192))]
Cells: TypeAlias = Annotated[int, _Kind("16, 32, 64, 128 or 256", _read_cells)]
Sizes: TypeAlias = Annotated[
    Sequence[int], _Kind("a list of one to five multiples of 8, up to 1024", _read_sizes)
]
LiftChannels: TypeAlias = Annotated[int, _Kind("a multiple of 8 up to 1024, or 0", _read_lift)]
CellsOrNull: TypeAlias = Annotated[
    int | None,
    _Kind(f"an integer from 1 to {MAX_RESOLUTION} or null", _optional(_whole(1, MAX_RESOLUTION))),
]
CountOrNull: TypeAlias = Annotated[
    int | None, _Kind("a positive integer or null", _optional(_whole(1)))
]
Flag: TypeAlias = Annotated[bool, _Kind("true or false", _read_flag)]
Number: TypeAlias = Annotated[float, _Kind("a number from -1e30 to 1e30", _read_number)]
Share: TypeAlias = Annotated[float, _Kind("a number from 0 to 1", _within(0, 1))]
Weight: TypeAlias = Annotated[float, _Kind("a number from 1e-6 to 1e6", _within(1e-6, 1e6))]
Decay: TypeAlias = Annotated[float, _Kind("a number from 0 to below 1", _within(0, 1, open_at=1))]
Positive: TypeAlias = Annotated[float, _Kind("a positive number up to 1e30", _read_positive)]
PositiveOrNull: TypeAlias = Annotated[
    float | None,
    _Kind("a positive number up to 1e30, or null", _optional(_read_positive)),
]
Text: TypeAlias = Annotated[str, _Kind("a string that is not empty", _read_text)]
TextOrEmpty: TypeAlias = Annotated[str, _Kind("a string", _read_string)]
TextOrNull: TypeAlias = Annotated[str | None, _Kind("a string or null", _optional(_read_text))]
Names: TypeAlias = Annotated[
    Sequence[str] | None, _Kind("a list of strings or null", _optional(_read_names))
]
Subsample: TypeAlias = Annotated[
    int | tuple[int, int], _Kind("an integer from 1 to 2^24, or [outside, inside]", _read_subsample)
]
Elevations: TypeAlias = Annotated[
    tuple[float, float],
    _Kind("[low, high], two numbers from -90 to 90", _interval(-90, 90)),
]
Extents: TypeAlias = Annotated[
    tuple[float, float],
    _Kind("[low, high], two numbers from 0.1 to 1", _interval(0.1, 1)),
]
Strength: TypeAlias = Annotated[float, _Kind("a number from 0 to 4", _within(0, 4))]
Method: TypeAlias = Annotated[Literal["onet", "onet_sdf"], _choice("onet", "onet_sdf")]
Dataset: TypeAlias = Annotated[
    Literal["Shapes3D", "Parts3D", "Shapes3DH5", "Parts3DH5", "Procedural3D", "ProceduralParts3D"],
    _choice("Shapes3D", "Parts3D", "Shapes3DH5", "Parts3DH5", "Procedural3D", "ProceduralParts3D"),
]
Observed: TypeAlias = Annotated[
    Literal["none", "offset", "silhouette", "features"],
    _Kind("true, false, none, offset, silhouette or features", _read_observed),
]
Schedule: TypeAlias = Annotated[Literal["constant", "cosine"], _choice("constant", "cosine")]
Selection: TypeAlias = Annotated[Literal["minimize", "maximize"], _choice("minimize", "maximize")]
Lattice: TypeAlias = Annotated[Literal["exact", "released"], _choice("exact", "released")]
Extraction: TypeAlias = Annotated[Literal["mise", "dense"], _choice("mise", "dense")]
PatchWindow: TypeAlias = Annotated[
    Literal["gaussian", "flat", "hann"], _choice("gaussian", "flat", "hann")
]
Observe: TypeAlias = Annotated[
    Literal["none", "carve", "surface"], _choice("none", "carve", "surface")
]
Symmetry: TypeAlias = Annotated[Literal["none", "auto"], _choice("none", "auto")]

# --- the sections -----------------------------------------------------------------------------


@dataclass(frozen=True)
class DataConfig:
    """``data``: what is read, and from where."""

    # Shapes3D: whole objects; Parts3D: patches; …H5: from HDF5; Procedural…: made while training
    dataset: Dataset = "Shapes3D"  # see the line above
    path: Text = "data/ShapeNet"  # the folder of the class folders
    classes: Names = None  # class folders to read; null: all of them
    input_type: Text = "img"  # this project reads depth only
    train_split: TextOrNull = "train"  # <path>/<class>/<split>.lst; null: every model folder
    val_split: TextOrNull = "val"  # the same for validation
    test_split: TextOrNull = "test"  # the same for generation and evaluation
    img_folder: TextOrEmpty = "img"  # folder of the depth map in a model folder; '': itself
    img_size: Count = 224  # pixels along a side; 256 for depth
    img_augment: Flag = False  # the only value that trains: crops would part maps and points
    parts_size: CountOrNull = None  # pixels along a side of a patch (Parts3D)
    parts_stride: CountOrNull = None  # pixels between neighbouring patches (Parts3D)
    points_file: Text = "points.npz"  # training points in a model folder
    points_iou_file: TextOrNull = "points.npz"  # points for the IoU; null: no IoU
    points_subsample: Subsample = 1024  # points drawn for a sample
    points_unpackbits: Flag = True  # occupancies are stored as packed bits
    pointcloud_file: Text = "pointcloud.npz"  # surface points in a model folder
    pointcloud_chamfer_file: TextOrNull = "pointcloud.npz"  # those scored; null: none
    voxels_file: TextOrNull = "model.binvox"  # published, and read by nothing: no voxels here
    cache: TextOrNull = None  # folder for a memory-mapped copy of the points; null: in memory
    windows_per_shape: Count = 1  # windows of one shape that come together in a batch
    points_near_surface: Share = 0.5  # Procedural…: share of the points drawn near the surface
    train_families: Names = None  # Procedural…: what training sees; null: all families
    val_families: Names = None  # Procedural…: the same for validation
    val_shapes: Count = 64  # Procedural…: shapes in validation, never among those of training
    # Views and sensor effects are of procedural shapes only; stored maps are read as they are.
    orientation: Share = 0.0  # share of the shapes that are turned any way; the others are upright
    elevation: Elevations = (-20.0, 50.0)  # degrees from above at which upright shapes are seen
    # Largest extent in sides of the cube: half of the shapes draw it from [low, high] and lie
    # anywhere in the cube, the others have the high one and lie in the middle
    extent: Extents = (1.0, 1.0)  # see the lines above; [1, 1]: all fill the cube
    sensor: Share = 0.0  # share of the maps with sensor effects (im2mesh/data/sensor_effects.py)
    sensor_strength: Strength = 1.0  # of these effects, in validation, too; 0: none
    val_orientation: Share = 0.0  # the same for validation, whatever training sees
    val_elevation: Elevations = (-20.0, 50.0)  # the same for validation
    val_extent: Extents = (1.0, 1.0)  # the same for validation
    val_sensor: Share = 0.0  # the same for validation


@dataclass(frozen=True)
class EncoderConfig:
    """``model.encoder_kwargs``."""

    input_channels: Count = 1  # channels of the depth map; only 1 is supported
    normalize: Flag = False  # ImageNet normalisation; only false is supported
    pretrained: Flag = False  # ImageNet weights; only false is supported
    width: Width = 64  # resnet18: channels of the first stage; 64 is the standard ResNet-18
    cells: Cells = 64  # volume: voxels along a side of the volume that the U-Net is given
    channels: Sizes = (32, 64, 128, 192)  # volume: of the U-Net, from cells / 2 down
    features: Channels = 32  # volume: channels that a point reads
    lift: LiftChannels = 64  # volume: channels of the 2D branch lifted into it; 0: none


@dataclass(frozen=True)
class DecoderConfig:
    """``model.decoder_kwargs``."""

    hidden_size: Channels = 256  # channels of the residual blocks
    blocks: Count = 4  # residual: how many there are; cbatchnorm has the published five
    # Pixel features that the decoder also reads (im2mesh/models/pixel_features.py)
    observed: Observed = "none"  # false: none; true: silhouette; offset; features


@dataclass(frozen=True)
class ModelConfig:
    """``model``: the network."""

    decoder: Text = "simple"  # cbatchnorm, or residual for a volume level
    encoder: TextOrNull = "resnet18"  # resnet18, or volume: a global level's 3D U-Net
    encoder_latent: TextOrNull = None  # only null is supported
    decoder_kwargs: DecoderConfig = field(default_factory=DecoderConfig)
    encoder_kwargs: EncoderConfig = field(default_factory=EncoderConfig)
    c_dim: Channels = 512  # length of the code of an image or a patch; a volume level has none
    z_dim: CountOrZero = 64  # length of the latent code; only 0, none, is supported


@dataclass(frozen=True)
class TrainingConfig:
    """``training``: what train.py does, and where it writes; ``…_every`` 0 means never."""

    out_dir: Text = "out/default"  # checkpoints, logs and the default place of results
    batch_size: Count = 64  # maps, or patches, of a step
    batch_size_val: Count = 10  # the same in validation
    batch_size_vis: Count = 12  # samples that are pictured
    print_every: CountOrZero = 100  # steps between log lines
    visualize_every: CountOrZero = 2000  # steps between pictures
    checkpoint_every: CountOrZero = 1000  # steps between saves of model.pt
    validate_every: CountOrZero = 2000  # steps between validations
    backup_every: CountOrZero = 1000000  # steps between saves of model_<it>.pt
    model_selection_metric: Text = "loss"  # the validation metric that picks model_best.pt
    model_selection_mode: Selection = "minimize"  # which way it improves
    max_iterations: CountOrNull = None  # steps after which training is complete; null: no end
    lr: Positive = 1e-4  # Adam's learning rate
    lr_schedule: Schedule = "constant"  # cosine: warm-up, then down to 0 at max_iterations
    lr_warmup: CountOrZero = 0  # steps of rising rate before the cosine
    amp: Flag = False  # bfloat16 where it is safe
    compile: Flag = False  # torch.compile
    ema: Decay = 0.0  # decay of the running mean of the weights that is validated; 0: none
    grad_clip: PositiveOrNull = None  # largest norm of the gradient; null: any
    seed: CountOrZero = 0  # of the first weights, the order of the data and the points drawn
    num_workers: Workers = 0  # processes that make batches; 0: the training process


@dataclass(frozen=True)
class TestConfig:
    """``test``: where the surface lies, and what is scored."""

    __test__: ClassVar[bool] = False  # not a test case, whatever pytest makes of the name

    threshold: Number = 0.5  # onet: a probability; onet_sdf: the field's value, −distance
    eval_mesh: Flag = True  # score the meshes
    eval_pointcloud: Flag = True  # score the point clouds
    seen_classes: Names = None  # classes of the training set, for means over seen and unseen ones
    model_file: Text = "model_best.pt"  # the checkpoint in out_dir


@dataclass(frozen=True)
class GenerationConfig:
    """``generation``: from the field to files.

    Of several levels, the first one's keys hold, but for ``level_weight``.
    """

    generation_dir: Text = "generation"  # folder of the results in out_dir
    generate_mesh: Flag = True  # write meshes
    generate_pointcloud: Flag = True  # write points sampled on the meshes
    seed: CountOrZero = 0  # of those points
    copy_input: Flag = True  # write pictures of the depth maps
    copy_groundtruth: Flag = False  # copy the ground-truth mesh beside the result
    vis_n_outputs: CountOrZero = 30  # models of a class that are copied to vis/
    batch_size: Count = 100000  # points of a decoder call
    lattice: Lattice = "exact"  # released: the published numbers, registration flaws included
    resolution_0: Count = 32  # with upsampling_steps, the published way to say resolution
    upsampling_steps: Doublings = 2  # doublings of resolution_0
    resolution: CellsOrNull = None  # cells along a side; null: from the two keys above
    extraction: Extraction = "mise"  # coarse to fine; dense: every node of the lattice
    mise_resolution: Count = 32  # cells along a side where mise starts, or fewer
    patch_window: PatchWindow = "gaussian"  # how patches are blended; hann: nothing at their edges
    level_weight: Weight = 1.0  # of this level in the fused mean; each level's own
    observation: Observe = "none"  # carve: what was seen to be empty is; surface: see there
    observation_noise: Share = 0.0  # standard deviation of the depths, in sides of the cube
    symmetry: Symmetry = "none"  # auto: planes or an axis are looked for, under an observation
    min_piece: Share = 0.0  # pieces that no camera saw go below this share of the largest; 0: none
    refinement_step: CountOrZero = 0  # steps that move the vertices onto the field's surface
    simplify_nfaces: CountOrNull = None  # faces that are left after simplification; null: all


@dataclass(frozen=True)
class Config:
    """One level's configuration.

    Two are equal when all keys are; ``source``, the file, is for messages only.
    """

    method: Method = "onet"  # onet: occupancy; onet_sdf: signed distance
    data: DataConfig = field(default_factory=DataConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    test: TestConfig = field(default_factory=TestConfig)
    generation: GenerationConfig = field(default_factory=GenerationConfig)
    source: Path | None = field(default=None, compare=False)

    @property
    def is_patch(self) -> bool:
        """A patch level; else a global one."""
        return "Parts" in self.data.dataset

    @property
    def is_sdf(self) -> bool:
        """Signed distance; else occupancy."""
        return self.method == "onet_sdf"

    @property
    def is_volume(self) -> bool:
        """The network is a volume level's (:mod:`im2mesh.models.volume`)."""
        return self.model.encoder == "volume"

    @property
    def is_h5(self) -> bool:
        """The data lies in HDF5 files; else in a folder a model."""
        return self.data.dataset.endswith("H5")

    @property
    def is_procedural(self) -> bool:
        """The training data are made, not read."""
        return self.data.dataset.startswith("Procedural")

    @property
    def model_path(self) -> Path:
        """The checkpoint, ``out_dir/model_file``."""
        return Path(self.training.out_dir) / self.test.model_file

    @property
    def resolution(self) -> int:
        """Cells of the final lattice along a side of the unit cube.

        ``generation.resolution``, or, as published, ``resolution_0``·2^``upsampling_steps``: of
        the cube for a global level, of a patch's width for a patch level.

        Raises:
            ConfigError: the cube is not a whole number of cells, or has more than
                :data:`MAX_RESOLUTION` along a side.
        """
        generation, data = self.generation, self.data
        if generation.resolution is not None:
            return generation.resolution
        cells = whole = generation.resolution_0 << generation.upsampling_steps
        if self.is_patch and data.parts_size is not None:
            whole, rest = divmod(cells * data.img_size, data.parts_size)
            if rest:
                raise ConfigError(
                    f"{self._name}: {cells} cells a patch (generation.resolution_0 and "
                    f"upsampling_steps) of {data.parts_size} in {data.img_size} pixels are not a "
                    "whole number of cells of the cube; set generation.resolution"
                )
        if whole > MAX_RESOLUTION:
            raise ConfigError(
                f"{self._name}: generation.resolution_0 and upsampling_steps ask for "
                f"{_found(whole)} cells along a side of the cube; lower them, the most is "
                f"{MAX_RESOLUTION}"
            )
        return whole

    @property
    def _name(self) -> str:
        return "config" if self.source is None else str(self.source)

    def check(self) -> None:
        """Refuse values that contradict each other.

        Raises:
            ConfigError: for the first of them.
        """
        data = self.data
        if not self.is_sdf and not 0 < self.test.threshold < 1:
            raise ConfigError(
                f"{self._name}: test.threshold must lie between 0 and 1, a probability, for "
                f"method onet, found {self.test.threshold:g}"
            )
        if data.input_type == "depth" and data.img_size != IMAGE_SIZE:
            raise ConfigError(
                f"{self._name}: data.img_size must be {IMAGE_SIZE} for data.input_type depth, "
                f"found {data.img_size}"
            )
        if self.training.lr_schedule == "cosine" and self.training.max_iterations is None:
            raise ConfigError(
                f"{self._name}: training.lr_schedule cosine needs training.max_iterations"
            )
        if not self.is_patch:
            return
        for key in ("parts_size", "parts_stride"):
            if getattr(data, key) is None:
                raise ConfigError(f"{self._name}: data.dataset {data.dataset} needs data.{key}")
        assert data.parts_size is not None and data.parts_stride is not None
        if data.parts_size > data.img_size:
            raise ConfigError(
                f"{self._name}: data.parts_size {data.parts_size} is larger than data.img_size "
                f"{data.img_size}"
            )
        if (data.img_size - data.parts_size) % data.parts_stride:
            raise ConfigError(
                f"{self._name}: patches of data.parts_size {data.parts_size} at data.parts_stride "
                f"{data.parts_stride} do not tile {data.img_size} pixels: the stride must divide "
                f"{data.img_size} - {data.parts_size}"
            )

    def check_supported(self) -> None:
        """Refuse what a file may say but this project does not build.

        The released configurations can name branches of their parent project (other encoders,
        colour images, latent codes). Such a file loads; whoever builds a network calls this.

        Raises:
            ConfigError: for the first key that has another value than the supported one.
        """
        model, kwargs = self.model, self.model.encoder_kwargs
        decoder = "residual" if self.is_volume else "cbatchnorm"
        for key, value, supported in (
            ("data.input_type", self.data.input_type, "depth"),
            ("model.encoder", model.encoder, "volume" if self.is_volume else "resnet18"),
            ("model.decoder", model.decoder, decoder),
            ("model.encoder_latent", model.encoder_latent, None),
            ("model.z_dim", model.z_dim, 0),
            ("model.encoder_kwargs.input_channels", kwargs.input_channels, 1),
            ("model.encoder_kwargs.normalize", kwargs.normalize, False),
            ("model.encoder_kwargs.pretrained", kwargs.pretrained, False),
        ):
            if value != supported:
                raise ConfigError(
                    f"{self._name}: {key} is {_found(value)}, but only {_found(supported)} is "
                    f"supported{' with model.encoder volume' if self.is_volume else ''}"
                )
        if not self.is_volume:
            return
        if self.is_patch:
            raise ConfigError(
                f"{self._name}: model.encoder volume is for global levels, but data.dataset is "
                f"{self.data.dataset}; use resnet18 for patches"
            )
        if model.decoder_kwargs.observed == "features":
            raise ConfigError(
                f"{self._name}: model.decoder_kwargs.observed features are those of resnet18; use "
                "silhouette with model.encoder volume"
            )
        halvings = len(kwargs.channels)
        if kwargs.cells % 2**halvings:
            raise ConfigError(
                f"{self._name}: model.encoder_kwargs.channels has {halvings} entries, each for "
                f"half the resolution before it; {kwargs.cells} cells cannot be halved so often"
            )


Section: TypeAlias = (
    DataConfig
    | EncoderConfig
    | DecoderConfig
    | ModelConfig
    | TrainingConfig
    | TestConfig
    | GenerationConfig
)

_WITHOUT_EFFECT = {
    "data": "dim model_file watertight_file img_with_camera n_views pointcloud_n "
    "pointcloud_target_n pointcloud_noise with_transforms",
    "model": "encoder_latent_kwargs multi_gpu use_camera dmc_weight_prior",
    "training": "eval_sample",
    "generation": "use_sampling latent_number latent_H latent_W latent_ny latent_nx latent_repeat "
    "refine n_x n_z",
    "preprocessor": "type config model_file",
}
KEYS_WITHOUT_EFFECT = frozenset(
    f"{section}.{key}" for section, keys in _WITHOUT_EFFECT.items() for key in keys.split()
)
"""What released files may carry and nothing ever read."""

# --- from a file ------------------------------------------------------------------------------


def load_config(path: str | os.PathLike[str]) -> Config:
    """Read a configuration file and those that it inherits from.

    Args:
        path: a YAML file. Its ``inherit_from`` is relative to the working directory or, where it
            is not found there, to this repository.

    Returns:
        The configuration, checked but for :meth:`Config.check_supported`.

    Raises:
        ConfigError: one line that names the file, and the key where it is about one.
    """
    path = Path(path)
    return _build(_read_with_parents(path, []), path)


def from_dict(values: Mapping[str, Any], source: Path | None = None) -> Config:
    """A configuration from nested dicts as YAML would hold them; errors as of a file.

    ``inherit_from`` is for files: here it is an error like any unknown key.
    """
    return _build(_checked_keys(values, "config" if source is None else str(source)), source)


def read_generation(values: Mapping[str, Any], source: str) -> dict[str, Any]:
    """Some keys of the ``generation`` section, checked as those of a file are.

    Args:
        values: by the keys' names within the section; numpy's numbers are as good as Python's.
        source: what errors name instead of a file.

    Returns:
        The values of those that have an effect.

    Raises:
        ConfigError: unknown, of the wrong type or out of range.
    """
    plain = {k: v.item() if isinstance(v, np.generic) else v for k, v in values.items()}
    return _checked_section(plain, GenerationConfig, "generation.", source, [])


def to_dict(config: Config) -> dict[str, Any]:
    """All keys as nested dicts of what YAML can say; :func:`from_dict` reads them back."""
    return {
        item.name: _plain(getattr(config, item.name))
        for item in fields(config)
        if item.name != "source"
    }


def section_to_dict(section: Section) -> dict[str, Any]:
    """One section's keys as a dict of what YAML can say."""
    return {item.name: _plain(getattr(section, item.name)) for item in fields(section)}


def save_config(config: Config, path: str | os.PathLike[str]) -> None:
    """Write all keys, inherited ones and defaults included; the file loads to an equal config."""
    with atomic(path) as beside:
        text = yaml.safe_dump(to_dict(config), sort_keys=False, allow_unicode=True)
        beside.write_text(text, encoding="utf-8")


def with_defaults(values: Any, defaults: Any) -> Any:
    """A record of keys, completed by those that did not exist when it was written.

    Args:
        values: nested dicts as read; anything else is returned as it is.
        defaults: all keys, nested in the same way.
    """
    if not isinstance(values, Mapping) or not isinstance(defaults, Mapping):
        return values
    known = {key: with_defaults(values.get(key, its), its) for key, its in defaults.items()}
    return {**values, **known}


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What differs between two nested dicts.

    Returns:
        A line a value, ``generation.lattice: 'exact' -> 'released'``, in the order of the keys
        of ``before`` and then of ``after``; items of lists are ``levels[0]``.
    """
    return list(_differences(before, after, ""))


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
    return list(value) if isinstance(value, tuple) else value


_ABSENT = object()


def _differences(before: Any, after: Any, key: str) -> Iterable[str]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in dict.fromkeys([*before, *after]):
            inner = f"{key}.{name}" if key else str(name)
            yield from _differences(before.get(name, _ABSENT), after.get(name, _ABSENT), inner)
    elif _is_list(before) and _is_list(after) and len(before) == len(after):
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _differences(one, other, f"{key}[{index}]")
    elif before != after or isinstance(before, bool) != isinstance(after, bool):
        words = ["absent" if value is _ABSENT else repr(value) for value in (before, after)]
        yield f"{key}: {words[0]} -> {words[1]}"


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)


@dataclass(frozen=True)
class _Unread:
    """A section of which no key has an effect."""


class _Loader(yaml.SafeLoader):
    """YAML without code, where a key that stands twice in a mapping is an error."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        # As written: merge keys (<<) are resolved later, and what they bring may be overridden.
        node = super().compose_mapping_node(anchor)
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise yaml.composer.ComposerError(
                    None, None, f"the key {key.value} stands twice", key.start_mark
                )
            seen.add(str(key.value))
        return node


def _read_with_parents(path: Path, children: list[Path]) -> dict[str, Any]:
    """The checked keys of a file, merged over those of the files that it inherits from."""
    chain = [*children, path]
    if path.resolve() in [child.resolve() for child in children]:
        names = " -> ".join(str(file) for file in chain)
        raise ConfigError(f"{chain[0]}: inherit_from goes in a circle: {names}")
    values = read_yaml(path)
    parent = values.pop("inherit_from", None)
    own = _checked_keys(values, str(path))
    if parent is None:
        return own
    if not isinstance(parent, str) or not parent:
        raise ConfigError(f"{path}: inherit_from must be a path, found {_found(parent)}")
    found = next((p for p in (Path(parent), REPOSITORY / parent) if p.exists()), None)
    if found is None:
        raise ConfigError(
            f"{path}: inherit_from names {parent}, which is neither in the working directory nor "
            f"in {REPOSITORY}"
        )
    return _merged(_read_with_parents(found, chain), own)


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping that a file holds, a configuration or a record of a run, its keys unchecked.

    Raises:
        ConfigError: one line that names the file.
    """
    try:
        text = path.read_bytes()
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: no such configuration file") from error
    except IsADirectoryError as error:
        raise ConfigError(f"{path}: is a folder; give a configuration file in it") from error
    except OSError as error:
        reason = error.strerror or error
        raise ConfigError(f"{path}: cannot be read ({reason})") from error
    try:
        values = yaml.load(text, _Loader)  # a SafeLoader
    except yaml.reader.ReaderError as error:
        raise ConfigError(f"{path}: is not a text file that YAML can be read from") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        reason = error.problem or error.context or "cannot be read"
        if reason.startswith("but "):
            reason = f"{error.context}, {reason}"
        reason = " ".join(reason.split())
        raise ConfigError(f"{path}{where}: broken YAML: {reason}") from error
    except RecursionError as error:
        raise ConfigError(f"{path}: broken YAML: nested too deeply") from error
    except (yaml.YAMLError, ValueError, KeyError, TypeError, AttributeError) as error:
        # PyYAML's own constructors: 2021-13-01 is no date, !!bool maybe is no bool.
        reason = " ".join(str(error).split())
        raise ConfigError(f"{path}: broken YAML: {reason}") from error
    if values is None:
        raise ConfigError(f"{path}: is empty; a configuration is a mapping of keys")
    if not isinstance(values, dict):
        raise ConfigError(
            f"{path}: must be a mapping of keys such as data: and model:, found {_found(values)}"
        )
    return values


def _merged(parent: Mapping[str, Any], child: Mapping[str, Any]) -> dict[str, Any]:
    """The child's values over the parent's, key by key, whatever the depth."""
    merged = dict(parent)
    for key, value in child.items():
        below = merged.get(key)
        if isinstance(value, dict) and isinstance(below, dict):
            value = _merged(below, value)
        merged[key] = value
    return merged


def _checked_keys(values: Mapping[str, Any], file: str) -> dict[str, Any]:
    """The values of known keys, each read by its kind; those without effect are left out."""
    ignored: list[str] = []
    checked = _checked_section(values, Config, "", file, ignored)
    if ignored:
        log.debug("%s: keys without effect: %s", file, ", ".join(ignored))
    return checked


def _checked_section(
    values: Mapping[str, Any], section: type, prefix: str, file: str, ignored: list[str]
) -> dict[str, Any]:
    kinds = _kinds(section)
    checked: dict[str, Any] = {}
    for name, value in values.items():
        key = f"{prefix}{name}"
        kind = kinds.get(name)
        if kind is None and key in _WITHOUT_EFFECT:
            _checked_section(_keys(value, key, file), _Unread, f"{key}.", file, ignored)
        elif kind is None:
            if key not in KEYS_WITHOUT_EFFECT:
                raise ConfigError(f"{file}: unknown key {key}; {_suggestion(key)}")
            ignored.append(key)
        elif isinstance(kind, _Kind):
            try:
                checked[name] = kind.read(value)
            except _Mismatch as mismatch:
                hint = f"; {mismatch}" if str(mismatch) else ""
                raise ConfigError(
                    f"{file}: {key} must be {kind.words}, found {_found(value)}{hint}"
                ) from None
        else:
            own = _keys(value, key, file)
            checked[name] = _checked_section(own, kind, f"{key}.", file, ignored)
    return checked


def _keys(value: Any, key: str, file: str) -> Mapping[str, Any]:
    """The mapping that a section is; null is an empty one."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ConfigError(f"{file}: {key} must be a mapping of keys, found {_found(value)}")
    return value


def _build(values: Mapping[str, Any], source: Path | None) -> Config:
    """Checked keys → a configuration, defaults filled in."""
    config: Config = _instance(Config, values, source=source)
    config.check()
    return config


def _instance(section: type, values: Mapping[str, Any], **more: Any) -> Any:
    kinds = _kinds(section)
    return section(
        **{
            name: value if isinstance(kind := kinds[name], _Kind) else _instance(kind, value)
            for name, value in values.items()
        },
        **more,
    )


def _kinds(section: type) -> dict[str, _Kind | type]:
    """What each key of a section asks for: a kind of value, or a section of its own."""
    hints = get_type_hints(section, include_extras=True)
    return {
        item.name: hint if isinstance(hint := hints[item.name], type) else get_args(hint)[1]
        for item in fields(section)
        if item.name != "source"
    }


def _known_keys(section: type = Config, prefix: str = "") -> list[str]:
    """All dotted keys, sections first."""
    keys: list[str] = []
    for name, kind in _kinds(section).items():
        keys.append(prefix + name)
        if isinstance(kind, type):
            keys += _known_keys(kind, f"{prefix}{name}.")
    return keys


def _suggestion(key: str) -> str:
    """What an unknown key probably is, in words: by its name, the same section before others."""
    section, _, name = key.rpartition(".")
    names = {known: known.rpartition(".")[2] for known in [*_known_keys(), "inherit_from"]}
    beside = {known: own for known, own in names.items() if known.rpartition(".")[0] == section}
    if section in _WITHOUT_EFFECT and not beside:
        return f"nothing reads {section}, leave it out"
    beside = beside or names  # a key that has a dot in its name
    for candidates, likeness in ((names, 1.0), (beside, 0.6), (names, 0.8)):
        close = difflib.get_close_matches(name, candidates.values(), 1, likeness)
        if close:
            return f"did you mean {next(k for k, own in candidates.items() if own == close[0])}?"
    nearest = difflib.get_close_matches(name, beside.values(), 1, 0)[0]
    return f"the nearest known key is {next(k for k, own in beside.items() if own == nearest)}"


def _found(value: Any) -> str:
    """A value as YAML would show it, in one short piece of a line."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return repr(value if len(value) <= 60 else value[:57] + "...")
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, int) and abs(value) > LARGEST:
        return "a number beyond 64 bits"
    return str(value)[:60]
