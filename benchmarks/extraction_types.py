"""What asking for 1, 10 and 50 types about 100 texts costs a model of information_extraction.

python benchmarks/extraction_types.py MODEL DATA [--texts 100] [--types 1 10 50] [--rounds 3]
MODEL: a run, a checkpoint, or a recipe that needs nothing more. DATA: train.txt, whose texts and prompts are asked.
Seconds are those of the processors on one thread, the least of the rounds, which come in turns; the first round of all,
which compiles, is left out.
"""

import argparse
import os
import time

os.environ["OMP_NUM_THREADS"] = "1"


def main():
    from tasklab import Trainer
    from tasklab.data.extraction.reading import read_prompts

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("data")
    parser.add_argument("--texts", type=int, default=100)
    parser.add_argument("--types", type=int, nargs="+", default=[1, 10, 50])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    trainer = Trainer(task="information_extraction", model=options.model)
    examples, _ = read_prompts(options.data, trainer.config.data)
    texts = list(dict.fromkeys(e.text for e in examples))
    texts = [texts[i % len(texts)] for i in range(options.texts)]
    prompts = list(dict.fromkeys(e.prompt for e in examples))
    spent = {count: [] for count in options.types}
    for _ in range(options.rounds + 1):
        for count in options.types:
            start = time.process_time()
            trainer.predict(input_data=texts, schema=prompts[:count])
            spent[count].append(time.process_time() - start)
    print("| types | seconds | prompts/s | seconds the first time |")
    print("|---|---|---|---|")
    for count, seconds in spent.items():
        least = min(seconds[1:])
        print(f"| {count} | {least:.2f} | {len(texts) * count / least:.0f} | {seconds[0]:.2f} |")


if __name__ == "__main__":
    main()
