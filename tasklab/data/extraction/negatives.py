"""Prompts that nothing in a text answers, drawn from the pools of PaddleNLP's UIE and held against what is known."""

import random
from collections.abc import Sequence
from dataclasses import replace

from tasklab.data.extraction.annotated import AnnotatedText
from tasklab.data.extraction.example import PromptExample
from tasklab.data.extraction.prompts import Wording, relation_prompts, type_of, type_prompts

ALL = -1
"""A ratio: all negatives there are."""


def with_negatives(
    texts: Sequence[AnnotatedText], wording: Wording, ratio: int, training: bool, rng: random.Random,
    asked_of: Sequence[AnnotatedText] = (),
) -> tuple[list[PromptExample], list[PromptExample]]:  # fmt: skip
    """(prompts that are answered, prompts that are not), each text by text.

    ratio: negatives per answered prompt of a text, for types and for relations alone; an evaluation gets all: every
        type that the text has not, and every subject of a text with every predicate of all texts.
    asked_of: other texts, of the training, whose types and predicates an evaluation asks for as well.
    """
    types = [type_prompts(text, wording) for text in texts]
    relations = [relation_prompts(text, wording) for text in texts]
    pools = _Pools(texts, types, relations, wording, rng, asked_of)
    positives, negatives = [], []
    for i, text in enumerate(texts):
        asked = [*types[i], *relations[i]]
        positives += asked
        prompts = {example.prompt for example in asked}
        candidates = pools.of_types(i, ratio if training else ALL)
        candidates += pools.of_relations(i, ratio) if training and ratio != ALL else pools.all_relations(i)
        for example in candidates:
            if example.prompt not in prompts:
                prompts.add(example.prompt)  # each once
                negatives.append(replace(example, text=text.text, place=text.place))
    return positives, negatives


class _Pools:
    """Candidates for a text, the text itself left out of them; some may be known to be answered."""

    def __init__(self, texts, types, relations, wording: Wording, rng: random.Random, asked_of):
        self.texts, self.types, self.relations, self.wording, self.rng = texts, types, relations, wording, rng
        everywhere = [*texts, *asked_of]
        self.all_types = sorted({type_of(entity, wording) for text in everywhere for entity in text.entities})
        self.predicates = list(dict.fromkeys(r.predicate for text in everywhere for r in text.relations))
        self.names: dict[str, str] = {}  # words of entities -> their type
        for text in texts:
            for entity in text.entities:
                self.names.setdefault(text.words(entity), type_of(entity, wording))

    def of_types(self, i: int, ratio: int) -> list[PromptExample]:
        there = {e.prompt for e in self.types[i]}
        missing = [kind for kind in self.all_types if kind not in there]
        return [_unanswered(kind) for kind in self._drawn(missing, len(there), ratio)[0]]

    def of_relations(self, i: int, ratio: int) -> list[PromptExample]:
        """A third of the ratio from each pool, then what is missing from what they have left."""
        positives, chosen, left = self.relations[i], [], []
        prompts = {e.prompt for e in positives}
        for pool in (self._reversed(i), self._of_others(i), self._of_absent_types(i)):
            pool = {e.prompt: e for e in pool if e.prompt not in prompts}
            prompts.update(pool)
            drawn, rest = self._drawn(list(pool.values()), len(positives), ratio // 3)
            chosen, left = chosen + drawn, left + rest
        wanting = len(positives) * ratio - len(chosen)
        return chosen + self.rng.sample(left, max(0, min(wanting, len(left))))

    def all_relations(self, i: int) -> list[PromptExample]:
        subjects = dict.fromkeys((e.subject, e.subject_type) for e in self.relations[i])
        return [self._about(*subject, predicate) for subject in subjects for predicate in self.predicates]

    def _reversed(self, i: int) -> list[PromptExample]:
        """Objects as subjects."""
        text = self.texts[i]
        entities = text.named()
        ends = ((entities[r.object], r.predicate) for r in text.relations)
        return [self._about(text.words(e), type_of(e, self.wording), predicate) for e, predicate in ends]

    def _of_others(self, i: int) -> list[PromptExample]:
        """Entities of all texts that are no subjects here, with a predicate of this text."""
        subjects, predicates = {e.subject for e in self.relations[i]}, [r.predicate for r in self.texts[i].relations]
        others = [name for name in sorted(self.names) if name not in subjects] if predicates else []
        return [self._about(name, self.names[name], self.rng.choice(predicates)) for name in others]

    def _of_absent_types(self, i: int) -> list[PromptExample]:
        """Subjects of this text with the types that it has not, as predicates."""
        there, subjects = {e.prompt for e in self.types[i]}, [(e.subject, e.subject_type) for e in self.relations[i]]
        absent = [kind for kind in self.all_types if kind not in there] if subjects else []
        return [self._about(*self.rng.choice(subjects), kind) for kind in absent]

    def _about(self, subject: str, kind: str, predicate: str) -> PromptExample:
        prompt = self.wording.about(subject, predicate)
        return PromptExample("", "", prompt, (), subject, predicate, kind)

    def _drawn(self, pool: list, positives: int, ratio: int) -> tuple[list, list]:
        """(those that are taken, the others): ratio for every positive, all where there is none, or not many more."""
        if not positives or ratio == ALL or len(pool) <= ratio * positives:
            return pool, []
        chosen = set(self.rng.sample(range(len(pool)), ratio * positives))
        return [e for k, e in enumerate(pool) if k in chosen], [e for k, e in enumerate(pool) if k not in chosen]


def _unanswered(prompt: str) -> PromptExample:
    return PromptExample("", "", prompt, ())
