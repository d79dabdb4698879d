"""What the decoder in C++ is made of: its sizes, and the names and shapes of its tensors."""

from dataclasses import dataclass

from tasklab.kernels.activations import ACTIVATIONS

FORMATS = {"fp32": 0, "bf16": 1, "int8": 2}
"""How the weights of products lie in memory; sums are float32 in all. int8: per output and 32 inputs one scale.
A matrix of fp32 that bf16 holds exactly lies there as such, with the same results."""

DENSES = (
    *(f"attention.{part}" for part in ("query", "key", "value", "output")),
    *(f"feed_forward.{part}" for part in ("gate", "intermediate", "output")),
    *(f"cross_attention.{part}" for part in ("query", "key", "value", "output")),
)
"""Of a layer, each a matrix and perhaps a bias."""
MATRICES = (*DENSES, "embeddings.word", "vocabulary")
"""In the order of MatrixName in src/stack.h."""
NORMS = ("attention_norm", "feed_forward_norm", "cross_attention_norm", "embeddings.norm", "norm")
VECTORS = (
    *(f"{name}.bias" for name in DENSES), *(f"{name}.{part}" for name in NORMS for part in ("weight", "bias")),
    "vocabulary.bias", "embeddings.position.weight", "cosines", "sines", "distances", "embeddings.token_type.weight",
)  # fmt: skip
"""In the order of VectorName."""
ENCODER = "encoder."
"""Before the names of an encoder's tensors."""


@dataclass(frozen=True)
class DecoderShape:
    """What the network is made of. positions: tokens that a slot may hold, prompt included; and those of a source."""

    vocab_size: int
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int
    head_size: int
    intermediate_size: int
    positions: int
    hidden_act: str = "gelu_new"
    gated: bool = False
    rms: bool = False
    norm_first: bool = True  # False: behind each sum, as in BERT
    embedding_norm: bool = False
    learned_positions: bool = True
    rotary: bool = False
    tied: bool = True  # logits by the table of words
    eps: float = 1e-5
    score_scale: float | None = None  # None: 1 / sqrt(head_size)
    reach: int | None = None  # distances count: a number per head and distance, the last one for all beyond
    embedding_scale: float = 1.0  # of word vectors
    output_scale: float = 1.0  # of states before the words
    encoder_layers: int | None = None  # with the same blocks: its tokens see each other, and the decoder sees them
    source_vocab_size: int | None = None  # None: the encoder's words are the decoder's
    prefix: bool = False  # what an empty slot reads in one call is a source: its tokens see each other
    token_types: bool = False  # a vector is added to every word; of a source the first one, of other tokens the second

    def __post_init__(self):
        for name, field in self.__dataclass_fields__.items():
            value = getattr(self, name)
            if field.type is int and value < 1 or field.type == int | None and value is not None and value < 1:
                raise ValueError(f"{name} is {value}; expected at least 1")
        if self.num_attention_heads % self.num_key_value_heads:
            raise ValueError(
                f"num_attention_heads {self.num_attention_heads} is not a multiple of num_key_value_heads "
                f"{self.num_key_value_heads}"
            )
        if self.rotary and self.head_size % 2:
            raise ValueError(f"rotary positions turn pairs, and head_size {self.head_size} is odd")
        if self.hidden_act not in ACTIVATIONS:
            raise ValueError(f"hidden_act is {self.hidden_act!r}; expected one of: {', '.join(ACTIVATIONS)}")

    def tensors(self) -> dict[str, tuple[tuple[int, ...], bool]]:
        """Name in MATRICES (with .weight) or VECTORS, {} the layer's number -> shape, and whether it may be absent.
        Those of an encoder begin with ENCODER."""
        H, V = self.hidden_size, self.vocab_size
        tensors = {"embeddings.word.weight": ((V, H), False), **self._stack(crossed=bool(self.encoder_layers))}
        if self.encoder_layers:
            tensors |= {ENCODER + name: entry for name, entry in self._stack(crossed=False).items()}
        if self.source_vocab_size:
            tensors[f"{ENCODER}embeddings.word.weight"] = (self.source_vocab_size, H), False
        if not self.tied:
            tensors["vocabulary.weight"] = (V, H), False
        tensors["vocabulary.bias"] = (V,), True
        return tensors

    def layers_of(self, name: str) -> int:
        """How many layers have a tensor of this name with {}."""
        return self.encoder_layers if name.startswith(ENCODER) else self.num_hidden_layers

    def _stack(self, crossed: bool) -> dict[str, tuple[tuple[int, ...], bool]]:
        H, I, P = self.hidden_size, self.intermediate_size, self.positions  # noqa: E741
        Q, K = (heads * self.head_size for heads in (self.num_attention_heads, self.num_key_value_heads))
        sizes = [("feed_forward.intermediate", I, H), ("feed_forward.output", H, I)]
        sizes += [("feed_forward.gate", I, H)] if self.gated else []
        for name in ("attention", "cross_attention") if crossed else ("attention",):
            sizes += [(f"{name}.query", Q, H), (f"{name}.key", K, H), (f"{name}.value", K, H), (f"{name}.output", H, Q)]
        tensors = {}
        for name, outputs, inputs in sizes:
            tensors[f"layers.{{}}.{name}.weight"] = (outputs, inputs), False
            tensors[f"layers.{{}}.{name}.bias"] = (outputs,), True
        norms = ["layers.{}.attention_norm", "layers.{}.feed_forward_norm"]
        norms += ["layers.{}.cross_attention_norm"] if crossed else []
        norms += (["norm"] if self.norm_first else []) + (["embeddings.norm"] if self.embedding_norm else [])
        for name in norms:
            tensors[f"{name}.weight"] = (H,), False
            if not self.rms:
                tensors[f"{name}.bias"] = (H,), False
        if self.learned_positions:
            tensors["embeddings.position.weight"] = (P, H), False
        if self.token_types:
            tensors["embeddings.token_type.weight"] = (2, H), False
        if self.rotary:
            tensors["cosines"] = tensors["sines"] = (P, self.head_size // 2), False
        if self.reach:
            tensors["distances"] = (self.num_attention_heads, 2 * self.reach + 1), False
        return tensors
