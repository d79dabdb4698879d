"""Text infilling: what belongs into the blanks of a text, learned from plain text, or from texts with one blank."""

import logging
from dataclasses import dataclass, replace

from tasklab.config import setting
from tasklab.data.files.records import FIX
from tasklab.data.rows.tokens import encode_flat
from tasklab.data.text2text.blanks import BLANK, MASK, blanks_of
from tasklab.data.text2text.corrupted import SPANS, WHOLE, CorruptedRows, Corruption, cut_to
from tasklab.data.text2text.pairs import BleuDataConfig
from tasklab.data.text2text.rows import Framing
from tasklab.data.text2text.spans import Spans
from tasklab.errors import DataError
from tasklab.metrics.bleu import score_bleu_n
from tasklab.metrics.short_answers import score_short_answer
from tasklab.task import TASKS
from tasklab.text.spelling import continuing
from tasklab.text2text import Text2Text, mean_of

logger = logging.getLogger("tasklab")

HELD_OUT = 1 << 32
"""The epoch whose blanks evaluations have: none of a training, should it have seen the same text."""


@dataclass
class InfillingDataConfig(BleuDataConfig, path="data"):
    """What of plain texts is hidden, and what is learned of them."""

    masking_probability: float = setting(0.15, gt=0, lt=1)  # share of the words of a plain text
    span_length: float = setting(3.0, ge=1)  # words of a blank, in the mean
    # of a text with blanks: what fills them, as T5 learns, or the text as a whole, as BART does
    learned: str = setting(SPANS, choices=(SPANS, WHOLE), rows=True)


@TASKS.register("text_infilling")
class TextInfilling(Text2Text):
    """What fills the blanks of a text. Metrics: F1, exact match and BLEU-1 to 4 of the fillings, in percent."""

    data_config = InfillingDataConfig
    metric, title = "f1", "Infilling Metric"
    primer = '"The [MASK] was closed because of the snow."'

    reads_texts = True

    @property
    def framing(self):
        start = self.config.model.decoder_start_token_id
        return Framing(blanks_of(self.tokenizer), blanks_of(self.target), start)

    def checked(self, examples, bad, path):
        """Texts without a blank, and texts with one and what fills it, which gets a mark in front."""
        found = []
        for pair in examples:
            count, wanted = len(BLANK.findall(pair.source)), len(pair.references[:1])
            if count != wanted:
                told = f"the text has {count} blanks ([MASK]), where a filling asks for one, and a plain text for none"
                bad.add("wrong number of blanks", f"{pair.place}: {told}; {FIX}")
                continue
            found.append(replace(pair, references=tuple(MASK + text for text in pair.references)))
        return found

    def parse(self, input_data):
        examples = super().parse(input_data)
        for example in examples:
            if not BLANK.search(example.source):
                raise DataError(f"{example.place}: the text has no blank; write [MASK] where something is to be filled")
        return examples

    def encode(self, examples, training):
        if not training or examples[0].references:
            return super().encode(examples, training)
        tokens, _ = encode_flat(self.tokenizer, [example.source for example in examples])
        data, framing = self.config.data, self.framing
        room = data.max_seq_length - len(framing.begin) - 1
        if data.learned == WHOLE:
            room = min(room, data.max_target_length - len(framing.prompt))
        tokens, cut = cut_to(tokens, room)
        return CorruptedRows(tokens, self._corruption, cut)

    def posed(self, examples):
        """With blanks in the texts that have none."""
        if not examples or examples[0].references:
            return examples
        encoded = self.tokenizer.encode_batch([example.source for example in examples])
        found, made = zip(examples, encoded, strict=True), self._corruption
        return [made.posed(example, *those, HELD_OUT, int(example.id)) for example, those in found]

    def measured(self, texts, references):
        references = [[_plain(one) for one in several] for several in references]
        texts = [_plain(text) for text in texts]
        scores = mean_of(self.each(*one) for one in zip(texts, references, strict=True))
        return scores | score_bleu_n(texts, references, self.words_by(references))

    def each(self, text, references):
        scores = score_short_answer(text, [_plain(one) for one in references])
        return {name: scores[name] for name in ("f1", "exact_match")}

    def text_of(self, found):
        if self.config.data.learned == WHOLE:
            return found.text
        return " ".join(self.framing.target.parts(found.ids))

    def told(self, example, found):
        told = super().told(example, found)
        if self.config.data.learned == WHOLE:
            return told
        fillings, blanks = self.framing.target.parts(found.ids), BLANK.split(example.source)
        if len(fillings) != len(blanks) - 1:
            count = f"{len(blanks) - 1} blanks, and the model filled {len(fillings)}"
            rest = "blanks without a filling are left" if len(fillings) < len(blanks) else "the first ones are taken"
            logger.warning("%s: the text has %s; %s", example.place, count, rest)
        fillings = [*fillings, *[MASK] * len(blanks)][: len(blanks) - 1]
        filled = "".join(text for pair in zip(blanks, [*fillings, ""], strict=True) for text in pair)
        return {"filled_text": filled, "fillings": fillings, **told}

    @property
    def _corruption(self) -> Corruption:
        data = self.config.data
        spans = Spans(data.masking_probability, data.span_length)
        known, most = continuing(self.tokenizer.tokens), data.max_target_length
        return Corruption(self.framing, spans, known, data.learned, most, self.config.seed)


def _plain(text: str) -> str:
    """Without the marks of a filling."""
    return " ".join(part.strip() for part in text.split(MASK) if part.strip())
