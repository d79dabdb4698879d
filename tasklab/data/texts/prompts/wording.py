"""How a question is worded: patterns and verbalizer, of files or, once a model has learned them, of its folder."""

import logging
from dataclasses import dataclass

from tasklab.config import setting
from tasklab.content import from_home
from tasklab.data.texts.prompts import uer
from tasklab.data.texts.prompts.pattern import Pattern, checked, read_patterns
from tasklab.data.texts.prompts.verbalizer import LabelWords, label_words, read_verbalizer
from tasklab.data.texts.settings import TextDataConfig
from tasklab.errors import ConfigError, DataError

logger = logging.getLogger("tasklab")

SETTINGS = {"pattern": "patterns", "verbalizer": "label_words"}
"""Setting that names a file -> the one that holds its content."""
FORM = "{good: [great], bad: [awful]}"


@dataclass
class PromptDataConfig(TextDataConfig, path="data"):
    """What is asked about each text, and by which words a label is told."""

    passed_over = (*TextDataConfig.passed_over, "soft_targets", "output_submission")
    # a file with a pattern a line, such as "It was {MASK}: {textA}", of which the mean is taken; or UER-py's JSON
    pattern: str | None = setting(None, file=True)
    prompt_id: str | None = None  # which prompt of UER-py's JSON; null: the only one
    verbalizer: str | None = setting(None, file=True)  # a file with a label, a tab and its words, a line per label
    patterns: list[str] = setting([], rows=True)  # the patterns themselves, where no file holds them
    label_words: dict[str, list[str]] = setting({}, rows=True)  # label -> its words, where no file holds them
    length_normalized: bool = setting(False, rows=True)  # of a word of several tokens take the mean, not the sum
    soft_tokens: int = setting(1, ge=1, rows=True)  # learned vectors at each {soft} of a pattern
    # texts that say nothing, such as ["N/A", ""]: answers count against what the model says of them
    content_free: list[str] = setting([])

    def idle(self):
        yield from super().idle()
        for file, own in SETTINGS.items():
            if self[own] and self[file]:
                yield f"data.{file}", f"data.{own}", "leave one of them out"
        if self.prompt_id and not is_json(self.pattern):
            yield "data.prompt_id", "data.pattern", "set that to a .json file of prompts"


def patterns_of(data: PromptDataConfig) -> list[Pattern]:
    """What the settings say, or the file. Raises: ConfigError where nobody says it; DataError with the place of what is
    wrong."""
    if data.patterns:
        return checked((f"data.patterns[{i}]", text) for i, text in enumerate(data.patterns))
    if is_json(data.pattern):
        prompt = uer.read_prompt(from_home(data.pattern), data.prompt_id, data.encoding)
        return checked([(f"{prompt.place}.template", prompt.pattern)])
    if data.pattern:
        return [Pattern.of(text) for text in read_patterns(from_home(data.pattern), data.encoding)]
    message = 'no pattern; set data.pattern=FILE with a pattern a line, or data.patterns=["It was {MASK}: {textA}"]'
    raise ConfigError(message)


def verbalizer_of(data: PromptDataConfig) -> LabelWords:
    """The same of the words of each label."""
    if data.label_words:
        rows = [(f"data.label_words.{label}", label, words) for label, words in data.label_words.items()]
        return label_words(rows, f"expected such as {FORM}")
    if data.verbalizer:
        return read_verbalizer(from_home(data.verbalizer), data.encoding)
    if is_json(data.pattern):
        prompt = uer.read_prompt(from_home(data.pattern), data.prompt_id, data.encoding)
        rows = [(f"{prompt.place}.answer_words.{label}", label, words) for label, words in prompt.words.items()]
        return label_words(rows, uer.FORM)
    message = "no words for labels; set data.verbalizer=FILE with lines of label, tab, words, or data.label_words"
    raise ConfigError(f"{message}={FORM}")


def is_json(path: str | None) -> bool:
    """Whether a setting names a file of UER-py's prompts."""
    return path is not None and path.lower().endswith(".json")


def says_words(data: PromptDataConfig) -> bool:
    """Whether anything says the words of labels."""
    return bool(data.label_words or data.verbalizer or is_json(data.pattern))


def settle_wording(data: PromptDataConfig):
    """Puts what the files say into `data`, which a model's folder keeps: the files count no more."""
    data.patterns = [pattern.text for pattern in patterns_of(data)]
    data.label_words = {label: list(words) for label, words in verbalizer_of(data).words.items()}
    data.pattern = data.verbalizer = data.prompt_id = None


def tell_others(data: PromptDataConfig):
    """A warning where a file is named that says something else than what the model has learned."""
    for file, own in SETTINGS.items():
        if data[file] and data[own] and _content(data, file) != data[own]:
            logger.warning("data.%s = %s is not read: the model keeps what it learned, data.%s", file, data[file], own)


def _content(data: PromptDataConfig, file: str):
    """What the file of a setting says, or None where it says nothing of the kind."""
    data = data.copy()
    data[SETTINGS[file]] = type(data[SETTINGS[file]])()
    try:
        if file == "pattern":
            return [pattern.text for pattern in patterns_of(data)]
        return {label: list(words) for label, words in verbalizer_of(data).words.items()}
    except DataError:
        return None


def refuse_unfilled(examples, patterns: list[Pattern]):
    """Raises: DataError for single texts where a pattern asks for two, and for pairs of which no pattern reads both."""
    asking = next((pattern for pattern in patterns if pattern.paired), None)
    for example in examples:
        if asking and example.text_b is None:
            message = f"{example.place}: is a single text, and the pattern {asking.text!r} asks for {{textB}} too"
            raise DataError(message)
        if not asking and example.text_b is not None:
            message = f"{example.place}: is a pair of texts, and no pattern has {{textB}}; write it into one"
            raise DataError(f"{message}, or name the only column with data.text_a")
