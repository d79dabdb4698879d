"""T5 (mT5 too) and BART (Pegasus too) as transformers names them, whole or the network without its head."""

from tasklab.weights.tables import FORMATS, Format, Transform, pair
from tasklab.weights.tables.rows import rows_before, spelled_behind

ATTENTION = ("query", "key", "value", "output")


def _t5_stack(stack: str, *attentions: str) -> tuple:
    """attentions: how our layer calls those before its feed-forward, and they theirs."""
    layer, block, rows = f"{stack}.layers.{{}}", f"{stack}.block.{{}}.layer", []
    for number, (ours, theirs) in enumerate(zip(attentions, ("SelfAttention", "EncDecAttention"), strict=False)):
        names = zip(ATTENTION, "qkvo", strict=True)
        rows += [(f"{layer}.{ours}.{part}.weight", f"{block}.{number}.{theirs}.{name}.weight") for part, name in names]
        rows.append((f"{layer}.{ours}_norm.weight", f"{block}.{number}.layer_norm.weight"))
    ours, theirs = f"{layer}.feed_forward", f"{block}.{len(attentions)}.DenseReluDense"
    return (
        *rows,
        (  # a gated one; else the only first matrix has another name
            (f"{ours}.gate.weight", f"{ours}.intermediate.weight"), (f"{theirs}.wi_0.weight", f"{theirs}.wi_1.weight")
        ),
        (f"{ours}.intermediate.weight", f"{theirs}.wi.weight"),
        (f"{ours}.output.weight", f"{theirs}.wo.weight"),
        (f"{ours}_norm.weight", f"{block}.{len(attentions)}.layer_norm.weight"),
        (
            f"{stack}.layers.0.attention.positions.weight",
            f"{stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight",
        ),
        (f"{stack}.norm.weight", f"{stack}.final_layer_norm.weight"),
    )  # fmt: skip


T5 = (
    ("encoder.embeddings.word.weight", "shared.weight"),
    ("encoder.embeddings.word.weight", "encoder.embed_tokens.weight"),
    ("decoder.embeddings.word.weight", "decoder.embed_tokens.weight"),
    *_t5_stack("encoder", "attention"),
    *_t5_stack("decoder", "attention", "cross_attention"),
    ("head.decoder.weight", "lm_head.weight"),
    # in files of 2020, and read by nobody
    (None, "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"),
)


def _bart_stack(stack: str, positions: tuple, attentions: dict[str, str]) -> tuple:
    layer, theirs = f"{stack}.layers.{{}}", f"model.{stack}.layers.{{}}"
    names = tuple(zip(ATTENTION, ("q_proj", "k_proj", "v_proj", "out_proj"), strict=True))
    rows = [
        row
        for ours, name in attentions.items()
        for row in (
            *(line for part, own in names for line in pair(f"{layer}.{ours}.{part}", f"{theirs}.{name}.{own}")),
            *pair(f"{layer}.{ours}_norm", f"{theirs}.{name}_layer_norm"),
        )
    ]
    return (
        (f"{stack}.embeddings.position.weight", f"model.{stack}.embed_positions.weight", *positions),
        *pair(f"{stack}.embeddings.norm", f"model.{stack}.layernorm_embedding"),
        *rows,
        *pair(f"{layer}.feed_forward.intermediate", f"{theirs}.fc1"),
        *pair(f"{layer}.feed_forward.output", f"{theirs}.fc2"),
        *pair(f"{layer}.feed_forward_norm", f"{theirs}.final_layer_norm"),
        *pair(f"{stack}.norm", f"model.{stack}.layer_norm"),
    )


def _bart(*positions: Transform) -> tuple:
    return (
        ("encoder.embeddings.word.weight", "model.shared.weight"),
        ("encoder.embeddings.word.weight", "model.encoder.embed_tokens.weight"),
        ("decoder.embeddings.word.weight", "model.decoder.embed_tokens.weight"),
        *_bart_stack("encoder", positions, {"attention": "self_attn"}),
        *_bart_stack("decoder", positions, {"attention": "self_attn", "cross_attention": "encoder_attn"}),
        ("head.decoder.weight", "lm_head.weight"),
        ("head.bias", "final_logits_bias", Transform(lambda bias: bias.reshape(-1), lambda bias: bias[None])),
    )


def _register(family: str, rows: tuple, prefix: str, *families: str):
    name = f"huggingface_{family}"
    spell = spelled_behind(prefix, ("shared.", "encoder.", "decoder."))
    table = Format(name, rows, spell, "huggingface", (family, *families), head="seq2seq")
    FORMATS.register(name)(table)


_register("t5", T5, "", "mt5")
_register("bart", _bart(rows_before(2)), "model.")  # two rows that no token uses
_register("pegasus", _bart(), "model.")
