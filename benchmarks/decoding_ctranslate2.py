"""CTranslate2's side of decoding.py, of T5 alone; one JSON line.

Exit status 3: it is not there, or has no such model.
"""

import json
import sys
from pathlib import Path

from decoding_cases import timed_cases

try:
    import ctranslate2
except ImportError:
    sys.exit(3)
TYPES = {"fp32": "float32", "int8": "int8"}


def make(folder: Path) -> dict:
    from ctranslate2.converters.transformers import T5Loader
    from transformers import T5ForConditionalGeneration

    network = T5ForConditionalGeneration.from_pretrained(folder / "weights")
    spec = T5Loader().get_model_spec(network)
    words = ["<pad>", "</s>", "<unk>", *(f"w{n}" for n in range(3, network.config.vocab_size))]
    spec.register_source_vocabulary(words)
    spec.register_target_vocabulary(words)
    spec.config.bos_token = spec.config.decoder_start_token = "<pad>"
    spec.config.eos_token, spec.config.unk_token = "</s>", "<unk>"
    spec.config.add_source_bos = spec.config.add_source_eos = False
    spec.validate()
    (folder / "ctranslate2").mkdir()
    spec.optimize(quantization="float32")
    spec.save(str(folder / "ctranslate2"))
    return {}


def main(folder: Path, precision: str, threads: int) -> dict:
    translator = ctranslate2.Translator(
        str(folder / "ctranslate2"), compute_type=TYPES[precision], intra_threads=threads
    )

    def answer(given, beams, new):
        sources = [[f"w{n}" for n in row] for row in given.tolist()]
        found = translator.translate_batch(
            sources, beam_size=beams, min_decoding_length=new, max_decoding_length=new, max_batch_size=len(sources)
        )
        return [[int(word[1:]) if word[1:].isdigit() else -1 for word in one.hypotheses[0]] for one in found]

    return timed_cases(folder, answer, threads)


if __name__ == "__main__":
    if json.loads((Path(sys.argv[1]) / "config.json").read_text())["model_type"] != "t5":
        sys.exit(3)
    made = sys.argv[2] == "make"
    print(json.dumps(make(Path(sys.argv[1])) if made else main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))))
