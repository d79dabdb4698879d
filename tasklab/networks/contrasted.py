"""Vectors of texts that are learned by contrast, and a linear classifier fitted to them."""

from tasklab.config import Config
from tasklab.encoders import build_encoder
from tasklab.errors import ConfigError
from tasklab.networks import head


@head("contrasted", task="contrastive_classification", reads=("pooling", "pair_encoding", "problem_type", "labels"))
def contrasted(config: Config):
    """Two texts a row in training, one else. Raises: ConfigError when no class is named."""
    from tasklab.nn.heads.fitted import FittedClassifier
    from tasklab.nn.heads.towers import TowersNetwork

    model = config.model
    if not model.labels:
        raise ConfigError(f"{config.name} names no classes, so it was not trained for them; train it first")
    head = FittedClassifier(model.hidden_size, len(model.labels))
    return TowersNetwork(build_encoder(config), head, model.pooled)
