"""What is compared: a name, the task behind it, and how it is set up for rows that it has never met."""

from collections.abc import Sequence
from typing import NamedTuple

from tasklab.config import Config, find_model
from tasklab.data.texts.prompts.pattern import SOFT
from tasklab.data.texts.prompts.wording import PromptDataConfig, is_json
from tasklab.errors import ConfigError
from tasklab.trainer import Trainer

WORDS_ALONE = "tfidf"
"""The method without a network: TF-IDF and logistic regression."""


class Method(NamedTuple):
    """title: in the table.   task: "" for none.   recipes: how names of its recipes begin, `<word>_<model>`."""

    title: str
    task: str = ""
    recipes: tuple[str, ...] = ()
    asks: bool = False
    """By a pattern."""
    soft: bool = False
    """With learned vectors in it."""


METHODS = {
    "contrastive": Method("contrast, linear classifier", "contrastive_classification", ("contrastive",)),
    "prompt": Method("pattern (PET)", "prompt_classification", ("prompt",), asks=True),
    "p_tuning": Method("learned pattern (p-tuning)", "prompt_classification", ("ptuning", "prompt"), True, True),
    "fine_tuning": Method("fine-tuning", "text_classification", ("txtcls",)),
    WORDS_ALONE: Method("TF-IDF, linear model"),
}
READING = ("columns", "text_a", "text_b", "label", "id", "label_names", "quotes", "encoding", "on_bad_row", "eval_file",
           "limit", "train", "eval")  # fmt: skip
"""Keys of data that say how the user's files are read; trainings read what was drawn of them."""
PATTERNS = ("data.pattern", "data.patterns")
SOFT_FIELD = "{" + SOFT + "}"
SOFT_TOKENS, SOFT_RATE = 4, 10.0
"""Learned vectors at each place, and how much faster they learn."""


def read_config(model: str, overrides: Sequence[str]) -> Config:
    """The settings by which the user's files are read."""
    return Trainer(task="text_classification", model=_recipe(METHODS["fine_tuning"], model), overrides=[
        word for word in overrides if word.partition("=")[0].removeprefix("data.") in READING
    ]).config  # fmt: skip


def refuse_unread(overrides: Sequence[str], methods: Sequence[str]):
    """Raises: ConfigError for settings that none of the methods has."""
    configs = [Trainer(task=task).config for task in sorted({METHODS[m].task for m in methods} - {""})]
    for word in overrides:
        key = word.partition("=")[0]
        if key.removeprefix("data.") not in READING and not any(key in config for config in configs):
            raise ConfigError(f"{key}: none of {', '.join(methods)} has such a setting; see `tasklab show`")
        if not any(_suits(word, METHODS[method]) for method in methods):
            where = "with {soft} is p_tuning's" if SOFT_FIELD in word else "without {soft} is prompt's"
            raise ConfigError(f"{word}: a pattern {where}, which --methods leaves out")


def configured(
    name: str, model: str, start: str | None, classes: Sequence[str], paired: bool, overrides: Sequence[str], seed: int
) -> Config:
    """What one training of a method is set to; `overrides` count where the method has such a setting.

    start: weights in place of the model's own.   paired: rows have two texts.
    """
    method = METHODS[name]
    recipe = _recipe(method, model)
    own = Trainer(task=method.task, model=recipe).config
    options = [word for word in overrides if (key := word.partition("=")[0]) in own and
               key.removeprefix("data.") not in READING and _suits(word, method)]  # fmt: skip
    settings: list = [{"seed": seed, "train.save_strategy": "no"}]
    if start is not None:
        settings.append({"checkpoint": start, "from_scratch": False})
    if method.asks:
        settings.append(_wording(method, options, classes, paired, own.data))
    return Trainer(task=method.task, model=recipe, overrides=[*settings, *options]).config


def _suits(word: str, method: Method) -> bool:
    """Whether a setting may be the method's: a pattern with learned vectors is p-tuning's, one without is not."""
    return word.partition("=")[0] not in PATTERNS or method.asks and (SOFT_FIELD in word) == method.soft


def _wording(
    method: Method, options: Sequence[str], classes: Sequence[str], paired: bool, data: PromptDataConfig
) -> dict:
    """A pattern and words for those who name none: the mask behind the text (Logan et al. 2021, "null prompts") and
    the labels themselves."""
    asked = dict(word.partition("=")[::2] for word in options)
    mask = "{soft}{MASK}{soft}" if method.soft else "{MASK}"
    settings: dict = {}
    if asked.keys().isdisjoint(PATTERNS):
        settings["data.patterns"] = ["{textA} " + mask + (" {textB}" if paired else "")]
    if method.soft:
        settings |= {"data.soft_tokens": SOFT_TOKENS, "optimizer.rates": {"head.prompt": SOFT_RATE}}
    named = not asked.keys().isdisjoint(("data.verbalizer", "data.label_words")) or data.label_words
    if not (named or is_json(asked.get("data.pattern", data.pattern))):
        settings["data.label_words"] = {label: [label] for label in classes}
    return settings


def _recipe(method: Method, model: str) -> str:
    """The recipe of a method on a backbone, and where there is none the backbone."""
    return next((f"{word}_{model}" for word in method.recipes if find_model(f"{word}_{model}")), model)
