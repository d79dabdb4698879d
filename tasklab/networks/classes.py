"""One vector per row, or two texts, and a score per class made of it."""

from tasklab.config import Config
from tasklab.encoders import build_encoder
from tasklab.errors import ConfigError
from tasklab.networks import head
from tasklab.targets import target_of


@head(
    "classes", task="text_classification",
    reads=("pooling", "pooler", "pooler_act", "pair_encoding", "problem_type", "labels"),
)  # fmt: skip
def classes(config: Config):
    """As many outputs as model.problem_type and model.labels ask for. Raises: ConfigError when no class is named."""
    from tasklab.nn.heads.classes import ClassificationHead
    from tasklab.nn.heads.network import PooledNetwork
    from tasklab.nn.heads.siamese import PAIR_FEATURES, SiameseNetwork

    model, outputs = config.model, target_of(config).outputs
    if not outputs:
        raise ConfigError(
            f"{config.name} names no classes, so it was not trained for them; train it first, or set "
            "model.labels=[...] to the names of its outputs in their order"
        )
    if model.pair_encoding not in ("joint", *PAIR_FEATURES):
        message = f"model.pair_encoding = {model.pair_encoding} gives vectors and no scores of classes"
        raise ConfigError(config.placed("model.pair_encoding", f"{message}; take joint, {', '.join(PAIR_FEATURES)}"))
    if model.pair_encoding != "joint":
        compared = PAIR_FEATURES[model.pair_encoding]
        scores = ClassificationHead(len(compared) * model.hidden_size, outputs, dropout=0.0)
        return SiameseNetwork(build_encoder(config), scores, model.pooled, compared)
    scores = ClassificationHead(model.hidden_size, outputs, model.hidden_dropout_prob)
    return PooledNetwork(build_encoder(config, pooler=model.pooler), scores, model.pooled)
