"""The work that both sides do: rows of a SQuAD file in fixed batches, and start weights as a HuggingFace folder."""

import json
import shutil
from pathlib import Path

import numpy as np
from work_batches import COLUMNS

from tasklab.config import resolve
from tasklab.model import start_model
from tasklab.tasks.question_answering import QADataConfig
from tasklab.weights.folder import TensorFile
from tasklab.weights.store import resolve as find
from tasklab.weights.tables import FORMATS, from_tasklab


def prepare(folder: Path, model: str, data: str, batches: int, batch_size: int, fixed_length: int | None):
    """Writes weights/, config and batches.npz below `folder`.

    Args:
        fixed_length: every row cut or filled with its own tokens to exactly this many; None keeps the real lengths.
    """
    config = resolve("question_answering", model, ["data.max_seq_length=384"], data_class=QADataConfig)
    if model != "minilm_l6":  # speed does not depend on the values
        config.from_scratch, config.tokenizer.vocab = True, str(find("minilm_l6").vocabulary)
    started = start_model(config, config.checkpoint)
    examples, _ = started.task.read(data, True)
    features = started.task.encode(examples[: 40 * batches * batch_size : 40] or examples, True)
    rows = np.random.default_rng(0).permutation(len(features))[: batches * batch_size]
    arrays = {}
    for number in range(batches):
        chosen = rows[number * batch_size : (number + 1) * batch_size]
        for key in COLUMNS:
            cells = [features[key].row(i) for i in chosen]
            if fixed_length:
                cells = [np.resize(row, fixed_length) for row in cells]
            arrays[f"{number}/{key}"] = np.concatenate(cells)
            arrays[f"{number}/lengths"] = np.array([len(row) for row in cells])
        limit = arrays[f"{number}/lengths"] - 1
        arrays[f"{number}/start_positions"] = np.minimum(features["start_positions"][chosen], limit)
        arrays[f"{number}/end_positions"] = np.minimum(features["end_positions"][chosen], limit)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    np.savez(folder / "batches.npz", **arrays)
    (folder / "config.yaml").write_text(config.to_yaml(), encoding="utf-8")
    write_huggingface(folder / "weights", started)


def write_huggingface(folder: Path, model):
    sizes = {k: v for k, v in model.config.model.to_dict().items() if k != "encoder"}
    folder.mkdir()
    described = {**sizes, "model_type": "bert", "architectures": ["BertForQuestionAnswering"]}
    (folder / "config.json").write_text(json.dumps(described), encoding="utf-8")
    tensors = {p.name: p.asnumpy() for p in model.network.trainable_params()}
    mapped, unmatched = from_tasklab(tensors, FORMATS.get("huggingface"))
    assert not unmatched, unmatched
    TensorFile(mapped)(folder / "model.safetensors")
