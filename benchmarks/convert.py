"""Time and memory of converting a BERT-base (random weights, 438 MB) between all formats.

python benchmarks/convert.py [--work FOLDER] [--probe]
Each conversion runs in a process of its own: seconds from the call to the end, and by how much the process's largest
resident memory grew over what the imports took, in multiples of the weights. --probe adds the comparison of logits.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

SIZES = {
    "vocab_size": 30522, "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
    "intermediate_size": 3072, "max_position_embeddings": 512, "type_vocab_size": 2,
}  # fmt: skip
CHAIN = ("huggingface", "uer", "google", "mindspore", "tasklab", "huggingface")


def write_random_bert(folder: Path) -> int:
    """A HuggingFace folder; returns the bytes of its weights."""
    from tasklab.weights.files import TensorFile

    hidden, inner = SIZES["hidden_size"], SIZES["intermediate_size"]
    tables = {"word": "vocab_size", "position": "max_position_embeddings", "token_type": "type_vocab_size"}
    shapes = {f"embeddings.{name}_embeddings.weight": (SIZES[size], hidden) for name, size in tables.items()}
    shapes |= {f"embeddings.LayerNorm.{leaf}": (hidden,) for leaf in ("weight", "bias")}
    for layer in range(SIZES["num_hidden_layers"]):
        dense = dict.fromkeys(("self.query", "self.key", "self.value", "output.dense"), (hidden, hidden))
        modules = {f"attention.{name}": shape for name, shape in dense.items()}
        modules |= {"intermediate.dense": (inner, hidden), "output.dense": (hidden, inner)}
        modules |= dict.fromkeys(("attention.output.LayerNorm", "output.LayerNorm"), (hidden,))
        for name, shape in modules.items():
            shapes[f"encoder.layer.{layer}.{name}.weight"] = shape
            shapes[f"encoder.layer.{layer}.{name}.bias"] = shape[:1]
    shapes |= {"pooler.dense.weight": (hidden, hidden), "pooler.dense.bias": (hidden,)}
    rng = np.random.default_rng(0)
    file = TensorFile({f"bert.{name}": rng.standard_normal(shape, np.float32) / 50 for name, shape in shapes.items()})
    folder.mkdir(parents=True)
    file(folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps({"model_type": "bert", **SIZES}))
    return file.nbytes


def measure(source: str, target: str, to: str, probe: bool) -> None:
    """Prints seconds and bytes of one conversion, in this process."""
    from tasklab.convert import convert

    if probe:
        import tasklab.convert.probe  # noqa: F401 - MindSpore's import is not the conversion's time
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    convert(source, target, to, verify=probe, say=lambda line: None)
    seconds = time.perf_counter() - start
    print(json.dumps([seconds, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", help="folder for 3 GB of files; default: a temporary one")
    parser.add_argument("--probe", action="store_true", help="also compare logits in tasklab's network")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.work) as work:
        source = Path(work) / "bert"
        code = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import convert, pathlib; "
        size = int(_output(code + f"print(convert.write_random_bert(pathlib.Path({str(source)!r})))"))
        print(f"{'from':12} {'to':12} {'seconds':>8} {'memory':>8}   (weights: {size / 1e6:.0f} MB)")
        for number, to in enumerate(CHAIN):
            target = Path(work) / f"{number}-{to}"
            arguments = f"{str(source)!r}, {str(target)!r}, {to!r}, {options.probe}"
            seconds, grown = json.loads(_output(code + f"convert.measure({arguments})"))
            print(f"{source.name.rpartition('-')[2]:12} {to:12} {seconds:8.2f} {grown / size:7.2f}x", flush=True)
            source = target


def _output(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    return done.stdout.strip().splitlines()[-1]


if __name__ == "__main__":
    main()
