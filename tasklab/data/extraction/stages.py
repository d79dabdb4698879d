"""A schema asked in stages: all types of all texts together, then all that is asked about the spans found, and so on.

Lu et al. 2022; PaddleNLP's Taskflow asks one node of the schema after the other.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from tasklab.data.extraction.example import SchemaExample
from tasklab.data.extraction.schema import Node, has_options, worded


class Question(NamedTuple):
    """The number of a text, and what is asked about it; options: see `PromptExample`."""

    text: int
    prompt: str
    options: bool


Ask = Callable[[Sequence[Question]], list[list[dict]]]
"""Questions -> the spans that answer each: {"text", "start", "end", "probability"}."""


class _Open(NamedTuple):
    """One question, the node that it comes of, and where its answers go."""

    asked: Question
    node: Node
    into: dict


def extracted(examples: Sequence[SchemaExample], ask: Ask, wording: str, flat: bool = False) -> list[dict]:
    """For each text {name: [span, ...]} as the schema asks; a span has `relations` of the same form where more is asked
    about it. Names without an answer have an empty list.

    flat: see `without_overlaps`; of each stage, before anything is asked about its spans.
    """
    results: list[dict] = [{} for _ in examples]
    questions = [
        _Open(Question(i, node.name, has_options(node.name, example.subject)), node, results[i])
        for i, example in enumerate(examples) for node in example.schema
    ]  # fmt: skip
    while questions:
        different = list(dict.fromkeys(q.asked for q in questions))
        answers = dict(zip(different, ask(different), strict=True))
        for q in questions:
            q.into[q.node.name] = [dict(span) for span in answers[q.asked]]
        if flat:
            for into in {id(q.into): q.into for q in questions}.values():
                without_overlaps(into)
        questions = [below for q in questions for below in _below(q, wording)]
    return results


def _below(question: _Open, wording: str):
    """What is asked about the spans that answered."""
    for span in question.into[question.node.name]:
        for node in question.node.below:
            into = span.setdefault("relations", {})
            prompt = worded(wording, span["text"], node.name)
            yield _Open(Question(question.asked.text, prompt, node.has_options), node, into)


def without_overlaps(spans_by_name: dict[str, list[dict]]):
    """Takes out, of spans that share a character, all but the most probable one; of equal ones the longest stays.

    Options share characters with those of their own prompt alone.
    """
    every = [(span, name if span["start"] < 0 else None) for name, spans in spans_by_name.items() for span in spans]
    every.sort(key=lambda s: (-s[0]["probability"], s[0]["start"] - s[0]["end"], s[0]["start"]))
    kept: list[tuple[dict, str | None]] = []
    for span, prompt in every:
        others = (other for other, asked in kept if asked == prompt)  # of the text, where that is None
        if all(span["end"] <= other["start"] or other["end"] <= span["start"] for other in others):
            kept.append((span, prompt))
    chosen = {id(span) for span, _ in kept}
    for name, spans in spans_by_name.items():
        spans_by_name[name] = [span for span in spans if id(span) in chosen]
