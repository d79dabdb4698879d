"""Shows what tasklab says to people who have not set up logging themselves; everyone else's arrangement stays."""

import json
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


def print_text(text: str):
    """Writes JSON to the standard output; characters that its encoding lacks are escaped as JSON escapes them."""
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = "".join(c if c.isascii() else json.dumps(c)[1:-1] for c in text)
    sys.stdout.write(text)
