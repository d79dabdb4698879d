"""Chat templates: Jinja2 as transformers has it, in its sandbox, in bounded time; a user's text makes no special token.

Source: transformers, docs "Chat templates"; huggingface/transformers, utils/chat_template_utils.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from tasklab.content import read_content
from tasklab.errors import DataError, brief
from tasklab.text.template_process import TemplateProcess, environment

LONGEST = 1 << 18
"""Characters of a template."""
PRIVATE = range(0xE000, 0xF900)
"""Characters without a meaning; one of them stands inside the special tokens that a user spells."""


TEMPLATE_FILE = "chat_template.jinja"


def template_beside(options: dict, folder: Path) -> tuple[str | None, dict[str, bytes]]:
    """A model's template, and the file that it lies in: that which transformers 5 writes, else of its options.

    options: tokenizer_config.json's; of several templates with names the default one counts.
    """
    source = options.get("chat_template")
    if isinstance(source, list):
        named = {each.get("name"): each.get("template") for each in source if isinstance(each, dict)}
        source = named.get("default")
    files = {}
    if (beside := folder / TEMPLATE_FILE).is_file():
        files = {TEMPLATE_FILE: read_content(beside)}
        source = files[TEMPLATE_FILE].decode("utf-8", "replace")
    return (source if isinstance(source, str) and source.strip() else None), files


class ChatTemplate:
    """Turns as pieces: texts, and the ids of the special tokens that the template itself writes.

    Args:
        source: the template.   special: spelling -> id.   place: where it stands, for messages.
        bos, eos: spellings, "" where there is none.
    Raises: DataError for a template that cannot be parsed, or is too long.
    """

    def __init__(self, source: str, special: Mapping[str, int], bos: str = "", eos: str = "", place: str = "template"):
        from jinja2 import TemplateError

        self.source, self.place = source, place
        # a single character cannot be taken apart where a user writes it: it is text for the template too
        self.special = {spelling: number for spelling, number in special.items() if len(spelling) > 1}
        self._named = {"bos_token": bos, "eos_token": eos}
        spellings = sorted(self.special, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, spellings)) or r"(?!)")
        if len(source) > LONGEST:
            raise DataError(f"{place}: the chat template has {len(source)} characters, expected at most {LONGEST}")
        try:
            environment().parse(source)
        except (TemplateError, RecursionError) as error:
            raise DataError(f"{place}: the chat template cannot be read ({brief(str(error))})") from None
        self._process = TemplateProcess(source)

    def __call__(self, messages: Sequence, generation_prompt: bool) -> list[str | int]:
        """messages: with role and content. Raises: DataError where the template refuses them, reaches for what it may
        not have, or takes too long."""
        if not messages:
            raise DataError(f"{self.place}: there are no turns for the chat template; give one message at least")
        mark = _unused(self.source, *(text for message in messages for text in message))

        def plain(text: str) -> str:
            return self._pattern.sub(lambda hit: hit[0][0] + mark + hit[0][1:], text)

        turns = [{"role": plain(m.role), "content": plain(m.content)} for m in messages]
        variables = {"messages": turns, "add_generation_prompt": generation_prompt, "tools": None, "documents": None}
        written = self._rendered(variables | self._named)
        pieces: list[str | int] = []
        at = 0
        for hit in self._pattern.finditer(written):
            pieces += [written[at : hit.start()], self.special[hit[0]]]
            at = hit.end()
        pieces.append(written[at:])
        unmarked = (piece.replace(mark, "") if isinstance(piece, str) else piece for piece in pieces)
        return [piece for piece in unmarked if piece != ""]

    def _rendered(self, variables: dict) -> str:
        answer = self._process(variables)
        if "refused" in answer:
            raise DataError(f"{self.place}: the chat template refuses these turns: {brief(answer['refused'])}")
        if "wrong" in answer:
            raise DataError(
                f"{self.place}: the chat template cannot be used ({brief(answer['wrong'])}); take another one"
            )
        return answer["text"]


def _unused(*texts: str) -> str:
    """A character that stands in none of them."""
    used = set().union(*texts)
    char = next((chr(code) for code in PRIVATE if chr(code) not in used), None)
    if char is None:
        raise DataError("the turns use every private character of Unicode; they are no text")
    return char
