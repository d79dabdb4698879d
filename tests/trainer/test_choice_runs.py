"""Multiple choice from files to answers: learned by heart, the same on resume, predicted from the folder alone."""

import json
from types import SimpleNamespace

import pytest
import tiny_choices
import tiny_qa

from tasklab import Trainer
from tasklab.cli import main
from tasklab.errors import TasklabError
from tasklab.tools.export import export


@pytest.fixture(scope="module")
def job(tmp_path_factory):
    home = tmp_path_factory.mktemp("choices")
    data, vocabulary = tiny_choices.write_data(home / "data"), tiny_qa.write_vocabulary(home)
    settings = tiny_choices.settings(**{
        "from_scratch": True, "tokenizer.vocab": str(vocabulary), "train.epochs": 20, "optimizer.lr": 0.01,
        "model.hidden_dropout_prob": 0.0, "model.attention_probs_dropout_prob": 0.0, "model.initializer_range": 0.1,
        "train.eval_strategy": "no", "train.save_total_limit": 1,
    })  # fmt: skip
    trainer = Trainer(settings, "multiple_choice", "bert_tiny", data, data, output_dir=home / "run")
    summary = trainer.train()
    return SimpleNamespace(data=data, trainer=trainer, folder=summary["last_checkpoint"], home=home)


@pytest.mark.slow
def test_it_learns_its_questions_and_the_folder_alone_answers(job):
    metrics = job.trainer.evaluate()
    assert metrics.pop("loss") < 0.3
    assert metrics == {"accuracy": 1, "total": 10}
    trainer = Trainer(model=job.folder)
    asked = tiny_choices.questions()[0]
    inputs = [
        {"context": "anna lives in berlin .\nwho ?", "question": asked["question"], "choices": asked["choice"]},
        {"context": "dan lives in zurich .", "question": "where ?", "choices": ["the river", "zurich", "year"]},
    ]
    found = trainer.predict(input_data=inputs)
    assert [answer["text"] for answer in found] == ["berlin", "zurich"]
    assert [len(answer["scores"]) for answer in found] == [2, 3]
    alone = [trainer.predict(input_data=asked)[0] for asked in inputs]  # without the choices of the other
    for one, other in zip(found, alone, strict=True):
        assert one["scores"] == pytest.approx(other["scores"], abs=2e-4) and one["index"] == other["index"]


@pytest.mark.slow
def test_uer_s_predictions_are_json_lines_of_id_and_number(job):
    words = ["predict", job.folder, "--file", str(job.data / "dev.json"), "--output", "answers.jsonl"]
    assert main([*words, "data.output_labels=true"]) == 0
    with open("answers.jsonl", encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    wanted = [q["choice"].index(q["answer"]) for q in tiny_choices.questions()]
    assert lines == [{"id": f"{i}-0", "label": label} for i, label in enumerate(wanted)]


@pytest.mark.slow
def test_it_goes_to_transformers_and_comes_back_with_equal_scores(job):
    assert main(["convert", job.folder, "theirs", "--to", "huggingface"]) == 0
    with open("theirs/config.json", encoding="utf-8") as file:
        assert json.load(file)["architectures"] == ["BertForMultipleChoice"]
    asked = {"context": "ben lives in paris .", "question": "where ?", "choices": ["my name", "paris"]}
    settings = tiny_choices.settings()
    back = Trainer(settings, "multiple_choice", "theirs").predict(input_data=asked)
    assert back == Trainer(model=job.folder).predict(input_data=asked)


@pytest.mark.slow
def test_an_export_says_that_there_is_none_yet(job):
    for name in ("a.onnx", "a.mindir"):
        with pytest.raises(TasklabError, match=r"its network takes .* of \[rows, choices, tokens\]"):
            export(job.folder, name)
