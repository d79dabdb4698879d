"""Information extraction from files to answers: learned by heart, asked by schema, from the folder alone."""

import json
from types import SimpleNamespace

import pytest
import tiny_extraction
import tiny_qa

from tasklab import Trainer
from tasklab.cli import main
from tasklab.errors import ConfigError


@pytest.fixture(scope="module")
def job(tmp_path_factory):
    home = tmp_path_factory.mktemp("extraction")
    data, vocabulary = tiny_extraction.write_data(home / "data"), tiny_qa.write_vocabulary(home)
    settings = tiny_extraction.settings(**{
        "from_scratch": True, "tokenizer.vocab": str(vocabulary), "train.epochs": 60, "optimizer.lr": 0.01,
        "model.hidden_dropout_prob": 0.0, "model.attention_probs_dropout_prob": 0.0, "model.initializer_range": 0.1,
        "train.eval_strategy": "no", "train.save_total_limit": 1, "data.schema": None, "train.logging_steps": 100,
        "model.hidden_size": 32, "train.batch_size": 10,
        "data.negative_ratio": 0.25,  # 5 of the 10 lines without an answer
    })  # fmt: skip
    trainer = Trainer(settings, "information_extraction", "bert_tiny", data, data, output_dir=home / "run")
    summary = trainer.train()
    return SimpleNamespace(data=data, trainer=trainer, folder=summary["last_checkpoint"])


@pytest.mark.slow
def test_it_learns_its_lines_and_the_folder_alone_answers_what_they_asked(job):
    metrics = job.trainer.evaluate()
    assert metrics.pop("loss") < 0.05
    assert metrics == {"precision": 1, "recall": 1, "f1": 1, "total": 20}
    trainer = Trainer(model=job.folder)
    (found,) = trainer.predict(input_data=["anna lives in berlin ."])  # the schema is that of the training file
    (name,) = found.pop("name")
    assert found == {"river": []} and (name["text"], name["start"], name["end"]) == ("anna", 0, 4)
    (city,) = name["relations"]["city"]
    assert (city["text"], city["start"], city["end"]) == ("berlin", 14, 20) and 0.5 < city["probability"] <= 1
    asked = trainer.predict(input_data=["fred lives in new york ."], schema=["river", {"name": ["city"]}])
    assert list(asked[0]) == ["river", "name"]
    with pytest.raises(ConfigError, match="predict: colour: information_extraction does not generate"):
        trainer.predict(input_data="a", colour="red")


def test_a_schema_that_is_empty_text_or_no_text_is_refused():
    trainer = Trainer(tiny_extraction.settings(), "information_extraction", "bert_tiny")
    with pytest.raises(ConfigError, match="predict: schema is ''; expected names, or a tree of them, or null"):
        trainer.predict(input_data="a", schema="")
    with pytest.raises(ConfigError, match=r"data.schema\[0\] is True; expected text: .* needs quotes"):
        trainer.predict(input_data="a", schema=[True])


@pytest.mark.slow
def test_texts_alone_are_printed_as_the_schema_is_written(job, capfd, caplog):
    words = ["predict", job.folder, "ida lives in lima .", 'data.schema={"name": [city]}', "data.output_texts=true"]
    with caplog.at_level("INFO", logger="tasklab"):
        assert main(words) == 0
    assert json.loads(capfd.readouterr().out) == [{"ida": {"city": ["lima"]}}]
    assert "[+] Information-Extraction Results:" in caplog.text


@pytest.mark.slow
def test_a_long_text_is_read_whole_and_says_so(job, caplog):
    text = " ".join(f"{name} lives in {city} ." for name, city in tiny_qa.PEOPLE.items())
    trainer = Trainer(model=job.folder)
    with caplog.at_level("INFO", logger="tasklab"):
        trainer.predict(input_data=text, schema="name")
    assert "1 texts are longer than a row and were read in up to" in caplog.text
    config = {"data.output_texts": True, "data.output_coverage": True}
    (told,) = Trainer(config, model=job.folder).predict(input_data=text + "\x07", schema=["name"])
    assert told["windows"] > 1 and told["unread"] == [[len(text), len(text) + 1]]  # the bell is no token
    assert list(told["answer"]) == ["name"]
