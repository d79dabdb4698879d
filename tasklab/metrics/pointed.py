"""Spans of a text from the probabilities that a token starts one, and ends one (UIE, Lu et al. 2022)."""

import numpy as np

from tasklab.metrics.pairing import paired
from tasklab.metrics.spans import trim


def pointed_spans(
    text: str, prompt: str, probability: np.ndarray, characters: np.ndarray, threshold: float, nested: bool = False
) -> list[dict]:  # fmt: skip
    """[{"text", "start", "end", "probability"}, ...] in the order of the text.

    probability [2, T]: of a start, of an end.   characters [T, 2]: of each token; below 0 they count back from the text
    into the prompt, at character i of a prompt of n they are i - n - 1.   nested: see `paired`.
    """
    starts, ends = (np.flatnonzero(side > threshold).tolist() for side in probability)
    spans = {}
    for first, last in paired(starts, ends, nested):
        begin, end = int(characters[first, 0]), int(characters[last, 1])
        if begin >= 0:
            begin, end = trim(text, begin, end)
            surface = text[begin:end]
        else:
            back = len(prompt) + 1
            surface = prompt[begin + back : end + back]
        sure = round(float(np.sqrt(probability[0, first] * probability[1, last])), 4)
        spans[begin, end] = {"text": surface, "start": begin, "end": end, "probability": sure}
    return [spans[place] for place in sorted(spans) if spans[place]["text"]]
