"""What can go wrong on the user's side; every message names the place, the value, what was expected and a remedy."""

import reprlib

_SHORT = reprlib.Repr()
_SHORT.maxlevel, _SHORT.maxstring, _SHORT.maxother, _SHORT.maxlong = 3, 60, 60, 40


def brief(value) -> str:
    """A value as messages show it: short, and in a time that does not depend on how large or how deep it is."""
    try:
        return _SHORT.repr(value)
    except ValueError:  # a number of thousands of digits
        return f"a number of {value.bit_length()} bits" if isinstance(value, int) else type(value).__name__


_COPIES: dict[str, str] = {}


def read_from_copy(path, copy):
    """Has messages name `path` where a copy of it is read, such as one unpacked."""
    _COPIES[str(copy)] = str(path)


def with_own_names(message: str) -> str:
    """The message with the names of files as their user knows them."""
    for copy, path in _COPIES.items():
        message = message.replace(copy, path)
    return message


class TasklabError(Exception):
    """Base of everything a user can cause and mend; the command line prints it without a traceback."""

    def __str__(self) -> str:
        return with_own_names(super().__str__())


class ConfigError(TasklabError):
    """A configuration value, key or combination that cannot work."""


class DataError(TasklabError):
    """A data file or row that cannot be used."""


class MissingColumns(DataError):
    """A table whose columns have other names than the usual ones.

    settings: KEY=VALUE words that may name them, judged by what they hold; the command line shows them with a command.
    command: the words behind `tasklab` that these belong to; None: those that were given.
    """

    def __init__(self, message: str, settings=()):
        super().__init__(message)
        self.settings, self.command = list(settings), None


class UnknownName(TasklabError):
    """A name that no registry knows; the message lists the nearest ones."""


class CheckpointError(TasklabError):
    """Weights that are missing, damaged, or do not fit the network."""


class MissingDependency(TasklabError):
    """An optional package that is needed here; the message carries the pip line."""


class TrainingError(TasklabError):
    """A run that cannot go on, such as a loss that is no longer a number; the last checkpoint stays."""


class Interrupted(TasklabError):
    """A run stopped by Ctrl-C or SIGTERM after saving; the message says how to continue."""

    def __init__(self, message: str, signal_number: int):
        super().__init__(message)
        self.exit_code = 128 + signal_number  # what a shell reports for that signal
