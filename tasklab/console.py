"""Shows what tasklab says to people who have not set up logging themselves; everyone else's arrangement stays."""

import logging
import sys


def attach():
    """Lets the `tasklab` logger write plain lines to stderr, from INFO up. Safe to call again.

    Nothing changes when the program has given the logger or the root logger a handler, or the logger a level.
    """
    logger = logging.getLogger("tasklab")
    if not (logger.handlers or logger.level or logging.getLogger().handlers):
        logger.setLevel(logging.INFO)
        logger.addHandler(_Console())


class _Console(logging.Handler):
    """Writes to what sys.stderr is at that moment; falls silent when the root logger gets a handler later."""

    def emit(self, record: logging.LogRecord):
        if logging.getLogger().handlers:
            return
        try:
            prefix = f"{record.levelname.lower()}: " if record.levelno >= logging.WARNING else ""
            sys.stderr.write(f"{prefix}{record.getMessage()}\n")
            sys.stderr.flush()
        except Exception:
            self.handleError(record)
