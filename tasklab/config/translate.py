"""Entries in anybody's spelling to entries under tasklab's keys, with what was ignored and what cannot be honoured."""

import dataclasses
import difflib

from tasklab.config.aliases import ALIASES, IGNORED, ONLY, SKIP, TARGET_MODULES, VALUES
from tasklab.config.entries import Entry
from tasklab.config.section import Section
from tasklab.config.target_modules import read_target_modules


def translate(entries: list[Entry], native: set[str]) -> tuple[list[Entry], list[str], list[str]]:
    """Entries of one source under tasklab's keys, the keys that were ignored, and problems with their places.

    `native` holds tasklab's own dotted keys; they are never taken for somebody else's. Unknown keys pass through.
    """
    translated, weak, ignored, problems = [], [], [], []
    for entry in entries:
        target = _target(entry.key, native)
        if entry.key in ONLY:
            if str(entry.value).lower() != ONLY[entry.key].lower():
                expected = f"tasklab supports only {ONLY[entry.key]} there"
                problems.append(f"{entry.place}: {entry.key} is {entry.value!r}; {expected}")
        elif target:
            value = VALUES.get(entry.key, {}).get(str(entry.value).lower(), entry.value)
            if entry.key in TARGET_MODULES and value:
                try:
                    value = read_target_modules(value)
                except ValueError as error:
                    problems.append(f"{entry.place}: {entry.key} is {entry.value!r}; {error}")
                    continue
            if value not in ("", None, SKIP):
                moved = dataclasses.replace(entry, key=target.lstrip("?"), value=value)
                (weak if target.startswith("?") else translated).append(moved)
        elif entry.key == "model.model_config.expand_ratio":
            weak.append(entry)
        elif below := _ignored_key(entry.key, native):
            ignored.append(below)
        else:
            translated.append(entry)
    strong = {entry.key for entry in translated}
    translated += [entry for entry in _expanded(weak, translated) if entry.key not in strong]
    return translated, list(dict.fromkeys(ignored)), problems


def is_alias(key: str) -> bool:
    """Whether somebody else's spelling of a setting is known, be it followed, refused or passed over."""
    return key in ALIASES or key in ONLY or key in IGNORED


def key_meant(word: str, keys: list[str]) -> str | None:
    """Which of the dotted keys a word stands for: itself, anybody's spelling, or the last part of one, or nearly so."""
    if word in keys:
        return word
    last = {key.rpartition(".")[2]: key for key in reversed(keys)}
    spellings = last | {alias: target.lstrip("?") for alias, target in ALIASES.items() if "." not in alias}
    near = difflib.get_close_matches(word, spellings, n=1, cutoff=0.8)
    return spellings[near[0]] if near else None


def called(config: Section, key: str):
    """The value of a setting in anybody's spelling; a switch of theirs, such as fp16, is on or off.

    Raises: ConfigError for a name that is not known, or stands for nothing here.
    """
    target = (_target(key, set(config.leaf_keys())) or key).lstrip("?")
    holder, _, last = target.rpartition(".")
    value = config[holder][int(last)] if last.isdigit() else config[target]
    on = VALUES.get(key, {}).get("true")
    return value if on is None else value == on


def _target(key: str, native: set[str]) -> str | None:
    if key in native:
        return None
    if key in ALIASES:
        return ALIASES[key]
    return f"data.{key}" if f"data.{key}" in native and "." not in key else None  # doc_stride, n_best_size, ...


def _ignored_key(key: str, native: set[str]) -> str | None:
    """The entry of IGNORED that covers `key`."""
    segments = key.split(".")
    if key in native:
        return None
    return next((p for n in range(len(segments)) if (p := ".".join(segments[: n + 1])) in IGNORED), None)


def _expanded(weak: list[Entry], translated: list[Entry]) -> list[Entry]:
    """MindFormers 0.3 states the feed-forward width as a multiple of the hidden size."""
    hidden = next((e.value for e in translated + weak if e.key == "model.hidden_size"), None)
    result = []
    for entry in weak:
        if entry.key.endswith("expand_ratio") and hidden is not None:
            width = str(int(str(hidden)) * int(str(entry.value)))
            entry = dataclasses.replace(entry, key="model.intermediate_size", value=width)
        result.append(entry)
    return result
