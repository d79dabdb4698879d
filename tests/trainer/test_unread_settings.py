"""Settings that a task's loss or head does not read are refused with the place where they were said."""

import pytest
import tiny_qa
from no_curves import NoCurves

from tasklab import Trainer
from tasklab.errors import ConfigError


@pytest.fixture
def refused(squad, tmp_path):
    def tell(*overrides) -> str:
        own = {"from_scratch": True, "tokenizer.vocab": str(tiny_qa.write_vocabulary(tmp_path / "vocabulary"))}
        job = Trainer(tiny_qa.settings(**own), "question_answering", "bert_tiny", squad, overrides=overrides)
        with pytest.raises(ConfigError) as told:
            job.train()
        return str(told.value)

    return tell


ANNA, BEN = ("Anna", "Berlin"), ("Ben", "Oslo")


@pytest.mark.slow
def test_how_a_model_reads_files_is_kept_with_it(squad, tmp_path, monkeypatch):
    # no row of a training has a file; what is said there counts for whoever asks the trained model
    monkeypatch.setattr("tasklab.session.training.Curves", NoCurves)
    own = {"from_scratch": True, "tokenizer.vocab": str(tiny_qa.write_vocabulary(tmp_path / "vocabulary"))}
    settings = tiny_qa.settings(**own, **{"train.max_steps": 1, "data.passages": 1})
    Trainer(settings, "question_answering", "bert_tiny", squad, squad, output_dir=tmp_path / "run").train()
    manual = tmp_path / "manual.md"
    told = (f"# {name}\n\n{name} lives in {city} . {'So it is . ' * 60}\n\n" for name, city in (ANNA, BEN))
    manual.write_text("".join(told))
    asked = [{"context": manual, "question": "Where does Ben live?"}]
    task = Trainer(model=str(tmp_path / "run"))._plain_task()
    (found,) = task.parse(asked)
    assert task.config.data.passages == 1 and "Oslo" in found.context and "Berlin" not in found.context


def test_settings_of_other_heads_and_losses_are_told_at_once(refused):
    told = refused("loss.focal_gamma=2", "model.pooling=max", "model.hidden_layer=1")
    assert told.splitlines() == [
        "override 'loss.focal_gamma=2': loss.focal_gamma = 2.0: question_answering does not know it; known there: "
        "rdrop_alpha",
        "override 'model.pooling=max': model.pooling = max: question_answering does not read it; heads that do: "
        "choices, classes, contrasted, pairs, vectors",
        "override 'model.hidden_layer=1': model.hidden_layer = 1: question_answering does not read it; heads that do: "
        "vectors",
    ]


@pytest.mark.parametrize("task", ["answer_selection", "multi_task_classification"])
def test_a_target_that_the_task_does_not_know_is_refused(task, tmp_path):
    with pytest.raises(ConfigError) as told:
        Trainer(None, task, "bert_tiny", overrides=["model.problem_type=regression"])._plain_task()
    assert str(told.value) == (
        f"override 'model.problem_type=regression': model.problem_type = regression: {task} knows "
        "single_label_classification alone; set it to that"
    )


@pytest.mark.parametrize(
    "task, key, value, by",
    [
        ("text_classification", "group", "qid", "task = text_classification"),
        ("answer_selection", "soft_targets", "true", "task = answer_selection"),
        ("multi_task_classification", "soft_targets", "true", "task = multi_task_classification"),
        ("multi_task_classification", "temperature", "3", "data.sampling = proportional"),
        ("feature_extraction", "output_logits", "true", "task = feature_extraction"),
        ("question_answering", "null_score_diff_threshold", "-1", "data.version_2_with_negative = False"),
        ("masked_language_modeling", "words", "blanks", "data.masking = token"),
    ],
)
def test_settings_of_other_kinds_of_data_are_refused_with_the_configuration(task, key, value, by):
    with pytest.raises(ConfigError) as told:
        Trainer(None, task, "bert_tiny", overrides=[f"data.{key}={value}"])
    assert str(told.value).startswith(f"override 'data.{key}={value}': data.{key} = ")
    assert f"changes nothing with {by}; remove it, or " in str(told.value)


@pytest.mark.parametrize(
    "override, told",
    [
        ("model.encoder=brt", "model.encoder: no encoder named 'brt'. Did you mean 'bert'"),
        ("model.hidden_act=gelu_nwe", "model.hidden_act: no activation named 'gelu_nwe'. Did you mean 'gelu_new'"),
        ("model.kernel_size=5", "model.kernel_size = 5: encoder 'bert' does not know it"),
    ],
)
def test_a_network_that_cannot_be_is_told_before_data_is_looked_for(override, told):
    job = Trainer(None, "question_answering", "bert_tiny", "absent.json", overrides=[override])
    with pytest.raises(ConfigError) as caught:
        job.train()
    assert str(caught.value).startswith(f"override '{override}': {told}")


def test_a_tokenizer_that_nobody_knows_is_told_with_the_configuration():
    with pytest.raises(ConfigError) as caught:
        Trainer(None, "question_answering", "bert_tiny", overrides=["tokenizer.name=wordpeice"])
    told = "override 'tokenizer.name=wordpeice': tokenizer.name: no tokenizer named 'wordpeice'. Did you mean 'word"
    assert str(caught.value).startswith(told)
