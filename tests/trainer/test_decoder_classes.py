"""A decoder as a classifier: a row's last token, which alone has seen the others, is read, and the folder answers."""

import pytest
import tiny_qa
import tiny_texts
from no_curves import NoCurves

from tasklab import Trainer
from tasklab.config import ModelConfig

GPT2 = {"model.norm_position": "pre", "model.embedding_norm": False, "model.embeddings": ["word", "pos"]}
LLAMA = {
    **GPT2, "model.norm": "rms", "model.rotary": True, "model.embeddings": ["word"], "model.feed_forward": "gated",
    "model.use_bias": False, "model.hidden_act": "silu",
}  # fmt: skip


def test_a_row_is_read_where_all_of_it_was_seen():
    assert [ModelConfig(encoder=name).pooled for name in ("bert", "gpt", "lstm")] == ["first", "last", "first"]
    assert ModelConfig(encoder="bert", mask="causal").pooled == "last"
    assert ModelConfig(encoder="gpt", pooling="mean").pooled == "mean"


@pytest.mark.slow
@pytest.mark.parametrize("more", [GPT2, LLAMA], ids=["gpt2", "llama"])
def test_a_decoder_learns_classes_and_its_folder_tells_them(more, tmp_path, monkeypatch):
    monkeypatch.setattr("tasklab.session.training.Curves", NoCurves)
    data = tiny_texts.write_data(tmp_path / "data")
    own = {"from_scratch": True, "tokenizer.vocab": str(tiny_qa.write_vocabulary(tmp_path / "vocabulary"))}
    sizes = {"model.encoder": "gpt", "train.epochs": 12, "train.batch_size": 4, "optimizer.lr": 3e-3}
    settings = tiny_texts.settings(**own, **sizes, **more)
    trainer = Trainer(settings, "text_classification", "bert_tiny", data, data, output_dir=tmp_path / "run")
    trainer.train()
    assert trainer.evaluate()["accuracy"] == 1.0
    rows = tiny_texts.rows()
    told = Trainer(model=str(tmp_path / "run")).predict(input_data=[text for text, _ in rows])
    assert [answer["label"] for answer in told] == [label for _, label in rows]
