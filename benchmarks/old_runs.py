"""Tiny runs, one per kind of training that a folder remembers, kept as they were half way."""

import hashlib
import json
import shutil
from pathlib import Path

import tiny_data
from safetensors.numpy import load_file
from tiny_jobs import SIZES, answered, exact, tiny_trainer

STEPS, HALF = 20, 10
TEXTS, WORDS, VECTORS = "text_classification", "masked_language_modeling", "feature_extraction"
CASES = {
    "questions": ("question_answering", "bert_tiny", {}),
    "classes": (TEXTS, "bert_tiny", {"train.eval_strategy": "steps", "train.eval_steps": 5}),
    "dropout": (TEXTS, "bert_tiny", {"model.hidden_dropout_prob": 0.1, "model.attention_probs_dropout_prob": 0.1}),
    "regression": (TEXTS, "bert_tiny", {"model.problem_type": "regression"}),
    "several_labels": (TEXTS, "bert_tiny", {"model.problem_type": "multi_label_classification"}),
    "siamese": (TEXTS, "bert_tiny", {"model.pair_encoding": "siamese", "data.text_b": "text_b"}),
    "sbert": (TEXTS, "bert_tiny", {"model.pair_encoding": "sbert", "data.text_b": "text_b"}),
    "dual": (TEXTS, "dual_chinese", {"data.text_b": "text_b"}),
    "soft_targets": (TEXTS, "bert_tiny", {"data.soft_targets": True, "model.labels": ["happy", "sad"]}),
    "balanced": (TEXTS, "bert_tiny", {"loss.balanced": True, "loss.label_smoothing": 0.1, "loss.focal_gamma": 1.0}),
    "average": (TEXTS, "bert_tiny", {"optimizer.ema_decay": 0.9}),
    "layer_decay": (TEXTS, "bert_tiny", {"optimizer.layer_decay": 0.8, "train.gradient_accumulation_steps": 2}),
    "rdrop": (TEXTS, "bert_tiny", {"loss.rdrop_alpha": 1.0}),
    "fgm": (TEXTS, "bert_tiny", {"adversarial.name": "fgm"}),
    "pgd": (TEXTS, "bert_tiny", {"adversarial.name": "pgd"}),
    "stock_operators": (TEXTS, "bert_tiny", {"kernels": "off"}),
    "albert": (TEXTS, "albert_base_v2", {}),
    "roberta": (TEXTS, "roberta_base", {"data.num_buckets": 1}),
    "lstm": (TEXTS, "lstm_chinese", {}),
    "gatedcnn": (TEXTS, "gatedcnn_chinese", {}),
    "gpt": (TEXTS, "gpt_chinese", {}),
    "tags": ("token_classification", "bert_tiny", {"data.scheme": "bioes"}),
    "tags_in_chains": ("token_classification", "bilstm_chinese", {"model.head": "crf"}),
    "choices": ("multiple_choice", "bert_tiny", {}),
    "answers": ("answer_selection", "bert_tiny", {}),
    "several_tasks": ("multi_task_classification", "bert_tiny", {}),
    "words": (WORDS, "bert_tiny", {"data.masking": "whole_word"}),
    "words_next_sentence": (WORDS, "bert_tiny", {"data.sentence_target": "next_sentence"}),
    "words_sentence_order": (WORDS, "albert_small_chinese", {"data.sentence_target": "sentence_order"}),
    "vectors": (VECTORS, "bert_tiny", {}),
    "whitened_vectors": (VECTORS, "bert_tiny", {}),
}  # fmt: skip
"""By name task, backbone, and settings. There is no dropout but where they say so."""


def make(home: Path, task: str, backbone: str, settings: dict):
    """In `home` a run stopped half way, or for vectors a model made of it; data; and expected.json."""
    trained_task = TEXTS if task == VECTORS else task
    plan = {"train.max_steps": STEPS, "train.save_steps": HALF, "train.logging_steps": 4, "optimizer.lr": 3e-3}
    run = home / "run"
    trainer, data = tiny_trainer(trained_task, backbone, home, run, {**plan, **settings})
    last = Path(trainer.train()["last_checkpoint"])
    expected = {"losses": losses_of(run), "weights": weights_of(last)}
    shutil.rmtree(last)
    best = run / "best"
    if best.is_file() and not (run / best.read_text().strip()).is_dir():
        best.unlink()  # half way it named none that is left
    model = run
    if task == VECTORS:
        expected, model = {}, run / f"checkpoint-{HALF}"
        plain, data = tiny_trainer(task, backbone, home, home / "pairs", {})
        model = _whitened(plain.config, backbone, model) if home.name == "whitened_vectors" else model
    expected |= {"model": str(model.relative_to(home)), "data": str(data.relative_to(home))}
    expected |= answers_of(home, task, backbone, model, data)
    (home / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


def answers_of(home: Path, task: str, backbone: str, model: Path, data: Path) -> dict:
    """Of a folder that knows all about itself; or of a backbone on the weights of a classifier."""
    from tasklab import Trainer

    if task == VECTORS and model.parent.name == "run":
        return answered(tiny_trainer(task, backbone, home, home / "pairs", {})[0], data, str(model))
    return answered(Trainer({"device_target": "CPU"}, task, str(model)), data, None)


def _whitened(plain, backbone: str, model: Path) -> Path:
    from tasklab.cli import main as command

    target, corpus = model.parents[1] / "model", model.parents[1] / "corpus.txt"
    corpus.write_text("\n".join(text for *_, text in tiny_data.sentences()), encoding="utf-8")
    sizes = [f"model.{name}={plain.model[name]}" for name in SIZES if plain.model[name] is not None]
    words = ["tools", "whiten", backbone, str(corpus), "--to", str(target), "--dimensions", "4"]
    words += ["--settings", *sizes, "data.max_seq_length=32", f"checkpoint={model}"]
    if command(words):
        raise SystemExit(f"{model} could not be whitened")
    return target


def losses_of(run: Path) -> list[str]:
    lines = map(json.loads, (run / "metrics.jsonl").read_text().splitlines())
    return [exact(line["loss"]) for line in lines if line["kind"] == "train"]


def weights_of(checkpoint: Path) -> dict[str, str]:
    """Name -> digest of shape and bytes."""
    tensors = load_file(checkpoint / "model.safetensors")
    return {n: hashlib.sha256(repr(t.shape).encode() + t.tobytes()).hexdigest() for n, t in sorted(tensors.items())}
