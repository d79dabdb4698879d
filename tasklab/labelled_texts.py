"""What tasks have in common that tell the label of a text or a pair: how rows are read, and answers scored, shown, and
compared."""

from tasklab.data.texts.input import text_examples_from_input
from tasklab.data.texts.reading import read_text_rows
from tasklab.metrics.wrong import shown
from tasklab.targets import Target
from tasklab.task import LEARNED, TRIVIAL, Task


class LabelledTexts(Task):
    """Of TextExamples; `target` knows all about their labels."""

    target: Target

    def settle(self, labels):
        self.target.settle(labels)

    def read(self, path, training):
        model = self.config.model
        return read_text_rows(path, self.config.data, model.problem_type, model.labels, training)

    def parse(self, input_data):
        return text_examples_from_input(input_data, self.config.data, self.config.model.problem_type)

    def score(self, predictions, examples):
        return self.target.score(self.best(predictions), _labels(examples))

    def report(self, predictions, examples):
        excerpts = [
            shown(e, e.text_a, self.target.certainty(answers[0]), **({} if e.text_b is None else {"text_b": e.text_b}))
            for e, answers in zip(examples, predictions, strict=True)
        ]
        return self.target.report(self.best(predictions), _labels(examples), excerpts)

    def baselines(self, examples, training=None):
        """The constant that suits these very labels best; a linear model of the words."""
        references = _labels(examples)
        scores = {TRIVIAL: self.target.score(self.target.constant(references), references)}
        if training is not None:
            learned = self.target.learned(_joined(training), _labels(training), _joined(examples))
            scores[LEARNED] = self.target.score(learned, references)
        return scores

    def best(self, predictions) -> list:
        """What each answer says first."""
        return [answers[0][self.target.answer] for answers in predictions]


def _joined(examples) -> list[str]:
    return [" ".join(filter(None, (e.text_a, e.text_b))) for e in examples]


def _labels(examples) -> list:
    return [e.label for e in examples]
