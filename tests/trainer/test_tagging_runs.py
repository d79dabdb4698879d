"""Token classification from files to answers, with both heads: learned by heart, predicted from the folder alone."""

from types import SimpleNamespace

import pytest
import tiny_qa
import tiny_tags

from tasklab import Trainer
from tasklab.cli import main
from tasklab.errors import DataError


@pytest.fixture(scope="module", params=["softmax", "crf"])
def job(request, tmp_path_factory):
    home = tmp_path_factory.mktemp("tagging")
    data, vocabulary = tiny_tags.write_data(home / "data"), tiny_qa.write_vocabulary(home)
    settings = tiny_tags.settings(**{
        "from_scratch": True, "tokenizer.vocab": str(vocabulary), "train.epochs": 20, "optimizer.lr": 0.01,
        "model.hidden_dropout_prob": 0.0, "model.attention_probs_dropout_prob": 0.0, "model.initializer_range": 0.1,
        "model.head": request.param, "train.eval_strategy": "no", "train.save_total_limit": 1,
    })  # fmt: skip
    trainer = Trainer(settings, "token_classification", "bert_tiny", data, data, output_dir=home / "run")
    summary = trainer.train()
    return SimpleNamespace(data=data, trainer=trainer, folder=summary["last_checkpoint"])


@pytest.mark.slow
def test_it_learns_its_sentences_and_the_folder_alone_answers(job):
    metrics = job.trainer.evaluate()
    assert metrics.pop("loss") < 1
    assert metrics == {"precision": 1, "recall": 1, "f1": 1, "total": 20}
    trainer = Trainer(model=job.folder)
    inputs = ["anna lives in berlin .", "fred lives in new york."]
    found = trainer.predict(input_data=inputs)
    assert [[(e["entity_group"], e["word"]) for e in entities] for entities in found] == [
        [("PER", "anna"), ("LOC", "berlin")], [("PER", "fred"), ("LOC", "new york")],
    ]  # fmt: skip
    assert all(text[e["start"] : e["end"]] == e["word"] for text, es in zip(inputs, found, strict=True) for e in es)
    assert trainer.predict(input_data=inputs[::-1]) == found[::-1]
    long = " ".join(inputs[:1] * 20)  # of 100 words, where a row holds 30
    assert len(trainer.predict(input_data=long)[0]) >= 20


@pytest.mark.slow
def test_uer_s_inference_table_has_a_tag_per_token(job, tmp_path):
    (tmp_path / "test.tsv").write_text("text_a\nanna lives in new york .\nben\n")
    words = ["predict", job.folder, "--file", "test.tsv", "--output", "tags.tsv", "data.output_tags=true"]
    assert main(words) == 0
    lines = (tmp_path / "tags.tsv").read_text().splitlines()
    assert lines[:2] == ["pred_label", "B-PER O O B-LOC I-LOC O"] and len(lines[2].split()) == 1


@pytest.mark.slow
def test_other_types_are_refused_with_their_line(job, tmp_path):
    (tmp_path / "dev.conll").write_text("anna\tB-PERSON\n")
    with pytest.raises(DataError, match="dev.conll:1: the type 'PERSON' is none of the model's: LOC, PER; did you"):
        job.trainer.evaluate(eval_dataset=tmp_path / "dev.conll")
