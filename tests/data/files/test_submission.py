"""Files for GLUE's server."""

import re

import pytest

from tasklab.data.files.answers import AnswerFile
from tasklab.errors import DataError


def written(folder, name, *predictions):
    AnswerFile(folder / name, "submission").write([[{"prediction": found} for found in predictions]])
    return (folder / name).read_text()


def test_rows_are_counted_from_zero(tmp_path):
    assert written(tmp_path, "RTE.tsv", "entailment", "not_entailment") == (
        "index\tprediction\n0\tentailment\n1\tnot_entailment\n"
    )
    assert written(tmp_path, "STS-B.tsv", 3.25) == "index\tprediction\n0\t3.25\n"
    assert written(tmp_path, "CoLA.tsv", "1", "0") == "index\tprediction\n0\t1\n1\t0\n"


@pytest.mark.parametrize(
    "name, found, told",
    [
        ("RTE.tsv", "LABEL_0", "row 0: LABEL_0 is none of: entailment, not_entailment; name what each is called here:"),
        ("STS-B.tsv", "high", "row 0: high is no number; it takes a model of regression"),
        ("CoLA.tsv", 0.5, "row 0: 0.5 is none of: 0, 1"),
        ("rte.tsv", "entailment", "GLUE knows no such file; name it CoLA.tsv, SST-2.tsv, MRPC.tsv, QQP.tsv, STS-B.tsv"),
        ("RTE.json", "entailment", "answers are written as .tsv"),
    ],
)  # fmt: skip
def test_what_the_server_would_not_take_is_refused(tmp_path, name, found, told):
    with pytest.raises(DataError, match=re.escape(told)):
        written(tmp_path, name, found)
    assert not (tmp_path / name).exists()
