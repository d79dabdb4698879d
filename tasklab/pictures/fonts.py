"""Names as pictures can show them: the fonts that have their characters, or a word where none is installed."""

import functools
from collections.abc import Sequence

FONTS = (
    "DejaVu Sans", "Noto Sans CJK SC", "Noto Sans CJK JP", "Source Han Sans SC", "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei", "Microsoft YaHei", "SimHei", "PingFang SC", "Hiragino Sans GB", "Heiti TC", "Arial Unicode MS",
)  # fmt: skip
"""Tried in this order for every character, before all others; matplotlib brings the first along."""
NOT_FOR_READING = ("Last Resort", "STIXNonUnicode", "cm", "DejaVu Sans Display", "DejaVu Serif Display")
"""Fonts whose characters are other signs than their numbers say."""
LONGEST = 26  # characters of a name


def shown(names: Sequence[str], word: str) -> tuple[list[str], list[str], int]:
    """The names shortened, the font families to draw them with, and how many no font can draw.

    Those become the word with their place, from 1.
    """
    codes = {code for name in names for code in map(ord, name)}
    families, covered = _fonts_for(frozenset(codes))
    drawn = [name if covered.issuperset(map(ord, name)) else "" for name in names]
    short = _shortened(drawn)
    labels = [name or f"{word} {place}" for place, name in enumerate(short, start=1)]
    return labels, families, drawn.count("")


def drawable(text: str) -> tuple[str, list[str]]:
    """The text with ? for what no font can draw, and the families to draw it with."""
    families, covered = _fonts_for(frozenset(map(ord, text)))
    return "".join(char if ord(char) in covered or char == "\n" else "?" for char in text), families


def width(text: str) -> int:
    """In Latin letters; a Chinese character is as wide as two."""
    return sum(1 + (ord(char) > 0x2E7F) for char in text)


def _shortened(names: Sequence[str]) -> list[str]:
    """Their beginning and their end, of as many characters as tell them apart."""
    for longest in (LONGEST, 2 * LONGEST, 4 * LONGEST):
        half = longest // 2
        short = [name if len(name) <= longest else f"{name[:half]}…{name[1 - half :]}" for name in names]
        if len(set(short)) == len(set(names)):
            break
    return short


@functools.lru_cache(maxsize=64)
def _fonts_for(codes: frozenset[int]) -> tuple[list[str], set[int]]:
    """Installed families that have the characters, as far as any has, and which of them they have."""
    from matplotlib.font_manager import fontManager

    installed = {font.name: font.fname for font in reversed(fontManager.ttflist)}
    others = [name for name in installed if name not in FONTS and not name.startswith(NOT_FOR_READING)]
    families, covered = [], set()
    for name in (*filter(installed.get, FONTS), *sorted(others)):
        if codes <= covered:
            break
        added = _characters(installed[name]) & (codes - covered)
        if added or name == FONTS[0]:
            families.append(name)
            covered |= added
    return families, covered


@functools.cache
def _characters(path: str) -> frozenset[int]:
    from matplotlib.font_manager import get_font

    try:
        font = get_font(path)
        return frozenset(font.get_charmap()) if font.scalable else frozenset()  # no pictures of emoji
    except (OSError, RuntimeError):
        return frozenset()
