"""From a configuration to a network: the only place that picks sizes."""

from __future__ import annotations

from im2mesh.config import Config
from im2mesh.errors import ConfigError
from im2mesh.models.decoder import CBatchNormDecoder
from im2mesh.models.encoder import ResNet18Encoder
from im2mesh.models.network import ImplicitNetwork
from im2mesh.models.observed import channels


def build_network(config: Config) -> ImplicitNetwork:
    """The network that ``config.model`` describes, with fresh weights, in training mode.

    Raises:
        ConfigError: the configuration asks for a branch that this project does not have, or for
            a network that does not fit into memory.
    """
    config.check_supported()
    model, width = config.model, config.model.encoder_kwargs.width
    observed, hidden_size = model.decoder_kwargs.observed, model.decoder_kwargs.hidden_size
    try:
        return ImplicitNetwork(
            ResNet18Encoder(model.c_dim, model.encoder_kwargs.input_channels, width),
            CBatchNormDecoder(model.c_dim, hidden_size, channels(observed, width)),
            observed,
        )
    except RuntimeError as error:
        if "allocate memory" not in str(error):
            raise
        raise ConfigError(
            f"{config.source or 'config'}: a network of model.encoder_kwargs.width {width}, "
            f"model.decoder_kwargs.hidden_size {hidden_size} and model.c_dim {model.c_dim} does "
            "not fit into memory; lower them"
        ) from error
