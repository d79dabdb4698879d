"""Feature extraction: vectors of texts from any encoder, and how alike two texts are (as sentence-transformers)."""

import logging
from dataclasses import dataclass
from itertools import chain

from tasklab.data.rows.features import FeatureTable
from tasklab.data.rows.pairs import text_rows
from tasklab.data.texts.input import INPUTS, text_examples_from_input
from tasklab.data.texts.reading import read_text_rows
from tasklab.data.texts.settings import TextDataConfig
from tasklab.data.texts.stream import TextFile
from tasklab.errors import DataError
from tasklab.metrics.correlation import score_numbers
from tasklab.metrics.report import number_report
from tasklab.metrics.vectors import cosines, piece_cosines, unit_rows
from tasklab.metrics.wrong import shown
from tasklab.runner import gathered
from tasklab.task import TASKS, TRIVIAL, Task

logger = logging.getLogger("tasklab")

@dataclass
class VectorDataConfig(TextDataConfig, path="data"):
    """As for other texts; and what is done to the vectors."""

    passed_over = ("group", "soft_targets", "output_logits", "output_prob", "output_submission")
    normalize: bool = True  # vectors of length 1, so that their products are cosines


@TASKS.register("feature_extraction")
class FeatureExtraction(Task):
    """A text is answered by its vector, a pair of texts by the cosine of theirs, each encoded alone.

    The vector is the encoder's output, pooled by model.pooling, without BERT's pooler; whitened in a folder that
    `tools whiten` wrote. Metrics, of pairs with a score: correlation of cosines and scores.
    """

    head = "vectors"
    data_config = VectorDataConfig
    defaults = {"model": {"pooling": "mean"}, "data": {"max_seq_length": 256}}
    metric, title, layout = "spearmanr", "Similarity Metric", "vectors"
    primer = '"a text that gets a vector"'

    def read(self, path, training):
        examples, note = read_text_rows(path, self.config.data, "regression", training=training)
        if examples[0].text_b is None:
            raise DataError(
                f"{examples[0].place}: is one text; an evaluation compares two, with a score of how alike they are: "
                "name the column of the second with data.text_b"
            )
        return examples, note

    def parse(self, input_data):
        """A file is read as it is answered: it may be larger than memory."""
        path = INPUTS.file(input_data)
        if path is None:
            return text_examples_from_input(input_data, self.config.data, "regression")
        file = TextFile(path, self.config.data)
        if file.bad:
            logger.warning("%s: %s", file.path, file.bad.summary())
        return iter(file)

    def encode(self, examples, training):
        """Two rows for a pair: its first text and its second."""
        texts = [[e.text_a] if e.text_b is None else [e.text_a, e.text_b] for e in examples]
        odd = next((e for e, row in zip(examples, texts, strict=True) if len(row) != len(texts[0])), None)
        if odd is not None:
            raise DataError(f"{odd.place}: single texts and pairs are mixed; give each input one text, or each two")
        flat = list(chain.from_iterable(texts))
        ragged, cut = text_rows(self.tokenizer, flat, None, self.config.data.max_seq_length)
        if cut:
            limit = self.config.data.max_seq_length
            logger.warning("%d of %d texts are cut after %d tokens (data.max_seq_length)", cut, len(flat), limit)
        return FeatureTable(ragged, {}, {"cut_rows": cut})

    def decode(self, outputs, rows, examples, top_k=None):
        vectors = gathered(outputs, len(rows))
        if len(rows) > len(examples):
            return [[{"score": round(float(cosine), 6)}] for cosine in cosines(vectors[::2], vectors[1::2])]
        return [[vector] for vector in (unit_rows(vectors) if self.config.data.normalize else vectors)]

    def score(self, predictions, examples):
        return self._score([answers[0]["score"] for answers in predictions], examples)

    def report(self, predictions, examples):
        excerpts = [shown(e, e.text_a, text_b=e.text_b) for e in examples]
        cosine = [answers[0]["score"] for answers in predictions]
        return number_report(cosine, [e.label for e in examples], excerpts, same_scale=False)

    def baselines(self, examples, training=None):
        """The cosine of the sets of word pieces."""
        shared = piece_cosines(self.tokenizer, [e.text_a for e in examples], [e.text_b for e in examples])
        return {TRIVIAL: self._score(shared, examples)}

    @staticmethod
    def _score(cosine, examples) -> dict[str, float]:
        """Without the squared error: cosines and scores are on different scales."""
        scores = score_numbers(cosine, [e.label for e in examples])
        return {name: scores[name] for name in ("spearmanr", "pearson", "total")}
