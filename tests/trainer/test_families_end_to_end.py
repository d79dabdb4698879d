"""ALBERT with SentencePiece and RoBERTa with byte-level BPE through train, evaluate, resume and predict."""

import json
from pathlib import Path

import pytest
import tiny_qa

from tasklab import Trainer

FIXTURES = Path(__file__).parents[1] / "fixtures"
FAMILIES = {
    "albert": {
        "model.encoder": "albert", "model.vocab_size": 95, "model.embedding_size": 8, "model.num_hidden_layers": 2,
        "tokenizer.name": "sentencepiece", "tokenizer.vocab": str(FIXTURES / "tiny_spiece.model"),
    },
    "roberta": {
        "model.vocab_size": len(json.loads((FIXTURES / "tiny_bpe" / "vocab.json").read_text(encoding="utf-8"))),
        "model.position_offset": 2, "model.type_vocab_size": 1, "tokenizer.lowercase": False,
        "tokenizer.name": "bpe", "tokenizer.vocab": str(FIXTURES / "tiny_bpe" / "merges.txt"),
    },
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_a_run_learns_and_its_folder_is_the_whole_model(family, tmp_path):
    data = str(tiny_qa.write_data(tmp_path / "squad"))
    settings = tiny_qa.settings(
        from_scratch=True, name=family, **FAMILIES[family],
        **{"train.epochs": 30, "optimizer.lr": 3e-3, "train.eval_strategy": "no", "data.max_seq_length": 48},
    )  # fmt: skip
    trainer = Trainer(settings, "question_answering", None, data, data, output_dir=tmp_path / "run")
    trained = trainer.train()
    assert trained["loss"] < 2.5  # the mean of the run; -log(1 / 30) = 3.4 at the start
    metrics = trainer.evaluate()
    assert metrics["f1"] > 30 and metrics["total"] == 10
    again = Trainer(task="question_answering", model=str(tmp_path / "run"))
    assert again.evaluate(eval_dataset=data) == metrics
    (answer,) = again.predict(input_data=[tiny_qa.QUESTION])
    context = tiny_qa.QUESTION.split(" - ")[0]
    assert answer["text"] == context[answer["start"] : answer["end"]] != ""
