"""Averaging, inspecting and comparing models, and the command line that their signatures make."""

import math

import numpy as np
import pytest
from gguf_files import write_gguf
from safetensors.numpy import load_file, save_file
from tiny_models import bert_tensors, write_checkpoint, write_huggingface

from tasklab.cli import main
from tasklab.errors import CheckpointError
from tasklab.tools import TOOLS
from tasklab.tools.average import average
from tasklab.tools.command import documented, parameters
from tasklab.tools.diff_models import diff_models
from tasklab.tools.inspect_model import inspect_model


def test_an_average_is_that_of_the_values_in_their_shares(tmp_path):
    stored = [bert_tensors(seed) for seed in range(3)]
    for i, tensors in enumerate(stored):
        write_huggingface(tmp_path / f"m{i}", tensors)
    sources = [tmp_path / f"m{i}" for i in range(3)]
    made = average(*sources, to=tmp_path / "avg", weights=[1, 1, 2])
    assert [share for _, share in made.shares] == [0.25, 0.25, 0.5]
    result = load_file(tmp_path / "avg" / "model.safetensors")
    assert result.keys() == stored[0].keys()
    for name, values in result.items():
        expected = 0.25 * stored[0][name] + 0.25 * stored[1][name] + 0.5 * stored[2][name]
        np.testing.assert_allclose(values, expected, atol=1e-6)
    assert (tmp_path / "avg" / "vocab.txt").read_bytes() == (sources[0] / "vocab.txt").read_bytes()


def test_a_checkpoint_averaged_with_itself_is_itself_without_its_optimizer(tmp_path):
    source = write_checkpoint(tmp_path / "run")
    average(source, source, to=tmp_path / "avg")
    assert diff_models(source, tmp_path / "avg").status == 0
    names = {path.name for path in (tmp_path / "avg").iterdir()}
    assert names == {"SHA256SUMS", "config.yaml", "model.safetensors", "vocab.txt", "tokenizer_config.json"}


def test_half_precision_stays_half_precision_and_counters_must_agree(tmp_path):
    for i, (value, count) in enumerate([(1.0, 7), (3.0, 7), (3.0, 8)]):
        tensors = {**bert_tensors(), "qa_outputs.bias": np.full(2, value, np.float16), "steps": np.array([count])}
        write_huggingface(tmp_path / f"m{i}", tensors)
    average(tmp_path / "m0", tmp_path / "m1", to=tmp_path / "a")
    bias = load_file(tmp_path / "a" / "model.safetensors")["qa_outputs.bias"]
    assert bias.dtype == np.float16 and bias.tolist() == [2.0, 2.0]
    with pytest.raises(CheckpointError, match="steps holds int64 values that differ"):
        average(tmp_path / "m0", tmp_path / "m2", to=tmp_path / "b")
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1.0], "1 weights for 2 checkpoints"),
        ([0.0, 0.0], "expected numbers from 0 up, not all 0"),
        ([1.0, math.nan], "expected numbers"),
        ([1.0, -1.0], "expected numbers"),
    ],
)
def test_shares_that_make_no_average_are_refused(tmp_path, weights, message):
    source = write_huggingface(tmp_path / "m")
    with pytest.raises(CheckpointError, match=message):
        average(source, source, to=tmp_path / "avg", weights=weights)


def test_models_of_different_networks_have_no_average(tmp_path):
    tensors = bert_tensors()
    write_huggingface(tmp_path / "m0", tensors)
    other = {**tensors, "qa_outputs.weight": np.zeros((3, 4), np.float32)}
    del other["qa_outputs.bias"]
    write_huggingface(tmp_path / "m1", other)
    with pytest.raises(CheckpointError) as caught:
        average(tmp_path / "m0", tmp_path / "m1", to=tmp_path / "avg")
    assert str(caught.value).splitlines()[1:] == [
        f"  only in {tmp_path / 'm0'}: qa_outputs.bias",
        "  qa_outputs.weight: [2, 4] and [3, 4]",
    ]


def test_nothing_is_overwritten(tmp_path):
    source = write_huggingface(tmp_path / "m")
    with pytest.raises(CheckpointError, match="exists already"):
        average(source, to=source)


def test_a_report_counts_parameters_by_module_and_says_who_wrote_it(tmp_path):
    report = inspect_model(write_huggingface(tmp_path / "m", architectures=["BertForQuestionAnswering"]))
    embeddings, layer = 12 * 4 + 16 * 4 + 2 * 4 + 2 * 4, 4 * (16 + 4) + (24 + 6) + (24 + 4) + 4 * 4
    assert report.modules == {
        "encoder.embeddings": (5, embeddings),
        "encoder.layers (x 1)": (16, layer),
        "head.output": (2, 10),
    }
    assert (report.parameters, report.dtypes) == (embeddings + layer + 10, {"float32": 23})
    assert report.written_by == "transformers 4.57.1 (BertForQuestionAnswering)"
    checkpoint = inspect_model(write_checkpoint(tmp_path / "run"), tensors=True)
    assert checkpoint.written_by == "tasklab, for the task question_answering"
    assert checkpoint.modules == report.modules
    assert "head.output.bias" in str(checkpoint) and "[2, 4]" in str(checkpoint)


def test_values_that_are_no_numbers_are_named(tmp_path):
    tensors = bert_tensors()
    tensors["qa_outputs.bias"][0] = np.nan
    folder = write_huggingface(tmp_path / "m", tensors)
    assert inspect_model(folder).bad is None
    report = inspect_model(folder, values=True)
    assert (report.bad, report.status) == (("head.output.bias",), 1)


def test_a_difference_lists_what_is_missing_what_is_shaped_otherwise_and_what_is_furthest(tmp_path):
    tensors = bert_tensors()
    write_huggingface(tmp_path / "m0", tensors)
    other = {name: values.copy() for name, values in tensors.items()}
    other["qa_outputs.bias"] = -2 * tensors["qa_outputs.bias"]
    other["bert.embeddings.LayerNorm.bias"] += np.float32(0.001)
    other["bert.encoder.layer.0.output.dense.bias"] = np.zeros(5, np.float32)
    del other["bert.embeddings.LayerNorm.weight"]
    found = diff_models(tmp_path / "m0", write_huggingface(tmp_path / "m1", other))
    assert found.only_in_first == ("encoder.embeddings.norm.weight",) and found.only_in_second == ()
    assert found.shapes == {"encoder.layers.0.feed_forward.output.bias": ((4,), (5,))}
    assert [d.name for d in found.differing] == ["head.output.bias", "encoder.embeddings.norm.bias"]
    assert found.differing[0].largest == pytest.approx(3 * np.abs(tensors["qa_outputs.bias"]).max())
    assert found.differing[0].cosine == pytest.approx(-1.0)
    assert found.differing[1].largest == pytest.approx(0.001, rel=1e-3)
    assert (found.equal, found.status) == (23 - 4, 1)


def test_a_model_and_its_tasklab_checkpoint_are_equal(tmp_path):
    checkpoint = write_checkpoint(tmp_path / "run")
    assert diff_models(tmp_path / "run-raw", checkpoint).status == 0


def test_the_command_line_runs_a_tool_and_gives_its_status(tmp_path, capsys):
    one = write_huggingface(tmp_path / "m0")
    assert main(["tools", "average", str(one), str(one), "--to", str(tmp_path / "avg"), "--weights", "1", "3"]) == 0
    assert f"0.25 of {one}, 0.75 of {one}" in capsys.readouterr().out
    other = {**bert_tensors(), "qa_outputs.bias": np.ones(2, np.float32)}
    save_file(other, tmp_path / "other.safetensors")
    assert main(["tools", "diff", str(one), str(tmp_path / "other.safetensors")]) == 1
    assert "22 tensors are equal to the bit, 1 differ" in capsys.readouterr().out
    assert main(["tools", "inspect", str(one), "--values"]) == 0
    assert "all finite" in capsys.readouterr().out


def test_the_command_line_lists_every_tool_and_names_the_nearest(capsys):
    assert main(["tools"]) == 0
    listed = capsys.readouterr().out
    assert all(f"  {name} " in listed for name in TOOLS.names())
    assert main(["tools", "avergae"]) == 1
    assert "no tool named 'avergae'. Did you mean 'average'?" in capsys.readouterr().err


@pytest.mark.parametrize("name", TOOLS.names())
def test_every_parameter_of_a_tool_is_explained(name, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["tools", name, "--help"])
    assert stop.value.code == 0
    tool, shown = TOOLS.get(name), capsys.readouterr().out
    assert [p.name for p in parameters(tool) if p.name not in documented(tool)[1]] == []
    assert documented(tool)[0].split(".")[0].split()[0] in shown


def test_a_gguf_file_is_inspected_but_no_model_is_written_from_it_in_its_names(tmp_path):
    file = write_gguf(tmp_path / "tiny.gguf", kind="Q4_1")
    report = inspect_model(str(file), tensors=True)
    # by hand: 2 layers of 4 projections, 3 of the feed-forward; a table of words; 5 norms
    assert report.dtypes == {"Q4_1": 15, "float32": 5} and report.format == "gguf_llama"
    assert report.tensors["encoder.layers.1.attention.key.weight"] == ("Q4_1", (32, 64))
    assert f"(GGUF file, {file.stat().st_size / 1e6:.1f} MB)" in report.file
    with pytest.raises(CheckpointError, match="GGUF files are read, not written; convert it first"):
        average(file, file, to=tmp_path / "avg")
