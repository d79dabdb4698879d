"""Class weights against scikit-learn's definition and PLM_task's cap."""

import pytest

from tasklab.config import LossConfig
from tasklab.data.rows.balance import balanced_weights, class_weights, presence_weights
from tasklab.errors import ConfigError


def test_rare_classes_weigh_more():
    # 60, 30 and 10 of 100 rows in 3 classes: 100 / (3 * n), sklearn's compute_class_weight("balanced")
    assert balanced_weights([60, 30, 10]) == pytest.approx([100 / 180, 100 / 90, 100 / 30])


def test_the_ratio_has_a_limit():
    # n_max / n_c is 1, 2, 100; at most 10 times the smallest
    assert balanced_weights([100, 50, 1], max_ratio=10) / balanced_weights([100, 50, 1])[0] == pytest.approx([1, 2, 10])


def test_a_class_without_rows_has_a_weight():
    assert balanced_weights([2, 0]) == pytest.approx([3 / 4, 3 / 2])


def test_a_label_that_few_rows_have_weighs_more_where_it_is():
    # of 10 rows 5, 1 and none have the label: 5/5, 9/1, 10/1
    assert presence_weights([5, 1, 0], 10).tolist() == [1, 9, 10]
    assert presence_weights([5, 1, 0], 10, max_ratio=4).tolist() == [1, 4, 4]


def test_labels_without_a_weight_count_one():
    config = LossConfig(class_weights={"rare": 5})
    assert class_weights(config, ["common", "rare"]) == [1.0, 5.0]
    assert class_weights(LossConfig(), ["common", "rare"]) is None


def test_a_weight_for_no_label_is_refused_with_the_nearest():
    with pytest.raises(ConfigError, match="loss.class_weights: no label named 'rar'. Did you mean 'rare'?"):
        class_weights(LossConfig(class_weights={"rar": 2}), ["common", "rare"])
