"""Prompts made of annotated texts, and the lines of training files they become (PaddleNLP's convert_ext_examples)."""

import json
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tasklab.data.extraction.annotated import AnnotatedText, Entity
from tasklab.data.extraction.example import Mention, PromptExample
from tasklab.data.extraction.schema import worded


@dataclass(frozen=True)
class Wording:
    """How prompts are worded.

    options, prefix: of a classification, 情感倾向[正向,负向].   separator: what parts a type from its own class.
    """

    relation: str = "{subject}的{predicate}"
    options: tuple[str, ...] = ()
    prefix: str = ""
    separator: str = "##"

    def about(self, subject: str, predicate: str) -> str:
        return worded(self.relation, subject, predicate)


def type_prompts(text: AnnotatedText, wording: Wording) -> list[PromptExample]:
    """One per type that the text has, with all its spans, in the order in which types are met."""
    spans = defaultdict(list)
    for entity in text.entities:
        spans[type_of(entity, wording)].append(mention_of(text, entity))
    return [PromptExample("", text.text, kind, _ordered(answers), place=text.place) for kind, answers in spans.items()]


def relation_prompts(text: AnnotatedText, wording: Wording) -> list[PromptExample]:
    """One per subject, by its words, and predicate, with all objects."""
    entities, objects, kinds = text.named(), defaultdict(list), {}
    for relation in text.relations:
        subject = entities[relation.subject]
        key = text.words(subject), relation.predicate
        objects[key].append(mention_of(text, entities[relation.object]))
        kinds.setdefault(key, type_of(subject, wording))
    return [
        PromptExample("", text.text, wording.about(*key), _ordered(answers), *key, kinds[key], text.place)
        for key, answers in objects.items()
    ]


def class_prompts(text: AnnotatedText, wording: Wording, rng: random.Random) -> list[PromptExample]:
    """A classification of the whole text, and one of each entity whose type carries a class; the answer is in the
    prompt."""
    return [_class_prompt(text, *one, wording, rng) for one in _classifications(text, wording)]


def unknown_classes(texts: Iterable[AnnotatedText], wording: Wording) -> dict[str, str]:
    """Classes that are none of the options, whose prompts would have no answer -> where each is met first."""
    places: dict[str, str] = {}
    for text in texts:
        for _, classes, _ in _classifications(text, wording):
            for name in classes:
                if name not in wording.options:
                    places.setdefault(name, text.place)
    return places


def _classifications(text: AnnotatedText, wording: Wording) -> list[tuple]:
    """(what stands in front of the options, classes, (subject, predicate, type of the subject) or None)."""
    asked: list[tuple] = [(wording.prefix, text.labels, None)] if text.labels else []
    for entity in text.entities:
        _, *classes = entity.kind.split(wording.separator)
        if classes:
            about = text.words(entity), wording.prefix, type_of(entity, wording)
            asked.append((wording.about(*about[:2]), classes, about))
    return asked


def _class_prompt(text, prefix: str, classes: Sequence[str], about, wording: Wording, rng) -> PromptExample:
    options = list(wording.options)
    rng.shuffle(options)
    prompt = f"{prefix}[{','.join(options)}]"
    answers, at = [], len(prefix) + 1
    for option in options:
        if option in classes:
            start = at - len(prompt) - 1
            answers.append(Mention(start, start + len(option), option))
        at += len(option) + 1
    subject, predicate, kind = about or (None, None, None)
    return PromptExample("", text.text, prompt, _ordered(answers), subject, predicate, kind, text.place, True)


def type_of(entity: Entity, wording: Wording) -> str:
    """Without its class."""
    return entity.kind.split(wording.separator)[0]


def mention_of(text: AnnotatedText, entity: Entity) -> Mention:
    return Mention(entity.start, entity.end, text.words(entity))


def _ordered(answers: Iterable[Mention]) -> tuple[Mention, ...]:
    return tuple(sorted(set(answers)))


def line_of(example: PromptExample) -> str:
    """The JSON of a line of a training file."""
    answers = [{"text": m.text, "start": m.start, "end": m.end} for m in example.answers or ()]
    record = {"content": example.text, "prompt": example.prompt, "result_list": answers}
    record |= {key: value for key in ("subject", "predicate", "subject_type") if (value := getattr(example, key))}
    return json.dumps(record, ensure_ascii=False)
