"""Questions about files: answers are places in the file as it is written."""

from pathlib import Path

import pytest

from tasklab.data.questions.documents import questions_about, read_document
from tasklab.data.questions.input import qa_examples_from_input
from tasklab.errors import DataError, MissingColumns

GUIDE = "# Guide\r\n\r\nMade in **Berlin** &amp; Bonn.\r\n"


@pytest.fixture
def guide(tmp_path):
    (tmp_path / "guide.md").write_bytes(b"\xef\xbb\xbf" + GUIDE.encode())
    return tmp_path / "guide.md"


def test_a_path_as_context_is_read_once_and_without_marks(guide):
    first, second = qa_examples_from_input(
        [{"context": guide, "question": "Where?", "id": "w"}, {"context": guide, "question": "What?"}]
    )
    assert first.context == "Guide\n\r\nMade in Berlin & Bonn.\r\n" and first.context is second.context
    assert first.asked == {"id": "w", "question": "Where?", "file": str(guide)} and second.id == "1"
    assert qa_examples_from_input({"context": guide, "question": "Where?"})[0].document.file == str(guide)


def test_an_answer_is_a_slice_of_the_file(guide):
    document = read_document(guide)
    start = document.plain.text.index("Berlin")
    answer = {"text": "Berlin & Bonn", "start": start, "end": start + len("Berlin & Bonn"), "score": 0.5}
    # "# Guide\r\n\r\nMade in **" are 21 characters, "Berlin** &amp; Bonn" 19
    assert document.placed(answer) == {"text": "Berlin** &amp; Bonn", "start": 21, "end": 40, "score": 0.5}
    assert document.source[21:40] == "Berlin** &amp; Bonn"
    assert document.placed({"text": "", "start": 0, "end": 0}) == {"text": "", "start": 0, "end": 0}


def test_other_files_are_text_as_it_is(tmp_path):
    (tmp_path / "a.txt").write_text("5 * 3 * 2 <b>")
    assert read_document(tmp_path / "a.txt").plain.text == "5 * 3 * 2 <b>"
    (tmp_path / "a.HTM").write_text("<p>x</p>")
    assert read_document(tmp_path / "a.HTM").plain.text == "\nx\n"
    (tmp_path / "u.md").write_bytes("**ü**".encode("cp1252"))
    assert read_document(tmp_path / "u.md", "cp1252").plain.text == "ü"


def test_questions_come_as_words_lines_or_rows(guide, tmp_path):
    assert questions_about(guide, ["Where?"]) == [{"question": "Where?", "context": guide}]
    (tmp_path / "q.txt").write_text("Where?\n\n What? - really\n")
    assert [q["question"] for q in questions_about(guide, tmp_path / "q.txt")] == ["Where?", "What? - really"]
    (tmp_path / "q.csv").write_text('id,question\na,"Who, if any?"\n')
    assert questions_about(guide, tmp_path / "q.csv") == [{"question": "Who, if any?", "id": "a", "context": guide}]


def test_what_cannot_be_asked_about_is_told(guide, tmp_path):
    for name, content, told in (("a.md", "<!-- -->", "holds no text"), ("a.pdf", "%PDF-1.7", "a PDF; save its text")):
        (tmp_path / name).write_text(content)
        with pytest.raises(DataError, match=told):
            read_document(tmp_path / name)
    with pytest.raises(DataError, match="missing.md: no such file; .* holds a.md, a.pdf, guide.md"):
        questions_about(Path(tmp_path / "missing.md"), ["Where?"])
    (tmp_path / "q.txt").write_text("\n")
    with pytest.raises(DataError, match="q.txt: holds no question; expected one per line"):
        questions_about(guide, tmp_path / "q.txt")
    (tmp_path / "q.csv").write_text("Frage\nWer?\n")
    with pytest.raises(MissingColumns, match="no column for data.question, known names: question, query"):
        questions_about(guide, tmp_path / "q.csv")
