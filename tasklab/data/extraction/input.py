"""What a user hands to predict: texts, each with the schema of the run or with one of its own."""

from collections.abc import Mapping

from tasklab.config import NoName, names
from tasklab.data.extraction.example import SchemaExample
from tasklab.data.extraction.reading import ExtractionDataConfig
from tasklab.data.extraction.schema import FORMS, Node, schema_of
from tasklab.data.files.cells import identity_of
from tasklab.data.files.inputs import Inputs
from tasklab.data.files.problems import shortened
from tasklab.data.files.table import Table
from tasklab.data.files.textfile import encodable
from tasklab.errors import ConfigError, DataError

TEXTS = ("text", "content")
ASKED = ("schema", "prompt")
"""What is asked about one text: a schema, or a prompt as training files have it, with its subject beside it."""
INPUTS = Inputs('"a text", or {"text": ..., "schema": ...}', keys=TEXTS)


def texts_from_input(input_data, data: ExtractionDataConfig) -> list[SchemaExample]:
    """Examples in input order. A .txt file holds one text per line; tables have a column `text`.

    Raises: DataError naming the position; ConfigError without a schema.
    """
    path = INPUTS.file(input_data)
    if path and path.suffix != ".txt":
        items = Table(path, encoding=data.encoding)
    elif path:
        items = INPUTS.lines(path, data.encoding, data.on_bad_row == "skip")
    else:
        items = INPUTS.items(input_data)
    nodes = data.nodes
    return [_example(item, nodes, place, str(number)) for number, (place, item) in enumerate(items)]


def _example(item, nodes: tuple[Node, ...], place: str, number: str) -> SchemaExample:
    text, subject = item, None
    if isinstance(item, Mapping):
        text = next((item[key] for key in TEXTS if key in item), None)
        number = identity_of(item, "id", number)
        own = [item[key] for key in ASKED if item.get(key) is not None]
        if len(own) > 1:
            raise DataError(f"{place}: has a schema and a prompt; keep the one that is to be asked")
        nodes = _own(own[0], place) if own else nodes
        if item.get("prompt") is not None and isinstance(item.get("subject"), str):
            subject = item["subject"]
    if not isinstance(text, str) or not text.strip() or not encodable(text):
        raise INPUTS.unusable(place, item)
    if not nodes:
        raise ConfigError(f"{place}: nothing is asked about it; set data.schema, or predict(..., schema=...): {FORMS}")
    return SchemaExample(number, text, nodes, place, subject)


def _own(schema, place: str) -> tuple[Node, ...]:
    try:
        return schema_of(names(schema), f"{place}: schema")
    except NoName as error:
        raise DataError(f"{place}: schema{error}") from None
    except ValueError:
        raise DataError(f"{place}: schema is {shortened(str(schema))}; expected {FORMS}") from None
    except ConfigError as error:
        raise DataError(str(error)) from None
