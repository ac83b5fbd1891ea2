"""From a configuration to a network: the only place that picks sizes."""

from __future__ import annotations

import torch

from im2mesh.config import Config, ModelConfig
from im2mesh.errors import ConfigError
from im2mesh.models.decoder import CBatchNormDecoder
from im2mesh.models.encoder import ResNet18Encoder
from im2mesh.models.network import ImplicitNetwork, Network
from im2mesh.models.pixel_features import CHANNELS
from im2mesh.models.volume import VolumeDecoder, VolumeEncoder, VolumeNetwork, decoder_inputs


def default_device() -> torch.device:
    """Return CUDA where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def build_network(config: Config) -> Network:
    """Return the network that ``config.model`` describes, with fresh weights, in training mode.

    Raises:
        ConfigError: the configuration has a value that is not supported, or asks for
            a network that does not fit into memory.
    """
    config.check_supported()
    try:
        return _volume(config.model) if config.is_volume else _implicit(config.model)
    except RuntimeError as error:
        if "allocate memory" not in str(error):
            raise
        kwargs, decoder = config.model.encoder_kwargs, config.model.decoder_kwargs
        sizes = f"width {kwargs.width}"
        if config.is_volume:
            sizes = f"channels {list(kwargs.channels)}, features {kwargs.features}"
        raise ConfigError(
            f"{config.source or 'config'}: a network of model.encoder_kwargs.{sizes}, "
            f"model.decoder_kwargs.hidden_size {decoder.hidden_size} and model.c_dim "
            f"{config.model.c_dim} does not fit into memory; lower them"
        ) from error


def _implicit(model: ModelConfig) -> ImplicitNetwork:
    width, decoder = model.encoder_kwargs.width, model.decoder_kwargs
    return ImplicitNetwork(
        ResNet18Encoder(model.c_dim, model.encoder_kwargs.input_channels, width),
        CBatchNormDecoder(model.c_dim, decoder.hidden_size, CHANNELS[decoder.observed]),
        decoder.observed,
    )


def _volume(model: ModelConfig) -> VolumeNetwork:
    sizes, decoder = model.encoder_kwargs, model.decoder_kwargs
    inputs = decoder_inputs(sizes.features, decoder.observed)
    return VolumeNetwork(
        VolumeEncoder(sizes.cells, sizes.channels, sizes.features, sizes.lift),
        VolumeDecoder(inputs, decoder.hidden_size, decoder.blocks),
        decoder.observed,
    )
