"""A chat template in a process of its own, which may be ended whatever the template is at.

A single call of Jinja2 can loop in C for ever or fill the memory; no check between two lines of a template sees that.
Its process imports this file by its path: a package above would bring more than it needs.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import weakref
from datetime import datetime

from tasklab.content import parse_json

START_SECONDS, SECONDS = 60, 5.0
"""How long the process may take to begin, and for one rendering."""
MEMORY = 1 << 30
"""Bytes of addresses that it may have."""
MOST = 4 << 20
"""Characters that a template may write."""
COMMAND = (
    "import json, runpy, sys; path, here = json.loads(sys.argv[1]); sys.path[:] = path; runpy.run_path(here)['serve']()"
)


class TemplateProcess:
    """Renders one template; the process is there from the first rendering on, and anew after one that was ended."""

    def __init__(self, source: str):
        self.source = source
        self._lock = threading.Lock()
        self._process: subprocess.Popen | None = None
        self._owner = 0

    def __call__(self, variables: dict) -> dict:
        """{"text"}, {"refused": what the template says by raise_exception}, or {"wrong": why there is no text}."""
        with self._lock:
            if self._process is None or self._owner != os.getpid() or self._process.poll() is not None:
                self._start()
            return self._ask({"variables": variables}, SECONDS)

    def _start(self):
        options = json.dumps([sys.path, __file__])
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", COMMAND, options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._owner = os.getpid()
        weakref.finalize(self, _end, self._process, self._owner)
        self._ask({"source": self.source}, START_SECONDS)

    def _ask(self, question: dict, seconds: float) -> dict:
        late = threading.Timer(seconds, self._process.kill)
        late.start()
        try:
            self._process.stdin.write(json.dumps(question).encode() + b"\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        except OSError:
            answer = b""
        finally:
            late.cancel()
        if not answer.endswith(b"\n"):
            _end(self._process, self._owner)
            self._process = None
            return {"wrong": f"it runs longer than {seconds:.0f} s, or takes more than {MEMORY >> 20} MB"}
        return parse_json(answer, "the chat template's process", ValueError)


def _end(process: subprocess.Popen, owner: int):
    if owner == os.getpid():
        process.kill()
        process.communicate()


class Refused(Exception):
    """What a template says by raise_exception."""


def environment():
    """As transformers has it (utils/chat_template_utils.py): its sandbox, settings, filters and functions."""
    from jinja2.ext import Extension
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Generation(Extension):
        """{% generation %} marks what is an assistant's, for programs that ask; it writes what is inside."""

        tags = {"generation"}

        def parse(self, parser):
            next(parser.stream)
            return parser.parse_statements(("name:endgeneration",), drop_needle=True)

    made = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols", Generation]
    )
    made.filters["tojson"] = _json
    made.globals |= {"raise_exception": _refuse, "strftime_now": lambda form: datetime.now().strftime(form)}
    return made


def serve():
    """Answers lines of JSON until there are no more."""
    _bound()
    template, made = None, environment()
    for line in sys.stdin.buffer:
        asked = parse_json(line, "a chat template's turns", ValueError)
        if "source" in asked:
            template, answer = asked["source"], {}
        else:
            answer = _answer(made, template, asked["variables"])
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _answer(made, template: str, variables: dict) -> dict:
    chunks, size = [], 0
    try:
        for part in made.from_string(template).generate(variables):
            size += len(part)
            if size > MOST:
                return {"wrong": f"it writes more than {MOST} characters"}
            chunks.append(part)
    except Refused as error:
        return {"refused": str(error)}
    except Exception as error:  # whatever a template makes of what it is given
        return {"wrong": str(error) or type(error).__name__}
    return {"text": "".join(chunks)}


def _bound():
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # meant for the program; its end is ours
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    except (ImportError, ValueError, OSError):
        pass  # Windows, or less is allowed already


def _refuse(message):
    raise Refused(str(message))


def _json(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False) -> str:
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)
