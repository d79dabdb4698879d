"""Lists of tokens and tags, as the data sets of the HuggingFace hub have them."""

from collections.abc import Iterator, Mapping

from tasklab.data.files.problems import shortened
from tasklab.data.files.textfile import encodable
from tasklab.data.tagging.sentences import FIX, Sentence, Source

NAME = ""  # no program's own
TAGS = ("tags", "ner_tags", "labels")


def looks_like(item) -> bool:
    """Tokens, unless a text stands beside them and no tags do."""
    return isinstance(item, Mapping) and "tokens" in item and ("text" not in item or _tags(item) is not None)


def records(place: str, item: Mapping, source: Source) -> Iterator[Sentence]:
    tokens, tags = item["tokens"], _tags(item)
    named = [str(tag) if _is_number(tag) else tag for tag in tags] if isinstance(tags, list) else tags
    if not _texts(tokens):
        message = f"tokens is {shortened(str(tokens))}, expected a list of texts"
        source.bad.add("no tokens", f"{place}: {message}", FIX)
    elif source.labelled and (not _texts(named) or len(named) != len(tokens)):
        message = f"{len(named)} tags" if _texts(named) else f"the tags {shortened(str(tags))}"
        message = f"has {len(tokens)} tokens and {message}, expected one name each"
        source.bad.add("tokens without tags", f"{place}: {message}", FIX)
    else:
        places = [f"{place}: token {i}" for i in range(1, len(tokens) + 1)]
        yield Sentence(place, list(tokens), places, named if source.labelled else None)


def _tags(item: Mapping):
    tags = next((item[key] for key in TAGS if key in item), None)
    return None if isinstance(tags, list) and tags and isinstance(tags[0], (list, Mapping)) else tags


def _is_number(tag) -> bool:
    return isinstance(tag, int) and not isinstance(tag, bool) and tag >= 0


def _texts(value) -> bool:
    """Whether it is a list of texts with something in each."""
    return isinstance(value, list) and bool(value) and all(isinstance(v, str) and v and encodable(v) for v in value)
