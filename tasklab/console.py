"""Shows what tasklab says to people who have not set up logging themselves; everyone else's arrangement stays."""

import contextlib
import importlib.util
import json
import logging
import sys
import time
from collections.abc import Callable, Iterator, Mapping

DELAY = 1.0
"""Seconds of work before a bar is shown."""
_bars: list = []


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
            table = isinstance(record.msg, Scores) and watched()
            with beside_bars():
                sys.stderr.write(f"{prefix}{record.msg.table() if table else record.getMessage()}\n")
                sys.stderr.flush()
        except Exception:
            self.handleError(record)


def watched() -> bool:
    """Whether a person sees what is written to stderr: in a terminal, or below a cell of a notebook."""
    if sys.stderr is not None and sys.stderr.isatty():
        return True
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return shell is not None and "IPKernelApp" in shell.config


@contextlib.contextmanager
def bar(total: int, unit: str, what: str = "", done: int = 0) -> Iterator[Callable[[int], object]]:
    """A bar with the time left, for work of more than a second that somebody watches; the function moves it on."""
    if not watched():
        yield lambda count=1: None
        return
    shown = _tqdm()(
        total=total, initial=done, unit=unit, desc=what or None, leave=False, delay=DELAY, file=sys.stderr,
        dynamic_ncols=True,
    )  # fmt: skip
    _bars.append(shown)
    try:
        yield shown.update
    finally:
        _bars.remove(shown)
        shown.close()


@contextlib.contextmanager
def beside_bars():
    """Room for a line; the bars come back below it."""
    shown = [bar for bar in _bars if time.time() >= bar.start_t + DELAY]
    for bar in shown:
        bar.clear()
    yield
    for bar in shown:
        bar.refresh()


def _tqdm():
    """The class for this place: notebooks have one of their own where ipywidgets is installed."""
    if not sys.stderr.isatty() and importlib.util.find_spec("ipywidgets"):
        from tqdm.notebook import tqdm
    else:
        from tqdm import tqdm
    return tqdm


class Scores:
    """Metrics as a message: in a log one line with six digits, for a person a small table with four. Whoever needs all
    of them has metrics.jsonl, and what `evaluate` returns."""

    def __init__(self, title: str, metrics: Mapping[str, float], between: str = " = "):
        self.title, self.metrics, self.between = title, metrics, between

    def __str__(self) -> str:
        shown = {name: float(f"{v:.6g}") if isinstance(v, float) else v for name, v in self.metrics.items()}
        return f"{self.title}{self.between}{shown}"

    def table(self) -> str:
        """A line per metric; points of numbers under one another."""
        shown = [f"{v:.4f}" if isinstance(v, float) else f"{v}.    " for v in self.metrics.values()]
        left, right = (max(map(len, column), default=0) for column in (self.metrics, shown))
        rows = (f"  {name:{left}}  {number:>{right}}" for name, number in zip(self.metrics, shown, strict=True))
        return "\n".join([self.title, *(row.rstrip(" .") for row in rows)])


def print_text(text: str):
    """Writes JSON to the standard output; characters that its encoding lacks are escaped as JSON escapes them."""
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = "".join(c if c.isascii() else json.dumps(c)[1:-1] for c in text)
    sys.stdout.write(text)
