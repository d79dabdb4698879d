"""How a question is worded: patterns and verbalizer, of files or, once a model has learned them, of its folder."""

import logging
from dataclasses import dataclass

from tasklab.config import setting
from tasklab.content import from_home
from tasklab.data.texts.prompts.pattern import Pattern, checked, read_patterns
from tasklab.data.texts.prompts.verbalizer import LabelWords, label_words, read_verbalizer
from tasklab.data.texts.reading import TextDataConfig
from tasklab.errors import ConfigError, DataError

logger = logging.getLogger("tasklab")

SAID = {"pattern": "patterns", "verbalizer": "label_words"}
"""Setting that names a file -> the one that holds its content."""


@dataclass
class PromptDataConfig(TextDataConfig, path="data"):
    """What is asked about each text, and by which words a label is told."""

    passed_over = (*TextDataConfig.passed_over, "soft_targets", "output_submission")
    # a file with a pattern a line, such as "It was {MASK}: {textA}"; the mean of several is taken
    pattern: str | None = setting(None, file=True)
    verbalizer: str | None = setting(None, file=True)  # a file with a label, a tab and its words, a line per label
    patterns: list[str] = setting([], rows=True)  # the patterns themselves, where no file holds them
    label_words: dict[str, list[str]] = setting({}, rows=True)  # label -> its words, where no file holds them
    length_normalized: bool = setting(False, rows=True)  # of a word of several tokens take the mean, not the sum

    def idle(self):
        yield from super().idle()
        for file, own in SAID.items():
            if self[own] and self[file]:
                yield f"data.{file}", f"data.{own}", "leave one of them out"


def patterns_of(data: PromptDataConfig) -> list[Pattern]:
    """What the settings say, or the file. Raises: ConfigError where nobody says it; DataError with the place of what is
    wrong."""
    if data.patterns:
        return checked((f"data.patterns[{i}]", text) for i, text in enumerate(data.patterns))
    if data.pattern:
        return [Pattern.of(text) for text in read_patterns(from_home(data.pattern), data.encoding)]
    told = 'no pattern; set data.pattern=FILE with a pattern a line, or data.patterns=["It was {MASK}: {textA}"]'
    raise ConfigError(told)


def verbalizer_of(data: PromptDataConfig) -> LabelWords:
    """The same of the words of each label."""
    if data.label_words:
        return label_words([(f"data.label_words.{label}", label, words) for label, words in data.label_words.items()])
    if data.verbalizer:
        return read_verbalizer(from_home(data.verbalizer), data.encoding)
    told = "no words for labels; set data.verbalizer=FILE with lines of label, tab, words, or data.label_words"
    raise ConfigError(f"{told}={{good: [great], bad: [awful]}}")


def settle_wording(data: PromptDataConfig):
    """Puts what the files say into `data`, which a model's folder keeps: the files count no more."""
    data.patterns = [pattern.text for pattern in patterns_of(data)]
    data.label_words = {label: list(words) for label, words in verbalizer_of(data).words.items()}
    data.pattern = data.verbalizer = None


def tell_others(data: PromptDataConfig):
    """A warning where a file is named that says something else than what the model has learned."""
    for file, own in SAID.items():
        if data[file] and data[own] and _content(data, file) != data[own]:
            logger.warning("data.%s = %s is not read: the model keeps what it learned, data.%s", file, data[file], own)


def _content(data: PromptDataConfig, file: str):
    """What the file of a setting says, or None where it says nothing of the kind."""
    try:
        if file == "pattern":
            return read_patterns(from_home(data.pattern), data.encoding)
        words = read_verbalizer(from_home(data.verbalizer), data.encoding).words
        return {label: list(several) for label, several in words.items()}
    except DataError:
        return None


def refuse_unfilled(examples, patterns: list[Pattern]):
    """Raises: DataError for single texts where a pattern asks for two, and for pairs of which no pattern reads both."""
    asking = next((pattern for pattern in patterns if pattern.paired), None)
    for example in examples:
        if asking and example.text_b is None:
            told = f"{example.place}: is a single text, and the pattern {asking.text!r} asks for {{textB}} too"
            raise DataError(told)
        if not asking and example.text_b is not None:
            told = f"{example.place}: is a pair of texts, and no pattern has {{textB}}; write it into one"
            raise DataError(f"{told}, or name the only column with data.text_a")
