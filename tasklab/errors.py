"""What can go wrong on the user's side; every message names the place, the value, what was expected and a remedy."""


class TasklabError(Exception):
    """Base of everything a user can cause and mend; the command line prints it without a traceback."""


class ConfigError(TasklabError):
    """A configuration value, key or combination that cannot work."""


class DataError(TasklabError):
    """A data file or row that cannot be used."""


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
