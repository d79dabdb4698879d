"""What is wrong with the tags of a sentence: every one checked before training, whatever file it comes from."""

import difflib
from collections.abc import Sequence

from tasklab.data.files.problems import BadRows
from tasklab.data.tagging.columns import FIX, Sentence
from tasklab.data.tagging.schemes import Entity, entities_of, split_tag


class TagChecks:
    """Entities of sentences; what is wrong goes to BadRows."""

    def __init__(self, bad: BadRows, kinds: Sequence[str], repair: bool):
        self.bad, self.kinds, self.repair = bad, list(kinds), repair
        self.seen: set[str] = set()
        self.repaired: list[str] = []

    def entities(self, sentence: Sentence) -> list[Entity] | None:
        """None when something is wrong with them."""
        before = len(self.bad)
        if sentence.entities is None:
            try:
                entities, orphans = entities_of(sentence.tags)
            except ValueError as error:
                self._unknown_tag(sentence, str(error))
                return None
            self.seen.update(sentence.tags)
            for i in orphans:
                self._orphan(sentence, i)
        else:
            entities = sentence.entities
        for kind, first, _ in entities:
            if self.kinds and kind not in self.kinds:
                near = difflib.get_close_matches(kind, self.kinds, n=1)
                hint = f"did you mean {near[0]!r}? " if near else ""
                told = f"the type {kind!r} is none of the model's: {', '.join(self.kinds)}; {hint}{FIX}"
                self.bad.add(f"unknown type {kind}", f"{sentence.token_places[first]}: {told}")
        return entities if len(self.bad) == before else None

    def _orphan(self, sentence: Sentence, i: int):
        tag, before = sentence.tags[i], f"after {sentence.tags[i - 1]}" if i else "at the start of a sentence"
        told = f"{sentence.token_places[i]}: {tag} {before} continues no {split_tag(tag)[1]}"
        if self.repair:
            self.repaired.append(told)
            return
        remedy = "data.repair_tags: true to let it begin one, or data.on_bad_row: skip to leave the sentence out"
        self.bad.add("tag that continues nothing", f"{told}; correct the line, or set {remedy}")

    def _unknown_tag(self, sentence: Sentence, tag: str):
        place = sentence.token_places[sentence.tags.index(tag)]
        told = f"the tag {tag!r} is none; expected O, or B-, I-, M-, E- or S- with a type behind it"
        self.bad.add("unknown tag", f"{place}: {told}; {FIX}")
