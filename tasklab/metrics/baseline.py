"""An answer without learning, to show beside a score (idea: the sliding-window baselines of Richardson et al. 2013).

Rules, nothing is fitted: take the sentence that shares most words with the question, cut it at the words of the
question, at function words and at marks, and answer with the piece that fits the question word (a number for "how
many", a name for "who"), then the one nearest to a shared word.
"""
import re
from collections.abc import Iterable

# Chinese, Japanese and Korean characters are words of their own; elsewhere a word is a run of letters and digits.
CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff"
WORD = re.compile(rf"[{CJK}]|\d+(?:[.,:]\d+)*|[^\W\d_{CJK}]+(?:['’][^\W\d_{CJK}]+)*|[^\W{CJK}]")
SENTENCE = re.compile(r".*?(?:[.!?]+[\"')\]”’]*(?=\s|$)|[。！？；]+[”’」』]*|\n+|$)", re.DOTALL)
FUNCTION_WORDS = frozenset(
    "a am an and are as at be been but by did do does for from had has have he her his i in into is it its my of on or "
    "our she so than that the their them there these they this to was we were what when where which while who whom "
    "whose why will with you your how many much name 的 了 是 在 和 与 有 也 都 被 就 于 為 为 與 於".split()
)
NUMBER_QUESTION = re.compile(
    r"\b(when|how (many|much|old|long|far|high|tall|often)|what (year|date|time))\b|多少|几|幾|何时|何時|年"
)
NAME_QUESTION = re.compile(r"\b(who|whom|whose|where|which (city|country|town|person))\b")
NUMBER_WORDS = frozenset(
    "one two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty hundred thousand million "
    "half 一 二 三 四 五 六 七 八 九 十 百 千 万 萬 億 亿".split()
)
LONGEST = 8  # words of an answer


def baseline_answers(examples: Iterable) -> dict[str, str]:
    """Answer text by example id; reads .id, .question and .context of each example, never its answers."""
    return {example.id: baseline_answer(example.question, example.context) for example in examples}


def baseline_answer(question: str, context: str) -> str:
    """The answer of the rules above, cut from the context; "" when the context holds no word."""
    asked = {word.lower() for word in WORD.findall(question)}
    keys = asked - FUNCTION_WORDS
    sentence = max(_sentences(context), key=lambda words: len({w.group().lower() for w in words} & keys), default=[])
    shared = [i for i, word in enumerate(sentence) if word.group().lower() in keys]
    best, answer = None, ""
    for first, last in _pieces(sentence, context, asked | FUNCTION_WORDS):
        words = [word.group() for word in sentence[first : last + 1]]
        distance = min((min(abs(i - first), abs(i - last)) for i in shared), default=0)
        rank = (not _fits(question.lower(), words), distance, first)
        if best is None or rank < best:
            best, answer = rank, context[sentence[first].start() : sentence[last].end()]
    return answer or (context[sentence[0].start() : sentence[-1].end()] if sentence else "")


def first_sentence(text: str) -> str:
    """Up to the mark that ends it, or the whole text."""
    sentences = (match.group().strip() for match in SENTENCE.finditer(text))
    return next(filter(None, sentences), "")


def _sentences(context: str) -> list[list[re.Match]]:
    """The words of each sentence, as matches in the whole context."""
    spans = [(match.start(), match.end()) for match in SENTENCE.finditer(context) if match.group()]
    return [words for start, end in spans if (words := list(WORD.finditer(context, start, end)))]


def _pieces(sentence: list[re.Match], context: str, borders: set[str] | frozenset[str]):
    """(first, last) of every longest run of words that are no borders and have nothing but blanks between them."""
    first = None
    for i, word in enumerate(sentence):
        border = word.group().lower() in borders
        if first is not None:
            apart = context[sentence[i - 1].end() : word.start()].strip()
            if border or apart or i - first >= LONGEST:
                yield first, i - 1
                first = None
        if first is None and not border:
            first = i
    if first is not None:
        yield first, len(sentence) - 1


def _fits(question: str, words: list[str]) -> bool:
    """Whether a piece is of the kind that the question word asks for."""
    if NUMBER_QUESTION.search(question):
        return any(word[0].isdigit() or word.lower() in NUMBER_WORDS for word in words)
    if NAME_QUESTION.search(question):
        return words[0][0].isupper()
    return True
