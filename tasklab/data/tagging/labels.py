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
        told = f"holds {strange[0]!r}" if strange else f"lacks {', '.join(missing)}"
        raise ConfigError(f"model.labels {told}; token classification needs O and for each type B- and I- (E-, S-)")
    return kinds_of(labels)


def numbered_labels(path) -> list[str]:
    """The tags of a label2id.json in the order of their numbers. Raises DataError."""
    table = read_json(from_home(path))
    if not isinstance(table, dict) or sorted(map(str, table.values())) != sorted(map(str, range(len(table)))):
        raise DataError(f"{path}: expected an object tag -> number, numbers 0 to {len(table) - 1}, each once")
    return sorted(table, key=lambda tag: int(table[tag]))
