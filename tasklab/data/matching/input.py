"""What a user hands to predict: pairs, or texts and the candidates that each is compared with."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tasklab.config.matching_losses import SCORES
from tasklab.data.files.cells import identity_of
from tasklab.data.files.columns import IDENTITY, TEXT_A, find_column
from tasklab.data.files.inputs import Inputs, is_pair, is_pair_alone, tell_left_out
from tasklab.data.files.problems import shortened
from tasklab.data.files.table import Table
from tasklab.data.files.textfile import encodable
from tasklab.data.matching.candidates import candidates_of
from tasklab.data.matching.examples import Candidate, MatchingExample
from tasklab.data.matching.reading import ANCHORS, POSITIVES, read_matching
from tasklab.data.matching.settings import MatchingDataConfig
from tasklab.errors import DataError

FORMS = (
    'the pair ("text a", "text b"), {"text_a": ..., "text_b": ...}, {"text": ..., "candidates": [...]}, or with '
    'data.candidates=FILE "a text"'
)
CANDIDATES = "candidates"
INPUTS = Inputs(FORMS, alone=is_pair_alone)


def matching_from_input(input_data, data: MatchingDataConfig, offered: Sequence[Candidate]) -> list[MatchingExample]:
    """Examples in input order: one or a list of what FORMS tells of, or a path.

    A file is a table of pairs, or of texts with a list of candidates each; with `offered`, which each text is compared
    with, of texts (.txt: one per line).
    Raises: DataError naming the position.
    """
    if path := INPUTS.file(input_data):
        return _texts_of(path, data, offered) if offered else _pairs_of(path, data)
    named = tuple(filter(None, (data.text_a, data.text_b)))
    inputs = replace(INPUTS, keys=(CANDIDATES, *ANCHORS, *POSITIVES, *named))
    return [_example(item, i, place, data, offered) for i, (place, item) in enumerate(inputs.items(input_data))]


def _pairs_of(path, data: MatchingDataConfig) -> list[MatchingExample]:
    table = Table(path, data.columns, data.text_a or TEXT_A[0], data.quotes, data.encoding)
    if CANDIDATES in table.columns:
        table.gapless = True
        examples = [_example(row, i, place, data, ()) for i, (place, row) in enumerate(table)]
        table.bad.raise_if_fatal()
        return examples
    examples, bad = read_matching(path, data, SCORES, training=False, labelled=False)
    if data.on_bad_row == "error":
        bad.raise_if_fatal()
    tell_left_out(path, bad.summary())
    return examples


def _texts_of(path, data: MatchingDataConfig, offered: Sequence[Candidate]) -> list[MatchingExample]:
    if path.suffix == ".txt" and not data.columns:
        lines = INPUTS.lines(path, data.encoding, gaps=data.on_bad_row == "skip")
        return [_against(_sound(text, place), offered, str(i), place) for i, (place, text) in enumerate(lines)]
    table = Table(path, data.columns, data.text_a or TEXT_A[0], data.quotes, data.encoding)
    table.gapless = True
    column = find_column(table, "text_a", data.text_a, ANCHORS)
    texts = [(place, identity_of(row, data.id, i), row.get(column)) for i, (place, row) in enumerate(table)]
    table.bad.raise_if_fatal()
    return [_against(_sound(text, place), offered, name, place) for place, name, text in texts]


def _example(item, number: int, place: str, data: MatchingDataConfig, offered: Sequence[Candidate]):
    if isinstance(item, str) and offered:
        return _against(_sound(item, place), offered, str(number), place)
    if isinstance(item, Mapping):
        identity = identity_of(item, next((k for k in (data.id, *IDENTITY) if k in item), None), number)
        first = _value(item, data.text_a, ANCHORS, place)
        if CANDIDATES in item:
            return _against(first, candidates_of(item[CANDIDATES], place, FORMS), identity, place)
        if offered:
            return _against(first, offered, identity, place)
        return MatchingExample(identity, (first, _value(item, data.text_b, POSITIVES, place)), place=place)
    pair = item.split("\t") if isinstance(item, str) else item
    if isinstance(item, str) and len(pair) == 1:
        message = "is one text; what is it compared with? Give a pair, candidates, or data.candidates=FILE"
        raise DataError(f"{place}: {shortened(item)} {message}")
    if not is_pair(pair):
        raise INPUTS.unusable(place, item)
    return MatchingExample(str(number), tuple(_sound(text, place) for text in pair), place=place)


def _against(text: str, candidates: Sequence[Candidate], identity: str, place: str) -> MatchingExample:
    texts = (text, *(candidate.text for candidate in candidates))
    return MatchingExample(identity, texts, candidates=tuple(candidates), place=place)


def _value(item: Mapping, column: str | None, usual: Sequence[str], place: str) -> str:
    name = next((name for name in ([column] if column in item else usual) if name in item), None)
    if name is None:
        raise DataError(f"{place}: no text in the keys {', '.join(map(str, item)) or 'none'}; expected {FORMS}")
    return _sound(item[name], place)


def _sound(text, place: str) -> str:
    if not isinstance(text, str) or not text.strip():
        kind = "empty" if isinstance(text, str) else type(text).__name__
        raise DataError(f"{place}: a text is {kind}; expected {FORMS}")
    if not encodable(text):
        raise DataError(f"{place}: a text holds half of a surrogate pair; correct it")
    return text
