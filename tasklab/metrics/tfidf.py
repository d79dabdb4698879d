"""What counting words is worth: TF-IDF and a linear model, to show beside the score of a network (scikit-learn)."""

import re
from collections import Counter
from collections.abc import Sequence

WORD = r"[\u3040-\u30ff\u3400-\u9fff]|[^\W\u3040-\u30ff\u3400-\u9fff]+"
"""A run of letters and digits, or one Chinese or Japanese character."""
ROWS = 20_000
"""Texts learned from at most, which keeps it at some seconds."""


def tfidf_predictions(texts: Sequence[str], labels: Sequence, asked: Sequence[str]) -> list:
    """A label for each of `asked`, learned from `texts`: by logistic regression, or by ridge for numbers.

    Words and pairs of neighbouring words count, weighted by how rare they are. Where there is one label only, or no
    word in any text, the answer is the most frequent label.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline

    texts, labels = texts[:ROWS], labels[:ROWS]
    words = TfidfVectorizer(token_pattern=WORD, ngram_range=(1, 2), sublinear_tf=True)
    model = Ridge() if isinstance(labels[0], float) else LogisticRegression(C=10.0, max_iter=200)
    if len(set(labels)) == 1 or not any(re.search(WORD, text) for text in texts):
        return [Counter(labels).most_common(1)[0][0]] * len(asked)
    return make_pipeline(words, model).fit(texts, labels).predict(asked).tolist()
