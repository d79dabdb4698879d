"""A verbalizer: the words that stand for each label at the mask, and their tokens as arrays for a loss."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from tasklab.data.files.problems import shortened
from tasklab.data.files.textfile import read_text
from tasklab.data.rows.ragged import row_offsets
from tasklab.errors import DataError

FORM = "expected a label, a tab, and its words with commas between"


class LabelWords(NamedTuple):
    """words: label -> what stands for it, in the order of the labels; places: label -> where that is said."""

    words: dict[str, tuple[str, ...]]
    places: dict[str, str]


class WordTable(NamedTuple):
    """All words of a verbalizer. C labels, W words, K words of a label at most, L tokens of a word at most, U tokens.

    Of a word shorter than L the masks behind it count nothing.
    """

    ids: np.ndarray  # [U] int32, the different tokens, ascending
    weights: np.ndarray  # [L * U, W] float32, what log P(token u at mask l) counts in word w
    words: np.ndarray  # [C, K] int32, the words of each label; 0 where it has fewer
    present: np.ndarray  # [C, K] float32, 1 for a word and 0 where there is none
    masks: int  # L


def read_verbalizer(path, encoding: str | None = None) -> LabelWords:
    """A file with a label, a tab and its words in every line. Raises: DataError with the line of what is wrong."""
    rows, wrong = [], []
    for number, line in enumerate(read_text(path, encoding).split("\n"), 1):
        if not line.strip():
            continue
        label, tab, words = line.strip("\r").partition("\t")
        if not tab or not label.strip():
            wrong.append(f"{path}:{number}: {shortened(line)} has no {'label' if tab else 'tab'}; {FORM}")
        rows.append((f"{path}:{number}", label.strip(), words.split(",")))
    if wrong:
        raise DataError("\n".join(wrong))
    if not rows:
        raise DataError(f"{path}: holds no label; {FORM}")
    return label_words(rows, FORM)


def label_words(rows: Sequence[tuple[str, str, Sequence[str]]], form: str) -> LabelWords:
    """(place, label, words) of every label; `form` says how they are written there.

    Raises: DataError that names every label without words or said twice, and words that stand for two labels.
    """
    made, places, owner, wrong = {}, {}, {}, []
    for place, label, words in rows:
        words = tuple(dict.fromkeys(word.strip() for word in words if word.strip()))
        if label in made:
            wrong.append(f"{place}: the label {shortened(label)} stands in {places[label]} already; keep one of them")
            continue
        if not words:
            wrong.append(f"{place}: the label {shortened(label)} has no words; {form}")
        for word in words:
            if owner.setdefault(word, label) != label:
                wrong.append(
                    f"{place}: {shortened(word)} stands for {shortened(owner[word])} already "
                    f"({places[owner[word]]}); a word tells one label"
                )
        made[label], places[label] = words, place
    if len(made) == 1:
        wrong.append(f"{place}: {shortened(label)} is the only label; expected at least two")
    if wrong:
        raise DataError("\n".join(wrong))
    return LabelWords(made, places)


def word_table(tokenizer, verbalizer: LabelWords, spaced: bool, normalized: bool) -> WordTable:
    """The tokens of all words.

    Args:
        spaced: a blank stands before the mask, and some vocabularies have it in the word.
        normalized: a word counts the mean over its tokens, not their sum.
    Raises: DataError for words that the vocabulary does not hold.
    """
    words = [word for several in verbalizer.words.values() for word in several]
    tokens = [ids for ids, _ in tokenizer.encode_batch([" " * spaced + word for word in words])]
    _refuse_unknown(tokenizer, verbalizer, dict(zip(words, tokens, strict=True)))
    ids = np.unique(np.concatenate(tokens)).astype(np.int32)  # [U]
    longest = max(map(len, tokens))  # L
    weights = np.zeros((longest, len(ids), len(words)), np.float32)
    for number, own in enumerate(tokens):
        weights[np.arange(len(own)), np.searchsorted(ids, own), number] = 1 / len(own) if normalized else 1
    counts = np.array([len(several) for several in verbalizer.words.values()])
    place = np.arange(counts.max())[None]  # [1, K]
    present = place < counts[:, None]  # [C, K]
    numbers = np.where(present, row_offsets(counts)[:-1, None] + place, 0).astype(np.int32)
    return WordTable(ids, weights.reshape(-1, len(words)), numbers, present.astype(np.float32), longest)


def _refuse_unknown(tokenizer, verbalizer: LabelWords, tokens: Mapping[str, np.ndarray]):
    wrong = []
    for label, words in verbalizer.words.items():
        for word in words:
            if not len(tokens[word]) or tokenizer.unk_id in tokens[word]:
                pieces = " ".join(tokenizer.tokens[i] for i in tokens[word]) or "no token"
                wrong.append(
                    f"{verbalizer.places[label]}: {shortened(word)} of {shortened(label)} is not in the vocabulary "
                    f"(read as {pieces}); take a word that is"
                )
    if wrong:
        raise DataError("\n".join(wrong))
