"""The kinds of files around a model and a search that test_fuzz_readers.py damages: weights, labels, plans.

Each is prepared as (file name, its content, what reads it); a reader may lay whole files beside the damaged one.
"""

import json
from functools import partial
from pathlib import Path

HOME = Path(__file__).parent / "fixtures"
MODULES = json.dumps(
    [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
     {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
     {"idx": 2, "name": "2", "path": "2_Dense", "type": "sentence_transformers.models.Dense"},
     {"idx": 3, "name": "3", "path": "3_Normalize", "type": "sentence_transformers.models.Normalize"}]
)  # fmt: skip
SENTENCES = {
    "modules.json": MODULES,
    "1_Pooling/config.json": '{"word_embedding_dimension": 8, "pooling_mode_cls_token": true}',
    "2_Dense/config.json": '{"in_features": 8, "out_features": 4, "activation_function": '
    '"torch.nn.modules.activation.Tanh"}',
    "sentence_bert_config.json": '{"max_seq_length": 64, "do_lower_case": false}',
    "config_sentence_transformers.json": '{"prompts": {}, "default_prompt_name": null}',
}
PREDICTED = json.dumps([{"id": "1", "label": "a", "answers": [{"label": "a", "prob": [0.75, 0.25]}]}] * 2)
RECIPE = "task: text_classification\nbase: bert_tiny\nname: mine\noptimizer: {lr: 3.0e-5}\ndata: {max_seq_length: 64}\n"


def weights(name: str, *beside: str):
    """A fixture of another program, every tensor of it read; `beside`: what it needs."""

    def read(path):
        import numpy as np

        from tasklab.weights.containers import open_weights

        for other in beside:
            if other != path.name:
                (path.parent / other).write_bytes((HOME / "containers" / other).read_bytes())
        for tensor in open_weights(path.with_suffix(".index") if ".data-" in path.name else path)[1].values():
            if np.asarray(tensor).shape != tensor.shape:
                raise AssertionError("another shape")

    return lambda: (name, (HOME / "containers" / name).read_bytes(), read)


def safetensors():
    import numpy as np

    from tasklab.weights.files import TensorFile, read_safetensors

    TensorFile({"a": np.ones((2, 3), np.float32), "b": np.arange(4)})(Path("whole"))
    return "model.safetensors", Path("whole").read_bytes(), read_safetensors


def gguf():
    import numpy as np
    from gguf_files import write_gguf

    from tasklab.config.gguf import read_gguf_settings
    from tasklab.weights.containers import open_weights

    def read(path):
        read_gguf_settings(path)
        for tensor in open_weights(path)[1].values():
            if np.asarray(tensor).shape != tensor.shape:
                raise AssertionError("another shape")

    return "model.gguf", write_gguf(Path("whole.gguf")).read_bytes(), read


def adapter():
    """adapter.json of a folder whose base is a file beside it."""
    import numpy as np

    from tasklab.weights.adapters import Beside, adapters_in, digest_of, merged
    from tasklab.weights.files import TensorFile
    from tasklab.weights.source import WeightSource

    TensorFile({"d.weight": np.ones((2, 3), np.float32)})(Path("base.safetensors"))
    digest = digest_of(WeightSource("base", Path("."), "tasklab", Path("base.safetensors")))
    own = {"d.lora.a": np.ones((1, 3), np.float32), "d.lora.b": np.ones((2, 1), np.float32)}

    def read(path):
        said = adapters_in(path.parent)
        whole = merged(lazily({"d.weight": np.ones((2, 3), np.float32)}), lazily(own), said.scale)
        if np.asarray(whole["d.weight"]).shape != (2, 3):
            raise AssertionError("another shape")

    return "adapter.json", Beside("base.safetensors", digest, 2.0, ["head.bias"]).to_json(), read


def lazily(tensors: dict) -> dict:
    from tasklab.weights.tensors import lazy

    return {name: lazy(tensor) for name, tensor in tensors.items()}


def peft(damaged: str):
    """What peft saves of a BERT; `damaged` is the one of both files that is."""

    def made():
        import numpy as np

        from tasklab.content import read_json
        from tasklab.errors import CheckpointError
        from tasklab.weights.files import TensorFile, lazy_safetensors
        from tasklab.weights.peft import CONFIG, WEIGHTS, Names, from_peft
        from tasklab.weights.tables import find_format, to_tasklab

        stored = np.load(HOME / "peft_reference.npz")
        base, tensors = (
            {n.removeprefix(f"bert/{part}/"): stored[n] for n in stored if n.startswith(f"bert/{part}/")}
            for part in ("base", "adapter")
        )
        table = find_format("huggingface", "bert")
        names = Names(to_tasklab(base, table, "classes")[0], table, "classes")
        Path("whole").mkdir()
        TensorFile(tensors)(Path("whole", WEIGHTS))
        Path("whole", CONFIG).write_text(str(stored["bert/adapter_config.json"]), encoding="utf-8")

        def read(path):
            files = {name: path if path.name == name else Path("whole", name).absolute() for name in (CONFIG, WEIGHTS)}
            said = read_json(files[CONFIG], CheckpointError)
            own, scale = from_peft(lazy_safetensors(files[WEIGHTS]), said, names, "here")
            if scale <= 0 or not all(np.asarray(tensor).ndim for tensor in own.values()):
                raise AssertionError("no adapters")

        return damaged, Path("whole", damaged).read_bytes(), read

    return made


def sentence_model(name: str):
    def read(path):
        from tasklab.config.huggingface import sentence_settings

        folder = path.parent
        for other, content in SENTENCES.items():
            (folder / other).parent.mkdir(exist_ok=True)
            (folder / other).write_text(content) if other != name else (folder / other).write_bytes(path.read_bytes())
        sentence_settings(folder)

    return lambda: ("damaged", SENTENCES[name].encode(), read)


def recipe(path):
    from tasklab.trainer import Trainer

    Trainer(model=str(path), overrides=["from_scratch=true"])


def class_names(path):
    from tasklab.convert.files import read_labels

    read_labels(path)


def tag_numbers(path):
    from tasklab.data.tagging.labels import numbered_labels

    numbered_labels(path)


def predictions(path):
    from tasklab.tools.predictions import Predictions

    Predictions.read(str(path))


def plan():
    from tasklab.trainer import Trainer
    from tasklab.trials.trial import PLAN, Trial

    config = Trainer(None, "text_classification", "bert_tiny", overrides=["from_scratch=true"]).config
    Trial("made").plan(config)

    def read(path):
        Trial(path.parent).is_plan(config)

    return PLAN, (Path("made") / PLAN).read_bytes(), read


def trial_state():
    from tasklab.runs.state import STATE
    from tasklab.trials.trial import Trial

    def read(path):
        checkpoint = path.parent / "checkpoint-1"
        checkpoint.mkdir()
        path.rename(checkpoint / STATE)
        Trial(path.parent).finished()

    return "state", b'{"finished": true, "global_step": 1}', read


def corpus_ids():
    import numpy as np

    from tasklab.data.rows.cache import cached_tokens
    from tasklab.data.rows.token_file import write_token_file

    ids = np.arange(1, 7, dtype=np.uint16)
    part = (ids, np.array([4, 2]), np.array([True, False]), np.zeros(6, bool))
    write = partial(write_token_file, vocab_size=100, chunks=[part], info=dict)
    cached_tokens("cache", {"a": 1}, write)
    (file,) = (path for path in Path("cache").iterdir() if path.is_file())

    def read(path):
        found = cached_tokens(path.parent, {"a": 1}, write)
        if (found.ids & found.unmarked).tolist() != ids.tolist() or found.ends.tolist() != [4, 6]:
            raise AssertionError("other rows")

    return file.name, file.read_bytes(), read


def named(name: str, content: str, read):
    return lambda: (name, content.encode(), read)


KINDS = {
    "PyTorch zip": weights("torch_zip.bin"),
    "PyTorch pickle": weights("torch_legacy.bin"),
    "MindSpore checkpoint": weights("mindspore.ckpt"),
    "MindSpore checkpoint with checksums": weights("mindspore_crc.ckpt"),
    "TensorFlow index": weights("bundle.index", "bundle.data-00000-of-00001"),
    "TensorFlow data": weights("bundle.data-00000-of-00001", "bundle.index"),
    "model.safetensors": safetensors,
    "GGUF": gguf,
    "adapter.json": adapter,
    "peft's adapter_config.json": peft("adapter_config.json"),
    "peft's adapter_model.safetensors": peft("adapter_model.safetensors"),
    **{f"sentence-transformers' {name}": sentence_model(name) for name in SENTENCES},
    "recipe": named("mine.yaml", RECIPE, recipe),
    "labels of a conversion": named("labels.json", '{"good": 0, "bad": 1}', class_names),
    "labels, one a line": named("labels.txt", "good\nbad\n", class_names),
    "label2id of tags": named("label2id.json", '{"O": 0, "B-X": 1, "I-X": 2, "[PAD]": 3}', tag_numbers),
    "predictions.json": named("predictions.json", PREDICTED, predictions),
    "plan of a trial": plan,
    "state of a trial": trial_state,
    "corpus in token ids": corpus_ids,
}
