"""Chinese reading comprehension scores, CMRC 2018 and DRCD (rules: cmrc2018_evaluate.py, Cui et al. 2019)."""
import re
from collections.abc import Mapping, Sequence

from tasklab.errors import DataError

MODES = ("official", "uer")
# The official list also holds a two-character ellipsis, which no single character equals: it never removes anything.
# ASCII , . ? ! and " are not in it.
PUNCTUATION = frozenset("-:_*^/\\~`+=，。：？！“”；’《》·、「」（）－～『』")
CHINESE = re.compile("[\u4e00-\u9fa5]")


def score_cmrc(
    predictions: Mapping[str, str], references: Mapping[str, Sequence[str]], mode: str = "official"
) -> dict[str, float]:
    """Exact match and F1 in percent over every reference row; their mean `average` selects the model.

    Args:
        predictions: answer text by question id. A row without an entry scores 0 and is counted in `skipped`.
        references: gold texts by question id; a row without gold texts is right when the answer is empty.
        mode: "official" keeps Latin words and numbers whole and ignores case; "uer" (UER-py run_cmrc) compares single
            characters, blanks included, and minds case in F1. UER-py's rule that answers of one character score 0 is
            a fault of its decoding and left out.
    Returns: exact_match, f1, average, total, skipped.
    Raises: DataError without any row.
    """
    if not references:
        raise DataError("CMRC score: there is no reference row; expected at least one question")
    if mode not in MODES:
        raise ValueError(f"CMRC mode {mode!r}; expected one of {', '.join(MODES)}")
    exact_sum = f1_sum = 0.0
    answered = [key for key in references if key in predictions]
    for key in answered:
        golds = references[key] or [""]
        exact_sum += max(exact(predictions[key], gold) for gold in golds)
        f1_sum += max(f1(predictions[key], gold, mode) for gold in golds)
    total = len(references)
    exact_match, f1_mean = 100.0 * exact_sum / total, 100.0 * f1_sum / total
    return {
        "exact_match": exact_match,
        "f1": f1_mean,
        "average": (exact_match + f1_mean) / 2,
        "total": total,
        "skipped": total - len(answered),
    }


def exact(prediction: str, gold: str) -> float:
    """1.0 when both texts are equal in lower case and without `PUNCTUATION`; blanks inside count."""
    return float(_bare(prediction.lower().strip()) == _bare(gold.lower().strip()))


def f1(prediction: str, gold: str, mode: str = "official") -> float:
    """F1 of the longest run of segments that both texts share (contiguous; a substring, not a subsequence).

    Two empty texts agree; the official script knows no empty gold text.
    """
    split = segments if mode == "official" else _bare
    predicted, reference = split(prediction), split(gold)
    if not predicted and not reference:
        return 1.0
    shared = longest_common_run(predicted, reference)
    if not shared:
        return 0.0
    precision, recall = shared / len(predicted), shared / len(reference)
    return 2 * precision * recall / (precision + recall)


def segments(text: str) -> list[str]:
    """Lower-cased segments without `PUNCTUATION`: one per Chinese character, `latin_words` of the rest.

    A removed punctuation character does not separate: "a-b" is the word "ab".
    """
    pieces = re.split(f"({CHINESE.pattern})", _bare(text.lower().strip()))
    return [part for piece in pieces for part in ([piece] if CHINESE.fullmatch(piece) else latin_words(piece))]


def longest_common_run(left: Sequence[str], right: Sequence[str]) -> int:
    """Length of the longest contiguous run of equal items."""
    best, previous = 0, [0] * (len(right) + 1)
    for item in left:
        current = [0]
        for j, other in enumerate(right):
            current.append(previous[j] + 1 if item == other else 0)
        best, previous = max(best, max(current)), current
    return best


SEPARATE = r';@#$%&?!()\[\]{}<>"«»“”‘„’'
PIECES = re.compile(rf"\.{{2,}}|[{SEPARATE}]|,(?!\d)|(?:[^{SEPARATE},.]|,(?=\d)|\.(?!\.))+")
CLITICS = re.compile(r"(?<=[^'])(n't|'(?:s|m|d|ll|re|ve)?)$")


def latin_words(text: str) -> list[str]:
    """Words and marks of lower-case text without Chinese characters, by the Penn Treebank conventions.

    The official script calls nltk.word_tokenize; this is the part of it that matters for answers: marks stand alone, a
    comma or dot inside a number and a dot inside a word stay, the last full stop is split off, and so are the endings
    's 'm 'd 'll 're 've n't. Quotes keep their form, and the text is taken as one sentence.
    """
    text = re.sub(r"""(?<=[^.])\.(?=["')\]}>»”’\s]*$)""", " . ", text)
    return [word for chunk in text.split() for piece in PIECES.findall(chunk) for word in _split_clitic(piece)]


def _split_clitic(word: str) -> list[str]:
    match = CLITICS.search(word)
    return [word[: match.start()], match.group()] if match and match.start() else [word]


def _bare(text: str) -> str:
    return "".join(char for char in text if char not in PUNCTUATION)
