"""A tag for every token, each alone or all of a row as a chain."""

from tasklab.config import Config
from tasklab.data.tagging.labels import output_kinds
from tasklab.encoders import build_encoder
from tasklab.errors import ConfigError
from tasklab.networks import head


@head("tags", task="token_classification", reads=("head", "labels"))
def tags(config: Config):
    """Raises: ConfigError when no tag is named."""
    from tasklab.nn.heads.network import TaskNetwork
    from tasklab.nn.heads.tagging import TokenHead

    model = config.model
    if not output_kinds(model.labels):
        raise ConfigError(
            f"{config.name} names no tags, so it was not trained for them; train it first, or set "
            "model.labels=[...] to the names of its outputs in their order"
        )
    scores = TokenHead(model.hidden_size, len(model.labels), model.hidden_dropout_prob, model.head == "crf")
    return TaskNetwork(build_encoder(config), scores)
