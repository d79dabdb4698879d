"""Which predicates a model of information_extraction takes for others, and lines that teach it not to."""

import json
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

from tasklab.data.extraction.prompts import line_of
from tasklab.data.extraction.reading import read_prompts
from tasklab.data.extraction.schema import worded
from tasklab.errors import DataError
from tasklab.tools import TOOLS
from tasklab.tools.opened import refuse_existing
from tasklab.trainer import Trainer
from tasklab.weights.atomic import write_folder

SHOWN = 5
"""Wrong answers that are kept of each confusion."""


@dataclass(frozen=True)
class Confusions:
    folder: Path
    details: dict
    lines: int

    def __str__(self):
        rows = [f"{'predicate':20} {'errors':>6}  taken for"]
        for predicate, errors in self.details.items():
            others = ", ".join(f"{other} ({entry['count']})" for other, entry in errors["confused_predicates"].items())
            rows.append(f"{predicate:20} {errors['total_error']:6}  {others}")
        return "\n".join([*rows, f"{self.folder}: {self.lines} lines without an answer"])


@TOOLS.register("extraction-confusions")
def extraction_confusions(model: str, data: str, *, to: str) -> Confusions:
    """Ask a model about the relations that its training file does not have, and keep what it answers wrongly.

    Each subject of a text is asked with every predicate that the text does not have for it. Where the first span is the
    answer of another predicate, the two are confused. Written are details.json, summary.json and negatives.txt: lines
    without an answer for every subject that is asked a confused predicate, to be put behind the training file.

    Args:
        model: a folder of a run or a checkpoint.
        data: a training file whose lines have subject and predicate.
        to: a new folder.
    """
    refuse_existing(to)
    trainer = extracting(model)
    examples, bad = read_prompts(data, trainer.config.data)
    bad.raise_if_fatal("leave it out")
    relations = [e for e in examples if e.predicate and e.answers]
    if not relations:
        raise DataError(f"{data}: no line has an answer with 'subject' and 'predicate'; extraction-data writes such")
    predicates = list(dict.fromkeys(e.predicate for e in relations))
    there = {(e.text, e.subject, e.predicate) for e in relations}
    asked = [
        (e, other, worded(trainer.config.data.wording, e.subject, other))
        for e in relations for other in predicates if (e.text, e.subject, other) not in there
    ]  # fmt: skip
    inputs = [{"text": e.text, "prompt": prompt, "subject": e.subject} for e, _, prompt in asked]
    answers = trainer.predict(input_data=inputs) if inputs else []
    details = _details(asked, [answer[prompt] for answer, (_, _, prompt) in zip(answers, asked, strict=True)])
    summary = {predicate: list(errors["confused_predicates"]) for predicate, errors in details.items()}
    lines = dict.fromkeys(
        line_of(_unanswered(e, other, prompt)) for e, other, prompt in asked if other in summary.get(e.predicate, ())
    )
    write_folder(Path(to), {
        "details.json": json.dumps(details, ensure_ascii=False, indent=1).encode(),
        "summary.json": json.dumps(summary, ensure_ascii=False, indent=1).encode(),
        "negatives.txt": "".join(f"{line}\n" for line in lines).encode(),
    })  # fmt: skip
    return Confusions(Path(to), details, len(lines))


def extracting(model: str) -> Trainer:
    """A model whose answers are spans alone, whatever its own settings say."""
    alone = ["data.output_texts=false", "data.output_coverage=false"]
    return Trainer(task="information_extraction", model=model, overrides=alone)


def _details(asked, answers) -> dict:
    """predicate -> total_error and, by the predicate it was asked as, count and error_samples; most errors first."""
    confused: dict = defaultdict(lambda: defaultdict(list))
    for (example, other, prompt), spans in zip(asked, answers, strict=True):
        if spans and spans[0]["text"] in {mention.text for mention in example.answers}:
            confused[example.predicate][other].append(
                {"content": example.text, "prompt": prompt, "answer": spans[0]["text"]}
            )
    details = {
        predicate: {
            "total_error": sum(map(len, others.values())),
            "confused_predicates": {
                other: {"count": len(samples), "error_samples": samples[:SHOWN]}
                for other, samples in sorted(others.items(), key=lambda item: -len(item[1]))
            },
        }
        for predicate, others in confused.items()
    }
    return dict(sorted(details.items(), key=lambda item: -item[1]["total_error"]))


def _unanswered(example, predicate: str, prompt: str):
    return replace(example, prompt=prompt, predicate=predicate, answers=())
