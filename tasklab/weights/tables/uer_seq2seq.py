"""UER-py's encoder-decoders: T5, BART, Pegasus, the Transformer of two vocabularies (scripts/convert_t5_*, ...), and a
Transformer's decoder that reads a recurrent encoder.

Norms without centering have a weight there, others gamma and beta.
"""

from tasklab.weights.tables import FORMATS, Format, pair
from tasklab.weights.tables.uer import attention, embeddings, spell
from tasklab.weights.tables.uer_recurrent import LAYERS as RECURRENT


def _norm(ours: str, theirs: str) -> tuple:
    both = (f"{ours}.weight", f"{ours}.bias"), (f"{theirs}.gamma", f"{theirs}.beta")
    return both, (f"{ours}.weight", f"{theirs}.weight")


def _stack(stack: str, layers: str, positions: str, attentions: dict[str, str]) -> tuple:
    """layers, positions: their names of the two; attentions: ours of those before the feed-forward -> theirs."""
    ours, theirs, count = f"{stack}.layers.{{}}", f"{stack}.{layers}.{{}}", len(attentions)
    inner, feed_forward = f"{ours}.feed_forward", f"{theirs}.feed_forward"
    return (
        *(row for name, own in attentions.items() for row in attention(f"{ours}.{name}", f"{theirs}.{own}")),
        *(
            row
            for number, name in enumerate(attentions, 1)
            for row in _norm(f"{ours}.{name}_norm", f"{theirs}.layer_norm_{number}")
        ),
        *pair(f"{inner}.gate", f"{feed_forward}.linear_gate"),
        *pair(f"{inner}.intermediate", f"{feed_forward}.linear_1"),
        *pair(f"{inner}.output", f"{feed_forward}.linear_2"),
        *_norm(f"{inner}_norm", f"{theirs}.layer_norm_{count + 1}"),
        *_norm(f"{stack}.norm", f"{stack}.layer_norm"),
        (f"{stack}.layers.0.attention.positions.weight", f"{stack}.{positions}.relative_attention_bias.weight"),
    )


def _of_targets(rows) -> tuple:
    return tuple((ours.replace("encoder.", "decoder.", 1), f"tgt_{theirs}", *change) for ours, theirs, *change in rows)


def _spell(name: str) -> str:
    """The names since July 2023, of the target's embeddings too."""
    return f"tgt_{spell(name.removeprefix('tgt_'))}" if name.startswith("tgt_") else spell(name)


_CROSS = {"attention": "self_attn", "cross_attention": "context_attn"}
_ROWS = (
    *embeddings(),
    *_of_targets(embeddings()),
    *_stack("encoder", "transformer", "relative_pos_emb", {"attention": "self_attn"}),
    *RECURRENT,
    *_stack("decoder", "transformer_decoder", "self_pos_emb", _CROSS),
    ("head.decoder.weight", "target.lm.output_layer.weight"),
    ("head.bias", "target.lm.output_layer.bias"),
)
FORMATS.register("uer_seq2seq")(
    Format(
        "uer_seq2seq", _ROWS, _spell, "uer", ("seq2seq", "t5", "bart", "pegasus"),
        needs=("tgt_embedding.word.embedding.weight",), stores_ties=True, head="seq2seq",
    )
)  # fmt: skip
