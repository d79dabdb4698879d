"""UER-py's encoders of attention that are no Transformer: attention alone, and the Synthesizer (until 2021)."""

from tasklab.weights.tables import pair
from tasklab.weights.tables.uer import around, attention, embeddings, register

_OURS, _THEIRS = "encoder.layers.{}", "encoder.synthesizer.{}"

register("uer_attn", ("attn",), (*embeddings(), *attention("encoder.layers.{}", "encoder.self_attn.{}")))
register(
    "uer_synt",
    ("synt",),
    (
        *embeddings(),
        *pair(f"{_OURS}.attention.hidden", f"{_THEIRS}.att.F_linear_1"),
        *pair(f"{_OURS}.attention.scores", f"{_THEIRS}.att.F_linear_2"),
        (f"{_OURS}.attention.table", f"{_THEIRS}.att.R"),
        *pair(f"{_OURS}.attention.value", f"{_THEIRS}.att.G_linear"),
        *pair(f"{_OURS}.attention.output", f"{_THEIRS}.att.final_linear"),
        *around(_OURS, _THEIRS),
    ),
)
