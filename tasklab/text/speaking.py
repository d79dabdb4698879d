"""What tokenizers offer to models that generate, where they say nothing else: how texts begin and end, ids as text."""

import re
from collections.abc import Sequence
from functools import cached_property

from tokenizers import decoders

from tasklab.text.spelling import MARKS, is_wide, mark_of

CLOSING = ".,!?;:%)]}'\"’”"
OPENING = "([{‘“$#"
BYTE = re.compile("<0x([0-9A-F]{2})>")


class Speaking:
    """A base of tokenizers with `tokens` and the ids of special tokens: a text stands between cls and sep, as UER-py's
    GPT-2 has it."""

    adds_bos = True
    """Whether a text begins with bos_id."""
    chat_template = None
    begins_anew = False
    """Whether a text behind a special token is encoded as one that begins."""

    def encode_following(self, texts):
        """As `encode_batch`, of texts that go on with what stands before them."""
        return self.encode_batch(texts)

    @property
    def bos_id(self) -> int | None:
        return self.cls_id

    @property
    def eos_id(self) -> int:
        return self.sep_id

    @cached_property
    def special_ids(self) -> frozenset[int]:
        """Those that no text reads."""
        return frozenset({self.cls_id, self.sep_id, self.pad_id, self.mask_id} - {None})

    def decode(self, ids) -> str:
        """The text of ids, without special tokens. Of pieces that mark no blanks the blanks are a guess: none beside
        Chinese characters, before a comma and within 63.5 or 10:30."""
        return _joined(self.spoken(ids), self._mark)

    def spoken(self, ids) -> list[str]:
        """The tokens that a text is made of: no special ones, and nothing for ids behind the last token, which a model
        may have that rounds the size of its vocabulary up."""
        numbers = (number for number in map(int, ids) if number < len(self.tokens))
        return [self.tokens[number] for number in numbers if number not in self.special_ids]

    @cached_property
    def _mark(self) -> str | None:
        return mark_of(self.tokens)


def _joined(tokens: Sequence[str], mark: str | None) -> str:
    if mark == MARKS[1]:
        return decoders.ByteLevel().decode(list(tokens))
    if mark is not None:
        return joined_pieces(tokens, mark).removeprefix(" ")
    text = ""
    for token in tokens:
        if token.startswith("##") and len(token) > 2:
            text += token[2:]
        elif not text or not token or is_wide(text[-1]) or is_wide(token[0]) or _touch(text[-2:], token[0]):
            text += token
        else:
            text += f" {token}"
    return text


def joined_pieces(tokens: Sequence[str], mark: str) -> str:
    """The text of SentencePieces with the blank in front; bytes that are no character read U+FFFD."""
    return b"".join(_spelled(token, mark) for token in tokens).decode("utf-8", "replace")


def _spelled(token: str, mark: str) -> bytes:
    """Of a SentencePiece: one such as <0xE4> is a byte of a character that has no piece."""
    byte = BYTE.fullmatch(token)
    return bytes.fromhex(byte[1]) if byte else token.replace(mark, " ").encode()


def _touch(before: str, behind: str) -> bool:
    """before: the last one or two characters. A point between digits is rather that of 63.5 than a sentence's end."""
    within = before[-1] in ".:" and before[0].isdecimal() and behind.isdecimal()
    return within or behind in CLOSING or before[-1] in OPENING
