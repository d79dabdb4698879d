"""What a network is made of: sizes, blocks and outputs (names: HuggingFace BertConfig and T5Config, else UER-py's)."""

from dataclasses import dataclass

from tasklab.config.section import Section
from tasklab.config.values import setting

PROBLEM_TYPES = ("single_label_classification", "multi_label_classification", "regression")
"""What a label is: one class, any number of classes, or a number (transformers' names)."""

FULL, CAUSAL, PREFIX = "full", "causal", "prefix"
"""What a token of a Transformer sees: all; what stands before it; that, and all of the source that its text answers."""

POOLINGS = ("first", "last", "mean", "max", "mean_sqrt_len", "weightedmean")
DENSE_ACTS = ("tanh", "gelu", "relu", "silu", "linear")

LAYERS, MOST = 10_000, 10**12
"""Layers, and numbers in the weights (4 TB), beyond which nothing is built: a file may say anything."""
BLOCKS = (
    "embeddings", "embedding_norm", "norm", "norm_position", "feed_forward", "mask", "relative_positions",
    "scale_attention", "use_bias", "qkv_bias", "num_key_value_heads", "head_size", "rotary", "dual", "stream_norm",
    "pooler_act",
)  # fmt: skip
"""Settings of which other programs' files know one value only, the default; of the embeddings only those of a BERT or
ALBERT."""


@dataclass
class ModelConfig(Section, path="model"):
    """Sizes of the encoder. The required ones come from a backbone; none is guessed."""

    encoder: str = "bert"  # a name in the encoder registry
    vocab_size: int = setting(required=True, ge=1, rows=True)  # soft tokens of a pattern have the ids from here on
    hidden_size: int = setting(required=True, ge=1)
    num_hidden_layers: int = setting(required=True, ge=1)
    num_attention_heads: int | None = setting(None, ge=1)  # this and the next: required where there is attention
    intermediate_size: int | None = setting(None, ge=1)
    embedding_size: int | None = setting(None, ge=1)  # of the word vectors; null is hidden_size
    max_position_embeddings: int = setting(512, ge=1)  # rows of the table: tokens, and position_offset
    position_offset: int = setting(0, ge=0)  # row of the first token; RoBERTa has 2
    type_vocab_size: int = setting(2, ge=1)
    hidden_act: str = "gelu"  # the erf form
    hidden_dropout_prob: float = setting(0.1, ge=0, lt=1)
    attention_probs_dropout_prob: float = setting(0.1, ge=0, lt=1)
    activation_dropout_prob: float = setting(0.0, ge=0, lt=1)  # of a feed-forward's inner values: T5, some BARTs
    final_dropout_prob: float = setting(0.0, ge=0, lt=1)  # behind the norm of the last layer: T5
    layer_norm_eps: float = setting(1e-12, gt=0)
    initializer_range: float = setting(0.02, gt=0)  # deviation of new weights, before the cut (nn/init.py)
    embeddings: list[str] = setting(["word", "pos", "seg"], choices=("word", "pos", "seg", "sinusoidal"))
    embedding_norm: bool = True  # normalize their sum
    # blocks of the layers; an encoder refuses those that it lacks, docs/encoders.md has the table
    norm: str = setting("layer", choices=("layer", "rms"))  # rms: T5's, without centering
    norm_position: str = setting("post", choices=("post", "pre"))  # behind each sum, as in BERT, or before each block
    feed_forward: str = setting("dense", choices=("dense", "gated"))
    # what a token sees; null: full, gpt's is causal
    mask: str | None = setting(None, choices=(FULL, CAUSAL, PREFIX), rows=True)
    relative_positions: bool = False  # T5's: attention learns distances; embeddings may do without positions
    relative_attention_num_buckets: int = setting(32, ge=4)
    relative_attention_max_distance: int = setting(128, ge=4)
    scale_attention: bool = True  # divide scores by the root of the head's size
    use_bias: bool = True  # in attention and feed-forward
    qkv_bias: bool | None = None  # in queries, keys and values alone; null: as use_bias. Qwen2 has these and no others
    num_key_value_heads: int | None = setting(None, ge=1)  # each serves several heads; null: num_attention_heads
    head_size: int | None = setting(None, ge=1)  # null: hidden_size / num_attention_heads
    rotary: bool = False  # queries and keys turn by their place: the first half of a head with its second
    rope_theta: float = setting(10000.0, gt=1)  # base of the rotary frequencies
    rope_scaling_factor: float | None = setting(None, ge=1)  # Llama 3.1: slow frequencies are divided by it
    rope_low_freq_factor: float = setting(1.0, gt=0)  # those of fewer turns in the original context, wholly
    rope_high_freq_factor: float = setting(4.0, gt=0)  # those of more, not at all
    rope_original_max_position_embeddings: int = setting(8192, ge=1)  # tokens of that context
    synthesizer: str = setting("dense", choices=("dense", "random"))  # synt
    bidirectional: bool = False  # rnn, lstm, gru: each layer reads both ways, each way half as wide
    kernel_size: int = setting(3, ge=1)  # tokens of a convolution's window
    block_size: int = setting(2, ge=1)  # gatedcnn: layers between two sums
    dual: str | None = setting(None, choices=("tied", "apart"))  # any encoder reads two texts apart, with one's weights
    stream_norm: bool = False  # dual: a norm of each text's own above its embeddings, though all else is tied
    # of tokens, where a row gets one output; null: first, or last where a token sees nothing behind it
    pooling: str | None = setting(None, choices=POOLINGS)
    pooler: bool = True  # a Dense behind the pooling, as BERT has; false: the head reads the state itself
    pooler_act: str = setting("tanh", choices=DENSE_ACTS)  # what follows it
    # of two texts: in one row or in two, and then compared by a layer, or by the cosine of their vectors
    pair_encoding: str = setting("joint", choices=("joint", "siamese", "sbert", "cosine"), rows=True)
    projection_size: int | None = setting(None, ge=1)  # text matching: of a Dense above the vectors, in training alone
    span_layers: int = setting(1, ge=1, le=2)  # of an answer's head; 2: a Dense and tanh below the scores
    # of the learned vectors of a prompt: as they are, or behind an LSTM or two Dense
    prompt_encoder: str = setting("embedding", choices=("embedding", "lstm", "mlp"))
    tie_word_embeddings: bool = True  # masked words are told by the table of words itself; false: by one of their own
    # encoder-decoders: the decoder has the encoder's blocks, looks back alone, and reads the encoder's states
    num_decoder_layers: int | None = setting(None, ge=1)  # null: num_hidden_layers
    decoder_vocab_size: int | None = setting(None, ge=1)  # of a vocabulary of its own; null: the encoder's words
    decoder_start_token_id: int | None = setting(None, ge=0, rows=True)  # what the decoder reads first; T5 0, BART 2
    scale_decoder_outputs: bool = False  # times hidden_size ** -0.5 before the words are told: T5 with tied words
    scale_embedding: bool = False  # word vectors times the root of hidden_size: Pegasus, some BARTs
    final_logits_bias: bool = False  # added to the scores of the decoder's words
    hidden_layer: int | None = setting(None, ge=1)  # feature extraction: take the states behind it; null: the last
    pooling_beside: list[str] = setting([], choices=POOLINGS)  # feature extraction: more of them, side by side
    dense_size: int | None = setting(None, ge=1)  # feature extraction: of a Dense behind the pooling
    dense_act: str = setting("tanh", choices=DENSE_ACTS)  # what follows it
    whitened_size: int | None = setting(None, ge=1)  # feature extraction: of its vectors, set by `tools whiten`
    head: str = setting("softmax", choices=("softmax", "crf"))  # of token classification: tags alone, or as a chain
    problem_type: str = setting("single_label_classification", choices=PROBLEM_TYPES, rows=True)
    # names of the classes in the order of the outputs; empty: the training data's
    labels: list[str] = setting([], rows=True)

    @property
    def max_tokens(self) -> int:
        """Tokens of the longest row that has a position for each."""
        return self.max_position_embeddings - self.position_offset

    @property
    def causal(self) -> bool:
        """Whether a token of a Transformer sees nothing behind it."""
        return (self.mask or (CAUSAL if self.encoder == "gpt" else FULL)) == CAUSAL

    @property
    def pooled(self) -> str:
        """Which tokens a row's one output is made of."""
        return self.pooling or ("last" if self.causal else "first")

    @property
    def has_decoder(self) -> bool:
        """Whether another stack reads the states of this one."""
        return self.num_decoder_layers is not None or self.decoder_start_token_id is not None

    @property
    def own_blocks(self) -> list[str]:
        """Settings that set a network apart from what other programs' files of its family can hold."""
        plain, free = ModelConfig(), () if self.encoder in ("bert", "albert") else ("embeddings", "embedding_norm")
        if self.encoder == "gpt":
            free = (*free, "norm_position")
        mask = CAUSAL if self.encoder == "gpt" else FULL
        keys = [key for key in BLOCKS if self[key] not in (plain[key], mask) and key not in free]
        factorised = self.encoder == "bert" and self.embedding_size not in (None, self.hidden_size)
        return keys + (["embedding_size"] if factorised else [])

    def _numbers(self) -> int:
        """About as many as there are in the tables and the layers."""
        hidden, words = self.hidden_size or 0, self.embedding_size or self.hidden_size or 0
        rows = (self.vocab_size or 0) + self.max_position_embeddings + self.type_vocab_size
        layer = 4 * hidden * hidden + 2 * hidden * (self.intermediate_size or 0)
        return rows * words + layer * (self.num_hidden_layers or 0)

    def idle(self):
        yield from super().idle()
        if self.changed("dense_act") and not self.dense_size:
            yield "model.dense_act", "model.dense_size", "set that too"
        if self.changed("pooler_act") and not self.pooler:
            yield "model.pooler_act", "model.pooler", "set that to true"
        if self.stream_norm and not self.dual:
            yield "model.stream_norm", "model.dual", "set that to tied or apart"
        for key in ("rope_theta", "rope_scaling_factor"):
            if self.changed(key) and not self.rotary:
                yield f"model.{key}", "model.rotary", "set that to true"
        for key in ("rope_low_freq_factor", "rope_high_freq_factor", "rope_original_max_position_embeddings"):
            if self.changed(key) and not self.rope_scaling_factor:
                yield f"model.{key}", "model.rope_scaling_factor", "set that too"

    def problems(self):
        yield from super().problems()
        if "word" not in self.embeddings or len(set(self.embeddings)) != len(self.embeddings):
            yield (
                ("model.embeddings",),
                f"model.embeddings is {self.embeddings}; expected word, and what is added to it, each once",
            )
        size = self.embedding_size or self.hidden_size
        if "sinusoidal" in self.embeddings and size and (size % 2 or size < 4):
            yield (
                ("model.embeddings", "model.embedding_size", "model.hidden_size"),
                f"sinusoidal positions need an even number of values, at least 4, but word vectors have {size}",
            )
        if (self.num_hidden_layers or 0) > LAYERS or self._numbers() > MOST:
            yield (
                ("model.vocab_size", "model.hidden_size", "model.num_hidden_layers"),
                f"model.vocab_size {self.vocab_size}, hidden_size {self.hidden_size}, num_hidden_layers "
                f"{self.num_hidden_layers}: no machine holds such a network; expected at most {LAYERS} layers, and "
                f"{MOST} numbers in the weights",
            )
        size, heads = self.hidden_size, self.num_attention_heads
        if size and heads and size % heads and not self.head_size:
            yield (
                ("model.hidden_size", "model.num_attention_heads"),
                f"model.hidden_size {size} is not a multiple of model.num_attention_heads {heads}",
            )
        groups = self.num_key_value_heads
        if heads and groups and heads % groups:
            yield (
                ("model.num_attention_heads", "model.num_key_value_heads"),
                f"model.num_attention_heads {heads} is not a multiple of model.num_key_value_heads {groups}",
            )
        if self.rotary and (wide := self.head_size or (heads and size and size // heads)) and wide % 2:
            yield (
                ("model.head_size", "model.hidden_size", "model.num_attention_heads"),
                f"model.rotary turns pairs of values, but a head has {wide}; expected an even number",
            )
        if self.rope_scaling_factor and not self.rope_low_freq_factor < self.rope_high_freq_factor:
            yield (
                ("model.rope_low_freq_factor", "model.rope_high_freq_factor"),
                f"model.rope_low_freq_factor {self.rope_low_freq_factor} has to be less than "
                f"model.rope_high_freq_factor {self.rope_high_freq_factor}",
            )
        if self.relative_positions and self.relative_attention_max_distance <= self.relative_attention_num_buckets // 2:
            yield (
                ("model.relative_attention_max_distance", "model.relative_attention_num_buckets"),
                f"model.relative_attention_max_distance {self.relative_attention_max_distance} has to be more than "
                f"half of model.relative_attention_num_buckets {self.relative_attention_num_buckets}: near distances "
                "have a bucket each",
            )
        for key in ("relative_attention_num_buckets", "relative_attention_max_distance"):
            if not self.relative_positions and self[key] != getattr(ModelConfig(), key):
                yield (
                    (f"model.{key}",),
                    f"model.{key} {self[key]} changes nothing without model.relative_positions; set that to true, or "
                    "remove it",
                )
        start, words = self.decoder_start_token_id, self.decoder_vocab_size or self.vocab_size
        if start is not None and words and start >= words:
            yield (
                ("model.decoder_start_token_id", "model.decoder_vocab_size", "model.vocab_size"),
                f"model.decoder_start_token_id {start} is no word of the decoder, which has {words}, from 0",
            )
        low, high = self.rope_low_freq_factor, self.rope_high_freq_factor
        if low >= high:
            yield (
                ("model.rope_low_freq_factor", "model.rope_high_freq_factor"),
                f"model.rope_low_freq_factor {low} has to be less than model.rope_high_freq_factor {high}",
            )
        if self.dual and self.pair_encoding == "cosine":
            yield (
                ("model.dual", "model.pair_encoding"),
                f"model.dual {self.dual} makes vectors of first and of second texts, and model.pair_encoding cosine "
                "compares any texts; set dual to null, or pair_encoding to siamese, sbert or joint",
            )
        layer, layers = self.hidden_layer, self.num_hidden_layers
        if layer and layers and layer > layers:
            yield (
                ("model.hidden_layer", "model.num_hidden_layers"),
                f"model.hidden_layer {layer} does not exist among {layers} layers; they count from 1",
            )
