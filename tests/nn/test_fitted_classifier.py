"""The fitted classifier beside scikit-learn's, which fits the same rows on its own."""

import numpy as np
import pytest
from mindspore import Tensor
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import normalize

from tasklab.nn.heads.fitted import FittedClassifier


@pytest.mark.parametrize("classes", [2, 3])
def test_probabilities_are_those_of_a_logistic_regression_on_unit_vectors(classes, rng):
    vectors, labels = rng.standard_normal((30, 8)).astype(np.float32), np.arange(30) % classes
    weights = rng.uniform(0.5, 2, 30)
    head = FittedClassifier(8, classes).set_train(False)
    head.fit(vectors, labels, weights)
    theirs = LogisticRegression(C=10.0, max_iter=1000).fit(normalize(vectors), labels, weights)
    asked = rng.standard_normal((5, 8)).astype(np.float32) * 7  # their length does not count
    found = softmax(head(Tensor(asked)).asnumpy(), axis=1)
    np.testing.assert_allclose(found, theirs.predict_proba(normalize(asked)), atol=1e-4)


def test_a_class_without_rows_is_never_told_and_training_gives_vectors(rng):
    vectors = rng.standard_normal((12, 4)).astype(np.float32)
    head = FittedClassifier(4, 4)
    head.fit(vectors, np.array([0, 2, 3] * 4), np.ones(12))
    assert softmax(head.set_train(False)(Tensor(vectors)).asnumpy(), axis=1)[:, 1].max() < 1e-6
    np.testing.assert_array_equal(head.set_train(True)(Tensor(vectors)).asnumpy(), vectors)
    assert head.trainable_params() == []
