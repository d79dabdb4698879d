"""Finding again the names that training showed: what a list of names is worth, to show beside a score."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from tasklab.metrics.entities import Entity


def gazetteer_entities(
    examples: Iterable[tuple[Sequence[str], Iterable[Entity]]], sentences: Iterable[Sequence[str]]
) -> list[list[Entity]]:
    """For each sentence, from left to right, the longest run of tokens that was an entity, with its usual type.

    examples: tokens and entities of the sentences to learn from.
    """
    types: dict[tuple[str, ...], Counter] = defaultdict(Counter)
    for tokens, entities in examples:
        for kind, first, last in entities:
            types[tuple(tokens[first : last + 1])][kind] += 1
    names = {name: counts.most_common(1)[0][0] for name, counts in types.items()}
    lengths = defaultdict(set)  # by first token
    for name in names:
        lengths[name[0]].add(len(name))
    return [_longest_names(list(tokens), names, lengths) for tokens in sentences]


def _longest_names(tokens: list[str], names: dict, lengths: dict) -> list[Entity]:
    entities, i = [], 0
    while i < len(tokens):
        possible = sorted((n for n in lengths.get(tokens[i], ()) if i + n <= len(tokens)), reverse=True)
        length = next((n for n in possible if tuple(tokens[i : i + n]) in names), 0)
        if length:
            entities.append((names[tuple(tokens[i : i + length])], i, i + length - 1))
        i += max(1, length)
    return entities
