"""Encoder-decoders in the kernels' decoder: transformers' logits, texts and scores that agree, without MindSpore."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, wait
from unittest.mock import Mock

import numpy as np
import pytest

from tasklab.config import Config
from tasklab.config.model_section import ModelConfig
from tasklab.convert.loaded import read_model
from tasklab.data.rows.features import FeatureTable
from tasklab.engine.native import SEQ2SEQ, native_decoder, why_not
from tasklab.engine.native_runner import NativeRunner
from tasklab.kernels import build
from tasklab.weights.files import TensorFile
from tasklab.weights.source import source_at, weights_in
from tests import seq2seq_reference
from tests.generation.table import Letters
from tests.seq2seq_reference import BART, CASES, pairs_of, tensors_of

pytestmark = pytest.mark.skipif(build.library() is None, reason=build.why_not())

class Words(Letters):
    eos_id = 1


@pytest.fixture(scope="module")
def reference():
    return seq2seq_reference.reference()


@pytest.mark.parametrize("case", CASES)
def test_the_decoder_gives_the_logits_of_transformers(case, reference):
    decoder = native_decoder(ModelConfig(**CASES[case]), tensors_of(case, reference), head=SEQ2SEQ)
    sources, targets = pairs_of(reference)
    decoder.read(range(len(sources)), sources)
    found = np.stack(decoder.scores(range(len(targets)), targets))
    np.testing.assert_allclose(found, reference[f"{case}:logits"], atol=1e-4)


@pytest.mark.parametrize("case", ["uer_t5", "uer_t5_v1_1", "uer_bart", "uer_pegasus", "uer_transformer", "t5_far"])
def test_a_folder_gives_the_logits_of_its_program(case, reference, tmp_path):
    """UER-py's, with waves for positions and two vocabularies among them, and a T5 with the usual buckets."""
    start = f"{case}:weight:"
    own = {name.removeprefix(start): np.float32(array) for name, array in reference.items() if name.startswith(start)}
    TensorFile(own)(tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text(str(reference[f"{case}:config"]))
    model = read_model(source_at(str(tmp_path), weights_in(tmp_path)))
    decoder = native_decoder(model.description.model, model.weights, head=model.head)
    sources, targets = pairs_of(reference)
    decoder.read(range(len(sources)), sources)
    found = np.stack(decoder.scores(range(len(targets)), targets))
    np.testing.assert_allclose(found, reference[f"{case}:logits"], atol=1e-4)


@pytest.mark.parametrize("case", ["t5", "t5_gated"])
def test_the_score_of_a_text_is_its_loss(case, reference):
    """What is decoded greedily, or by beams, and then read with its tokens given."""
    config = Config(model=ModelConfig(**CASES[case]))
    runner, (sources, _) = NativeRunner(config, Words(), tensors_of(case, reference), SEQ2SEQ), pairs_of(reference)
    config.generation.max_new_tokens = 8
    for beams in (1, 3):
        config.generation.num_beams = beams
        found = [one for (one,) in runner.generate([[0]] * len(sources), config.generation, sources=sources)]
        assert len({one.ids for one in found}) > 1
        targets = [[*one.ids, *([Words.eos_id] if one.reason == "stop" else [])] for one in found]
        pairs = [
            {"input_ids": source, "decoder_input_ids": [0, *ids[:-1]], "target_ids": ids}
            for source, ids in zip(sources, targets, strict=True)
        ]
        rows = FeatureTable.from_rows(pairs, axes={"decoder_input_ids": "target", "target_ids": "target"})
        told = [logs[0] for _, (logs,) in runner(rows)]
        for one, logs in zip(found, told, strict=True):
            np.testing.assert_allclose(logs, one.log_probabilities, atol=1e-5)
            assert one.score == pytest.approx(logs.mean(), abs=1e-5)


def test_threads_that_share_a_runner_take_turns(reference):
    """One asks while another's answer comes, and one scores a row."""
    config = Config(model=ModelConfig(**CASES["t5"]))
    config.generation.max_new_tokens = 8
    runner, (sources, _) = NativeRunner(config, Words(), tensors_of("t5", reference), SEQ2SEQ), pairs_of(reference)
    row = {"input_ids": sources[1], "decoder_input_ids": [0, 3], "target_ids": [3, 1]}
    rows = FeatureTable.from_rows([row], axes={"decoder_input_ids": "target", "target_ids": "target"})

    def answered(source, emit=None):
        return runner.generate([[0]], config.generation, emit, [source])

    def scored():
        return [logs.tolist() for _, (logs,) in runner(rows)]

    alone = [answered(sources[0]), answered(sources[1]), scored()]
    with ThreadPoolExecutor(2) as pool:
        others = []

        def interrupts(number, text):
            if not others:
                others[:] = [pool.submit(answered, sources[1]), pool.submit(scored)]
                wait(others, timeout=0.2)  # they would be done, were it not for the turn of this one

        assert [answered(sources[0], interrupts), *(other.result() for other in others)] == alone


def test_what_is_interrupted_leaves_nothing_behind(reference, monkeypatch):
    config = Config(model=ModelConfig(**CASES["t5"]))
    config.generation.max_new_tokens = 8
    runner, (sources, _) = NativeRunner(config, Words(), tensors_of("t5", reference), SEQ2SEQ), pairs_of(reference)
    row = {"input_ids": sources[0], "decoder_input_ids": [0, 3], "target_ids": [3, 1]}
    rows = FeatureTable.from_rows([row], axes={"decoder_input_ids": "target", "target_ids": "target"})

    def answered(emit=None):
        return runner.generate([[0]] * len(sources), config.generation, emit, sources)

    def scored():
        return [logs.tolist() for _, (logs,) in runner(rows)]

    before = answered(), scored()
    interrupted = Mock(side_effect=KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        answered(interrupted)
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr("tasklab.engine.native_runner.log_softmax", interrupted)
        scored()
    assert (answered(), scored()) == before


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"encoder": "lstm"}, "model.encoder lstm with model.mask None is no encoder of a decoder's"),
        ({"mask": "causal"}, "with model.mask causal is no encoder of"),
        ({"embeddings": ["word", "seg"]}, r"model.embeddings is \['word', 'seg'\], which the"),
    ],
)
def test_what_the_kernels_lack_is_said(settings, words):
    with pytest.raises(ValueError, match=words):
        native_decoder(ModelConfig(**{**BART, **settings}), {}, head=SEQ2SEQ)
    assert not why_not(ModelConfig(**BART), SEQ2SEQ)


def test_no_mindspore_is_imported():
    code = "import tasklab.engine.native_runner, sys; sys.exit('mindspore' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
