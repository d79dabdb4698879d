"""What can be set of text matching, and what of it fits together."""

from dataclasses import dataclass

from tasklab.config import TRAINING, TRUTH, DataConfig, setting
from tasklab.config.matching_losses import CROSS_ENTROPY, MATCHES, MATCHING_LOSSES, OF_MATCHING, matching_loss
from tasklab.data.rows.repetition import SIDES


@dataclass
class MatchingDataConfig(DataConfig, path="data"):
    """Which columns hold the texts and the label, what labels mean, and what single texts are compared with."""

    columns: list[str] = setting([])  # names for a file without a header line
    text_a: str | None = None  # column; null looks for a usual name, such as anchor
    text_b: str | None = None  # column of the text that it is compared with; null looks for a usual name
    label: str | None = setting(None, needs=TRUTH)  # column
    id: str | None = None  # column that names the rows, in predictions; null looks for a usual name
    # the file to evaluate on where data.eval is a folder that holds several
    eval_file: str | None = setting(None, needs=TRUTH)
    label_names: dict[str, str] = setting({}, needs=TRUTH)  # label of the file -> its number: {entailment: 1, ...}
    quotes: bool | None = None  # cells may stand in double quotes; null: in .csv files only
    output_logits: bool = False  # predictions carry the scores of no match and of a match
    output_prob: bool = False  # predictions carry the probabilities of both
    output_plain: bool = False  # predict prints bare numbers: cosines or outputs, of candidates [name, number]
    negatives: list[str] = setting([])  # columns of texts that do not match text_a; empty: negative, negative_1, ...
    # what labels run from and to, such as [0, 5]; null: 0, does not match, and 1, matches
    score_range: tuple[float, float] | None = setting(None, needs=TRUTH, rows=True)
    candidates: str | None = setting(None, file=True)  # of predictions: id, name, description; tabs between them
    candidates_first: bool = True  # in one row with the text: a candidate stands where text_a stood in training
    # a match from this score on, a cosine or a probability; null: the best of the evaluation in training
    threshold: float | None = setting(None, ge=-1, le=1)
    # single texts: which of its two readings says some words twice, others in every epoch
    word_repetition: str = setting("none", choices=SIDES, needs=TRAINING)
    repetition_rate: float = setting(0.32, gt=0, le=1, needs=TRAINING)  # most of the tokens that are repeated

    def idle(self):
        yield from super().idle()
        if self.repetition_rate != self.default("repetition_rate") and self.word_repetition == "none":
            yield "data.repetition_rate", "data.word_repetition", "set that to one_side or both"

    def idle_beside(self, config):
        loss, vectors = config.loss, config.model.pair_encoding == "cosine"
        about = MATCHING_LOSSES[matching_loss(loss.matching, config.model.pair_encoding)]
        for key in OF_MATCHING[1:]:
            if loss[key] != loss.default(key) and key not in about.settings:
                readers = ", ".join(other for other, entry in MATCHING_LOSSES.items() if key in entry.settings)
                yield f"loss.{key}", "loss.matching", f"take one that reads it: {readers}"
        if loss.changed("queue_momentum") and not loss.queue_size:
            yield "loss.queue_momentum", "loss.queue_size", "set that to 2.5 times train.batch_size"
        if loss.queue_size and loss.negatives == "given":
            yield "loss.queue_size", "loss.negatives", "set that to in_batch or both"
        if self.word_repetition != "none" and about.learns_from != MATCHES:
            yield "data.word_repetition", "loss.matching", "set that to in_batch"
        if loss.rdrop_alpha and vectors:
            yield "loss.rdrop_alpha", "model.pair_encoding", "take one that gives classes: joint, siamese, sbert"
        if config.model.projection_size and not vectors:
            yield "model.projection_size", "model.pair_encoding", "set that to cosine"

    def problems(self):
        yield from super().problems()
        if self.score_range and not self.score_range[0] < self.score_range[1]:
            low, high = self.score_range
            yield ("data.score_range",), f"data.score_range is from {low} to {high}; expected two numbers that rise"

    def problems_beside(self, config):
        vectors, named = config.model.pair_encoding == "cosine", config.loss.matching
        if named and vectors == (named == CROSS_ENTROPY):
            fits = "joint, siamese or sbert" if vectors else "cosine"
            clash = f"loss.matching {named} goes with model.pair_encoding {fits}, which is {config.model.pair_encoding}"
            yield ("loss.matching", "model.pair_encoding"), f"{clash}; change one of them"
