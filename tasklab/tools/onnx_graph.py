"""A network of tasklab as an ONNX graph with free batch size and length, written out of its own weights.

MindSpore 2.9 cannot export these networks itself (`ms.export` knows no Rsqrt for ONNX) and would fix every shape.
"""

import numpy as np

from tasklab.errors import MissingDependency, TasklabError

OPSET = 20  # the first with Gelu
LARGEST = 2**31 - 2**20  # bytes of a protobuf message, less the graph itself
FLOAT, INT64 = 1, 7  # TensorProto
HIDDEN = -1e4  # what padding gets, as in nn/blocks/attention.py
ACTIVATIONS = {"gelu": "none", "gelu_new": "tanh", "gelu_pytorch_tanh": "tanh"}


class Graph:
    """Collects nodes and weights; every method takes and returns names of values."""

    def __init__(self, weights: dict[str, np.ndarray]):
        try:
            import onnx
        except ImportError:
            raise MissingDependency("ONNX files need the package onnx: pip install 'tasklab[export]'") from None
        self.onnx, self.weights = onnx, weights
        self.nodes, self.initializers = [], {}

    def op(self, kind: str, *inputs: str, outputs: tuple[str, ...] = (), **attributes) -> str:
        names = list(outputs) or [f"{kind.lower()}_{len(self.nodes)}"]
        self.nodes.append(self.onnx.helper.make_node(kind, list(inputs), names, **attributes))
        return names[0]

    def constant(self, value) -> str:
        array = np.asarray(value)
        array = array.astype(np.int64 if array.dtype.kind == "i" else np.float32)
        return self._keep(f"constant_{array.dtype}_{array.tolist()}", array)

    def weight(self, name: str, transposed: bool = False) -> str:
        """A weight by its name in the network; one that is used several times is stored once."""
        array = self.weights[name]
        return self._keep(f"{name}.T" if transposed else name, array.T if transposed else array)

    def dense(self, x: str, name: str) -> str:
        return self.op("Add", self.op("MatMul", x, self.weight(f"{name}.weight", True)), self.weight(f"{name}.bias"))

    def norm(self, x: str, name: str, eps: float) -> str:
        scale, bias = self.weight(f"{name}.weight"), self.weight(f"{name}.bias")
        return self.op("LayerNormalization", x, scale, bias, axis=-1, epsilon=eps)

    def act(self, x: str, name: str) -> str:
        if name in ACTIVATIONS:
            return self.op("Gelu", x, approximate=ACTIVATIONS[name])
        return self.op("Relu", x) if name == "relu" else self.op("Mul", x, self.op("Sigmoid", x))  # silu, swish

    def model(self, inputs: tuple[str, ...], outputs: dict[str, tuple]):
        """The finished model. outputs: name -> axes, each a number or the name of a free one."""
        make = self.onnx.helper.make_tensor_value_info
        if sum(array.nbytes for array in self.initializers.values()) > LARGEST:
            raise TasklabError("the model is larger than the 2 GB that one ONNX file can hold")
        to_tensor = self.onnx.numpy_helper.from_array
        graph = self.onnx.helper.make_graph(
            self.nodes, "tasklab", [make(name, INT64, ("batch", "sequence")) for name in inputs],
            [make(name, FLOAT, axes) for name, axes in outputs.items()],
            [to_tensor(array, name) for name, array in self.initializers.items()],
        )  # fmt: skip
        opset = [self.onnx.helper.make_opsetid("", OPSET)]
        model = self.onnx.helper.make_model(graph, opset_imports=opset, producer_name="tasklab", ir_version=9)
        self.onnx.checker.check_model(model, full_check=True)
        return model

    def _keep(self, name: str, array: np.ndarray) -> str:
        self.initializers.setdefault(name, np.array(array, order="C"))
        return name


def encode(graph: Graph, model) -> tuple[str, str]:
    """The encoder. Returns (hidden [batch, sequence, H], mask [batch, sequence] float with 1 for real tokens)."""
    albert = model.encoder == "albert"
    mask = graph.op("Cast", "attention_mask", to=FLOAT)
    hide = graph.op("Mul", graph.op("Sub", graph.constant(1.0), mask), graph.constant(HIDDEN))
    hide = graph.op("Unsqueeze", hide, graph.constant([1, 2]))  # [batch, 1, 1, sequence]
    x = _embeddings(graph, model)
    if albert:
        x = graph.dense(x, "encoder.projection")
    for i in range(model.num_hidden_layers):
        x = _layer(graph, x, hide, "encoder.layer" if albert else f"encoder.layers.{i}", model)
    return x, mask


def _embeddings(graph: Graph, model) -> str:
    name, offset = "encoder.embeddings", model.position_offset
    x = graph.op("Gather", graph.weight(f"{name}.word.weight"), "input_ids")
    x = graph.op("Add", x, graph.op("Gather", graph.weight(f"{name}.token_type.weight"), "token_type_ids"))
    length = graph.op("Shape", "input_ids", start=1, end=2)
    end = graph.op("Add", length, graph.constant([offset]))
    rows = graph.op("Slice", graph.weight(f"{name}.position.weight"), graph.constant([offset]), end)
    return graph.norm(graph.op("Add", x, rows), f"{name}.norm", model.layer_norm_eps)


def _layer(graph: Graph, x: str, hide: str, name: str, model) -> str:
    """nn/transformer.py's layer."""
    heads, size = model.num_attention_heads, model.hidden_size // model.num_attention_heads

    def split(part: str, perm: tuple) -> str:
        y = graph.op("Reshape", graph.dense(x, f"{name}.attention.{part}"), graph.constant([0, 0, heads, size]))
        return graph.op("Transpose", y, perm=perm)

    q, k, v = split("query", (0, 2, 1, 3)), split("key", (0, 2, 3, 1)), split("value", (0, 2, 1, 3))
    scores = graph.op("MatMul", graph.op("Mul", q, graph.constant(size**-0.5)), k)
    seen = graph.op("MatMul", graph.op("Softmax", graph.op("Add", scores, hide), axis=-1), v)
    seen = graph.op(
        "Reshape", graph.op("Transpose", seen, perm=(0, 2, 1, 3)), graph.constant([0, 0, model.hidden_size])
    )
    attended = graph.dense(seen, f"{name}.attention.output")
    x = graph.norm(graph.op("Add", x, attended), f"{name}.attention_norm", model.layer_norm_eps)
    inner = graph.act(graph.dense(x, f"{name}.feed_forward.intermediate"), model.hidden_act)
    inner = graph.dense(inner, f"{name}.feed_forward.output")
    return graph.norm(graph.op("Add", x, inner), f"{name}.feed_forward_norm", model.layer_norm_eps)
