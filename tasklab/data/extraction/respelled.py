"""Annotated texts with other words in some places: what is marked moves along, and new texts come of old ones."""

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

from tasklab.data.extraction.annotated import AnnotatedText

MASK = "[MASK]"


class Unfit(ValueError):
    """Why a text cannot be made."""


def respelled(text: AnnotatedText, changes: Iterable[tuple[int, int, str]]) -> AnnotatedText:
    """The text with the characters [start, end) of each change replaced by its words, and all offsets moved.

    Raises: Unfit where a change cuts an entity, or two changes overlap.
    """
    changes = sorted(changes)
    if any(end > start for (_, end, _), (start, _, _) in pairwise(changes)):
        raise Unfit("two changes overlap")
    entities = []
    for entity in text.entities:
        for start, end, _ in changes:
            apart = entity.end <= start or end <= entity.start
            if not apart and not (entity.start <= start and end <= entity.end):
                raise Unfit("a change cuts an entity")
        before, inside = (
            sum(len(words) - (end - start) for start, end, words in changes if lies(start, end))
            for lies in (lambda a, b, e=entity: b <= e.start, lambda a, b, e=entity: e.start <= a and b <= e.end)
        )
        entities.append(entity._replace(start=entity.start + before, end=entity.end + before + inside))
    pieces, at = [], 0
    for start, end, words in changes:
        pieces += [text.text[at:start], words]
        at = end
    return replace(text, text="".join((*pieces, text.text[at:])), entities=tuple(entities))


def swapped(texts: Sequence[AnnotatedText], rng: random.Random) -> tuple[list[AnnotatedText], int]:
    """For every relation a text of another relation of its predicate that names this one's subject and object instead.

    The other relations of that text stay: it says them of the new names now. Returns: the texts, each different one
    once, and how many could not be made: where the old name, or the new one, stands elsewhere in the text too.
    """
    places = defaultdict(list)
    for i, text in enumerate(texts):
        for relation in text.relations:
            places[relation.predicate].append((i, relation))
    made, failed = {}, 0
    for several in places.values():
        for i, relation in several:
            others = [(j, other) for j, other in several if j != i]
            if not others:
                failed += 1
                continue
            j, other = rng.choice(others)
            source, target = texts[i].named(), texts[j].named()
            names = {
                target[old]: texts[i].words(source[new])
                for old, new in ((other.subject, relation.subject), (other.object, relation.object))
            }
            try:
                one = _renamed(texts[j], names)
            except Unfit:
                failed += 1
                continue
            made.setdefault(one.text, one)
    originals = {text.text for text in texts}
    return [one for one in made.values() if one.text not in originals], failed


def _renamed(text: AnnotatedText, names: dict) -> AnnotatedText:
    """names: entity -> its new words. Raises: Unfit."""
    for entity, words in names.items():
        old = text.words(entity)
        marked = [e for e in text.entities if text.words(e) == old]
        if text.text.count(old) != 1 or len(marked) != 1:
            raise Unfit("the old name stands elsewhere too")
        if words != old and words in text.text:
            raise Unfit("the new name stands in the text already")
    return respelled(text, [(e.start, e.end, words) for e, words in names.items()])


def gaps(text: AnnotatedText) -> list[tuple[int, int]]:
    """The stretches [start, end) of a text in which nothing is marked, blanks at their edges left out."""
    edges, at = [], 0
    for entity in sorted(text.entities, key=lambda e: e.start):
        edges.append((at, entity.start))
        at = max(at, entity.end)
    edges.append((at, len(text.text)))
    trimmed = []
    for start, end in edges:
        held = text.text[start:end]
        if held.strip():
            trimmed.append((end - len(held.lstrip()), start + len(held.rstrip())))
    return trimmed


def refilled(
    texts: Sequence[AnnotatedText], fill: Callable[[list[str]], list[str]], copies: int, rng: random.Random
) -> tuple[list[AnnotatedText], int]:
    """Texts in which one gap between entities is written anew; relations stay.

    fill: texts with a MASK each -> the words for it, of all texts at once.
    Returns: the texts, each different one once, and how many came to nothing: no gap, no words, or the old ones.
    """
    asked, failed = [], 0
    for text in texts:
        chosen = gaps(text)
        failed += copies - min(copies, len(chosen))
        asked += [(text, gap) for gap in rng.sample(chosen, min(copies, len(chosen)))]
    words = fill([text.text[:a] + MASK + text.text[b:] for text, (a, b) in asked])
    made = {}
    for (text, (start, end)), filling in zip(asked, words, strict=True):
        if not filling.strip() or filling == text.text[start:end]:
            failed += 1
            continue
        one = respelled(text, [(start, end, filling)])
        made.setdefault(one.text, one)
    return list(made.values()), failed
