"""What counting words is worth: TF-IDF and a linear model, to show beside the score of a network (scikit-learn)."""

import re
import warnings
from collections import Counter
from collections.abc import Sequence

import numpy as np

WORD = r"[\u3040-\u30ff\u3400-\u9fff]|[^\W\u3040-\u30ff\u3400-\u9fff]+"
"""A run of letters and digits, or one Chinese or Japanese character."""
ROWS = 20_000
"""Texts learned from at most, which keeps it at some seconds."""
AT_ONCE = 256
"""Texts compared with all at a time."""


def tfidf_predictions(texts: Sequence[str], labels: Sequence, asked: Sequence[str]) -> list:
    """A label for each of `asked`, learned from `texts`: by logistic regression, for tuples of labels by one for each
    label, and for numbers (float) by ridge.

    Words and pairs of neighbouring words count, weighted by how rare they are. Where there is one label only, or no
    word in any text, the answer is the most frequent label.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MultiLabelBinarizer

    rows = _drawn(labels, ROWS)
    texts, labels = [texts[i] for i in rows], [labels[i] for i in rows]
    if len(set(labels)) == 1 or not any(re.search(WORD, text) for text in texts):
        return [Counter(labels).most_common(1)[0][0]] * len(asked)

    def answers(model, targets):
        words = TfidfVectorizer(token_pattern=WORD, ngram_range=(1, 2), sublinear_tf=True)
        return make_pipeline(words, model).fit(texts, targets).predict(asked)

    if isinstance(labels[0], float):
        return answers(Ridge(), labels).tolist()
    classifier = LogisticRegression(C=10.0, max_iter=200)
    if isinstance(labels[0], tuple):
        sets = MultiLabelBinarizer()
        with warnings.catch_warnings():  # a label that every text has is no fault
            warnings.simplefilter("ignore", UserWarning)
            return sets.inverse_transform(answers(OneVsRestClassifier(classifier), sets.fit_transform(labels)))
    return answers(classifier, labels).tolist()


def nearest_texts(texts: Sequence[str], asked: Sequence[str]) -> list[int]:
    """Which of `texts` has most words, and pairs of them, in common with each of `asked`, weighted by how rare they
    are; the first where none has any. The first ROWS of them are looked at."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    if not any(re.search(WORD, text) for text in texts[:ROWS]):
        return [0] * len(asked)
    words = TfidfVectorizer(token_pattern=WORD, ngram_range=(1, 2), sublinear_tf=True)
    documents, queries = words.fit_transform(texts[:ROWS]), words.transform(asked)  # [T, W], [A, W] sparse
    blocks = (queries[start : start + AT_ONCE] @ documents.T for start in range(0, len(asked), AT_ONCE))
    return [int(place) for part in blocks for place in np.asarray(part.argmax(axis=1)).reshape(-1)]


def tfidf_cosines(texts: Sequence[str], first: Sequence[str], second: Sequence[str]) -> list[float]:
    """How alike each of `first` and the one of `second` beside it are: the cosine of their words, weighted by how rare
    these are in `texts`, of which ROWS are looked at; 0 where no text has a word."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    if not any(re.search(WORD, text) for text in texts[:ROWS]):
        return [0.0] * len(first)
    words = TfidfVectorizer(token_pattern=WORD, ngram_range=(1, 2), sublinear_tf=True).fit(texts[:ROWS])
    products = words.transform(first).multiply(words.transform(second))  # [N, W] sparse
    return np.asarray(products.sum(axis=1)).reshape(-1).tolist()


def _drawn(labels: Sequence, most: int) -> np.ndarray:
    """Numbers of `most` of the rows, ascending and the same ones every time; of all rows when there are not more.

    Every label keeps its share, whatever the order of the rows; numbers keep theirs by size.
    """
    count = len(labels)
    if count <= most:
        return np.arange(count)
    number = {label: i for i, label in enumerate(sorted(set(labels)))}
    order = np.random.default_rng(0).permutation(count)
    order = order[np.argsort([number[labels[row]] for row in order], kind="stable")]
    return np.sort(order[np.arange(most) * count // most])
