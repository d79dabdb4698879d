"""A trained network as one file for other runtimes, MindIR or ONNX, and the proof that it computes the same."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tasklab.errors import ConfigError, TasklabError
from tasklab.tools import TOOLS
from tasklab.tools.opened import refuse_existing
from tasklab.weights.atomic import beside, remove_left_overs

INPUTS, AXES = ("input_ids", "attention_mask", "token_type_ids"), ("rows", "tokens")
PROBES = ((1, 7), (3, 16))  # rows, tokens: two shapes, so that a fixed one would be noticed
CLOSE = 1e-4  # per unit of the largest output

Run = Callable[[list[np.ndarray]], list[np.ndarray]]


@dataclass(frozen=True)
class Exported:
    """difference: the largest between the file and tasklab on the probes; None when nothing here can run the file."""

    path: Path
    outputs: tuple[str, ...]
    difference: float | None

    def __str__(self):
        size = f"{self.path.stat().st_size / 1e6:.1f} MB"
        line = f"{self.path}: {size}, {', '.join(INPUTS)} -> {', '.join(self.outputs)}, any batch size and length"
        if self.difference is None:
            return f"{line}\nnot compared with tasklab: that needs onnxruntime (pip install 'tasklab[export]')"
        return f"{line}\nits outputs differ from tasklab's by at most {self.difference:.1e}"


@TOOLS.register("export")
def export(source: str, to: str, *, task: str | None = None) -> Exported:
    """Export a trained model to a MindIR or ONNX file and compare its outputs with tasklab's.

    The file takes token ids (int32 in MindIR, int64 in ONNX); `tasklab tools bundle` keeps the tokenizer with a model.

    Args:
        source: a checkpoint or run folder, or with `task` a HuggingFace folder that has the task's head.
        to: the file to write, its name ends in .mindir or .onnx.
        task: of a model that does not say it itself.
    Raises: TasklabError when the network cannot be exported, or the file computes something else.
    """
    kinds = {".mindir": _write_mindir, ".onnx": _write_onnx}
    path = Path(to)
    if path.suffix not in kinds:
        raise ConfigError(f"{to}: expected a name that ends in {' or '.join(kinds)}")
    refuse_existing(to)
    model = _ready(source, task)
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_left_overs(path)
    aside = beside(path, "tmp")
    aside.mkdir()
    try:
        names, run = kinds[path.suffix](model, aside / path.name)
        difference = None if run is None else _difference(model, run)
        if difference is not None and not difference <= CLOSE:
            raise TasklabError(f"{to}: not written, its outputs would differ from tasklab's by {difference:.1e}")
        os.chmod(aside / path.name, 0o644)
        os.replace(aside / path.name, path)
    finally:
        shutil.rmtree(aside)
    return Exported(path, names, difference)


def _ready(source, task: str | None):
    """The model on stock operators, which other runtimes have too."""
    from tasklab.session.ready import Ready
    from tasklab.trainer import Trainer

    config = Trainer(task=task, model=source, overrides=["kernels=off"]).config
    model = Ready(config.checkpoint, config).model
    network = model.network.set_train(False)
    if network.inputs != INPUTS or network.axes != AXES:
        takes, here = ", ".join(network.inputs), ", ".join(network.axes)
        raise ConfigError(
            f"{source}: has no export here: its network takes {takes} of [{here}], and these files can hold "
            f"{', '.join(INPUTS)} of [{', '.join(AXES)}]"
        )
    return model


def _write_mindir(model, path: Path) -> tuple[tuple[str, ...], Run]:
    import mindspore as ms

    from tasklab.nn.blocks.recurrence import NumpyRecurrence

    if any(isinstance(cell, NumpyRecurrence) for _, cell in model.network.cells_and_names()):
        raise TasklabError(
            f"encoder {model.config.model.encoder!r} takes its steps in Python on a CPU, which a .mindir cannot hold; "
            "pass on the checkpoint folder, or a bundle of it"
        )
    free = [ms.Tensor(shape=[None, None], dtype=ms.int32) for _ in INPUTS]
    ms.export(model.network, *free, file_name=str(path.with_suffix("")), file_format="MINDIR")
    graph = ms.nn.GraphCell(ms.load(str(path)))
    return _output_names(model.network), lambda arrays: _run(graph, arrays)


def _write_onnx(model, path: Path) -> tuple[tuple[str, ...], Run | None]:
    from tasklab.tools.onnx_network import onnx_model

    made = onnx_model(model.network, model.config.model)
    path.write_bytes(made.SerializeToString())
    names = tuple(output.name for output in made.graph.output)
    try:
        import onnxruntime
    except ImportError:
        return names, None
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return names, lambda arrays: session.run(
        names, dict(zip(INPUTS, (a.astype(np.int64) for a in arrays), strict=True))
    )


def _output_names(network) -> tuple[str, ...]:
    from tasklab.nn.heads.spans import QuestionAnsweringHead

    return ("start_logits", "end_logits") if isinstance(network.head, QuestionAnsweringHead) else ("logits",)


def _run(network, arrays: list[np.ndarray]) -> list[np.ndarray]:
    import mindspore as ms

    outputs = network(*map(ms.Tensor, arrays))
    return [o.asnumpy() for o in (outputs if isinstance(outputs, (tuple, list)) else (outputs,))]


def _difference(model, run: Run) -> float:
    """The largest over all probes and outputs, at real tokens, per unit of the largest output (at least 1)."""
    rng, largest = np.random.default_rng(0), 0.0
    sizes = model.config.model
    for rows, tokens in PROBES:
        mask = (np.arange(tokens) < rng.integers(2, tokens + 1, (rows, 1))).astype(np.int32)
        ids = rng.integers(0, sizes.vocab_size, mask.shape).astype(np.int32) * mask
        types = rng.integers(0, sizes.type_vocab_size, mask.shape).astype(np.int32) * mask
        for ours, theirs in zip(_run(model.network, [ids, mask, types]), run([ids, mask, types]), strict=True):
            real = mask == 1 if ours.shape[:2] == mask.shape else slice(None)
            scale = max(1.0, float(np.abs(ours[real]).max()))
            largest = max(largest, float(np.abs(ours[real] - theirs[real]).max()) / scale)
    return largest
