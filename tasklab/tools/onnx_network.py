"""The heads of tasklab's networks as ONNX, on top of the encoder in onnx_graph.py."""

from tasklab.errors import TasklabError
from tasklab.nn.heads.classes import ClassificationHead
from tasklab.nn.heads.network import PooledNetwork
from tasklab.nn.heads.spans import QuestionAnsweringHead
from tasklab.tools.onnx_graph import HIDDEN, Graph, encode

INPUTS = ("input_ids", "attention_mask", "token_type_ids")


def onnx_model(network, model):
    """The onnx.ModelProto of a network, `model` its sizes. Raises: TasklabError for a network without a counterpart."""
    if model.encoder not in ("bert", "albert") or model.own_blocks:
        blocks = "".join(f", {key}={model[key]}" for key in model.own_blocks)
        raise TasklabError(f"encoder {model.encoder!r}{blocks} has no ONNX counterpart here; export to .mindir")
    graph = Graph({name: parameter.asnumpy().copy() for name, parameter in network.parameters_and_names()})
    hidden, mask = encode(graph, model)
    if isinstance(network, PooledNetwork):
        if not model.pooler:
            raise TasklabError("model.pooler = False has no ONNX counterpart here; export to .mindir")
        hidden = _pooled(graph, hidden, mask, network.pooling.kind)
    if isinstance(network.head, QuestionAnsweringHead):
        outputs = _answer_span(graph, hidden, mask)
    elif isinstance(network.head, ClassificationHead):
        logits = graph.op("Identity", graph.dense(hidden, "head.classifier"), outputs=("logits",))
        classes = graph.weights["head.classifier.bias"].shape[0]
        outputs = {logits: ("batch", classes) if isinstance(network, PooledNetwork) else ("batch", "sequence", classes)}
    else:
        raise TasklabError(f"{type(network.head).__name__} has no ONNX counterpart here; export to .mindir")
    return graph.model(INPUTS, outputs)


def _pooled(graph: Graph, hidden: str, mask: str, kind: str) -> str:
    """[batch, H]: nn/blocks/pooling.py, then the encoder's own Dense and tanh."""
    if kind == "first":
        row = graph.op("Gather", hidden, graph.constant(0), axis=1)
    elif kind == "mean":
        total = graph.op(
            "Squeeze", graph.op("MatMul", graph.op("Unsqueeze", mask, graph.constant([1])), hidden), graph.constant([1])
        )
        row = graph.op("Div", total, graph.op("ReduceSum", mask, graph.constant([1]), keepdims=1))
    else:
        raise TasklabError(f"model.pooling {kind!r} has no ONNX counterpart here; export to .mindir")
    return graph.op("Tanh", graph.dense(row, "encoder.pooler"))


def _answer_span(graph: Graph, hidden: str, mask: str) -> dict[str, tuple]:
    """Scores of each token as start and as end; padding is hidden."""
    hide = graph.op("Mul", graph.op("Sub", graph.constant(1.0), mask), graph.constant(HIDDEN))
    logits = graph.dense(hidden, "head.output")  # [batch, sequence, 2]
    for i, name in enumerate(("start_logits", "end_logits")):
        column = graph.op("Gather", logits, graph.constant(i), axis=2)
        graph.op("Add", column, hide, outputs=(name,))
    return {"start_logits": ("batch", "sequence"), "end_logits": ("batch", "sequence")}
