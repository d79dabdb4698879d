"""BLEU and chrF of whole sets of texts, as sacrebleu computes them (Papineni et al. 2002; Popović 2015; Post 2018)."""

import math
from collections.abc import Sequence
from itertools import zip_longest

import numpy as np

from tasklab.errors import ConfigError
from tasklab.metrics.bootstrap import Interval, interval
from tasklab.metrics.scripts import language_of

BY_LANGUAGE = {"zh": "zh", "ja": "char", "ko": "char"}
"""sacrebleu's tokenizers; those that need programs of their own for Japanese and Korean are left to these."""
OTHERS = "13a"


def tokenizer_for(references: Sequence[Sequence[str]], asked: str | None = None) -> str:
    """The name of sacrebleu's tokenizer that suits the language of the references, or `asked` where it can be.

    Raises: ConfigError for 13a on Chinese, Japanese and Korean, which it leaves in one piece from mark to mark.
    """
    language = language_of([text for several in references for text in several])
    suited = BY_LANGUAGE.get(language, OTHERS)
    if asked == OTHERS and language:
        message = f"data.bleu_tokenizer = 13a: the targets are {language}, whose sentences 13a takes for single words"
        raise ConfigError(f"{message}; set it to {suited}, or to language")
    return asked or suited


def score_bleu(texts: Sequence[str], references: Sequence[Sequence[str]], tokenizer: str) -> tuple[dict, str]:
    """({"bleu", "chrf"} in percent, signature). references: of each text one or several."""
    from sacrebleu.metrics import BLEU, CHRF

    streams = [list(column) for column in zip_longest(*references)]  # None where a text has fewer
    bleu, chrf = BLEU(tokenize=tokenizer), CHRF()
    scores = {"bleu": bleu.corpus_score(texts, streams).score, "chrf": chrf.corpus_score(texts, streams).score}
    return scores, str(bleu.get_signature())


def bleu_interval(texts: Sequence[str], references: Sequence[Sequence[str]], tokenizer: str) -> Interval:
    """Of "bleu" as `score_bleu` has it."""
    from sacrebleu.metrics import BLEU

    of_one = BLEU(tokenize=tokenizer, effective_order=True)  # which changes no count, and sacrebleu asks for
    scores = [of_one.sentence_score(text, list(several)) for text, several in zip(texts, references, strict=True)]
    counts = np.array([[*one.counts, *one.totals, one.sys_len, one.ref_len] for one in scores])  # [texts, 4 + 4 + 2]

    def bleu(drawn: np.ndarray) -> float:
        sums = counts[drawn].sum(axis=0).tolist()
        return BLEU.compute_bleu(sums[:4], sums[4:8], *sums[8:], smooth_method="exp").score

    return interval(bleu, len(counts))


def score_bleu_n(texts: Sequence[str], references: Sequence[Sequence[str]], tokenizer: str) -> dict[str, float]:
    """bleu_1 to bleu_4 in percent, without smoothing: of n-grams up to so many words, 0 where one length is missed."""
    from sacrebleu.metrics import BLEU

    streams = [list(column) for column in zip_longest(*references)]
    score = BLEU(tokenize=tokenizer, smooth_method="none").corpus_score(texts, streams)
    shares = [share / 100 for share in score.precisions]
    return {f"bleu_{n}": 100 * score.bp * _geometric_mean(shares[:n]) for n in (1, 2, 3, 4)}


def _geometric_mean(shares: Sequence[float]) -> float:
    return math.prod(shares) ** (1 / len(shares))
