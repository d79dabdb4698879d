"""Building question answering windows: tasklab against HuggingFace's fast tokenizer, in turn, on the same files.

python benchmarks/features.py --data train-v1.1.json dev-v1.1.json [--rounds 3]
Both sides read the JSON, cut windows of 384 tokens and find the answer's tokens; needs the extra `bench`.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

MAX_LENGTH, STEP = 384, 128


def tasklab_side(vocabulary: str, files: list[str]) -> dict:
    from tasklab.data.questions.reading import read_squad
    from tasklab.data.questions.windows import qa_windows
    from tasklab.text.wordpiece import WordPiece

    start = time.perf_counter()
    tokenizer = WordPiece(vocabulary)
    rows = 0
    for number, file in enumerate(files):
        examples, _ = read_squad(file, training=number == 0)
        rows += len(qa_windows(tokenizer, examples, MAX_LENGTH, STEP, 64, training=number == 0))
    return {"seconds": time.perf_counter() - start, "rows": rows}


def huggingface_side(vocabulary: str, files: list[str]) -> dict:
    from transformers import BertTokenizerFast

    start = time.perf_counter()
    tokenizer = BertTokenizerFast(vocabulary, do_lower_case=True)
    rows = 0
    for number, file in enumerate(files):
        document = json.loads(Path(file).read_text(encoding="utf-8"))
        paragraphs = [p for article in document["data"] for p in article["paragraphs"]]
        questions = [(q, p["context"]) for p in paragraphs for q in p["qas"]]
        for i in range(0, len(questions), 512):
            part = questions[i : i + 512]
            encoded = tokenizer(
                [q["question"].strip() for q, _ in part], [context for _, context in part], max_length=MAX_LENGTH,
                stride=STEP, truncation="only_second", return_overflowing_tokens=True, return_offsets_mapping=True,
            )  # fmt: skip
            rows += len(encoded["input_ids"])
            if number == 0:
                for row in range(len(encoded["input_ids"])):
                    answer = part[encoded["overflow_to_sample_mapping"][row]][0]["answers"][0]
                    _span(encoded, row, answer["answer_start"], answer["answer_start"] + len(answer["text"]))
    return {"seconds": time.perf_counter() - start, "rows": rows}


def _span(encoded, row: int, start: int, end: int) -> tuple[int, int]:
    """First and last token of the answer, by the loop that HuggingFace's own example uses."""
    kinds, offsets = encoded.sequence_ids(row), encoded["offset_mapping"][row]
    first, last = kinds.index(1), len(kinds) - 1 - kinds[::-1].index(1)
    if offsets[first][0] > start or offsets[last][1] < end:
        return 0, 0
    while first <= last and offsets[first][0] <= start:
        first += 1
    while offsets[last][1] >= end and last >= 0:
        last -= 1
    return first - 1, last + 1


SIDES = {"tasklab": tasklab_side, "huggingface": huggingface_side}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", nargs="+", required=True, help="a SQuAD training file, then evaluation files")
    parser.add_argument("--vocabulary", help="default: that of minilm_l6")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--side", choices=SIDES, help="only this side, once; prints JSON")
    parser.add_argument("--huggingface-python", default=sys.executable)
    options = parser.parse_args()
    if options.side:
        print(json.dumps(SIDES[options.side](options.vocabulary, options.data)))
        return
    if not options.vocabulary:
        from tasklab.weights.store import resolve

        options.vocabulary = str(resolve("minilm_l6").vocabulary)
    seconds = {side: [] for side in SIDES}
    for _ in range(options.rounds):
        for side in SIDES:
            python = sys.executable if side == "tasklab" else options.huggingface_python
            command = [python, __file__, "--side", side, "--vocabulary", options.vocabulary, "--data", *options.data]
            result = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            seconds[side].append(result["seconds"])
            print(f"{side:12} {result['seconds']:.2f} s, {result['rows']} rows", flush=True)
    ours, theirs = (statistics.median(seconds[side]) for side in SIDES)
    print(f"median: tasklab {ours:.2f} s, HuggingFace {theirs:.2f} s, ratio {theirs / ours:.2f}")


if __name__ == "__main__":
    main()
