"""Markdown and HTML without marks: what is read, by hand, and where each character of it stands in the source."""

import html
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasklab.data.questions.markup import html_text, markdown_text, unmarked

MARKDOWN = [
    ("The **bold**, *slanted* and ***both***.", "The bold, slanted and both."),
    ("__under__ and snake_case_name and 2 * 3 * 4", "under and snake_case_name and 2 * 3 * 4"),
    ("**a *b* c** and ~~old~~ new", "a b c and old new"),
    ("un**break**able", "unbreakable"),
    (r"a \* star \_ and \\ slash, C:\new", r"a * star _ and \ slash, C:\new"),
    ("`x = a * b * c` and ``a ` b``", "x = a * b * c and a ` b"),
    ("# A **head** #\n## Next", "A head\nNext"),
    ("Head\n====\n\nother\n---\ntext", "Head\n\n\nother\n\ntext"),
    ("[the shop](https://x.org/a_(b) \"Shop\") here", "the shop here"),
    ("![A picture](p.png) and [![inner](a.png)](b.html)", "A picture and inner"),
    ("[text][1] and a note[^1]\n\n[1]: http://x.org\n[^1]: The note.", "text and a note\n\n\nThe note."),
    ("- one\n* [x] two\n  + three\n1. four", "one\ntwo\nthree\n1. four"),
    ("> quoted\n> - item", "quoted\nitem"),
    ("a\n\n***\n\nb", "a\n\n\n\nb"),
    ("before\n```python\nx = *a*  # [b](c)\n```\nafter", "before\nx = *a*  # [b](c)\n\nafter"),
    ("~~~\nopen *to* the end", "open *to* the end"),
    ("| Part | Price |\n|:--|--:|\n| `a|b` | 5 |\n\na | b", "  Part   Price  \n\n  a|b   5  \n\na | b"),
    ("---\ntitle: T\n---\ntext", "\ntext"),
    ("R&amp;D, M&uuml;ller, &#8364;5, AT&T, &zzz; `&amp;`", "R&D, Müller, €5, AT&T, &zzz; &amp;"),
    ("one<br>two, <b>B</b>erlin, <!-- hidden -->a < b > c", "one two, Berlin, a < b > c"),
    ("<https://x.org/a_b_c> and <ann@x.org>", "https://x.org/a_b_c and ann@x.org"),
    ("line *one\ntwo* end\r\n# head\r\n", "line one\ntwo end\r\nhead\n"),
]
HTML = [
    ("<p>Made in <b>B</b>erlin</p><p>now</p>", "\nMade in Berlin\nnow\n"),
    ('<a title="a > b" href=\'x>y\'>link</a>', "link"),
    ("R&amp;D &lt;b&gt; M&uuml;ller&#8364;&#x41;", "R&D <b> Müller€A"),
    ("a<script>if (x < 1) y('</p>')</script>b<style>p{}</style>c<!-- no -->d", "a\nb\ncd"),
    ("<ul>\n  <li>one\n  <li>two\n</ul>", "\none\ntwo\n"),
    ("1 < 2 & 3 > 2", "1 < 2 & 3 > 2"),
    ("<!DOCTYPE html><td>a</td><td>b</td>", "\na\nb\n"),
    (f'x<img src="data:{"A" * 5000}">y', "x\ny"),
]


@pytest.mark.parametrize("source, text", MARKDOWN)
def test_markdown_is_read_without_its_marks(source, text):
    assert markdown_text(source).text == text


@pytest.mark.parametrize("source, text", HTML)
def test_html_is_read_without_its_tags(source, text):
    assert html_text(source).text == text


@pytest.mark.parametrize("read, source, words, slice_of_it", [
    (markdown_text, "Made in **Berlin** by [Ann](http://a.org).", "Berlin", "Berlin"),
    (markdown_text, "Made in **Ber**lin.", "Berlin", "Ber**lin"),
    (markdown_text, "It costs &euro;5 &amp; more.", "€5", "&euro;5"),
    (html_text, "<p>By M&uuml;ller <i>&amp;</i> Co</p>", "Müller & Co", "M&uuml;ller <i>&amp;</i> Co"),
    (unmarked, "**plain**", "plain", "plain"),
])  # fmt: skip
def test_words_are_found_in_the_source(read, source, words, slice_of_it):
    plain = read(source)
    start = plain.text.index(words)
    begin, end = plain.place(start, start + len(words))
    assert source[begin:end] == slice_of_it
    assert plain.place(start, start) == (0, 0)


SIGNS = "ab *_`~#>-|[]()!<&;/\\\n\"':1x=\r\0\1"


@settings(max_examples=300, deadline=None)
@given(st.text(SIGNS, max_size=60), st.sampled_from([markdown_text, html_text]))
def test_every_character_is_that_of_its_place(source, read):
    plain = read(source)
    assert len(plain.text) == len(plain.starts) == len(plain.ends)
    assert (plain.starts[1:] >= plain.starts[:-1]).all() and (plain.starts < plain.ends).all()
    for character, start, end in zip(plain.text, plain.starts, plain.ends, strict=True):
        there = source[start:end]
        assert character == there or character in html.unescape(there) or character in " \n" and len(there)


MARKS = [
    "*a ", "**a*b_c ", "_a ", "`a ", "[", "[a](", "<a ", '<a t="', "<!--", "| a\n", "&amp", "<script>", "```\n", "> ",
    "a|",
]  # fmt: skip


def test_marks_that_are_never_closed_take_linear_time():
    start = time.process_time()
    for mark in MARKS:
        for read in (markdown_text, html_text):
            read(mark * 10_000)
    read = markdown_text("a|" * 10_000 + "\n" + "-|" * 10_000 + "x")
    assert time.process_time() - start < 30 and read.text
