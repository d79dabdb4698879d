"""Chat templates: Jinja2 as transformers has it, in its sandbox, in bounded time; a user's text makes no special token.

Source: transformers, docs "Chat templates"; huggingface/transformers, utils/chat_template_utils.py.
"""

from __future__ import annotations

import contextlib
import json
import re
import sys
import time
from collections.abc import Mapping, Sequence

from tasklab.errors import DataError, brief

SECONDS, LINES = 5.0, 500_000
"""What rendering may take; a line of a template is one of its Python code."""
MOST = 4 << 20
"""Characters of a template, of what it writes, and of any text that it makes on its way."""
PRIVATE = range(0xE000, 0xF900)
"""Characters without a meaning; one of them stands inside the special tokens that a user spells."""
REFUSED = ("format", "format_map", "ljust", "rjust", "center", "zfill", "expandtabs", "translate")
"""Methods of texts whose result may be far longer than what they are given, by a number alone."""


class ChatTemplate:
    """Turns as pieces: texts, and the ids of the special tokens that the template itself writes.

    Args:
        source: the template.   special: spelling -> id.   place: where it stands, for messages.
        bos, eos: spellings, "" where there is none.
    Raises: DataError for a template that cannot be parsed, or is too long.
    """

    def __init__(self, source: str, special: Mapping[str, int], bos: str = "", eos: str = "", place: str = "template"):
        from jinja2 import TemplateError

        self.source, self.special, self.place = source, dict(special), place
        self._named = {"bos_token": bos, "eos_token": eos}
        spellings = sorted(filter(None, self.special), key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, spellings)) or r"(?!)")
        if len(source) > MOST:
            raise DataError(f"{place}: the chat template has {len(source)} characters, expected at most {MOST}")
        try:
            self._template = _environment().from_string(source)
        except (TemplateError, RecursionError) as error:
            raise DataError(f"{place}: the chat template cannot be read ({brief(str(error))})") from None

    def __call__(self, messages: Sequence, generation_prompt: bool) -> list[str | int]:
        """messages: with role and content. Raises: DataError where the template refuses them, reaches for what it may
        not have, or takes too long."""
        mark = _unused(self.source, *(message.content for message in messages))
        turns = [
            {"role": m.role, "content": self._pattern.sub(lambda hit: hit[0][0] + mark + hit[0][1:], m.content)}
            for m in messages
        ]
        written = self._rendered({"messages": turns, "add_generation_prompt": generation_prompt, **self._named})
        pieces: list[str | int] = []
        at = 0
        for hit in self._pattern.finditer(written):
            pieces += [written[at : hit.start()], self.special[hit[0]]]
            at = hit.end()
        pieces.append(written[at:])
        plain = (piece.replace(mark, "") if isinstance(piece, str) else piece for piece in pieces)
        return [piece for piece in plain if piece != ""]

    def _rendered(self, variables: dict) -> str:
        from jinja2 import TemplateError

        parts, size = [], 0
        try:
            with _bounded():
                for part in self._template.generate(variables):
                    size += len(part)
                    if size > MOST:
                        raise _TooMuch(f"it writes more than {MOST} characters")
                    parts.append(part)
        except _Refused as error:
            raise DataError(f"{self.place}: the chat template refuses these turns: {brief(str(error))}") from None
        except (TemplateError, _TooMuch, TypeError, ValueError, AttributeError, ArithmeticError, LookupError,
                RecursionError, MemoryError) as error:  # fmt: skip
            told = brief(str(error) or type(error).__name__)
            raise DataError(f"{self.place}: the chat template cannot be used ({told}); take another one") from None
        return "".join(parts)


class _Refused(Exception):
    """What a template says by raise_exception."""


class _TooMuch(Exception):
    """A bound was met."""


@contextlib.contextmanager
def _bounded():
    """Ends what runs inside by _TooMuch when it takes too long: every line of the template's code is counted."""
    lines, end, before = 0, time.monotonic() + SECONDS, sys.gettrace()

    def trace(frame, _event, _argument):
        nonlocal lines
        if frame.f_code.co_filename.startswith("<template"):
            lines += 1
            if lines > LINES or time.monotonic() > end:
                raise _TooMuch(f"it runs longer than {LINES:,} lines or {SECONDS:.0f} s")
        return trace

    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)


def _environment():
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Sandbox(ImmutableSandboxedEnvironment):
        """With transformers' settings; operators and methods that make long texts of short ones are bounded."""

        intercepted_binops = frozenset({"*", "**", "%", "+"})

        def call_binop(self, context, operator, left, right):
            texts = [side for side in (left, right) if isinstance(side, (str, list, tuple))]
            if operator == "*" and texts:
                size = sum(map(len, texts)) * max((side for side in (left, right) if isinstance(side, int)), default=0)
                if size > MOST:
                    raise _TooMuch(f"it makes a text of {size} characters")
            elif operator == "+" and sum(map(len, texts)) > MOST:
                raise _TooMuch(f"it makes a text of more than {MOST} characters")
            elif operator == "**" or operator == "%" and isinstance(left, str):
                raise _TooMuch(f"{operator} is not offered")
            return super().call_binop(context, operator, left, right)

        def is_safe_callable(self, found):
            own = isinstance(getattr(found, "__self__", None), str) and found.__name__ in REFUSED
            return not own and super().is_safe_callable(found)

    made = Sandbox(trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"])
    for name in ("center", "format", "indent", "wordwrap", "xmlattr", "urlize"):
        made.filters.pop(name, None)
    made.filters["tojson"] = _json
    made.globals |= {"raise_exception": _refuse, "strftime_now": time.strftime}
    return made


def _refuse(message):
    raise _Refused(str(message))


def _json(value, indent=None) -> str:
    if indent is not None and not (isinstance(indent, int) and 0 <= indent <= 8):
        raise _TooMuch("an indent of more than 8")
    return json.dumps(value, ensure_ascii=False, indent=indent)


def _unused(*texts: str) -> str:
    """A character that stands in none of them."""
    used = set().union(*texts)
    found = next((chr(code) for code in PRIVATE if chr(code) not in used), None)
    if found is None:
        raise DataError("the turns use every private character of Unicode; they are no text")
    return found
