"""Two texts in one row, or each on its own: a score of how well they match, or the vectors that are compared."""

from tasklab.config import Config, ModelConfig
from tasklab.encoders import build_encoder
from tasklab.networks import NETWORKS, head


def _aside(model: ModelConfig) -> tuple[str, ...]:
    """Vectors that nothing stands above need no head."""
    return ("head.",) if model.pair_encoding == "cosine" and not model.projection_size else ()


@head(
    "pairs", task="text_matching", aside=_aside,
    reads=("pooling", "pooler", "pooler_act", "pair_encoding", "projection_size", "labels"),
)  # fmt: skip
def pairs(config: Config):
    """By model.pair_encoding: with cosine the vectors of `TowersNetwork`, else the scores of no match and of a match
    as the head `classes` gives them."""
    from mindspore import nn

    from tasklab.nn.heads.towers import Projection, TowersNetwork

    model = config.model
    if model.pair_encoding != "cosine":
        return NETWORKS.get("classes")(config)
    above = nn.Identity()
    if model.projection_size:
        above = Projection(model.hidden_size, model.projection_size, model.hidden_dropout_prob)
    return TowersNetwork(build_encoder(config), above, model.pooled)
