"""The fused decoder layer (GPT-2, Llama) as a MindSpore cell: one node forward, one node backward."""

import functools

import mindspore as ms
import numpy as np
from mindspore import Tensor, nn, ops

from tasklab.kernels.activations import ACTIVATIONS
from tasklab.kernels.ops import float_bits, library_path, thresholds

PARAMETERS = (
    "query", "query_bias", "key", "key_bias", "value", "value_bias", "output", "output_bias", "attention_norm",
    "attention_norm_bias", "intermediate", "intermediate_bias", "gate", "gate_bias", "down", "down_bias", "norm",
    "norm_bias",
)  # fmt: skip
"""In the order of `construct`; linear weights are [out, in]. Behind them POSITIONS and ADAPTERS may follow."""
POSITIONS = "positions"
"""[N, 2 S - 1]: what attention adds to a head's scores for the distance key - query, from 1 - S to S - 1."""
ADAPTERS = "adapters"
"""One after the other A [rank, in] and B [out, rank] (scaled) of the Denses named to `adapt`, in the order of their
weights, all flat in one tensor: y + drop(x) A' B' is what such a Dense gives (LoRA)."""


class FusedDecoderLayer(nn.Cell):
    """A Transformer layer without parameters of its own: its caller hands them over at each call.

    B batch, S sequence, H hidden size, N heads, G key/value heads, D head size, I intermediate size. Attention stays
    inside a document. Dropout, `recompute` and `bfloat16` are those of FusedEncoderLayer. norm: "layer" or "rms";
    norm_first: the norms stand before attention and feed-forward, and nothing is normalised behind the last sum.
    gated: down(act(gate(x)) * intermediate(x)). scale: of the scores; None is D ** -0.5. frozen: names of PARAMETERS
    whose gradients nobody wants: their products are left out. active_dropout: of what `down` reads.
    Inputs:  x [B, S, H] float32; documents [B, S] int32, the number of the token's document in its row, from 1 on and
        never falling, 0 = padding; cos and sin [M, R / 2] float32 of the places in a document, at most M tokens, where
        the first R values of a head turn (the i-th with the one R / 2 behind it), both None without rotary positions;
        then PARAMETERS, POSITIONS and ADAPTERS, None for those that there are not.
    Returns: [B, S, H]. Padded positions are left out of the work: their rows are 0, and so are their gradients.
    Raises:  ValueError for an unknown activation or name, heads that do not divide, a probability outside [0, 1).
    """

    names = (*PARAMETERS, POSITIONS, ADAPTERS)
    denses = ("query", "key", "value", "output", "intermediate", "gate", "down")
    """Beside which adapters may stand, in the order of `names`."""

    def __init__(
        self, num_heads: int, num_key_value_heads: int, head_size: int, act: str = "gelu", gated: bool = False,
        norm: str = "layer", norm_first: bool = True, dropout: float = 0.1, attention_dropout: float = 0.1,
        eps: float = 1e-5, recompute: bool = False, bfloat16: bool = False, causal: bool = True,
        scale: float | None = None, frozen: tuple[str, ...] = (), active_dropout: float = 0.0,
    ):  # fmt: skip
        super().__init__()
        if act not in ACTIVATIONS:
            raise ValueError(f"no fused activation {act!r}; known: {', '.join(ACTIVATIONS)}")
        if num_heads % num_key_value_heads:
            raise ValueError(f"{num_heads} heads are not a multiple of {num_key_value_heads} key/value heads")
        self.shape = (num_heads, num_key_value_heads, head_size, bool(gated), bool(norm_first), recompute, bfloat16)
        self.head = [
            num_heads, num_key_value_heads, head_size, ACTIVATIONS[act], int(gated), int(norm == "layer"),
            int(norm_first), int(causal), int(recompute), int(bfloat16),
        ]  # fmt: skip
        self.tail = [float_bits(eps), float_bits(scale or head_size**-0.5)]
        self.rates = self.rates_of(dropout, attention_dropout, active_dropout)
        self.sites, self.rank, self.beside = tuple(range(len(self.rates))), 0, {}
        self.none = Tensor(np.zeros(1, np.float32))
        self.seed = Tensor(0, ms.int32)
        self.freeze(frozen)

    def rates_of(self, dropout: float, attention_dropout: float, active_dropout: float) -> tuple[float, ...]:
        """Of its dropouts, in the order of `bind`'s sites."""
        return attention_dropout, dropout, dropout, active_dropout

    def operators(self):
        """For prediction and for training."""
        return _primitives(*self.shape, self.grad_bits)

    def bind(self, seed: ms.Tensor, sites: tuple[int, ...]):
        """As FusedEncoderLayer.bind, the fourth number that of the dropout on the activated values."""
        object.__setattr__(self, "seed", seed)  # past Cell.__setattr__, which would list it among the weights
        self.sites = sites
        self._fill()

    def adapt(self, rank: int, beside: dict[str, tuple[int, float]]):
        """Takes the names of the Denses that have adapters, all of one rank, with the number and the probability of the
        dropout on what A reads."""
        self.rank, self.beside = rank, beside
        self._fill()

    def freeze(self, names):
        """Takes the names of the parameters whose gradients are not wanted, instead of those named before."""
        unknown = set(names) - {*self.names}
        if unknown:
            raise ValueError(f"no parameters {', '.join(sorted(unknown))}; known: {', '.join(self.names)}")
        self.grad_bits = sum(1 << i for i, name in enumerate(self.names) if name not in names)
        self.infer, self.train_step = self.operators()
        self._fill()

    def construct(
        self, x, documents, cos, sin, query, query_bias, key, key_bias, value, value_bias, output, output_bias,
        attention_norm, attention_norm_bias, intermediate, intermediate_bias, gate, gate_bias, down, down_bias, norm,
        norm_bias, positions=None, adapters=None,
    ):  # fmt: skip
        cos, sin, none, positions = self.or_none(cos), self.or_none(sin), self.or_none, self.or_none(positions)
        adapters = none(adapters)
        query_bias, key_bias, value_bias = none(query_bias), none(key_bias), none(value_bias)
        output_bias, attention_norm_bias, norm_bias = none(output_bias), none(attention_norm_bias), none(norm_bias)
        intermediate_bias, gate, gate_bias, down_bias = (
            none(intermediate_bias), none(gate), none(gate_bias), none(down_bias)
        )  # fmt: skip
        if self.training:
            return self.train_step(
                x, documents, self.seed, self.settings_train, cos, sin, query, query_bias, key, key_bias, value,
                value_bias, output, output_bias, attention_norm, attention_norm_bias, intermediate, intermediate_bias,
                gate, gate_bias, down, down_bias, norm, norm_bias, positions, adapters,
            )[0]  # fmt: skip
        return self.infer(
            x, documents, self.seed, self.settings_infer, cos, sin, query, query_bias, key, key_bias, value,
            value_bias, output, output_bias, attention_norm, attention_norm_bias, intermediate, intermediate_bias,
            gate, gate_bias, down, down_bias, norm, norm_bias, positions, adapters,
        )  # fmt: skip

    def or_none(self, parameter):
        """What stands for a parameter that is not there: an operator takes tensors only."""
        return self.none if parameter is None else parameter

    def _fill(self):
        dropouts = [*zip(self.sites, self.rates, strict=True)]
        dropouts += [self.beside.get(name, (0, 0.0)) for name in self.denses]
        drops = [value for site, p in dropouts for value in (site, *thresholds(p))]
        off = [value for site, _ in dropouts for value in (site, *thresholds(0.0))]
        adapted = sum(1 << self.names.index(name) // 2 for name in self.beside)
        head = [*self.head, self.grad_bits, self.rank, adapted, *self.tail]
        self.settings_train = Tensor(np.array(head + drops, np.int32))
        self.settings_infer = Tensor(np.array(head + off, np.int32))


@functools.cache
def _primitives(
    num_heads: int, groups: int, head_size: int, gated: bool, norm_first: bool, recompute: bool, bfloat16: bool,
    grad_bits: int,
):  # fmt: skip
    """The operators for prediction and for training."""
    path = library_path(bfloat16)
    sizes = (num_heads, groups, head_size, gated, norm_first, recompute, bfloat16)

    def train_shapes(x, documents, seed, settings, cos, sin, *parameters):
        return x, saved_shape(sizes, x, parameters[10])

    def grad_shapes(dy, x, documents, seed, settings, cos, sin, *parameters):
        given = zip(parameters[:-1], range(len(PARAMETERS) + 2), strict=True)
        return x, *(shape if grad_bits >> i & 1 else [1] for shape, i in given)

    def grad_types(dy, x, documents, seed, settings, cos, sin, *parameters):
        return x, *parameters[:-1]

    backward = ops.Custom(f"{path}:TasklabDecoderLayerGrad", grad_shapes, grad_types, "aot")
    backward.add_prim_attr("wanted", grad_bits)

    def bprop(
        x, documents, seed, settings, cos, sin, query, query_bias, key, key_bias, value, value_bias, output,
        output_bias, attention_norm, attention_norm_bias, intermediate, intermediate_bias, gate, gate_bias, down,
        down_bias, norm, norm_bias, positions, adapters, out, dout,
    ):  # fmt: skip
        grads = backward(
            dout[0], x, documents, seed, settings, cos, sin, query, query_bias, key, key_bias, value, value_bias,
            output, output_bias, attention_norm, attention_norm_bias, intermediate, intermediate_bias, gate, gate_bias,
            down, down_bias, norm, norm_bias, positions, adapters, out[1],
        )  # fmt: skip
        nothing = (
            ops.zeros_like(documents), ops.zeros_like(seed), ops.zeros_like(settings), ops.zeros_like(cos),
            ops.zeros_like(sin),
        )  # fmt: skip
        return (grads[0],) + nothing + grads[1:]

    infer = ops.Custom(f"{path}:TasklabDecoderLayer", lambda x, *_: x, lambda x, *_: x, "aot")
    train = ops.Custom(f"{path}:TasklabDecoderLayerTrain", train_shapes, lambda x, *_: (x, x), "aot", bprop)
    # MindSpore remembers inferred shapes by attributes and inputs, and would give one kind of `saved` for the other
    train.add_prim_attr("saved", " ".join(map(str, (*sizes, grad_bits))))
    return infer, train


def saved_shape(sizes: tuple, x, up, states=None) -> list[int]:
    """What the forward pass leaves for the backward pass, saved_floats in src/layer.cc; -1 while a size is open.

    x [B, S, H]; up [I, H]; states [B, R, H] of a source. sizes: FusedDecoderLayer's `shape`.
    """
    num_heads, groups, head_size, gated, norm_first, recompute, bfloat16 = sizes
    if recompute:
        return [1]
    if min(x[0], x[1], *(states or ())) < 0:
        return [-1]
    rows, wide, narrow = x[0] * x[1], num_heads * head_size, 2 * groups * head_size
    operands = rows * (2 * wide + narrow + (2 if gated else 1) * up[0])
    floats = rows * ((1 if norm_first else 2) * x[2] + 4 + num_heads)
    if states is not None:
        operands += rows * 2 * wide + states[0] * states[1] * narrow
        floats += rows * (x[2] + 2 + num_heads)
    return [(operands // 2 + operands % 2 if bfloat16 else operands) + floats]
