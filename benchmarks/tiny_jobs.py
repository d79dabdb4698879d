"""Recipes at tiny size on the rows of tiny_data, and what comes out of them in exact digits."""

from pathlib import Path

import numpy as np
import tiny_data

SIZES = {
    "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32, "embedding_size": 8,
    "max_position_embeddings": 64, "vocab_size": 400,
}  # fmt: skip
"""Of every model; a recipe that leaves one open keeps it open. vocab_size: more rows than any vocabulary here has."""

def tiny_trainer(task: str, model: str, home: Path, run: Path, settings: dict, dropout: bool = False):
    """A trainer at tiny size that starts from random weights, and its data.

    Args:
        home: vocabularies/<tokenizer> and data/<run's name> are written below it.
        run: folder of the run.
        settings: dotted; they win.
        dropout: as the recipe has it; False turns it off.
    """
    from tasklab import Trainer

    plain = Trainer(settings, task, model).config
    sizes = {f"model.{name}": size for name, size in SIZES.items() if plain.model[name] is not None}
    calm = {} if dropout else {"model.hidden_dropout_prob": 0.0}
    if calm and (plain.model.num_attention_heads or plain.model.intermediate_size):  # others refuse what they lack
        calm["model.attention_probs_dropout_prob"] = 0.0
    known = {"data.doc_stride": 8} if hasattr(plain.data, "doc_stride") else {}
    trainer = Trainer({
        **sizes, **known, **calm, "data.max_seq_length": 32, "data.cache": False, "train.batch_size": 4,
        "train.epochs": 1, "train.logging_steps": 1, "train.eval_strategy": "no", "evaluate.batch_size": 4,
        "device_target": "CPU", "from_scratch": True, "tokenizer.vocab": str(_vocabulary(home, plain.tokenizer.name)),
        **settings,
    }, task, model, output_dir=run)  # fmt: skip
    data = home / "data" / run.name
    tiny_data.write_data(data, trainer.config)
    trainer.config.data.train = str(data)
    return trainer, data


def _vocabulary(home: Path, tokenizer: str) -> Path:
    folder = home / "vocabularies" / tokenizer
    found = [path for name in ("vocab.txt", "merges.txt", "spiece.model") for path in folder.rglob(name)]
    return found[0] if found else tiny_data.write_vocabulary(folder, tokenizer)


def answered(trainer, data: Path, folder: str) -> dict:
    """The scores of a checkpoint on the data, and its two best answers to fixed questions."""
    metrics = trainer.evaluate(folder, eval_dataset=data)
    return {"metrics": exact(metrics), "answers": exact(trainer.predict(folder, tiny_data.inputs(trainer.config), 2))}


def exact(value):
    """The same for JSON, every float as hexadecimal digits."""
    if isinstance(value, dict):
        return {str(key): exact(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [exact(inner) for inner in value]
    return float(value).hex() if isinstance(value, (float, np.floating)) else value
