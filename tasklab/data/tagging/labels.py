"""What the outputs of a network that tags are called."""

from tasklab.content import from_home
from tasklab.data.files.textfile import read_json
from tasklab.data.tagging.schemes import is_tag, kinds_of, missing_tags
from tasklab.errors import ConfigError, DataError


def output_kinds(labels: list[str]) -> list[str]:
    """The types that the outputs know. Raises ConfigError when they are no complete set of tags."""
    strange = [label for label in labels if not is_tag(label)]
    missing = [] if strange or not labels else missing_tags(labels)
    if strange or missing:
        message = f"holds {strange[0]!r}" if strange else f"lacks {', '.join(missing)}"
        raise ConfigError(f"model.labels {message}; token classification needs O and for each type B- and I- (E-, S-)")
    return kinds_of(labels)


def numbered_labels(path) -> list[str]:
    """The tags in the order of their numbers: of a JSON object tag -> number or number -> tag, or of a list of tags.

    Raises: DataError when it is none of these.
    """
    table = read_json(from_home(path))
    if isinstance(table, list):
        table = {str(tag): number for number, tag in enumerate(table)}
    elif isinstance(table, dict) and all(map(str.isdecimal, table)):
        table = {str(tag): number for number, tag in table.items()}
    if not isinstance(table, dict) or sorted(map(str, table.values())) != sorted(map(str, range(len(table)))):
        last = len(table) - 1 if isinstance(table, dict) else "one less than there are"
        raise DataError(f"{path}: expected an object tag -> number, numbers 0 to {last}, each once; or a list of tags")
    return sorted(table, key=lambda tag: int(table[tag]))
