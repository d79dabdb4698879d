"""What of a text is hidden, and what is learned of it: the targets of T5, BART, Pegasus and of prefix models."""

from dataclasses import dataclass

import numpy as np

from tasklab.data.rows.draws import draw
from tasklab.data.text2text.blanks import MASK
from tasklab.data.text2text.pairs import Pair
from tasklab.data.text2text.rows import Framing
from tasklab.data.text2text.sentences import begins_of, first_tokens, reordered
from tasklab.data.text2text.spans import Rest, Spans

SPANS, FILLINGS, WHOLE = "spans", "fillings", "whole"
"""What is learned of a text with blanks: their fillings, each behind its mark, as T5 does; these alone, as Pegasus
does; or the text as a whole, as BART does."""
WORDS, SENTENCES, END = "words", "sentences", "end"
"""What is hidden: words in spans; sentences, as Pegasus has it; or all from some word on, as prefix models have it."""


@dataclass
class Corruption:
    """Where blanks are, of texts whose tokens are known.

    framing: whose tokenizers are `BlankTokenizer`.
    spans: how much is hidden, of `hides`.
    continuing: [V] bool, ids of pieces that go on with the word before them.
    learned: SPANS, FILLINGS or WHOLE.
    most: tokens of a target; a longer one loses its end.
    shuffles: whether what is read has its sentences in another order; goes with WORDS and WHOLE.
    """

    framing: Framing
    spans: Spans | Rest
    continuing: np.ndarray
    learned: str
    most: int
    seed: int
    hides: str = WORDS
    shuffles: bool = False

    @property
    def room(self) -> int:
        """Tokens of a target that are the text's."""
        return self.most - len(self.framing.prompt)

    @property
    def by_sentences(self) -> bool:
        """Whether it asks where sentences begin."""
        return self.hides == SENTENCES or self.shuffles

    def target_length(self, ids: np.ndarray, sentences: np.ndarray | None = None) -> int:
        """Tokens that the target of a text has at most, in any epoch."""
        if self.learned == WHOLE:
            length = len(ids)
        else:
            sizes = np.sort(np.diff(self.units(ids, sentences)))
            hidden, spans = self.spans.counts(len(sizes), len(self.framing.tokenizer.sentinels))
            length = int(sizes[len(sizes) - hidden :].sum()) + spans * (self.learned == SPANS)
        return min(length, self.room) + len(self.framing.prompt)

    def blanks(self, ids: np.ndarray, sentences: np.ndarray | None = None) -> int:
        """How many a text gets, in any epoch."""
        return self.spans.counts(len(self.units(ids, sentences)) - 1, len(self.framing.tokenizer.sentinels))[1]

    def words(self, ids: np.ndarray) -> np.ndarray:
        """Where each word begins, and the end: [words + 1]."""
        begins = ~self.continuing[ids]
        begins[1:] &= ids[:-1] != self.framing.tokenizer.space
        begins[:1] = True
        return np.append(np.flatnonzero(begins), len(ids))

    def units(self, ids: np.ndarray, sentences: np.ndarray | None) -> np.ndarray:
        """The same of what is hidden as a whole."""
        return np.append(sentences, len(ids)) if self.hides == SENTENCES else self.words(ids)

    def hidden(self, ids: np.ndarray, epoch: int, number: int, sentences: np.ndarray | None = None) -> np.ndarray:
        """[spans, 2] tokens that are hidden; none where there is nothing to be kept beside them."""
        borders = self.units(ids, sentences)
        count, most = len(borders) - 1, len(self.framing.tokenizer.sentinels)
        return borders[self.spans.hidden(count, most, draw(self.seed, epoch, number, 2 * count))]

    def order(self, count: int, epoch: int, number: int) -> np.ndarray:
        """Of so many sentences; the bits are others than those of the blanks."""
        return np.argsort(draw(self.seed, epoch + (1 << 48), number, count), kind="stable")

    def row(self, ids: np.ndarray, sentences: np.ndarray | None, epoch: int, number: int) -> dict[str, np.ndarray]:
        """input_ids, decoder_input_ids, target_ids of one text."""
        framing, blanks, read = self.framing, self.framing.tokenizer, ids
        if self.shuffles:
            pieces = np.split(ids, sentences[1:])
            read = np.concatenate([pieces[i] for i in self.order(len(pieces), epoch, number)])
        spans = self.hidden(read, epoch, number, sentences)
        kept = np.split(read, spans.reshape(-1))[::2]
        source = [*framing.begin, *blanks.joined(kept), framing.tokenizer.eos_id]
        answer, hidden = ids, [read[first:end] for first, end in spans]
        if self.learned == SPANS:
            answer = framing.target.joined([ids[:0], *hidden])
        elif self.learned == FILLINGS:
            answer = np.concatenate([ids[:0], *hidden])
        target = np.array([*framing.prompt, *answer[: self.room], framing.target.eos_id], np.int32)
        return {"input_ids": source, "decoder_input_ids": target[:-1], "target_ids": target[1:]}

    def read(self, text: str, epoch: int, number: int) -> str:
        """The text with its sentences in the order in which they are read."""
        return reordered(text, self.order(len(begins_of(text)), epoch, number)) if self.shuffles else text

    def posed(self, pair: Pair, text: str, ids: np.ndarray, offsets: np.ndarray, epoch: int, number: int) -> Pair:
        """What is read of a pair, `text` with these ids, with its blanks written out, and as reference what is said."""
        sentences = first_tokens(text, offsets) if self.by_sentences else None
        source, fillings, at = "", [], 0
        for first, end in self.hidden(ids, epoch, number, sentences):
            begin, stop = int(offsets[first, 0]), int(offsets[end - 1, 1])
            source += text[at:begin] + MASK
            fillings.append(text[begin:stop])
            at = stop
        source += text[at:]
        between = " " if " " in text else ""
        answers = {SPANS: "".join(MASK + one for one in fillings), FILLINGS: between.join(fillings), WHOLE: pair.source}
        return Pair(pair.id, source, (source,), (answers[self.learned],), pair.place)
