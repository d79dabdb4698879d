"""What was extracted, in texts alone: by type, by subject and predicate, or by event."""

from collections.abc import Sequence

from tasklab.data.extraction.schema import Node

TRIGGER = "trigger"
HEADS = {
    "entities": "[+] NER Results:", "relations": "[+] Information-Extraction Results:",
    "events": "[+] Event-Extraction Results:",
}  # fmt: skip


def plain_shapes(result: dict, schema: Sequence[Node]) -> dict[str, dict]:
    """Those of HEADS that the schema asks for: entities {type: [text]}, relations {subject: {predicate: [object]}},
    events {type: [{"trigger": text, argument: [text]}]}. Deeper levels stand in place of the texts, as
    {text: {...}}."""
    shapes: dict[str, dict] = {}
    for node in schema:
        spans = result[node.name]
        if not node.below:
            shapes.setdefault("entities", {})[node.name] = _texts(spans)
        elif node.is_event:
            events = [{TRIGGER: span["text"]} | _about(span, node) for span in spans]
            shapes.setdefault("events", {})[node.name] = events
        else:
            _merge(shapes.setdefault("relations", {}), _by_subject(spans, node))
    return shapes


def alone(shapes: dict[str, dict]) -> dict:
    """The shape, where the schema has one form alone; else all of them by their names."""
    return next(iter(shapes.values())) if len(shapes) == 1 else shapes


def _texts(spans: Sequence[dict]) -> list[str]:
    return list(dict.fromkeys(span["text"] for span in spans))


def _about(span: dict, node: Node) -> dict:
    below = span.get("relations", {})
    return {
        inner.name: _by_subject(below.get(inner.name, ()), inner) if inner.below else _texts(below.get(inner.name, ()))
        for inner in node.below
    }


def _by_subject(spans: Sequence[dict], node: Node) -> dict[str, dict]:
    return _merge({}, *({span["text"]: _about(span, node)} for span in spans))


def _merge(into: dict, *others: dict) -> dict:
    """Subjects of equal text are one; what they were asked twice was answered alike."""
    for other in others:
        for subject, about in other.items():
            into[subject] = into.get(subject, {}) | about
    return into
