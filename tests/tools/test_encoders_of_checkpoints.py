"""Tools that need an encoder take that of a checkpoint of any task, and answer as the encoder alone does."""

import logging

import numpy as np
import pytest
from tiny_models import bert_tensors, write_huggingface, write_trained

from tasklab.errors import UnknownName
from tasklab.task import TASKS
from tasklab.tools.nearest_words import nearest_words
from tasklab.tools.whiten import whiten
from tasklab.trainer import Trainer

CONTEXT = "the old river a mill"
TEXTS = [CONTEXT, "the mill", "a river", "old olders", "the the the", "mill river old"]
ON_ANY = [name for name in TASKS.names() if TASKS.get(name).head not in ("causal", "seq2seq")]
"""Tasks that take an encoder which reads both ways and nothing beside it, as the one here."""
SHORT = ["data.max_seq_length=16"]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    return write_huggingface(tmp_path_factory.mktemp("encoder") / "m", bert_tensors(heads={}))


def _checkpoint(folder, task: str, encoder):
    (folder / "train.conll").write_text("the\tO\nriver\tB-X\n")
    needed = {
        "token_classification": {"train": str(folder / "train.conll")},
        "prompt_classification": {"patterns": ["{textA} {MASK}"], "label_words": {"a": ["river"], "b": ["mill"]}},
    }  # the others need no data
    return write_trained(folder / "c", task, encoder, **needed.get(task, {}))


@pytest.mark.parametrize("task", ON_ANY)
def test_nearest_words_in_a_context_are_those_of_the_encoder(task, encoder, tmp_path, caplog):
    folder = _checkpoint(tmp_path, task, encoder)
    caplog.set_level(logging.WARNING, "tasklab")
    found = nearest_words(str(folder), "river", context=CONTEXT).words["river"]
    wanted = nearest_words(str(encoder), "river", context=CONTEXT).words["river"]
    assert [word for word, _ in found] == [word for word, _ in wanted] and len(found) == 4
    np.testing.assert_allclose([c for _, c in found], [c for _, c in wanted], atol=2e-4)
    assert not caplog.messages


@pytest.fixture(scope="module")
def vectors(encoder):
    return _vectors(encoder)


def _vectors(model):
    return Trainer(task="feature_extraction", model=str(model), overrides=SHORT).predict(input_data=TEXTS)


@pytest.mark.parametrize("task", ON_ANY)
def test_vectors_are_those_of_the_encoder(task, encoder, vectors, tmp_path):
    np.testing.assert_allclose(_vectors(_checkpoint(tmp_path, task, encoder)), vectors, atol=1e-6)


def test_whitening_takes_the_encoder_of_a_checkpoint(encoder, tmp_path):
    folder = write_trained(tmp_path / "c", "question_answering", encoder)
    (tmp_path / "corpus.txt").write_text("\n".join(TEXTS) + "\n")
    made = whiten(str(folder), str(tmp_path / "corpus.txt"), to=str(tmp_path / "w"), dimensions=2, settings=SHORT)
    assert (made.texts, made.size, made.dimensions) == (6, 4, 2)


def test_pooling_is_asked_for_and_not_taken_from_a_classifier(encoder, tmp_path):
    folder = write_trained(tmp_path / "c", "text_classification", encoder)
    config = Trainer(task="feature_extraction", model=str(folder), overrides=SHORT).config
    assert (config.model.pooling, config.model.hidden_size, config.checkpoint) == ("mean", 4, str(folder))
    assert config.model.labels == []


def test_a_task_with_a_head_of_its_own_still_refuses_models_of_another(encoder, tmp_path):
    folder = write_trained(tmp_path / "c", "text_classification", encoder)
    with pytest.raises(UnknownName, match="is made for task 'text_classification', not for 'question_answering'"):
        Trainer(task="question_answering", model=str(folder))
