"""Annotated texts as doccano, Label Studio and brat import them."""

import json
import re
from collections.abc import Callable, Sequence

from tasklab.data.extraction.annotated import AnnotatedText, Entity
from tasklab.data.files.places import file_place, folder_place
from tasklab.data.files.problems import shortened
from tasklab.errors import DataError
from tasklab.replacing import replace_text


def write_doccano(texts: Sequence[AnnotatedText], path):
    """JSON lines with entities and relations."""
    lines = []
    for text in texts:
        numbers = _numbers(text)
        entities = [
            {"id": numbers[e.id], "label": e.kind, "start_offset": e.start, "end_offset": e.end} for e in text.entities
        ]
        relations = [
            {"id": n, "from_id": numbers[r.subject], "to_id": numbers[r.object], "type": r.predicate}
            for n, r in enumerate(text.relations, start=1)
        ]
        row = {"text": text.text, "entities": entities, "relations": relations}
        lines.append(json.dumps(row, ensure_ascii=False) + "\n")
    replace_text(file_place(path), "".join(lines))


def write_label_studio(texts: Sequence[AnnotatedText], path):
    """A list of tasks, each with one annotation."""
    tasks = []
    for text in texts:
        regions = [{"id": e.id, **_FIELDS, "type": "labels", "value": _region(text, e)} for e in text.entities]
        regions += [
            {"type": "relation", "from_id": r.subject, "to_id": r.object, "direction": "right", "labels": [r.predicate]}
            for r in text.relations
        ]
        tasks.append({"data": {"text": text.text}, "annotations": [{"result": regions}]})
    replace_text(file_place(path), json.dumps(tasks, ensure_ascii=False, indent=1) + "\n")


def write_brat(texts: Sequence[AnnotatedText], path):
    """A folder with NAME.txt and NAME.ann for each text. Raises: DataError for names with blanks, which it has not."""
    folder = folder_place(path)
    for number, text in enumerate(texts, start=1):
        named = {*(e.kind for e in text.entities), *(r.predicate for r in text.relations)}
        if wrong := [name for name in sorted(named) if re.search(r"\s", name)]:
            message = f"brat takes no blanks in names, and {shortened(wrong[0])} has some"
            raise DataError(f"{text.place}: {message}; rename it")
        names = {e.id: f"T{n}" for n, e in enumerate(text.entities, start=1)}
        lines = [f"{names[e.id]}\t{e.kind} {_pieces(text, e)}\t{_one_line(text.words(e))}" for e in text.entities]
        lines += [
            f"R{n}\t{r.predicate} Arg1:{names[r.subject]} Arg2:{names[r.object]}"
            for n, r in enumerate(text.relations, start=1)
        ]
        replace_text(folder / f"{number:05}.txt", text.text)
        replace_text(folder / f"{number:05}.ann", "".join(f"{line}\n" for line in lines))


WRITERS: dict[str, Callable] = {"doccano": write_doccano, "label-studio": write_label_studio, "brat": write_brat}
"""Program -> writer(texts, path); brat has a folder, the others a file."""
_FIELDS = {"from_name": "label", "to_name": "text"}


def _region(text: AnnotatedText, entity: Entity) -> dict:
    return {"start": entity.start, "end": entity.end, "text": text.words(entity), "labels": [entity.kind]}


def _numbers(text: AnnotatedText) -> dict[str, int]:
    """Ids as numbers: those that are, else their places."""
    ids = [entity.id for entity in text.entities]
    plain = all(re.fullmatch(r"[1-9]\d{0,17}", name) for name in ids)
    return {name: int(name) if plain else place for place, name in enumerate(ids, start=1)}


def _pieces(text: AnnotatedText, entity: Entity) -> str:
    """Its offsets, one piece per line of the text."""
    lines = re.finditer(r"[^\n]+", text.words(entity))
    return ";".join(f"{entity.start + line.start()} {entity.start + line.end()}" for line in lines)


def _one_line(words: str) -> str:
    return " ".join(words.split("\n"))
