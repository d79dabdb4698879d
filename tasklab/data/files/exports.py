"""Texts with classes as annotation programs export them, as rows of a table: Label Studio's tasks, Prodigy's choices.

Both keep what the annotator said in layers of their own; in a table it is the column `label`.
"""

from collections.abc import Mapping

LABEL_STUDIO, PRODIGY = "Label Studio", "Prodigy"
ANSWERS = ("accept", "reject", "ignore")  # of Prodigy, to a task of which it keeps a hash
ANNOTATIONS = ("annotations", "completions")  # before version 1 of Label Studio


def writer_of(item) -> str:
    """The program whose task an object is, '' where it is none of these."""
    if not isinstance(item, Mapping):
        return ""
    if isinstance(item.get("data"), Mapping) and any(isinstance(item.get(key), list) for key in ANNOTATIONS):
        return LABEL_STUDIO
    chosen = isinstance(item.get("accept"), list) and isinstance(item.get("options"), list)
    return PRODIGY if chosen or "_task_hash" in item and str(item.get("answer")) in ANSWERS else ""


def plain_row(item: dict) -> dict:
    """The row of a task, without a label where nobody gave one; any other object as it is."""
    writer = writer_of(item)
    if writer == LABEL_STUDIO:
        return {"id": item.get("id"), **item["data"], **_choices(item)}
    if writer == PRODIGY:
        kept = {key: value for key, value in item.items() if key not in ("accept", "options", "answer", "label")}
        label = _one(item["accept"]) if isinstance(item.get("accept"), list) else item.get("label")
        return kept | ({"label": label} if item.get("answer", "accept") == "accept" else {})
    return item


def annotations_of(task: Mapping) -> list[Mapping]:
    """What annotators made of one of Label Studio's tasks and did not skip.

    The first one is that which counts: the ground truth, or else the latest.
    """
    given = next((task[key] for key in ANNOTATIONS if isinstance(task.get(key), list)), [])
    made = [a for a in given if isinstance(a, Mapping) and not a.get("was_cancelled")]
    return sorted(made, key=_weight, reverse=True)


def _weight(annotation: Mapping) -> tuple[bool, str]:
    return bool(annotation.get("ground_truth")), str(annotation.get("updated_at") or annotation.get("created_at") or "")


def _choices(task: Mapping) -> dict:
    """Of each choice by its name in the project; `label`, whatever its name, where there is one alone."""
    choices = {}
    for annotation in annotations_of(task)[:1]:
        result = annotation.get("result")
        for region in result if isinstance(result, list) else ():
            value = region.get("value") if isinstance(region, Mapping) else None
            if isinstance(value, Mapping) and isinstance(value.get("choices"), list):
                choices.setdefault(str(region.get("from_name")), []).extend(value["choices"])
    return {"label" if len(choices) == 1 else name: _one(chosen) for name, chosen in choices.items()}


def _one(chosen: list):
    return chosen[0] if len(chosen) == 1 else chosen
