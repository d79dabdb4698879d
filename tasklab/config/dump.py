"""A resolved config as YAML text: one block per section, lists inline, floats that read back to the same bits."""

import json
import re

from tasklab.config.section import Section

_PLAIN = re.compile(r"[A-Za-z_./][\w./@-]*", re.ASCII)
_RESERVED = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}  # YAML 1.1 reads these as values


def dump(config: Section) -> str:
    lines = [f"# {config.task or 'no task'}, {config.name or 'no model name'}: every value of the run, resolved."]
    return "\n".join(lines) + "\n" + dump_sections(dict(config.items()))


def dump_sections(values: dict) -> str:
    """YAML of names -> sections or plain values."""
    lines = []
    for key, value in values.items():
        if isinstance(value, Section):
            lines.append(f"{key}:")
            lines += [f"  {name}: {_inline(item)}" for name, item in value.items()]
        else:
            lines.append(f"{key}: {_inline(value)}")
    return "\n".join(lines) + "\n"


def _inline(value) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        mantissa, e, exponent = repr(value).partition("e")
        return mantissa + ("" if "." in mantissa else ".0") + e + exponent  # 1e-12 is text in YAML 1.1, 1.0e-12 is not
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_inline, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_text(key)}: {_inline(item)}' for key, item in value.items())}}}"
    return _text(value) if isinstance(value, str) else str(value)


def _text(value: str) -> str:
    if _PLAIN.fullmatch(value) and value.lower() not in _RESERVED and not value.startswith((".", "_")):
        return value
    quoted = json.dumps(value, ensure_ascii=False)
    return "".join(c if c.isprintable() else _escape(c) for c in quoted)


def _escape(char: str) -> str:
    return f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}"
