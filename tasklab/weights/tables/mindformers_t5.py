"""T5 as MindFormers 0.3 to 1.0 names it (convert_weight.py of models/t5), its words told by their own table."""

from tasklab.weights.tables import FORMATS, TRANSPOSE, Format
from tasklab.weights.tables.rows import TRAINING_STATE


def _stack(stack: str, *attentions: str) -> tuple:
    ours, theirs = f"{stack}.layers.{{}}", f"t5_model.tfm_{stack}.blocks.{{}}"
    projections = (("query", "dense1"), ("key", "dense2"), ("value", "dense3"))
    rows = []
    for name in attentions:
        rows += [(f"{ours}.{name}.{part}.weight", f"{theirs}.{name}.{own}.weight") for part, own in projections]
        rows.append((f"{ours}.{name}.output.weight", f"{theirs}.{name}.projection.weight", TRANSPOSE))
    return (
        *rows,
        (f"{ours}.attention_norm.weight", f"{theirs}.layernorm1.gamma"),
        (f"{ours}.cross_attention_norm.weight", f"{theirs}.cross_attention_layernorm.gamma"),
        (f"{ours}.feed_forward_norm.weight", f"{theirs}.layernorm2.gamma"),
        (f"{ours}.feed_forward.intermediate.weight", f"{theirs}.output.mapping.weight", TRANSPOSE),
        (f"{ours}.feed_forward.output.weight", f"{theirs}.output.projection.weight", TRANSPOSE),
        (f"{stack}.norm.weight", f"t5_model.{stack}_layernorm.gamma"),
        (
            f"{stack}.layers.0.attention.positions.weight",
            f"t5_model.tfm_{stack}.blocks.0.attention.bias_generator.embeddings_table",
        ),
    )


FORMATS.register("mindformers_t5")(
    Format(
        "mindformers_t5",
        (
            ("encoder.embeddings.word.weight", "t5_model.tfm_embedding_lookup.embedding_table"),
            *_stack("encoder", "attention"),
            *_stack("decoder", "attention", "cross_attention"),
            *TRAINING_STATE,
        ),
        program="mindspore", families=("t5",), head="seq2seq",
    )
)  # fmt: skip
