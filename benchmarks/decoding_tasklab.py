"""tasklab's side of decoding.py: the decoder that serves a model, by the same calls; one JSON line."""

import json
import sys
from pathlib import Path

from decoding_cases import timed_cases

from tasklab.config.generation_section import GenerationConfig
from tasklab.convert.loaded import read_model
from tasklab.engine.native import native_decoder
from tasklab.generation.generate import generate
from tasklab.weights.source import source_at, weights_in

END = {"causal": 2, "seq2seq": 1}


BYTES = {"fp32": 4, "bf16": 2, "int8": 1 + 2 / 32}
"""Of a weight."""


class NoText:
    """As `text.streamed.Streamed`, of tokens that read nothing: words are not what is measured."""

    def push(self, ids):
        return ""

    def rest(self):
        return ""


def main(folder: Path, precision: str, threads: int) -> dict:
    weights = folder / "weights"
    found = read_model(source_at(str(weights), weights_in(weights)))
    head = "seq2seq" if "decoder.layers.0.attention.query.weight" in found.weights else "causal"
    decoder = native_decoder(found.description.model, found.weights, precision, head)
    settings = GenerationConfig()

    def answer(given, beams, new):
        settings.num_beams, settings.max_new_tokens, settings.min_new_tokens = beams, new, new
        sources = list(given) if head == "seq2seq" else ()
        prompts = [[0]] * len(given) if sources else list(given)
        texts = generate(decoder, prompts, settings, [END[head]], 1, lambda _: NoText(), sources=sources)
        return [text.ids for (text,) in texts]

    return timed_cases(folder, answer, threads, bytes=step_bytes(decoder.shape, precision))


def step_bytes(shape, precision: str) -> float:
    """Of the weights that a step reads: not of an encoder, whose part is done when the first token comes."""
    idle, total = ("encoder.", "layers.{}.cross_attention.key", "layers.{}.cross_attention.value"), 0
    for name, (size, _) in shape.tensors().items():
        if len(size) == 2 and name.endswith(".weight") and not name.startswith(idle) and "position" not in name:
            total += size[0] * size[1] * (shape.num_hidden_layers if "{}" in name else 1)
    return total * BYTES[precision]


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))))
