"""How well texts are foreseen: perplexity per token, word and character, and bits per byte."""

import math
from collections.abc import Iterable
from typing import NamedTuple


class Foreseen(NamedTuple):
    """What a model said of some tokens that it had to foresee, and the text that these spell.

    log_probability: the sum of the natural logarithms.
    """

    log_probability: float
    tokens: int
    bytes: int
    characters: int
    words: int


def score_foreseen(texts: Iterable[Foreseen]) -> dict[str, float]:
    """Over all tokens of all texts together.

    token_probability: the geometric mean, 1 / perplexity.   loss: its negative logarithm, per token in nats.
    perplexity: exp of the loss.
    word_perplexity, character_perplexity: the same loss over the words, characters of the text, which do not depend on
    how a tokenizer cuts it.   bits_per_byte: the loss in bits over the bytes of the text in UTF-8.
    A value that is no number is left out: of texts that spell nothing. Perplexities beyond floats are infinite.
    """
    texts = list(texts)
    loss = -math.fsum(text.log_probability for text in texts)
    tokens, size, characters, words = (
        sum(text[place] for text in texts) for place in range(1, len(Foreseen._fields))
    )  # fmt: skip
    if not tokens:
        return {"tokens": 0}
    mean = loss / tokens
    scores = {"token_probability": math.exp(-mean), "loss": mean, "perplexity": perplexity_of(mean)}
    if words and characters:
        scores["word_perplexity"] = perplexity_of(loss / words)
        scores["character_perplexity"] = perplexity_of(loss / characters)
    if size:
        scores["bits_per_byte"] = loss / math.log(2) / size
    return scores | {"tokens": tokens}


def perplexity_of(value: float) -> float:
    """exp of a loss; beyond floats infinite."""
    return math.exp(value) if value < 700 else math.inf
