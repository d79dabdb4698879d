"""Label Studio's JSON and JSON-MIN (its guide to exports): labels of regions of a text, by one annotator or several."""

from collections.abc import Iterator, Mapping

from tasklab.data.files.exports import ANNOTATIONS, LABEL_STUDIO, annotations_of, writer_of
from tasklab.data.files.problems import listed, shortened
from tasklab.data.tagging.formats.span_lists import spans_of
from tasklab.data.tagging.sentences import FIX, Link, Passage, Source

NAME = LABEL_STUDIO
MIN = {"annotation_id", "lead_time"}
SEVERAL = "tasks annotated more than once, of which the ground truth counts, or else the latest annotation"


def looks_like(item) -> bool:
    if not isinstance(item, Mapping):
        return False
    whole = writer_of(item) == NAME
    return whole or not isinstance(item.get("data"), Mapping) and bool(item.keys() >= MIN or _regions(item))


def records(place: str, item: Mapping, source: Source) -> Iterator[Passage]:
    if not isinstance(item.get("data"), Mapping):
        regions = _regions(item)
        yield Passage(place, _text(item, "text", regions), spans_of(regions) if source.labelled else [])
        return
    annotation = _chosen(place, item, source) if source.labelled else {}
    if annotation is None:
        return
    result = annotation.get("result") or []
    if not isinstance(result, list):
        source.bad.add("no spans", f"{place}: the result is {shortened(str(result))}, expected a list", FIX)
        return
    given = [r for r in result if isinstance(r, Mapping)]
    results = [r for r in given if isinstance(r.get("value"), Mapping)]
    regions = [r for r in results if r.get("type") == "labels"]
    named = {str(r.get("to_name")) for r in regions}
    values = [r["value"] for r in regions]
    strange = sorted({str(r.get("type")) for r in results if "labels" in str(r.get("type")) and r not in regions})
    if strange or len(named) > 1:
        what = f"labels of several texts ({listed(sorted(named))})" if len(named) > 1 else f"{listed(strange)}"
        source.bad.add("labels not of one text", f"{place}: has {what}; only labels of one plain text are read", FIX)
    elif source.labelled and results and not regions:
        message = f"has {listed(sorted({str(r.get('type')) for r in results}))} and no labels of a text"
        source.bad.add("no spans", f"{place}: {message}", FIX)
    else:
        spans = [s._replace(id=str(r.get("id", ""))) for r in regions for s in spans_of([r["value"]])]
        links = source.links(place, _links(given, place))
        yield Passage(place, _text(item["data"], next(iter(named), "text"), values), spans, links)


def _chosen(place: str, item: Mapping, source: Source) -> Mapping | None:
    """The annotation that counts; None where there is none, which is told."""
    made = annotations_of(item)
    if not made:
        seen = any(item.get(key) for key in ANNOTATIONS)
        kind = "task that the annotator skipped" if seen else "task that nobody has annotated"
        source.bad.add(kind, f"{place}: {shortened(str(_text(item['data'], 'text', [])))}", fatal=False)
        return None
    if len(made) > 1:
        source.remarks[SEVERAL].add(place)
    return made[0]


def _links(given: list[Mapping], place: str) -> Iterator[Link]:
    for i, region in enumerate(given):
        if region.get("type") == "relation":
            ends = [str(region.get(key, "")) for key in ("from_id", "to_id")]
            kinds = region.get("labels") or [None]
            ends = ends[::-1] if region.get("direction") == "left" else ends
            yield from (Link(*ends, kind, f"{place}: result[{i}]") for kind in kinds)


def _regions(item: Mapping) -> list[Mapping]:
    """Those of JSON-MIN, which stand under the name that the project gives its labels."""
    lists = [value for value in item.values() if isinstance(value, list) and value]
    return next((v for v in lists if all(isinstance(r, Mapping) and {"start", "labels"} <= r.keys() for r in v)), [])


def _text(data: Mapping, name: str, regions: list[Mapping]):
    """The text that is annotated: what the regions quote, or what is called so, or the only text there is."""
    texts = {key: value for key, value in data.items() if isinstance(value, str)}
    quoted = [r["text"] for r in regions if isinstance(r.get("text"), str)]
    called = [key for key in (name, "text") if key in texts]
    holding = [key for key in (*called, *texts) if quoted and all(quote in texts[key] for quote in quoted)]
    return texts.get(next(iter([*holding, *called, *texts]), ""))
