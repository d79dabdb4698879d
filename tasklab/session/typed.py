"""An input to show at the end of a verb, as one types it: of the user's own data where that has a short one."""

import json
import re
from collections.abc import Sequence
from itertools import islice

from tasklab.errors import ConfigError, DataError
from tasklab.session.frames import asked_of
from tasklab.task import Task

SAMPLED, LONGEST = 100, 80
"""Examples that are looked at, and characters of an input that still fits into a line."""
BESIDE = ("id", "label", "group")
"""What is known of an example beside its texts."""
TAKEN_OTHERWISE = re.compile(r"^-|[=\n\t]|\.\w{2,5}$")
"""What the command line may take for an option, a setting or a file."""


def typed_input(task: Task, examples: Sequence) -> str:
    """The first one that is short, or else the task's primer."""
    asked = ({k: v for k, v in asked_of(e).items() if k not in BESIDE} for e in islice(examples, SAMPLED))
    shown = (_typed(texts) for texts in asked if texts)
    fits = (text for text in shown if len(text) <= LONGEST and not TAKEN_OTHERWISE.search(text))
    return next((text for text in fits if _is_input(task, text)), task.primer.strip('"'))


def _is_input(task: Task, text: str) -> bool:
    """Whether predict takes it, as one example."""
    try:
        return len(task.parse(text)) == 1
    except (ConfigError, DataError):  # a task may lack what it is to be asked
        return False


def _typed(texts: dict) -> str:
    """A text alone as it is, several as JSON."""
    alone = next(iter(texts.values())) if len(texts) == 1 else texts
    return alone if isinstance(alone, str) else json.dumps(texts, ensure_ascii=False)
