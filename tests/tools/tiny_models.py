"""Model folders of toy size for the tests of the toolbox, in the layout of HuggingFace and of tasklab."""

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from tasklab.config import Config, ModelConfig

PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "river", "mill", "a", "##s", "old", "##er"]
SIZES = {
    "vocab_size": len(PIECES), "hidden_size": 4, "num_hidden_layers": 1, "num_attention_heads": 2,
    "intermediate_size": 6, "max_position_embeddings": 16,
}  # fmt: skip
HEAD = {"qa_outputs.weight": (2, 4), "qa_outputs.bias": (2,)}
MLM = {
    "cls.predictions.bias": (12,), "cls.predictions.transform.dense.weight": (4, 4),
    "cls.predictions.transform.dense.bias": (4,), "cls.predictions.transform.LayerNorm.weight": (4,),
    "cls.predictions.transform.LayerNorm.bias": (4,),
}  # fmt: skip


def bert_shapes(heads: dict) -> dict[str, tuple]:
    """Names and shapes as BertForQuestionAnswering and the like save them."""
    layer, hidden, inner = "bert.encoder.layer.0", 4, 6
    shapes = {
        "bert.embeddings.word_embeddings.weight": (12, hidden), "bert.embeddings.LayerNorm.weight": (hidden,),
        "bert.embeddings.position_embeddings.weight": (16, hidden), "bert.embeddings.LayerNorm.bias": (hidden,),
        "bert.embeddings.token_type_embeddings.weight": (2, hidden),
        f"{layer}.intermediate.dense.weight": (inner, hidden), f"{layer}.intermediate.dense.bias": (inner,),
        f"{layer}.output.dense.weight": (hidden, inner), f"{layer}.output.dense.bias": (hidden,),
    }  # fmt: skip
    for part in ("self.query", "self.key", "self.value", "output.dense"):
        shapes |= {f"{layer}.attention.{part}.weight": (hidden, hidden), f"{layer}.attention.{part}.bias": (hidden,)}
    for part in ("attention.output", "output"):
        shapes |= {f"{layer}.{part}.LayerNorm.weight": (hidden,), f"{layer}.{part}.LayerNorm.bias": (hidden,)}
    return {**shapes, **heads}


def bert_tensors(seed: int = 0, heads: dict = HEAD) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {name: rng.standard_normal(shape).astype(np.float32) for name, shape in bert_shapes(heads).items()}


def write_huggingface(folder: Path, tensors: dict | None = None, pieces=PIECES, **described) -> Path:
    """A folder as save_pretrained leaves it."""
    folder.mkdir(parents=True)
    save_file(bert_tensors() if tensors is None else tensors, folder / "model.safetensors")
    config = {**SIZES, "model_type": "bert", "transformers_version": "4.57.1", **described}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "vocab.txt").write_text("\n".join(pieces) + "\n", encoding="utf-8")
    (folder / "tokenizer_config.json").write_text('{"do_lower_case": true}')
    return folder


def write_checkpoint(folder: Path, tensors: dict | None = None) -> Path:
    """A checkpoint as training leaves it, optimizer and state included."""
    from tasklab.weights.folder import OPTIMIZER, STATE, WEIGHTS, TensorFile, write_folder
    from tasklab.weights.store import read_source, resolve

    raw = write_huggingface(folder.with_name(folder.name + "-raw"), tensors)
    weights = read_source(resolve(raw))[0]
    model = ModelConfig()
    for key, size in SIZES.items():
        model[key] = size
    config = Config.create(task="question_answering", name="qa_toy", model=model, data={"max_seq_length": 16})
    files = {name: (raw / name).read_bytes() for name in ("vocab.txt", "tokenizer_config.json")}
    return write_folder(folder, {
        **files, WEIGHTS: TensorFile(weights), "config.yaml": config.to_yaml().encode(),
        OPTIMIZER: TensorFile({"m": np.zeros(3, np.float32)}), STATE: b"{}",
    })  # fmt: skip


LABELS = {
    "text_classification": ["no", "yes"], "contrastive_classification": ["no", "yes"],
    "token_classification": ["O", "B-X", "I-X"],
    "multi_task_classification": ["a/no", "a/yes", "b/x", "b/y"],
}  # fmt: skip


def write_trained(folder: Path, task: str, encoder: Path, **data) -> Path:
    """A checkpoint of any task, as training on the encoder in the folder `encoder` begins."""
    from tasklab.model import start_model
    from tasklab.trainer import Trainer
    from tasklab.weights.folder import WEIGHTS, TensorFile, write_folder

    settings = {"model": {"labels": LABELS.get(task, [])}, "data": {"max_seq_length": 16, **data}}
    config = Trainer(settings, task, str(encoder)).config
    made = start_model(config, config.checkpoint)
    tensors = {name: parameter.asnumpy() for name, parameter in made.network.parameters_and_names()}
    return write_folder(folder, {**made.files(), WEIGHTS: TensorFile(tensors)})
