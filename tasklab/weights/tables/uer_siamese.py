"""UER-py's networks of two encoders (run_classifier_siamese.py), of Transformers and of recurrent layers.

Tied encoders are stored twice; each text has a norm of its own above its embeddings, tied or not.
"""

from tasklab.weights.tables import FORMATS, Format, Head, pair, uer, uer_recurrent

_STREAMS = (("first", "embedding.dual.embedding_0", "encoder.encoder_0"),
            ("second", "embedding.dual.embedding_1", "encoder.encoder_1"))  # fmt: skip


def _moved(rows: tuple, ours: str, embedding: str, encoder: str) -> list[tuple]:
    """Rows of one encoder as those of a stream."""

    def theirs(name: str) -> str:
        return name.replace("embedding.", f"{embedding}.", 1) if name.startswith("embedding.") else name.replace(
            "encoder.", f"{encoder}.", 1)  # fmt: skip

    def changed(names, change):
        return change(names) if isinstance(names, str) else tuple(map(change, names))

    mine = lambda name: name.replace("encoder.", f"encoder.{ours}.", 1)  # noqa: E731
    return [(changed(row[0], mine), changed(row[1], theirs), *row[2:]) for row in rows]


def spell(name: str) -> str:
    """The names at the head of UER-py; its loader writes others."""
    first, _, rest = uer.spell(name).partition(".")
    dual = rest.startswith(("embedding_", "stream_")) and first == "embedding"
    return f"embedding.dual.{rest}" if dual else uer.spell(name)


UER_SIAMESE = FORMATS.register("uer_siamese")(Format(
    "uer_siamese",
    tuple(
        row
        for number, stream in enumerate(_STREAMS)
        for row in (
            *pair(f"encoder.{stream[0]}.embeddings.stream_norm", f"embedding.dual.stream_{number}_layer_norm",
                  leaves=("gamma", "beta")),
            *_moved(uer.ENCODER, *stream),
            *_moved(uer_recurrent.LAYERS, *stream),
        )
    ),
    spell, "uer", ("siamese",), {"classes": Head((*pair("head.classifier", "classifier"),))},
    needs=("embedding.dual.embedding_0.word.embedding.weight",), stores_ties=True, head="classes",
))  # fmt: skip
