"""Questions with candidate answers: from tables of pairs (UER's DBQA, WikiQA, TREC-QA) and from what users pass."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tasklab.data.files.cells import identity_of
from tasklab.data.files.inputs import OBJECT, Inputs, tell_left_out
from tasklab.data.files.problems import shortened
from tasklab.data.files.textfile import encodable
from tasklab.data.texts.example import TextExample
from tasklab.data.texts.reading import read_text_rows
from tasklab.data.texts.settings import TextDataConfig
from tasklab.errors import DataError

FORMS = '{"question": ..., "candidates": [...]} or the pair (question, [candidate, ...])'


@dataclass
class CandidateDataConfig(TextDataConfig, path="data"):
    """As for other pairs; data.group may tell which rows belong to one question."""

    passed_over = ("soft_targets", "output_submission")
    paired = True
    output_rows: bool = False  # predict gives every candidate its label; so do output_logits, output_prob and a .tsv


@dataclass
class Question:
    """A question, its candidates in file order, and which of them are right (1 or 0; empty when not known)."""

    id: str
    text: str
    candidates: list[str] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    place: str = ""

    @property
    def truth(self) -> list[int]:
        return self.labels

    @property
    def asked(self) -> dict:
        """For tables of answers."""
        alone = len(self.candidates) == 1
        offered = {"candidate": self.candidates[0]} if alone else {"candidates": self.candidates}
        return {"id": self.id, "question": self.text, **offered}


def questions_of(examples: Iterable[TextExample]) -> list[Question]:
    """Pairs gathered by their group, or by the question's text where there is none, in the order of first rows.

    The rows of one question need not stand together.
    Raises: DataError when one group holds two questions, or some rows have none of the groups.
    """
    questions: dict[str, Question] = {}
    examples = list(examples)
    alone = next((e.place for e in examples if not e.group), None)
    if alone is not None and any(e.group for e in examples):
        raise DataError(f"{alone}: has no id of its question, though other rows do; give every row one")
    for example in examples:
        name = example.group or example.text_a
        question = questions.setdefault(name, Question(name, example.text_a, place=example.place))
        if question.text != example.text_a:
            raise DataError(
                f"{example.place}: group {name} asks {shortened(example.text_a)} here, but {shortened(question.text)} "
                f"at {question.place}; give each question its own id"
            )
        question.candidates.append(example.text_b)
        if example.label is not None:
            question.labels.append(int(example.label))
    return list(questions.values())


def rows_of(questions: Iterable[Question]) -> list[Question]:
    """Each candidate with its question alone, question by question."""
    return [replace(q, candidates=[text], labels=[]) for q in questions for text in q.candidates]


def questions_from_input(input_data, data: TextDataConfig, rows: bool = False) -> list[Question]:
    """Questions in input order: one or a list of dicts or pairs, or the path of a table, whose labels are not read.

    rows: every candidate alone, those of a table in the order of its rows.

    Raises: DataError naming the position.
    """
    if path := INPUTS.file(input_data):
        examples, note = read_text_rows(path, data, "single_label_classification", labelled=False)
        tell_left_out(path, note)
        return [q for e in examples for q in questions_of([e])] if rows else questions_of(examples)
    asked = [_question(item, str(i), place) for i, (place, item) in enumerate(INPUTS.items(input_data))]
    return rows_of(asked) if rows else asked


def _is_pair(item) -> bool:
    return isinstance(item, Sequence) and len(item) == 2 and isinstance(item[0], str) and not isinstance(item[1], str)


INPUTS = Inputs(FORMS, sign=OBJECT, alone=_is_pair)


def _question(item, number: str, place: str) -> Question:
    text, candidates = None, None
    if isinstance(item, Mapping):
        text, candidates, number = item.get("question"), item.get("candidates"), identity_of(item, "id", number)
    elif _is_pair(item):
        text, candidates = item
    if not isinstance(text, str) or not isinstance(candidates, (list, tuple)) or not candidates:
        raise INPUTS.unusable(place, item)
    for candidate in (text, *candidates):
        if not isinstance(candidate, str) or not candidate.strip():
            raise DataError(f"{place}: {shortened(str(candidate))} is no text; expected {FORMS}")
        if not encodable(candidate):
            raise DataError(f"{place}: {shortened(candidate)} holds half of a surrogate pair; correct it")
    return Question(number, text, list(candidates), place=place)
