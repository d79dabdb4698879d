"""Text infilling: what belongs into the blanks of a text, learned from plain text, or from texts with one blank."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from tasklab.config import setting
from tasklab.config.model_section import PREFIX
from tasklab.data.files.records import FIX
from tasklab.data.rows.ragged import Ragged, row_offsets
from tasklab.data.rows.tokens import encode_flat
from tasklab.data.text2text.blanks import BLANK, MASK, BlankTokenizer, blanks_of
from tasklab.data.text2text.corrupted import CorruptedRows, cut_to
from tasklab.data.text2text.corruption import END, FILLINGS, SENTENCES, SPANS, WHOLE, WORDS, Corruption
from tasklab.data.text2text.pairs import BleuDataConfig, Pair
from tasklab.data.text2text.posing import Posed, posed_texts
from tasklab.data.text2text.sentences import begins_of, first_tokens
from tasklab.data.text2text.spans import Rest, Spans
from tasklab.errors import DataError
from tasklab.metrics.bleu import score_bleu_n
from tasklab.metrics.short_answers import score_short_answer
from tasklab.task import TASKS
from tasklab.text.spelling import continuing, space_of
from tasklab.text2text import Text2Text
from tasklab.written_answers import mean_of

logger = logging.getLogger("tasklab")


@dataclass
class InfillingDataConfig(BleuDataConfig, path="data"):
    """What of plain texts is hidden, and what is learned of them."""

    # of a plain text: spans of words (T5, BART), sentences (Pegasus), or the end from some word on (prefix models)
    hidden: str = setting(WORDS, choices=(WORDS, SENTENCES, END))
    masking_probability: float = setting(0.15, gt=0, lt=1)  # share of its words or sentences
    span_length: float = setting(3.0, ge=1)  # words of a blank, in the mean
    shuffle_sentences: bool = False  # of what is read, as BART does
    # of a text with blanks: what fills them, each behind its mark (T5) or not (Pegasus), or all of the text (BART)
    learned: str = setting(SPANS, choices=(SPANS, FILLINGS, WHOLE), rows=True)

    def problems_beside(self, config):
        yield from super().problems_beside(config)
        if config.model.mask == PREFIX and config.generation.choices and self.learned == SPANS:
            message = f"none has a mark before it with model.mask prefix; they go with data.learned: {FILLINGS}"
            yield ("generation.choices", "model.mask"), f"generation.choices: {message}"

    def problems(self):
        yield from super().problems()
        plain = type(self)()
        for key, read in (("masking_probability", self.hidden != END), ("span_length", self.hidden == WORDS)):
            if not read and self[key] != plain[key]:
                reason = f"is not read, as data.hidden is {self.hidden}; leave it out"
                yield (f"data.{key}",), f"data.{key} = {self[key]} {reason}"
        if self.shuffle_sentences and (self.learned, self.hidden) != (WHOLE, WORDS):
            reason = f"goes with data.learned: {WHOLE} and data.hidden: {WORDS} alone"
            yield ("data.shuffle_sentences",), f"data.shuffle_sentences = true {reason}"


@TASKS.register("text_infilling")
class TextInfilling(Text2Text):
    """What fills the blanks of a text. Metrics: F1, exact match and BLEU-1 to 4 of the fillings, in percent."""

    data_config = InfillingDataConfig
    metric, title = "f1", "Infilling Metric"
    primer = '"The [MASK] was closed because of the snow."'

    reads_texts = True

    def __init__(self, config, tokenizer):
        super().__init__(config, tokenizer)
        self._kept: tuple[Sequence[Pair], Posed] | None = None

    @property
    def framing(self):
        return self.framed(*self._tokenizers)

    @cached_property
    def _tokenizers(self) -> list[BlankTokenizer]:
        """Of sources and targets; looking for marks among 250,000 tokens takes longer than an answer."""
        return [blanks_of(one, space_of(one.tokens)) for one in (self.tokenizer, self.target)]

    def checked(self, examples, bad, path):
        """Texts without a blank, and texts with one and what fills it."""
        pairs, whole = [], 0
        for pair in examples:
            blanks, expected = BLANK.findall(pair.source), len(pair.references[:1])
            if len(blanks) != expected:
                count = f"{len(blanks)} blanks ({' '.join(blanks[:3]) or MASK})"
                message = f"the text has {count}, where a filling asks for one, and a plain text for none"
                bad.add("wrong number of blanks", f"{pair.place}: {message}", FIX)
                continue
            if marked := [mark for text in pair.references for mark in BLANK.findall(text)]:
                message = f"the filling holds {marked[0]}, which stands for a blank; write what fills it alone"
                bad.add("blank in a filling", f"{pair.place}: {message}", FIX)
                continue
            if self.config.data.hidden == SENTENCES and not pair.references and len(begins_of(pair.source)) < 2:
                whole += 1
                continue
            pairs.append(pair)
        if whole:
            logger.warning("%s: %d texts of a single sentence are left out, as data.hidden is sentences", path, whole)
        return pairs

    def parse(self, input_data):
        examples, most = super().parse(input_data), len(self.framing.tokenizer.sentinels)
        for example in examples:
            blanks = len(BLANK.findall(example.source))
            if not blanks:
                raise DataError(f"{example.place}: the text has no blank; write [MASK] where something is to be filled")
            if blanks > most:
                message = f"the text has {blanks} blanks, and the vocabulary marks for {most}; ask with parts of it"
                raise DataError(f"{example.place}: {message}")
        return examples

    def encode(self, examples, training):
        if examples[0].references:
            return super().encode(examples, training)
        if not training:
            rows = super().encode(examples, training)
            rows.info.update(self._posed(examples).info)
            return rows
        texts = [example.source for example in examples]
        tokens, offsets = encode_flat(self.tokenizer, texts)
        made = self._corruption
        kept, cut = cut_to(tokens, self._room)
        sentences = _sentences(texts, tokens, offsets, kept) if made.by_sentences else None
        return CorruptedRows(kept, made, cut, sentences)

    def posed(self, examples):
        """With blanks in the texts that have none, and the marks that a network says before what fills them."""
        if not examples or examples[0].references:
            mark = MASK if self.config.data.learned == SPANS else ""
            return [replace(pair, references=tuple(mark + text for text in pair.references)) for pair in examples]
        return self._posed(examples).pairs

    def _posed(self, examples) -> Posed:
        """Of the same list the same."""
        if self._kept is None or self._kept[0] is not examples:
            self._kept = examples, posed_texts(examples, self.tokenizer, self._corruption, self._room)
        return self._kept[1]

    def measured(self, texts, references):
        scores = mean_of(self.each(*one) for one in zip(texts, references, strict=True))
        return scores | score_bleu_n(texts, references, self.words_by(references))

    def each(self, text, references):
        scores = score_short_answer(text, references)
        return {name: scores[name] for name in ("f1", "exact_match")}

    def _compared(self, predictions, examples):
        texts, references, answered = super()._compared(predictions, examples)
        return [_plain(text) for text in texts], [[_plain(one) for one in several] for several in references], answered

    @property
    def begun(self):
        """A mark, where the first filling is one of given texts, or begins with one."""
        config, begun = self.config, super().begun
        asked = config.data.learned == SPANS and (begun or config.generation.choices) and not BLANK.match(begun)
        return MASK + begun if asked else begun

    def text_of(self, answer):
        spans = self.config.data.learned == SPANS
        return " ".join(self.framing.target.fillings(answer.ids)) if spans else answer.text

    def record(self, example, answer):
        record = super().record(example, answer)
        if self.config.data.learned != SPANS:
            return record
        fillings, blanks = self.framing.target.fillings(answer.ids), BLANK.split(example.source)
        if len(fillings) != len(blanks) - 1:
            count = f"{len(blanks) - 1} blanks, and the model filled {len(fillings)}"
            rest = "blanks without a filling are left" if len(fillings) < len(blanks) else "the first ones are taken"
            logger.warning("%s: the text has %s; %s", example.place, count, rest)
        fillings = [*fillings, *[MASK] * len(blanks)][: len(blanks) - 1]
        filled = "".join(text for pair in zip(blanks, [*fillings, ""], strict=True) for text in pair)
        return {"filled_text": filled, "fillings": fillings, **record}

    @property
    def _room(self) -> int:
        """Tokens of a plain text that a row takes."""
        data, framing = self.config.data, self.framing
        room = data.max_seq_length - len(framing.begin) - 1
        return min(room, data.max_target_length - len(framing.prompt)) if data.learned == WHOLE else room

    @property
    def _corruption(self) -> Corruption:
        data = self.config.data
        length = data.span_length if data.hidden == WORDS else 1.0
        spans = Rest() if data.hidden == END else Spans(data.masking_probability, length)
        continues, most = continuing(self.tokenizer.tokens), data.max_target_length
        return Corruption(
            self.framing, spans, continues, data.learned, most, self.config.seed, data.hidden, data.shuffle_sentences
        )


def _sentences(texts: Sequence[str], tokens: Ragged, offsets: np.ndarray, kept: Ragged) -> Ragged:
    """Of each text the first tokens of its sentences, of those that are kept."""
    begins = zip(texts, tokens.offsets[:-1], kept.lengths, strict=True)
    starts = [first_tokens(text, offsets[first : first + count]) for text, first, count in begins]
    return Ragged(np.concatenate(starts), row_offsets([len(own) for own in starts]))


def _plain(text: str) -> str:
    """Without the marks of a filling."""
    return " ".join(part.strip() for part in text.split(MASK) if part.strip())
