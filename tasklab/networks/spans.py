"""The start and the end of an answer among the tokens of a row."""

from tasklab.config import Config
from tasklab.encoders import build_encoder
from tasklab.networks import head


@head("spans", task="question_answering", reads=("span_layers",))
def spans(config: Config):
    from tasklab.nn.heads.network import TaskNetwork
    from tasklab.nn.heads.spans import QuestionAnsweringHead

    model = config.model
    return TaskNetwork(build_encoder(config), QuestionAnsweringHead(model.hidden_size, model.span_layers))
