"""The SQuAD JSON layout, checked value by value: articles, paragraphs, questions, answers (Rajpurkar et al. 2016).

Read alike: SQuAD 1.1 and 2.0, CMRC 2018, DRCD, XQuAD, COVID-QA. Keys that are not needed are ignored.
"""

import re

from tasklab.data.files.cells import is_missing
from tasklab.data.files.problems import BadRows, shortened
from tasklab.data.files.textfile import encodable
from tasklab.data.questions.example import Answer, QAExample
from tasklab.data.questions.flat import Flat, answers_of, listed_answers
from tasklab.errors import DataError

TRUTH = {"true": True, "false": False, "1": True, "0": False, "none": False, "": False}
"""As tables spell it."""
FIX_ROW = "correct the row"
TYPES = {dict: "an object", list: "a list", str: "text", int: "a whole number", bool: "true or false"}


class SquadLayout:
    """Turns a parsed document into examples and notes what is wrong.

    Args:
        file: how messages call the file.
        training: an answer must then be at its place in the context; otherwise its text is enough to score with.
        answered: every question must carry answers; False reads questions to predict on.
    """

    def __init__(self, file: str, training: bool, answered: bool = True):
        self.file, self.training, self.answered = file, training, answered
        self.bad = BadRows(file)
        self.examples: list[QAExample] = []
        self._seen: dict[str, str] = {}

    def read(self, document) -> tuple[list[QAExample], BadRows]:
        """Raises DataError when the file as a whole has another layout."""
        if not isinstance(document, dict) or not isinstance(document.get("data"), list):
            actual = f"has the keys {_keys(document)}" if isinstance(document, dict) else f"is {_type(document)}"
            raise DataError(
                f"{self.file}: not the SQuAD layout: the top level {actual}; expected an object whose 'data' is a list "
                "of articles, or rows with context, question and answers"
            )
        # 2.0 files made by other tools leave is_impossible out and only empty the answers
        self._second_version = str(document.get("version", "")).lstrip("v").startswith("2")
        for i, article in enumerate(document["data"]):
            paragraphs = self._list(article, "paragraphs", f"data[{i}]")
            for j, paragraph in enumerate(paragraphs):
                self._paragraph(paragraph, f"data[{i}].paragraphs[{j}]")
        return self.examples, self.bad

    def read_rows(self, flat: Flat) -> tuple[list[QAExample], BadRows]:
        """The same of rows with a question and its context each, and their places; no answers mean that there is none.

        A row without an id gets its number.
        """
        self._second_version, self.bad = True, flat.bad
        for number, (place, row) in enumerate(flat.rows):
            path = re.sub(r"^:(?=\d)", "line ", place.removeprefix(self.file)).removeprefix(": ")
            if not isinstance(row, dict):
                self._note("layout", path, f"is {_type(row)}, expected an object", FIX_ROW)
                continue
            context = self._value(row, "context", str, path)
            if context is None or not self._filled(context, "context", path):
                continue
            row = {**row, "id": str(number) if is_missing(row.get("id")) else row["id"]}
            if (answers := answers_of(row)) is not None:
                row["answers"] = answers
            if "is_impossible" in row:
                row["is_impossible"] = TRUTH.get(str(row["is_impossible"]).lower(), row["is_impossible"])
            self._question(row, context, path)
        return self.examples, self.bad

    def _paragraph(self, paragraph, path: str):
        questions = self._list(paragraph, "qas", path)
        context = self._value(paragraph, "context", str, path) if isinstance(paragraph, dict) else None
        if context is None or not self._filled(context, "context", path):
            return
        for k, question in enumerate(questions):
            self._question(question, context, f"{path}.qas[{k}]")

    def _question(self, row, context: str, path: str):
        if not isinstance(row, dict):
            return self._note("layout", path, f"is {_type(row)}, expected an object", FIX_ROW)
        number = row.get("id")
        if isinstance(number, int) and not isinstance(number, bool):
            row = {**row, "id": str(number)}
        identity, question = self._value(row, "id", str, path), self._value(row, "question", str, path)
        if identity is None or question is None or not self._filled(identity, "id", path):
            return None
        path = f"{path} (id {identity})"
        if not self._filled(question, "question", path):
            return None
        impossible = self._value(row, "is_impossible", bool, path) if "is_impossible" in row else False
        answers = self._answers(row, context, path, impossible)
        if impossible is None or answers is None:
            return None
        place = f"{self.file}: {path[: path.rindex(' (id ')]}"
        if identity in self._seen:
            return self._note("duplicate id", path, f"is taken by {self._seen[identity]}; ids must differ")
        self._seen[identity] = place[len(self.file) + 2 :]
        impossible = impossible or (not answers and self._second_version)
        self.examples.append(QAExample(identity, question, context, answers, impossible, place))

    def _answers(self, row: dict, context: str, path: str, impossible: bool | None) -> tuple[Answer, ...] | None:
        """The usable answers, or None when the question is not usable."""
        if "answers" not in row and (impossible or not self.answered):
            return ()
        if isinstance(row.get("answers"), dict):
            row = {**row, "answers": listed_answers(row["answers"])}
        rows = self._value(row, "answers", list, path)
        if rows is None:
            return None
        if impossible and rows:
            return self._note(
                "contradiction", path, f"is_impossible is true, but there are {len(rows)} answers", FIX_ROW
            )
        if not rows:
            if self.answered and not impossible and not self._second_version:
                return self._note("no answer", path, "answers is []", 'add one, write "is_impossible": true')
            return ()
        checked = [self._answer(answer, context, f"{path}: answers[{n}]") for n, answer in enumerate(rows)]
        usable = tuple(answer for answer, wrong in checked if wrong is None)
        for kind, message, remedy in (wrong for _, wrong in checked if wrong is not None):
            self.bad.add(kind, message, remedy, fatal=not usable or kind != MISALIGNED)
        return usable or None

    def _answer(self, row, context: str, path: str) -> tuple[Answer | None, tuple[str, str, str] | None]:
        """(answer, None), or (None, (kind, message, remedy))."""
        text = row.get("text") if isinstance(row, dict) else None
        start = row.get("answer_start") if isinstance(row, dict) else None
        if not isinstance(text, str) or not isinstance(start, int) or isinstance(start, bool):
            actual = f"has the keys {_keys(row)}" if isinstance(row, dict) else f"is {_type(row)}"
            if isinstance(row, dict) and {"text", "answer_start"} <= row.keys():
                actual = f"has as text {_type(text)} and as answer_start {_type(start)}"
            expected = "expected an object with 'text' (text) and 'answer_start' (a whole number)"
            return None, ("layout", f"{self.file}: {path} {actual}; {expected}", "")
        if not text.strip() or not encodable(text):
            what = "is empty" if not text.strip() else "holds half of a surrogate pair"
            return None, ("empty answer", f"{self.file}: {path}: the text {what}", FIX_ROW)
        if start >= 0 and context.startswith(text, start):
            return Answer(text, start), None
        if not self.training:
            return Answer(text, -1), None
        path = path[: path.rindex(": answers[")] if path.endswith("answers[0]") else path
        message, remedy = _misaligned(text, start, context)
        return None, (MISALIGNED, f"{self.file}: {path}: {message}", remedy)

    def _list(self, row, key: str, path: str) -> list:
        if not isinstance(row, dict):
            self._note("layout", path, f"is {_type(row)}, expected an object with '{key}'")
            return []
        return self._value(row, key, list, path) or []

    def _value(self, row: dict, key: str, kind: type, path: str):
        """row[key] when it has the right type; otherwise None and a note."""
        value = row.get(key)
        if isinstance(value, kind):
            return value
        if key not in row:
            return self._note("layout", path, f"lacks '{key}' ({TYPES[kind]}); it has the keys {_keys(row)}")
        return self._note("layout", f"{path}.{key}", f"is {_type(value)}, expected {TYPES[kind]}")

    def _filled(self, text: str, key: str, path: str) -> bool:
        if not text.strip():
            self._note(f"empty {key}", f"{path}: {key}", "is empty", FIX_ROW)
            return False
        if not encodable(text):
            self._note("broken text", f"{path}: {key}", "holds half of a surrogate pair", FIX_ROW)
            return False
        return True

    def _note(self, kind: str, path: str, message: str, remedy: str = ""):
        self.bad.add(kind, f"{self.file}: {path} {message}", remedy)


MISALIGNED = "misaligned answer"


def _misaligned(text: str, start: int, context: str) -> tuple[str, str]:
    """What is wrong and what to do; start: -1 where a table leaves it to the reader to find."""
    times = context.count(text)
    if start < 0 and times > 1:
        return (
            f"the answer {shortened(text)} is {times} times in the context",
            "say where by answer_start, write more of the words around it",
        )
    there = context[start : start + len(text)] if start >= 0 else ""
    if there:
        message = f"answer_start {start} points at {shortened(there)}, not at the answer {shortened(text)}"
    else:
        where = "nowhere" if start < 0 else f"behind the context of {len(context)} characters"
        message = f"answer_start {start} points {where}, not at the answer {shortened(text)}"
    for needle, name in ((text, "the answer"), (text.strip(), "the answer without its outer blanks")):
        places = [context.rfind(needle, 0, max(start, 0) + len(needle)), context.find(needle, max(start, 0))]
        places = [place for place in places if place >= 0]
        if places:
            nearest = min(places, key=lambda place: abs(place - start))
            return f"{message} ({name} begins at {nearest})", "correct the offset"
    message = f"the answer {shortened(text)}" if start < 0 else f"{message}, which"
    return f"{message} is nowhere in the context", "copy it from there as it is written"


def _type(value) -> str:
    return "null" if value is None else TYPES.get(type(value), "a number with a fraction")


def _keys(row: dict) -> str:
    return ", ".join(map(str, list(row)[:12])) or "none"
