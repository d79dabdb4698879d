"""What a GGUF file says of its tokenizer, checked; and said again in transformers' words."""

import json
import re

from tasklab.errors import DataError, brief

KEYS = "tokenizer."


def texts_of(fields: dict, key: str, place) -> list[str]:
    """A list of texts. Raises: DataError for another thing, or a merge that is no pair."""
    texts = fields.get(key)
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        raise DataError(f"{place}: tokenizer.ggml.{key} is {brief(texts)}, expected a list of texts")
    if key == "merges" and (wrong := next((text for text in texts if not re.fullmatch(r"\S+ \S+", text)), None)):
        raise DataError(f"{place}: a merge is {brief(wrong)}, expected two pieces")
    return texts


def numbers_of(fields: dict, key: str, count: int, place) -> list | None:
    """A number for each token; None where the file says nothing. Raises: DataError."""
    numbers = fields.get(key)
    if numbers is None or numbers == []:
        return None
    if not isinstance(numbers, list) or len(numbers) != count or not all(type(n) in (int, float) for n in numbers):
        raise DataError(f"{place}: tokenizer.ggml.{key} does not have one number per token")
    return numbers


def id_of(fields: dict, key: str, size: int, place) -> int | None:
    """Of a token, None where the file says none. Raises: DataError for one that is not there."""
    number = fields.get(key)
    if number is not None and (type(number) is not int or not 0 <= number < size):
        raise DataError(f"{place}: tokenizer.ggml.{key} is {brief(number)}, expected an id below {size}")
    return number


def described_as_transformers(config: dict, ids: dict[str, int | None]) -> dict[str, bytes]:
    """tokenizer_config.json, and generation_config.json, which ends the model's answers.

    config: the former's content. ids: of bos, eos and pad, as far as there are any.
    """
    ends = {f"{role}_token_id": ids[role] for role in ("bos", "eos", "pad") if ids.get(role) is not None}
    contents = {"tokenizer_config.json": config, "generation_config.json": ends}
    return {name: f"{json.dumps(each, indent=2, ensure_ascii=False)}\n".encode() for name, each in contents.items()}
