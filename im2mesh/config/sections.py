"""The sections of a configuration: each key with its type, its default and what it does.

Defaults stand here. ``configs/default.yaml`` repeats them for a reader of YAML, and a test compares
the two.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, ClassVar, Literal, TypeAlias

from im2mesh.bundled import find
from im2mesh.config.values import (
    Amp,
    Channels,
    Count,
    CountOrZero,
    MeshFormats,
    PixelFeatures,
    Positive,
    Share,
    Sizes,
    Subsample,
    TextOrEmpty,
    interval,
    number,
    shown,
    whole,
)
from im2mesh.errors import ConfigError
from im2mesh.native import MAX_RESOLUTION

IMAGE_SIZE = 256
"""Pixels along a side of every depth map that reaches a network."""

Names: TypeAlias = Sequence[str]
Elevations: TypeAlias = Annotated[tuple[float, float], interval(-90, 90)]
Extents: TypeAlias = Annotated[tuple[float, float], interval(0.1, 1)]
Strength: TypeAlias = Annotated[float, number(0, 4)]
Width: TypeAlias = Annotated[int, whole(1, 1024)]
Faces: TypeAlias = Annotated[int, whole(4)]
Cells: TypeAlias = Literal[16, 32, 64, 128, 256]
Lift: TypeAlias = Annotated[int, whole(0, 1024, multiple_of=8)]
Decay: TypeAlias = Annotated[float, number(0, 1, "a number from 0 to below 1", excluded=1)]
Workers: TypeAlias = Annotated[int, whole(0, 1024)]
Weight: TypeAlias = Annotated[float, number(1e-6, 1e6)]
Resolution: TypeAlias = Annotated[int, whole(1, MAX_RESOLUTION)]
Schedule: TypeAlias = Literal["constant", "cosine"]
LatticeKind: TypeAlias = Literal["exact", "released"]
Extraction: TypeAlias = Literal["mise", "dense"]
Precision: TypeAlias = Literal["auto", "float32", "bfloat16"]
PatchWindow: TypeAlias = Literal["gaussian", "flat", "hann"]
ObservationMode: TypeAlias = Literal["none", "carve", "surface"]
SymmetryMode: TypeAlias = Literal["none", "auto"]
Dataset: TypeAlias = Literal[
    "Shapes3D", "Parts3D", "Shapes3DH5", "Parts3DH5", "Procedural3D", "ProceduralParts3D"
]


@dataclass(frozen=True)
class DataConfig:
    """``data``: the files to read, or the shapes to make."""

    # Shapes3D: whole objects; Parts3D: patches; …H5: from HDF5; Procedural…: made while training
    dataset: Dataset = "Shapes3D"  # see the line above
    path: str = "data/ShapeNet"  # the folder of the class folders
    classes: Names | None = None  # class folders to read; null: all of them
    input_type: str = "img"  # this project reads depth only
    train_split: str | None = "train"  # <path>/<class>/<split>.lst; null: every model folder
    val_split: str | None = "val"  # the same for validation
    test_split: str | None = "test"  # the same for generation and evaluation
    img_folder: TextOrEmpty = "img"  # folder of the depth map in a model folder; '': itself
    img_size: Count = 224  # pixels along a side; 256 for depth
    img_augment: bool = False  # the only value that trains: crops would part maps and points
    parts_size: Count | None = None  # pixels along a side of a patch (Parts3D)
    parts_stride: Count | None = None  # pixels between neighbouring patches (Parts3D)
    points_file: str = "points.npz"  # training points in a model folder
    points_iou_file: str | None = "points.npz"  # points for the IoU; null: no IoU
    points_subsample: Subsample = 1024  # points drawn for a sample
    points_unpackbits: bool = True  # occupancies are stored as packed bits
    pointcloud_file: str = "pointcloud.npz"  # surface points in a model folder
    pointcloud_chamfer_file: str | None = "pointcloud.npz"  # those scored; null: none
    voxels_file: str | None = "model.binvox"  # published, and read by nothing: no voxels here
    cache: str | None = None  # folder for a memory-mapped copy of the points; null: in memory
    windows_per_shape: Count = 1  # windows of one shape that come together in a batch
    points_near_surface: Share = 0.5  # Procedural…: share of the points drawn near the surface
    train_families: Names | None = None  # Procedural…: families of the training; null: all
    val_families: Names | None = None  # Procedural…: the same for validation
    val_shapes: Count = 64  # Procedural…: shapes in validation, never among those of training
    # Views and sensor effects are of procedural shapes only; stored maps are read as they are.
    orientation: Share = 0.0  # share of the shapes that are turned any way; the others are upright
    elevation: Elevations = (-20.0, 50.0)  # degrees from above at which upright shapes are seen
    # Largest extent in sides of the cube: half of the shapes draw it from [low, high] and lie
    # anywhere in the cube, the others have the high one and lie in the middle
    extent: Extents = (1.0, 1.0)  # see the lines above; [1, 1]: all fill the cube
    sensor: Share = 0.0  # share of the maps with sensor effects (im2mesh/data/sensor_effects.py)
    sensor_strength: Strength = 1.0  # of these effects, in validation, too; 0: none
    val_orientation: Share = 0.0  # the same for validation, independent of training
    val_elevation: Elevations = (-20.0, 50.0)  # the same for validation
    val_extent: Extents = (1.0, 1.0)  # the same for validation
    val_sensor: Share = 0.0  # the same for validation

    def folder(self, class_name: str = "") -> Path:
        """Return ``path``, or the folder of a class in it, or a bundled one if only that exists."""
        return find(Path(self.path) / class_name)


@dataclass(frozen=True)
class EncoderConfig:
    """``model.encoder_kwargs``."""

    input_channels: Count = 1  # channels of the depth map; only 1 is supported
    normalize: bool = False  # ImageNet normalisation; only false is supported
    pretrained: bool = False  # ImageNet weights; only false is supported
    width: Width = 64  # resnet18: channels of the first stage; 64 is the standard ResNet-18
    cells: Cells = 64  # volume: voxels along a side of the volume that the U-Net is given
    channels: Sizes = (32, 64, 128, 192)  # volume: of the U-Net, from cells / 2 down
    features: Channels = 32  # volume: channels that a point reads
    lift: Lift = 64  # volume: channels of the 2D branch lifted into it; 0: none


@dataclass(frozen=True)
class DecoderConfig:
    """``model.decoder_kwargs``."""

    hidden_size: Channels = 256  # channels of the residual blocks
    blocks: Count = 4  # residual: how many there are; cbatchnorm has the published five
    # Pixel features that the decoder also reads (im2mesh/models/pixel_features.py)
    observed: PixelFeatures = "none"  # offset; silhouette, or true; none, or false


@dataclass(frozen=True)
class ModelConfig:
    """``model``: the network."""

    decoder: str = "simple"  # cbatchnorm, or residual for a volume level
    encoder: str | None = "resnet18"  # resnet18, or volume: a global level's 3D U-Net
    encoder_latent: str | None = None  # only null is supported
    decoder_kwargs: DecoderConfig = field(default_factory=DecoderConfig)
    encoder_kwargs: EncoderConfig = field(default_factory=EncoderConfig)
    c_dim: Channels = 512  # length of the code of an image or a patch; a volume level has none
    z_dim: CountOrZero = 64  # length of the latent code; only 0, none, is supported


@dataclass(frozen=True)
class TrainingConfig:
    """``training``: the optimisation and its output; ``…_every`` 0 means never."""

    out_dir: str = "out/default"  # checkpoints, logs and the default place of results
    batch_size: Count = 64  # maps, or patches, of a step
    batch_size_val: Count = 10  # the same in validation
    batch_size_vis: Count = 12  # samples that are pictured
    print_every: CountOrZero = 100  # steps between log lines
    visualize_every: CountOrZero = 2000  # steps between pictures
    checkpoint_every: CountOrZero = 1000  # steps between saves of model.pt
    validate_every: CountOrZero = 2000  # steps between validations
    backup_every: CountOrZero = 1000000  # steps between saves of model_<it>.pt
    model_selection_metric: str = "loss"  # the validation metric that picks model_best.pt
    model_selection_mode: Literal["minimize", "maximize"] = "minimize"  # which way it improves
    max_iterations: Count | None = None  # steps after which training is complete; null: no end
    optimizer: Literal["adam", "muon"] = "adam"  # muon: orthogonal steps for matrices
    lr: Positive = 1e-4  # learning rate, of the same size for both optimizers
    lr_schedule: Schedule = "constant"  # cosine: warm-up, then down to 0 at max_iterations
    lr_warmup: CountOrZero = 0  # steps of rising rate before the cosine
    amp: Amp = False  # bfloat16 where it is safe; auto: if that is clearly faster here
    compile: bool = False  # torch.compile
    ema: Decay = 0.0  # decay of the running mean of the weights that is validated; 0: none
    grad_clip: Positive | None = None  # largest norm of the gradient; null: any
    seed: CountOrZero = 0  # of the first weights, the order of the data and the points drawn
    num_workers: Workers = 0  # processes that make batches; 0: the training process


@dataclass(frozen=True)
class TestConfig:
    """``test``: the iso-level and the evaluation."""

    __test__: ClassVar[bool] = False  # not a test case, whatever pytest makes of the name

    threshold: float = 0.5  # onet: a probability; onet_sdf: the field's value, −distance
    eval_mesh: bool = True  # score the meshes
    eval_pointcloud: bool = True  # score the point clouds
    seen_classes: Names | None = None  # classes of the training set; others are unseen
    model_file: str = "model_best.pt"  # the checkpoint in out_dir


@dataclass(frozen=True)
class GenerationConfig:
    """``generation``: from the field to files.

    Where several levels are fused, the first one's keys are used, except for ``level_weight``.
    """

    generation_dir: str = "generation"  # folder of the results in out_dir
    generate_mesh: bool = True  # write meshes
    mesh_formats: MeshFormats = ("ply", "off")  # files of a mesh; also obj, stl, glb
    vertex_normals: bool = False  # meshes also have the normals of their vertices (ply, obj, glb)
    generate_pointcloud: bool = True  # write points sampled on the meshes
    seed: CountOrZero = 0  # of those points
    copy_input: bool = True  # write pictures of the depth maps
    copy_groundtruth: bool = False  # copy the ground-truth mesh beside the result
    vis_n_outputs: CountOrZero = 30  # models of a class that are copied to vis/
    batch_size: Count = 100000  # points of a decoder call
    precision: Precision = "auto"  # of hidden layers; auto: bfloat16 where it is faster here
    lattice: LatticeKind = "exact"  # released: the published numbers, registration flaws included
    resolution_0: Count = 32  # with upsampling_steps, the published way to say resolution
    upsampling_steps: Annotated[int, whole(0, 16)] = 2  # doublings of resolution_0
    resolution: Resolution | None = None  # cells along a side; null: from the two keys above
    extraction: Extraction = "mise"  # coarse to fine; dense: every node of the lattice
    mise_resolution: Count = 32  # cells along a side where mise starts, or fewer
    patch_window: PatchWindow = "gaussian"  # how patches are blended; hann: nothing at their edges
    level_weight: Weight = 1.0  # of this level in the fused mean; each level's own
    # Depth files hold depths in sides of the cube; the integers of an image need to be told
    depth_scale: Positive | None = None  # of --input: stored value to sides of the cube; null: 1
    fit: bool = False  # centre and scale the seen object to the cube; its mesh is moved back
    observation: ObservationMode = "none"  # carve: free space stays empty; surface: surface, too
    observation_noise: Share = 0.0  # standard deviation of the depths, in sides of the cube
    symmetry: SymmetryMode = "none"  # auto: search for planes or an axis; needs an observation
    min_piece: Share = 0.0  # smaller unseen pieces go, smaller bubbles are filled; 0: none
    refinement_step: CountOrZero = 0  # steps that move the vertices onto the field's surface
    simplify_nfaces: Faces | None = None  # faces that are left after simplification; null: all


@dataclass(frozen=True)
class Config:
    """One level's configuration.

    Two are equal when all keys are; ``source``, the file, is for messages only.
    """

    method: Literal["onet", "onet_sdf"] = "onet"  # onet: occupancy; onet_sdf: signed distance
    data: DataConfig = field(default_factory=DataConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    test: TestConfig = field(default_factory=TestConfig)
    generation: GenerationConfig = field(default_factory=GenerationConfig)
    source: Path | None = field(default=None, compare=False)

    @property
    def is_patch(self) -> bool:
        return "Parts" in self.data.dataset

    @property
    def is_sdf(self) -> bool:
        return self.method == "onet_sdf"

    @property
    def is_volume(self) -> bool:
        return self.model.encoder == "volume"

    @property
    def is_h5(self) -> bool:
        return self.data.dataset.endswith("H5")

    @property
    def is_procedural(self) -> bool:
        return self.data.dataset.startswith("Procedural")

    @property
    def model_path(self) -> Path:
        """Return the path of the checkpoint, ``out_dir/model_file``, or of a bundled one."""
        return find(Path(self.training.out_dir) / self.test.model_file)

    @property
    def resolution(self) -> int:
        """Return the number of cells of the final lattice along a side of the unit cube.

        It is ``generation.resolution`` or, as published, ``resolution_0``·2^``upsampling_steps``,
        of the cube for a global level and of a patch's width for a patch level.

        Raises:
            ConfigError: that is no whole number of cells, or more than :data:`MAX_RESOLUTION`.
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
                f"{shown(whole)} cells along a side of the cube; lower them, the most is "
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
        for problem in self._contradictions():
            raise ConfigError(f"{self._name}: {problem}")

    def _contradictions(self) -> Iterator[str]:
        data = self.data
        if self.is_sdf and not math.isfinite(self.test.threshold):
            yield f"test.threshold must be a finite number, found {self.test.threshold:g}"
        if not self.is_sdf and not 0 < self.test.threshold < 1:
            yield (
                "test.threshold must lie between 0 and 1, a probability, for method onet, found "
                f"{self.test.threshold:g}"
            )
        if data.input_type == "depth" and data.img_size != IMAGE_SIZE:
            yield (
                f"data.img_size must be {IMAGE_SIZE} for data.input_type depth, found "
                f"{data.img_size}"
            )
        if self.training.lr_schedule == "cosine" and self.training.max_iterations is None:
            yield "training.lr_schedule cosine needs training.max_iterations"
        if not self.is_patch:
            return
        for key in ("parts_size", "parts_stride"):
            if getattr(data, key) is None:
                yield f"data.dataset {data.dataset} needs data.{key}"
        assert data.parts_size is not None and data.parts_stride is not None
        if data.parts_size > data.img_size:
            yield f"data.parts_size {data.parts_size} is larger than data.img_size {data.img_size}"
        if (data.img_size - data.parts_size) % data.parts_stride:
            yield (
                f"patches of data.parts_size {data.parts_size} at data.parts_stride "
                f"{data.parts_stride} do not tile {data.img_size} pixels: the stride must divide "
                f"{data.img_size} - {data.parts_size}"
            )

    def check_supported(self) -> None:
        """Refuse values that a file may hold but this project does not build.

        The released configurations can name branches of their parent project (other encoders,
        colour images, latent codes). Such a file loads; whoever builds a network calls this.

        Raises:
            ConfigError: for the first key that has another value than the supported one.
        """
        for problem in self._unsupported():
            raise ConfigError(f"{self._name}: {problem}")

    def _unsupported(self) -> Iterator[str]:
        model, kwargs = self.model, self.model.encoder_kwargs
        encoder, decoder = ("volume", "residual") if self.is_volume else ("resnet18", "cbatchnorm")
        for key, value, supported in (
            ("data.input_type", self.data.input_type, "depth"),
            ("model.encoder", model.encoder, encoder),
            ("model.decoder", model.decoder, decoder),
            ("model.encoder_latent", model.encoder_latent, None),
            ("model.z_dim", model.z_dim, 0),
            ("model.encoder_kwargs.input_channels", kwargs.input_channels, 1),
            ("model.encoder_kwargs.normalize", kwargs.normalize, False),
            ("model.encoder_kwargs.pretrained", kwargs.pretrained, False),
        ):
            if value != supported:
                yield (
                    f"{key} is {shown(value)}, but only {shown(supported)} is supported"
                    f"{' with model.encoder volume' if self.is_volume else ''}"
                )
        if self.is_volume and self.is_patch:
            yield (
                f"model.encoder volume is for global levels, but data.dataset is "
                f"{self.data.dataset}; use resnet18 for patches"
            )
        halvings = len(kwargs.channels)
        if self.is_volume and kwargs.cells % 2**halvings:
            yield (
                f"model.encoder_kwargs.channels has {halvings} entries, each for half the "
                f"resolution before it; {kwargs.cells} cells cannot be halved so often"
            )
