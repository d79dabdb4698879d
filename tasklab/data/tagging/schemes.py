"""Tag schemes: BIO, BIOS, BIOES, BILOU and BMES spell the same spans (reading: conlleval.pl, Tjong Kim Sang 2000).

An entity is (type, first, last): numbers of tokens, both included.
"""

from collections.abc import Iterable, Sequence

OUTSIDE = "O"
SCHEMES = {"bio": "BIIB", "bios": "BIIS", "bioes": "BIES", "bilou": "BILU", "bmes": "BMES"}
"""What the first, a middle, the last and the only token of an entity begin with."""

Entity = tuple[str, int, int]


def split_tag(tag: str) -> tuple[str, str]:
    """("B", "PER") of B-PER, ("O", "") of O. Raises: ValueError for anything else."""
    place, dash, kind = tag.partition("-")
    if tag == OUTSIDE:
        return OUTSIDE, ""
    if place not in {"B", "I", "M", "E", "S", "L", "U"} or not dash or not kind:
        raise ValueError(tag)
    return place, kind


def is_tag(tag: str) -> bool:
    try:
        split_tag(tag)
    except ValueError:
        return False
    return True


def entities_of(tags: Sequence[str]) -> tuple[list[Entity], list[int]]:
    """The entities of one sentence, and the tokens whose tag continues nothing or that should not have begun anew.

    Read as conlleval and seqeval do: an I-, M-, E- or L- without a beginning begins an entity itself.
    Raises: ValueError for a tag that is none.
    """
    entities, orphans = [], []
    first, open_kind = 0, None  # the entity that is not closed yet
    for i, tag in enumerate(tags):
        place, kind = split_tag(tag)
        continues = place in "IMEL" and kind == open_kind
        if open_kind is not None and not continues:
            entities.append((open_kind, first, i - 1))
            open_kind = None
        if place == OUTSIDE:
            continue
        if not continues:
            first = i
            if place in "IMEL":
                orphans.append(i)
        open_kind = kind
        if place in "ESLU":
            entities.append((kind, first, i))
            open_kind = None
    if open_kind is not None:
        entities.append((open_kind, first, len(tags) - 1))
    return entities, orphans


def tags_of(entities: Iterable[Entity], length: int, scheme: str = "bio") -> list[str]:
    """One tag per token; of overlapping entities the earlier one keeps its tokens."""
    begin, inside, end, single = SCHEMES[scheme]
    tags = [OUTSIDE] * length
    for kind, first, last in entities:
        places = [single] if first == last else [begin, *[inside] * (last - first - 1), end]
        for i, place in enumerate(places, start=first):
            if tags[i] == OUTSIDE:
                tags[i] = f"{place}-{kind}"
    return tags


def scheme_of(tags: Iterable[str]) -> str:
    """The scheme whose prefixes these tags show; bio when they show none."""
    shown = {tag.partition("-")[0] for tag in tags}
    if "M" in shown:
        return "bmes"
    if shown & {"L", "U"}:
        return "bilou"
    if "E" in shown:
        return "bioes"
    return "bios" if "S" in shown else "bio"


def scheme_labels(kinds: Iterable[str], scheme: str) -> list[str]:
    """O and the tags of every type, in the order of the types."""
    return [OUTSIDE, *(f"{place}-{kind}" for kind in kinds for place in dict.fromkeys(SCHEMES[scheme]))]


def kinds_of(labels: Iterable[str]) -> list[str]:
    """The types that tags speak of, in order of appearance."""
    return list(dict.fromkeys(kind for _, kind in map(split_tag, labels) if kind))


def missing_tags(labels: Sequence[str]) -> list[str]:
    """What these tags lack to spell every entity of their types in their own scheme."""
    return [tag for tag in scheme_labels(kinds_of(labels), scheme_of(labels)) if tag not in labels]
