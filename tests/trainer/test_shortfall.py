"""What is said of a training that stayed below a baseline, from what is known of it alone."""

import pytest

from tasklab.session.shortfall import Ended, cut_most, remedies, warnings

GOOD = {"steps": 400, "epochs": 8, "losses": [2.0, 1.0, 0.8, 0.79]}  # long enough, and level at the end


def first(**known):
    return remedies(Ended(**(GOOD | known)))[0]


def test_above_the_baseline_nothing_is_said():
    assert not list(warnings(Ended(**GOOD), "f1", 0.5, {"trivial": {"f1": 0.1}, "learned": {"f1": 0.5, "loss": 9.0}}))


def test_below_the_best_baseline_the_score_the_baseline_and_at_most_three_remedies_are_told():
    wrong = {"lost": {"a": 5}, "weighable": True, "cut": 0.5, "unknown": 0.5}
    ended = Ended(**(GOOD | wrong | {"steps": 24, "epochs": 3}))
    (said,) = warnings(ended, "accuracy", 0.75, {"trivial": {"accuracy": 0.6}, "learned": {"accuracy": 1.0}})
    head, *lines = said.split("\n")
    assert head == "accuracy 0.7500 is below the baseline, 1.0000 (learned). What may help:"
    assert [line[4:19] for line in lines] == ["a model of the ", "train.epochs=25", "loss.balanced=t"]


@pytest.mark.parametrize("score", [0.29, float("nan")])
def test_a_score_that_is_no_number_is_below(score):
    assert len(list(warnings(Ended(**GOOD), "spearmanr", score, {"trivial": {"spearmanr": 0.3}}))) == 1


def test_a_baseline_that_is_no_number_is_none():
    assert not list(warnings(Ended(**GOOD), "spearmanr", 0.1, {"trivial": {"spearmanr": float("nan")}}))


def test_few_steps_ask_for_as_many_epochs_as_make_200():
    # 24 steps in 3 epochs are 8 an epoch: 25 epochs
    said = first(steps=24, epochs=3, losses=[1.1, 1.0, 0.9], longer="tasklab train --resume out train.epochs={}")
    assert said == "train.epochs=25, as 24 steps are few: tasklab train --resume out train.epochs=25"


def test_a_loss_that_still_falls_asks_for_twice_the_epochs():
    assert first(losses=[2.0, 1.8, 1.2, 0.9]).startswith("train.epochs=16, as the loss still falls")


def test_a_loss_that_is_small_already_does_not_count_as_falling():
    assert "learned by heart" in first(losses=[2.0, 0.5, 0.02, 0.01])


def test_a_loss_that_hardly_fell_asks_for_another_rate():
    assert first(losses=[0.7, 0.7, 0.69, 0.69], lr=3e-5).startswith("another optimizer.lr, such as 9.0e-05 or 1.0e-05")


@pytest.mark.parametrize(
    "known, start",
    [
        ({"unknown": 0.31}, "a model of the text's language (tasklab list), or its own tokenizer.vocab: 31% of"),
        ({"cut": 0.4, "cut_at": 128, "max_tokens": 512}, "data.max_seq_length=256: 40% of the rows are cut"),
        ({"cut": 0.4, "cut_at": 512, "max_tokens": 512}, "shorter texts: 40% of the rows are cut at 512"),
        (
            {"cut": 0.4, "cut_by": "max_target_length", "cut_at": 16, "max_tokens": 512},
            "data.max_target_length=32: 40% of the rows are cut at 16 tokens",
        ),
        ({"random_start": True}, "a model with pretrained weights"),
        ({"lost": {"x": 2}, "weighable": True}, "loss.balanced=true: of x (2) none is found: F1 0"),
        ({"alike": True, "lr": 3e-5}, "another optimizer.lr, such as 9.0e-05 or 1.0e-05: every example gets the same"),
        ({}, "more rows, or a larger model"),
    ],
)
def test_each_cause_has_its_remedy(known, start):
    assert first(**known).startswith(start)


def test_a_network_that_learned_from_other_rows_is_to_learn_from_these():
    start = "tasklab train output/demo data.train=FILE"
    said = "training on rows like these, as it learned from others: " + start
    assert first(elsewhere=start, losses=[2.0, 1.8, 1.2, 0.9]) == said


def test_of_a_network_whose_training_is_unknown_nothing_is_said_of_steps():
    assert remedies(Ended()) == ["more rows, or a larger model (tasklab list)"]


def test_a_class_that_is_never_found_is_told_above_the_baseline_too():
    (said,) = warnings(Ended(**(GOOD | {"lost": {"rare": 7}, "weighable": True})), "accuracy", 0.9, {})
    assert said == "of rare (7) none is found: F1 0; loss.balanced=true lets them count as much"
    (said,) = warnings(Ended(**(GOOD | {"lost": {"PER": 1}})), "f1", 0.9, {})
    assert said == "of PER (1) none is found: F1 0; more rows, or a larger model (tasklab list)"


@pytest.mark.parametrize("info, setting, share", [
    ({"cut_sources": 3, "cut_targets": 4}, "max_target_length", 0.4), ({"cut_questions": 2}, "max_query_length", 0.2),
    ({"cut_rows": 1, "unknown": 9}, "max_seq_length", 0.1), ({}, "max_seq_length", 0.0),
])  # fmt: skip
def test_what_cuts_most_is_told(info, setting, share):
    class Ten(list):
        pass

    rows = Ten(range(10))
    rows.info = info
    assert cut_most(rows) == (setting, pytest.approx(share))
