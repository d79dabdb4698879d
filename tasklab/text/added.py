"""Tokens that were added to a vocabulary, as transformers writes them: matched in the text before it is cut in words.

Source: added_tokens.json, and added_tokens_decoder and additional_special_tokens of tokenizer_config.json.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from tasklab.content import read_json
from tasklab.errors import DataError, brief

ADDED_FILE, OPTIONS_FILE = "added_tokens.json", "tokenizer_config.json"
MAX_ID = 1 << 24
PLAIN = {"[CLS]", "[SEP]", "[PAD]", "[UNK]", "[MASK]", "<s>", "</s>", "<pad>", "<unk>", "<mask>"}
"""Those that mark a row; where a text spells one it stays text."""


class AddedTokens:
    """name -> id of the tokens that `folder` adds to `vocabulary`; special: names of those that
    no decoded text shows.

    Raises: DataError for a file that is damaged.
    """

    def __init__(self, folder: Path, vocabulary: dict[str, int]):
        options = _object(folder / OPTIONS_FILE)
        numbers = {str(name): number for name, number in _object(folder / ADDED_FILE).items()}
        try:
            special, folded = _names(options.get("additional_special_tokens")), {}
            silent = special | set(numbers)
            for number, token in (options.get("added_tokens_decoder") or {}).items():
                token = token if isinstance(token, dict) else {"content": token}
                name = str(token.get("content"))
                numbers[name] = int(number)
                folded[name] = bool(token.get("normalized", not token.get("special")))
                silent = silent | {name} if token.get("special") else silent - {name}
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise DataError(f"{folder / OPTIONS_FILE}: its added tokens cannot be read ({error!r:.200})") from None
        numbers |= {name: vocabulary[name] for name in special if name in vocabulary}
        numbers = {name: number for name, number in numbers.items() if name and name not in PLAIN}
        wrong = (n for n, number in numbers.items() if type(number) is not int or not 0 <= number < MAX_ID)
        if strange := next(wrong, None):
            raise DataError(f"{folder / ADDED_FILE}: the id of {brief(strange)} is {brief(numbers[strange])}")
        self.ids: dict[str, int] = numbers
        self.special = silent & set(numbers)
        self.content = json.dumps(numbers, sort_keys=True, indent=1).encode()
        self._folded = {name.lower(): name for name in numbers if folded.get(name, name not in special)}

    def __bool__(self):
        return bool(self.ids)

    def pattern(self, lowercase: bool) -> re.Pattern:
        """What matches one of them, the longest first."""
        names = sorted(self.ids, key=len, reverse=True)
        folded = set(self._folded.values()) if lowercase else set()
        return re.compile("|".join(f"(?i:{re.escape(n)})" if n in folded else re.escape(n) for n in names))

    def id_of(self, spelled: str) -> int:
        """Of a match of `pattern`."""
        return self.ids[spelled if spelled in self.ids else self._folded[spelled.lower()]]


def _names(tokens) -> set[str]:
    return {str(name["content"] if isinstance(name, dict) else name) for name in tokens or ()}


def _object(path: Path) -> dict:
    if not path.is_file():
        return {}
    value = read_json(path, DataError)
    if not isinstance(value, dict):
        raise DataError(f"{path}: expected one object {{...}}")
    return value
