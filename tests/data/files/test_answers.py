"""Answers reach their file whole or not at all."""

import os
import resource
from contextlib import contextmanager

import pytest

from tasklab.data.files.answers import write_answers


@contextmanager
def room_for(size):
    """Files of more than `size` bytes cannot be written, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("suffix", [".json", ".jsonl", ".tsv"])
def test_answers_that_cannot_be_written_leave_the_file_before_them(suffix, tmp_path):
    path = tmp_path / f"answers{suffix}"
    path.write_text("before")
    with pytest.raises(OSError) as error, room_for(1000):
        write_answers(path, [{"label": "a"}] * 1000)
    assert error.value.filename == str(path) and path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_and_a_device_that_the_user_names_stay_what_they_are(tmp_path):
    (tmp_path / "link.tsv").symlink_to(tmp_path / "far.tsv")
    write_answers(tmp_path / "link.tsv", [{"label": "a"}])
    assert (tmp_path / "link.tsv").is_symlink() and (tmp_path / "far.tsv").read_text() == "label\na\n"
    (tmp_path / "null.tsv").symlink_to("/dev/null")
    write_answers(tmp_path / "null.tsv", [{"label": "a"}])
    assert not os.path.isfile("/dev/null") and len(list(tmp_path.iterdir())) == 3
