"""A random start of text matching by cosine as a folder that both sides of the matching benchmarks begin with.

python benchmarks/matching_start.py RECIPE FOLDER VOCABULARY [--seed 42]
FOLDER is one of sentence-transformers: tasklab's own start weights, converted.
"""

import argparse
import tempfile
from pathlib import Path

from tasklab import Trainer
from tasklab.convert import convert
from tasklab.model import start_model
from tasklab.weights.folder import WEIGHTS, TensorFile, write_folder


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recipe")
    parser.add_argument("folder")
    parser.add_argument("vocabulary")
    parser.add_argument("--seed", type=int, default=42)
    options = parser.parse_args()
    settings = [f"tokenizer.vocab={options.vocabulary}", f"seed={options.seed}"]
    model = start_model(Trainer(model=options.recipe, overrides=settings).config, None)
    tensors = {name: parameter.asnumpy() for name, parameter in model.network.parameters_and_names()}
    with tempfile.TemporaryDirectory() as folder:
        write_folder(Path(folder) / "start", {**model.files(), WEIGHTS: TensorFile(tensors)})
        convert(Path(folder) / "start", options.folder, "huggingface")


if __name__ == "__main__":
    main()
