"""UER-py's file of prompts: by name a template with [TEXT_A], [TEXT_B] and [ANS], and a word for each label."""

from collections.abc import Mapping
from typing import NamedTuple

from tasklab.data.files.problems import listed, shortened
from tasklab.data.files.textfile import read_json
from tasklab.data.texts.prompts.pattern import MASK, TEXT_A, TEXT_B
from tasklab.errors import DataError

THEIRS = {"[TEXT_A]": f"{{{TEXT_A}}}", "[TEXT_B]": f"{{{TEXT_B}}}", "[ANS]": f"{{{MASK}}}"}
FORM = 'expected {"name": {"template": "[TEXT_A] It was [ANS] .", "answer_words": {"1": "great", "0": "bad"}}}'


class Prompt(NamedTuple):
    """pattern: as ours are written; words: label -> its words; place: where it stands, for messages."""

    pattern: str
    words: dict[str, list[str]]
    place: str


def read_prompt(path, name: str | None, encoding: str | None = None) -> Prompt:
    """The prompt of that name; None: the only one. Raises: DataError with the place inside the JSON."""
    prompts = read_json(path, encoding)
    if not isinstance(prompts, Mapping) or not prompts:
        raise DataError(f"{path}: is no mapping of prompts; {FORM}")
    if name is None and len(prompts) > 1:
        raise DataError(f"{path}: holds several prompts; name one with data.prompt_id: {listed(list(prompts))}")
    name = next(iter(prompts)) if name is None else name
    if name not in prompts:
        raise DataError(f"{path}: no prompt named {shortened(name)}; those that are: {listed(list(prompts))}")
    place, prompt = f"{path}: {name}", prompts[name]
    template = prompt.get("template") if isinstance(prompt, Mapping) else None
    if not isinstance(template, str):
        raise DataError(f"{place}: has no template; {FORM}")
    answers = prompt.get("answer_words")
    if not isinstance(answers, Mapping) or not answers:
        raise DataError(f"{place}: has no answer_words; {FORM}")
    return Prompt(_ours(template), {str(label): _words(place, label, value) for label, value in answers.items()}, place)


def _ours(template: str) -> str:
    pattern = template.replace("{", "{{").replace("}", "}}")
    for theirs, field in THEIRS.items():
        pattern = pattern.replace(theirs, field)
    return pattern


def _words(place: str, label, value) -> list[str]:
    words = value if isinstance(value, list) else [value]
    if not all(isinstance(word, str) for word in words):
        raise DataError(f"{place}.answer_words.{label}: is {shortened(str(value))}, expected a word; {FORM}")
    return words
