"""Kinds of questions whose answers are of unequal difficulty: by question word, and by the length of the answer."""

import re
from collections.abc import Sequence

from tasklab.metrics.baseline import WORD
from tasklab.metrics.groups import mean_scores

WORDS = {
    "how many": r"\bhow (many|much|old|long|far|high|tall|often)\b|多少|几|幾",
    "why": r"\bwhy\b|为什么|為什麼|为何|為何",
    "when": r"\bwhen\b|\b(what|which) (year|date|day|time|century|decade|month)\b|何时|何時|什么时候|什麼時候|哪一?年",
    "where": r"\bwhere\b|\b(what|which) (city|country|town|place|state)\b|哪里|哪裡|哪儿|何处|何處|什么地方|什麼地方",
    "who": r"\b(who|whom|whose)\b|谁|誰|何人|什么人|什麼人",
    "which": r"\bwhich\b|哪",
    "how": r"\bhow\b|如何|怎么|怎麼|怎样|怎樣",
    "what": r"\bwhat\b|什么|什麼|有何|何种|何種|何谓|何謂",
}
"""In this order: the first that a question holds is its word."""
OTHER, NONE = "other", "no answer"
LENGTHS = ((1, "1"), (2, "2"), (4, "3 to 4"), (8, "5 to 8"), (16, "9 to 16"))
"""(words up to which, the name)."""
LONGER = "more than 16"
PATTERNS = {word: re.compile(pattern) for word, pattern in WORDS.items()}


def question_word(question: str) -> str:
    """The question word, English or Chinese; OTHER without one."""
    question = question.lower()
    return next((word for word, pattern in PATTERNS.items() if pattern.search(question)), OTHER)


def answer_length(answer: str) -> str:
    """How many words an answer has; a Chinese character is one."""
    words = sum(1 for match in WORD.finditer(answer) if match.group()[0].isalnum())
    if not words:
        return NONE
    return next((name for most, name in LENGTHS if words <= most), LONGER)


def question_groups(questions: Sequence[str], truth: Sequence[str], scores: Sequence[dict[str, float]]) -> dict:
    """Scores by question word and by length of the answer, as Report.groups has them."""
    lengths = [NONE, *(name for _, name in LENGTHS), LONGER]
    words = mean_scores(map(question_word, questions), scores)
    if OTHER in words:
        words[OTHER] = words.pop(OTHER)  # the last one, however many it has
    return {
        "question word": words,
        "length of the answer (words)": mean_scores(map(answer_length, truth), scores, lengths),
    }
