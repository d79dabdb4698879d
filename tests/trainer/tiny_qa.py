"""A question answering job of toy size: ten questions, a vocabulary of characters and words, one layer of 16 units."""

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

SIZES = {
    "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32,
    "max_position_embeddings": 64,
}  # fmt: skip
PEOPLE = {
    "anna": "berlin", "ben": "paris", "clara": "munich", "dan": "zurich", "eva": "istanbul", "fred": "new york",
    "gina": "oslo", "hugo": "rome", "ida": "lima", "jon": "old town",
}  # fmt: skip
QUESTION = "My name is Wolfgang and I live in Berlin - Where do I live?"


def vocabulary() -> list[str]:
    words = "the a in is who where what does do live lives name my i and year river with from city " + " ".join(PEOPLE)
    words += " berlin paris munich zurich istanbul new old york town oslo rome lima"
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    pieces = [*words.split(), *letters, *(f"##{letter}" for letter in letters), *".,?!-'\"()"]
    return ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *dict.fromkeys(pieces)]


VOCAB_SIZE = len(vocabulary())


def settings(**more) -> dict:
    """Dotted config values of the toy job."""
    return {
        **{f"model.{name}": size for name, size in SIZES.items()}, "model.vocab_size": VOCAB_SIZE,
        "data.max_seq_length": 32, "data.doc_stride": 8, "data.num_buckets": 1, "data.cache": False,
        "train.batch_size": 4, "train.epochs": 1, "train.logging_steps": 1, "evaluate.batch_size": 4,
        "device_target": "CPU", **more,
    }  # fmt: skip


def squad(pairs=None) -> dict:
    """The SQuAD 1.1 layout of "<name> lives in <city> ." for every pair."""
    paragraphs = []
    for name, city in (pairs or PEOPLE).items():
        context = f"{name} lives in {city} ."
        answers = [{"text": city, "answer_start": context.index(city)}]
        question = {"id": f"q-{name}", "question": f"where does {name} live ?", "answers": answers}
        paragraphs.append({"context": context, "qas": [question]})
    return {"version": "1.1", "data": [{"title": "people", "paragraphs": paragraphs}]}


def write_data(folder: Path) -> Path:
    """The folder with train-v1.1.json and dev-v1.1.json, the same ten questions in both."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("train-v1.1.json", "dev-v1.1.json"):
        (folder / name).write_text(json.dumps(squad()), encoding="utf-8")
    return folder


def write_for(config, folder: Path) -> Path:
    return write_data(folder)


def write_vocabulary(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "vocab.txt"
    path.write_text("\n".join(vocabulary()) + "\n", encoding="utf-8")
    return path


def write_bert(folder: Path, seed: int = 0, positions: int = SIZES["max_position_embeddings"]) -> Path:
    """A folder in HuggingFace's layout with random weights, as `BertModel.save_pretrained` names them."""
    rng, hidden, inner = np.random.default_rng(seed), SIZES["hidden_size"], SIZES["intermediate_size"]
    norm, layer = "LayerNorm", "encoder.layer.0"
    shapes = {
        "embeddings.word_embeddings.weight": (VOCAB_SIZE, hidden),
        "embeddings.position_embeddings.weight": (positions, hidden),
        "embeddings.token_type_embeddings.weight": (2, hidden),
        "pooler.dense.weight": (hidden, hidden), "pooler.dense.bias": (hidden,),
        f"{layer}.intermediate.dense.weight": (inner, hidden), f"{layer}.intermediate.dense.bias": (inner,),
        f"{layer}.output.dense.weight": (hidden, inner), f"{layer}.output.dense.bias": (hidden,),
        f"{layer}.attention.output.dense.weight": (hidden, hidden), f"{layer}.attention.output.dense.bias": (hidden,),
    }  # fmt: skip
    for name in ("query", "key", "value"):
        shapes |= {f"{layer}.attention.self.{name}.weight": (hidden, hidden)}
        shapes |= {f"{layer}.attention.self.{name}.bias": (hidden,)}
    tensors = {f"bert.{name}": rng.normal(0, 0.2, shape).astype(np.float32) for name, shape in shapes.items()}
    for place in ("embeddings", f"{layer}.attention.output", f"{layer}.output"):
        tensors[f"bert.{place}.{norm}.weight"] = np.ones(hidden, np.float32)
        tensors[f"bert.{place}.{norm}.bias"] = np.zeros(hidden, np.float32)
    write_vocabulary(folder)
    save_file(tensors, folder / "model.safetensors")
    config = {"model_type": "bert", "vocab_size": VOCAB_SIZE, "type_vocab_size": 2, "hidden_act": "gelu", **SIZES}
    config["max_position_embeddings"] = positions
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder
