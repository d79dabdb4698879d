"""Examples as token ids: which of them are learned, and how much text each of them spells."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from tasklab.data.generation.examples import (
    ALL,
    ANSWERS,
    ASSISTANT,
    LAST_ANSWER,
    NEWLINE,
    Chat,
    Example,
    GenerationDataConfig,
    Message,
    Passage,
)
from tasklab.errors import DataError


class Template(Protocol):
    """A chat template: what stands around the turns, its own special tokens as ids and all else as text."""

    def __call__(self, messages: Sequence[Message], generation_prompt: bool) -> list[str | int]: ...


class Encoded(NamedTuple):
    """ids [n]; asked [n] bool: to be predicted from those before it; spelled [n, 3]: bytes, characters and words, of
    which one counts where it begins."""

    ids: np.ndarray
    asked: np.ndarray
    spelled: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)


class Part(NamedTuple):
    """Text, or the id of a special token. opens: the text begins here, behind nothing or the token that begins one."""

    text: str | int
    asked: bool
    opens: bool = False


@dataclass(frozen=True)
class Framing:
    """How prompts, answers and passages become ids; one for training and prediction.

    Args:
        begin, end: ids around a text, None where the tokenizer has none.
        template: None where the model has none.
        prefix, separator: as the settings of a plain prompt say.
        targets: ANSWERS, LAST_ANSWER or ALL.
    """

    tokenizer: object
    begin: int | None
    end: int | None
    template: Template | None = None
    prefix: str = ""
    separator: str = NEWLINE
    targets: str = ANSWERS

    def encode(self, examples: Sequence[Example]) -> Iterator[Encoded]:
        """With their answers, and what ends them; of a chat that ends with a question up to where its answer begins.

        Raises: DataError where the model has no template for turns, or one that rewrites turns when others follow.
        """
        return self._encoded([self._segments(example) for example in examples])

    def prompts(self, examples: Sequence[Example]) -> list[np.ndarray]:
        """[ids] of each, as training has them before what follows. Raises: DataError as `encode` does."""
        wholes = [self._passage(e)[:-1] if isinstance(e, Passage) else self._segments(e) for e in examples]
        return [encoded.ids for encoded in self._encoded(wholes)]

    def _segments(self, example: Example) -> list[Part]:
        if isinstance(example, Passage):
            return self._passage(example)
        whole: list[Part] = []
        answers = [number for number, message in enumerate(example.messages) if message.role == ASSISTANT]
        learned = answers[-1:] if self.targets == LAST_ANSWER else answers
        for number in answers:
            whole += self._asking(example, example.messages[:number], whole)
            asked = self.targets == ALL or number in learned
            whole += [Part(text, asked) for text in self._answer(example, number, whole)]
        if example.messages[-1].role != ASSISTANT:
            whole += self._asking(example, example.messages, whole)
        return whole

    def _passage(self, example: Passage) -> list[Part]:
        """What ends it comes last, always."""
        ended = Part("", True) if self.end is None else Part(self.end, True)
        return [*self._begun(), Part(example.text, True, True), ended]

    def _asking(self, example: Chat, messages: Sequence[Message], preceding: list[Part]) -> list[Part]:
        """From the end of `preceding` to where the next answer begins."""
        asked = self.targets == ALL
        if self.template is not None:
            pieces = self.template(messages, True)
            return [Part(text, asked) for text in self._behind(pieces, preceding, example)]
        if not example.plain:
            raise DataError(
                f"{example.place}: turns with roles need a chat template, and this model has none; take one that has "
                "(tasklab list), or data with one prompt and one answer (docs/text_generation.md)"
            )
        between = "\n" if self.separator == NEWLINE or self.end is None else self.end
        asking = Part(self.prefix, asked, True), Part(messages[-1].content, asked, not self.prefix)
        return [*self._begun(), *asking, Part(between, asked)]

    def _answer(self, example: Chat, number: int, preceding: list[Part]) -> list[str | int]:
        if self.template is None:
            return [example.messages[number].content, *([] if self.end is None else [self.end])]
        pieces = _trimmed(self.template(example.messages[: number + 1], False), self.end)
        return self._behind(pieces, preceding, example)

    def _behind(self, pieces: list[str | int], preceding: list[Part], example: Chat) -> list[str | int]:
        """What the template writes behind all that precedes."""
        whole, before = _joined(pieces), _joined([part.text for part in preceding])
        if not before:
            return whole
        last = len(before) - 1
        goes_on = len(whole) > last and whole[:last] == before[:last]
        if goes_on and isinstance(before[last], str) and isinstance(whole[last], str):
            if whole[last].startswith(before[last]):
                return [text for text in (whole[last][len(before[last]) :], *whole[last + 1 :]) if text != ""]
        elif goes_on and whole[last] == before[last]:
            return whole[last + 1 :]
        raise DataError(
            f"{example.place}: the model's chat template writes earlier turns otherwise when others follow, so they "
            "cannot be learned one after the other; give chats of one question and one answer"
        )

    def _begun(self) -> list[Part]:
        return [] if self.begin is None else [Part(self.begin, False)]

    def _encoded(self, wholes: Sequence[list[Part]]) -> Iterator[Encoded]:
        """Every text by itself, so that what is learned is what a prompt leaves to be said."""
        placed = [[(part, self._opens(whole, n)) for n, part in enumerate(whole)] for whole in wholes]
        tokens = {True: self.tokenizer.encode_batch, False: self.tokenizer.encode_following}
        for opens, encode in tokens.items():
            texts = [part.text for whole in placed for part, o in whole if o is opens and isinstance(part.text, str)]
            tokens[opens] = iter(encode(texts) if texts else [])
        for whole in placed:
            pieces = [
                (part, *next(tokens[opens]), part.text) if isinstance(part.text, str) else (part, [part.text], None, "")
                for part, opens in whole
            ]
            ids = np.concatenate([np.asarray(ids, np.int32) for _, ids, _, _ in pieces])
            asked = np.concatenate([np.full(len(ids), part.asked) for part, ids, _, _ in pieces])
            asked[:1] = False  # nothing stands before it
            yield Encoded(ids, asked, np.concatenate([spelled(text, ends, len(ids)) for _, ids, ends, text in pieces]))

    def _opens(self, whole: list[Part], place: int) -> bool:
        """Whether a text is encoded as one that begins, which for some tokenizers puts a blank in front."""
        behind_special = place > 0 and not isinstance(whole[place - 1].text, str)
        return whole[place].opens or not place or behind_special and self.tokenizer.begins_anew


def framing_of(tokenizer, data: GenerationDataConfig) -> Framing:
    """As the model's tokenizer and the settings of its data have it."""
    begin, end = tokenizer.bos_id if tokenizer.adds_bos else None, tokenizer.eos_id
    return Framing(tokenizer, begin, end, tokenizer.chat_template, data.prefix, data.separator, data.targets)


def spelled(text: str, offsets: np.ndarray | None, count: int) -> np.ndarray:
    """[count, 3] how many bytes, characters and words each token adds, with what stands unread before it; the last one
    has the rest of the text, so that a text's tokens add up to the text."""
    if not count or offsets is None:
        return np.zeros((count, 3), np.int32)
    points = np.frombuffer(text.encode("utf-32-le"), "<u4")  # [characters]
    sizes = 1 + (points >= 0x80) + (points >= 0x800) + (points >= 0x10000)
    blank = np.array([character.isspace() for character in text])
    begins = ~blank & np.append(True, blank[:-1])
    sums = np.zeros((len(text) + 1, 3), np.int32)  # [characters + 1, 3]
    sums[1:] = np.cumsum(np.stack([sizes, np.ones_like(sizes), begins], axis=1), axis=0)
    ends = np.maximum.accumulate(np.asarray(offsets)[:, 1])
    ends[-1] = len(text)
    return np.diff(sums[ends], axis=0, prepend=0).astype(np.int32)


def _joined(pieces: Sequence[str | int]) -> list[str | int]:
    """The same with texts that touch in one: where they are cut says nothing."""
    joined: list[str | int] = []
    for piece in pieces:
        if isinstance(piece, str) and joined and isinstance(joined[-1], str):
            joined[-1] += piece
        elif piece != "":
            joined.append(piece)
    return joined


def _trimmed(pieces: list[str | int], end: int | None) -> list[str | int]:
    """Up to the token that ends the answer: nobody waits for the line end that templates write behind it."""
    places = [place for place, piece in enumerate(pieces) if piece == end]
    return pieces[: places[-1] + 1] if end is not None and places else pieces
