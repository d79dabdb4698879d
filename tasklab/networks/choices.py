"""A score for each of several texts that make one row."""

from tasklab.config import Config
from tasklab.encoders import build_encoder
from tasklab.networks import head


@head("choices", task="multiple_choice", reads=("pooling", "pooler", "pooler_act"))
def choices(config: Config):
    from tasklab.nn.heads.multiple_choice import MultipleChoiceHead, MultipleChoiceNetwork

    model = config.model
    scores = MultipleChoiceHead(model.hidden_size, model.hidden_dropout_prob)
    return MultipleChoiceNetwork(build_encoder(config, pooler=model.pooler), scores, model.pooled)
