"""How an encoder-decoder tells its words, where the program that is written for has another way."""

from __future__ import annotations

from tasklab.convert.loaded import LoadedModel

_TABLE, _OWN = "encoder.embeddings.word.weight", "head.decoder.weight"


def unscaled(model: LoadedModel) -> list[str]:
    """Puts T5's scaling of the decoder's outputs into a table of words of their own. Returns notes."""
    settings = model.description.model
    if not settings.scale_decoder_outputs:
        return []
    scale, words = settings.hidden_size**-0.5, model.weights.get(_OWN, model.weights[_TABLE])
    model.weights[_OWN] = words.map(lambda table: (table * scale).astype(table.dtype))
    settings.scale_decoder_outputs = settings.tie_word_embeddings = False
    return ["UER-py scales no outputs of a decoder: words are told by a table of their own, which is scaled"]


def with_copies(theirs: dict, model: LoadedModel) -> dict:
    """The weights of a BART by transformers' names: where words are told by a table of their own, it shares none."""
    if model.family not in ("bart", "pegasus") or model.description.model.tie_word_embeddings:
        return theirs
    shared = theirs["model.shared.weight"]
    return theirs | {f"model.{stack}.embed_tokens.weight": shared for stack in ("encoder", "decoder")}


def with_table(tensors: dict, model: LoadedModel) -> dict:
    """The weights of a T5 for transformers: version 4 looks for the table of words that are told unscaled, a copy or
    not."""
    if model.family != "t5" or model.description.model.scale_decoder_outputs:
        return tensors
    return {_OWN: tensors[_TABLE], **tensors}
