"""transformers' side of decoding.py: makes the weights, then generates; one JSON line."""

import json
import sys
from pathlib import Path

import torch
from decoding_cases import timed_cases
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM


def auto(config):
    return AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM


def make(folder: Path) -> dict:
    torch.manual_seed(0)
    config = AutoConfig.from_pretrained(folder)
    network = auto(config).from_config(config)
    if config.is_encoder_decoder:  # else the last word, told by its own vector, always comes again
        network.shared.weight.data.mul_(0.05)
    network.save_pretrained(folder / "weights")
    return {}


def main(folder: Path, threads: int) -> dict:
    torch.set_num_threads(threads)
    network = auto(AutoConfig.from_pretrained(folder)).from_pretrained(folder / "weights").eval()

    def answer(given, beams, new):
        ids = torch.tensor(given)
        with torch.inference_mode():
            found = network.generate(
                ids, attention_mask=torch.ones_like(ids), num_beams=beams, do_sample=False, min_new_tokens=new,
                max_new_tokens=new, pad_token_id=0,
            )  # fmt: skip
        return found[:, -new:].tolist()

    return timed_cases(folder, answer, threads)


if __name__ == "__main__":
    made = sys.argv[2] == "make"
    print(json.dumps(make(Path(sys.argv[1])) if made else main(Path(sys.argv[1]), int(sys.argv[3]))))
