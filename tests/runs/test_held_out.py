"""The file by which a run knows what it holds out."""

import numpy as np
import pytest

from tasklab.errors import DataError
from tasklab.runs.held_out import HELD_OUT, HeldOut, is_held_out, read_held_out

CUT = HeldOut(np.array([1, 4]), 6, ["abc"], {"share": 0.3, "seed": 1})


def test_what_was_written_is_read(tmp_path):
    CUT.write(tmp_path)
    found = read_held_out(tmp_path / HELD_OUT)
    assert found.rows.tolist() == [1, 4] and (found.examples, found.digests, found.how) == (6, ["abc"], CUT.how)
    assert is_held_out(str(tmp_path / HELD_OUT)) and not is_held_out("dev.tsv") and not is_held_out(None)


def test_the_rows_are_those_of_the_very_data():
    assert CUT.of(6, ["abc"], "t.tsv").tolist() == [1, 4]
    with pytest.raises(DataError, match="t.tsv: has 7 examples, not 6 since the run held out a part of it"):
        CUT.of(7, ["abc"], "t.tsv")
    with pytest.raises(DataError, match="t.tsv: has another content since"):
        CUT.of(6, ["abd"], "t.tsv")


@pytest.mark.parametrize("rows", ["[]", "[2, 1]", "[3]", "[-1]", '["a"]', "[1e99]", "[[1]]", "3"])
def test_damage_is_told(rows, tmp_path):
    file = tmp_path / HELD_OUT
    for text in (f'{{"rows": {rows}, "examples": 3, "digests": [], "how": {{}}}}', "[]", "{}"):
        file.write_text(text)
        with pytest.raises(DataError, match="not what a run wrote"):
            read_held_out(file)
