"""The vector of a text: the encoder of any model, its states pooled; a Dense or whitening where a folder has one."""

from tasklab.config import Config, ModelConfig
from tasklab.encoders import build_encoder
from tasklab.networks import head


def _aside(model: ModelConfig) -> tuple[str, ...]:
    """Heads, and the layers above model.hidden_layer."""
    layers = model.num_hidden_layers
    above = range(model.hidden_layer or layers, layers)
    return ("head.", *(f"encoder.layers.{i}." for i in above))


@head(
    "vectors", task="feature_extraction", aside=_aside,
    reads=("pooling", "pooling_beside", "hidden_layer", "dense_size", "dense_act", "whitened_size"),
)  # fmt: skip
def vectors(config: Config):
    from tasklab.nn.heads.network import TaskNetwork
    from tasklab.nn.heads.vectors import VectorHead

    config = config.copy()
    config.model.num_hidden_layers = config.model.hidden_layer or config.model.num_hidden_layers
    model = config.model
    poolings = [model.pooled, *model.pooling_beside]
    head = VectorHead(poolings, model.hidden_size, model.whitened_size, model.dense_size, model.dense_act)
    return TaskNetwork(build_encoder(config), head)
