"""Half a surrogate pair in a Python string: no character, and no tokenizer can read it."""

from collections.abc import Sequence

from tasklab.errors import DataError


def refuse_surrogates(texts: Sequence[str]):
    """Raises DataError that shows the first text with such a half, and its place."""
    for text in texts:
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise DataError(
                f"the text {text[:40]!r} holds {text[error.start]!r} at character {error.start}: half of a surrogate "
                "pair, which is no character; the text was cut or decoded wrongly"
            ) from None
