"""Texts in which somebody has marked entities and relations."""

from dataclasses import dataclass
from typing import NamedTuple


class Entity(NamedTuple):
    """Characters [start, end) of a text, which go by `id` in it."""

    id: str
    kind: str
    start: int
    end: int


class Relation(NamedTuple):
    """What an entity, the object, is to another one, both by their ids."""

    subject: str
    predicate: str
    object: str


@dataclass(frozen=True)
class AnnotatedText:
    """A text, what is marked in it, and, of one that was classified, its labels."""

    text: str
    entities: tuple[Entity, ...] = ()
    relations: tuple[Relation, ...] = ()
    labels: tuple[str, ...] = ()
    place: str = ""

    def named(self) -> dict[str, Entity]:
        """Its entities by their ids."""
        return {entity.id: entity for entity in self.entities}

    def words(self, entity: Entity) -> str:
        return self.text[entity.start : entity.end]
