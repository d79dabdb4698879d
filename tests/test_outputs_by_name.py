"""Heads that other programs wrote: rows go with names, in whatever order the data's classes would stand."""

import json

import numpy as np
import pytest

from tasklab import Trainer
from tasklab.config.description import describe
from tasklab.convert import convert
from tasklab.weights.atomic import write_folder
from tasklab.weights.containers import open_weights
from tasklab.weights.containers.torch_writer import TorchFile
from tasklab.weights.files import TensorFile
from tasklab.weights.outputs import rows_by_name

H, WORDS = 8, ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad", "film"]
SIZES = {
    "vocab_size": len(WORDS), "hidden_size": H, "num_hidden_layers": 1, "num_attention_heads": 2,
    "intermediate_size": H, "max_position_embeddings": 128, "type_vocab_size": 2,
}  # fmt: skip
VOCABULARY = "".join(word + "\n" for word in WORDS).encode()


def bert(rng, outputs):
    block = "bert.encoder.layer.0"
    shapes = {f"bert.embeddings.{name}_embeddings.weight": (n, H) for name, n in
              (("word", len(WORDS)), ("position", 128), ("token_type", 2))}  # fmt: skip
    dense = [f"{block}.attention.self.{name}" for name in ("query", "key", "value")] + ["bert.pooler.dense"]
    for name in (*dense, *(f"{block}.{part}.dense" for part in ("attention.output", "intermediate", "output"))):
        shapes |= {f"{name}.weight": (H, H), f"{name}.bias": (H,)}
    for name in ("bert.embeddings", f"{block}.attention.output", f"{block}.output"):
        shapes |= {f"{name}.LayerNorm.weight": (H,), f"{name}.LayerNorm.bias": (H,)}
    shapes |= {"classifier.weight": (outputs, H), "classifier.bias": (outputs,)}
    return {name: rng.standard_normal(shape).astype("f4") for name, shape in shapes.items()}


@pytest.fixture
def classifier(rng, tmp_path):
    """Of HuggingFace, whose first class is not the first of the alphabet."""
    described = SIZES | {"model_type": "bert", "architectures": ["BertForSequenceClassification"]}
    described |= {"id2label": {"0": "positive", "1": "negative"}}
    files = {"model.safetensors": TensorFile(bert(rng, 2)), "config.json": json.dumps(described).encode()}
    write_folder(tmp_path / "clf", files | {"vocab.txt": VOCABULARY})
    return tmp_path / "clf"


SMALL = {"data.max_seq_length": "8", "train.batch_size": "2", "train.max_steps": "1", "data.num_buckets": "1",
         "optimizer.lr": "1e-12", "train.eval_strategy": "no"}  # fmt: skip


def backbone(folder):
    named = {key: value for key, value in json.loads((folder / "config.json").read_text()).items() if key in SIZES}
    named |= {"model_type": "bert"}
    write_folder(folder.parent / "base", {
        "config.json": json.dumps(named).encode(), "vocab.txt": VOCABULARY,
        "model.safetensors": (folder / "model.safetensors").read_bytes(),
    })  # fmt: skip
    return folder.parent / "base"


def first(answer):
    return answer[0] if isinstance(answer, list) else answer


def test_a_training_from_a_classifier_keeps_each_row_under_its_name(classifier, tmp_path):
    (tmp_path / "train.tsv").write_text("text\tlabel\ngood film\tpositive\nbad film\tnegative\n")
    asked = Trainer(task="text_classification", model=str(classifier)).predict(input_data="good film")
    trainer = Trainer(
        task="text_classification", model=str(backbone(classifier)), train_dataset=str(tmp_path / "train.tsv"),
        output_dir=str(tmp_path / "run"), overrides=[SMALL],
    )  # fmt: skip
    trainer.train(str(classifier), do_finetune=True)
    told = trainer.predict(input_data="good film")
    assert first(told)["label"] == first(asked)["label"]
    assert first(told)["score"] == pytest.approx(first(asked)["score"], abs=1e-3)


def test_rows_are_picked_by_name_in_both_axes_of_a_chain():
    tensors = {
        "head.classifier.weight": np.arange(6).reshape(3, 2), "head.classifier.bias": np.arange(3),
        "head.crf.transitions": np.arange(9).reshape(3, 3), "encoder.layers.0.weight": np.arange(3),
    }  # fmt: skip
    found = rows_by_name(tensors, ["O", "B-X", "[PAD]"], ["B-X", "O"])
    np.testing.assert_array_equal(np.asarray(found["head.classifier.weight"]), [[2, 3], [0, 1]])
    np.testing.assert_array_equal(np.asarray(found["head.classifier.bias"]), [1, 0])
    np.testing.assert_array_equal(np.asarray(found["head.crf.transitions"]), [[4, 3], [1, 0]])
    np.testing.assert_array_equal(np.asarray(found["encoder.layers.0.weight"]), [0, 1, 2])


UER = {
    "emb_size": H, "hidden_size": H, "layers_num": 1, "heads_num": 2, "feedforward_size": H, "max_seq_length": 128,
    "dropout": 0.1, "encoder": "transformer", "mask": "fully_visible",
}  # fmt: skip


def uer(rng, folder, heads):
    shapes = {"embedding.word.embedding.weight": (len(WORDS), H), "embedding.pos.embedding.weight": (128, H)}
    shapes |= {"embedding.seg.embedding.weight": (3, H)}
    block = "encoder.transformer.0"
    dense = [*(f"self_attn.linear_layers.{n}" for n in range(3)), "self_attn.final_linear"]
    for name in (*dense, "feed_forward.linear_1", "feed_forward.linear_2"):
        shapes |= {f"{block}.{name}.weight": (H, H), f"{block}.{name}.bias": (H,)}
    for name in ("embedding.layer_norm", f"{block}.layer_norm_1", f"{block}.layer_norm_2"):
        shapes |= {f"{name}.gamma": (H,), f"{name}.beta": (H,)}
    tensors = {name: rng.standard_normal(shape).astype("f4") for name, shape in (shapes | heads).items()}
    files = {"pytorch_model.bin": TorchFile(tensors), "config.json": json.dumps(UER).encode(), "vocab.txt": VOCABULARY}
    write_folder(folder, files)
    return folder


def quiet(line):
    pass


@pytest.mark.slow
def test_uers_classifier_has_names_by_number_or_those_of_a_file(rng, tmp_path):
    heads = {"output_layer_1.weight": (H, H), "output_layer_1.bias": (H,), "output_layer_2.weight": (3, H)}
    source = uer(rng, tmp_path / "uer", heads | {"output_layer_2.bias": (3,)})
    convert(source, tmp_path / "a", "tasklab", say=quiet)
    (tmp_path / "names.txt").write_text("low\nmiddle\nhigh\n")
    convert(source, tmp_path / "b", "tasklab", say=quiet, labels=tmp_path / "names.txt")
    plain, told = (Trainer(task="text_classification", model=str(tmp_path / name)) for name in "ab")
    number = first(plain.predict(input_data="good film"))["label"]
    name = first(told.predict(input_data="good film"))["label"]
    assert number.startswith("LABEL_") and name == ["low", "middle", "high"][int(number[6:])]
    named = {"model.labels": ["low", "middle", "high"]}
    asked = Trainer(task="text_classification", model=str(tmp_path / "a"), overrides=[named])
    assert first(asked.predict(input_data="good film"))["label"] == name


def test_the_padding_class_of_uers_taggers_is_never_an_answer(rng, tmp_path):
    heads = {"output_layer.weight": (4, H), "output_layer.bias": (4,)}
    source = uer(rng, tmp_path / "uer", heads)
    (tmp_path / "label2id.json").write_text('{"O": 0, "[PAD]": 3, "B-X": 1, "I-X": 2}')
    said = []
    convert(source, tmp_path / "a", "tasklab", say=said.append, labels=tmp_path / "label2id.json")
    assert "  the output [PAD] is left out: it is never an answer" in said
    Trainer(task="token_classification", model=str(tmp_path / "a")).predict(input_data="good film")
    named = {"data.label2id": str(tmp_path / "label2id.json"), "model.vocab_size": str(len(WORDS))}
    raw = Trainer(task="token_classification", model=str(source), overrides=[named])
    raw.predict(input_data="good film")
    assert raw.config.model.labels in ([], ["O", "B-X", "I-X"])


@pytest.mark.slow
def test_a_pretraining_folder_is_a_backbone_and_tells_masked_words(rng, tmp_path):
    heads = {"target.mlm.linear_1.weight": (H, H), "target.mlm.linear_1.bias": (H,)}
    heads |= {"target.mlm.layer_norm.gamma": (H,), "target.mlm.layer_norm.beta": (H,)}
    heads |= {"target.mlm.linear_2.weight": (len(WORDS), H), "target.mlm.linear_2.bias": (len(WORDS),)}
    heads |= {"target.sp.linear_1.weight": (H, H), "target.sp.linear_1.bias": (H,)}
    heads |= {"target.sp.linear_2.weight": (2, H), "target.sp.linear_2.bias": (2,)}
    source = uer(rng, tmp_path / "uer", heads)
    convert(source, tmp_path / "a", "tasklab", say=quiet)
    assert Trainer(task="masked_language_modeling", model=str(tmp_path / "a")).predict(input_data="good [MASK]")
    (tmp_path / "train.tsv").write_text("text\tlabel\ngood film\tpositive\nbad film\tnegative\n")
    trainer = Trainer(
        task="text_classification", model=str(tmp_path / "a"), train_dataset=str(tmp_path / "train.tsv"),
        output_dir=str(tmp_path / "run"), overrides=[SMALL],
    )  # fmt: skip
    trainer.train()
    assert first(trainer.predict(input_data="good film"))["label"] in ("positive", "negative")


@pytest.mark.slow
def test_uers_answers_of_two_layers_go_there_and_back_and_a_classifier_is_told_apart(rng, tmp_path):
    heads = {"output_layer_1.weight": (H, H), "output_layer_1.bias": (H,)}
    heads |= {"output_layer_2.weight": (2, H), "output_layer_2.bias": (2,)}
    source = uer(rng, tmp_path / "uer", heads)
    old = {key: value for key, value in UER.items() if key not in ("encoder", "mask")}
    named = {"word.embedding": "word_embedding", "pos.embedding": "position_embedding"}
    named |= {"seg.embedding": "segment_embedding"}
    tensors = {name: np.asarray(tensor) for name, tensor in open_weights(source / "pytorch_model.bin")[1].items()}
    for new, then in named.items():
        tensors[f"embedding.{then}.weight"] = tensors.pop(f"embedding.{new}.weight")
    files = {"pytorch_model.bin": TorchFile(tensors), "config.json": json.dumps(old).encode(), "vocab.txt": VOCABULARY}
    write_folder(tmp_path / "old", files)
    said = []
    convert(tmp_path / "old", tmp_path / "a", "tasklab", say=said.append)
    assert any("taken for question answering" in line for line in said)
    assert describe(tmp_path / "a").model.span_layers == 2
    short = {"data.max_seq_length": "64", "data.doc_stride": "16", "data.max_query_length": "16"}  # 128 positions
    trainer = Trainer(task="question_answering", model=str(tmp_path / "a"), overrides=[short])
    assert trainer.predict(input_data={"context": "good film", "question": "bad film"})
    convert(tmp_path / "a", tmp_path / "b", "uer", say=quiet)
    back = open_weights(tmp_path / "b" / "pytorch_model.bin")[1]
    for name in heads:
        np.testing.assert_array_equal(np.asarray(back[name]), tensors[name], err_msg=name)
    convert(tmp_path / "old", tmp_path / "c", "tasklab", task="text_classification", say=quiet)
    assert first(Trainer(task="text_classification", model=str(tmp_path / "c")).predict(input_data="good"))["label"]
