"""UER-py's siamese classifiers: logits of its own code (tests/fixtures/make_uer_siamese.py), and the way back."""

import json
from pathlib import Path

import numpy as np
import pytest

from tasklab import Trainer
from tasklab.convert import convert
from tasklab.errors import CheckpointError, ConfigError
from tasklab.weights.containers import open_weights
from tasklab.weights.containers.torch_writer import TorchFile
from tasklab.weights.folder import write_folder
from tasklab.weights.tables import FORMATS, to_tasklab

FIXTURE = Path(__file__).parents[1] / "fixtures" / "uer_siamese.npz"
CASES = pytest.mark.parametrize("case", ["tied", "apart", "lstm"])
WORDS = "abcdefgh"
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS]


@pytest.fixture(scope="module")
def reference():
    with np.load(FIXTURE) as file:
        return dict(file)


def theirs(reference, case) -> dict:
    start = f"{case}:weight:"
    return {key.removeprefix(start): array for key, array in reference.items() if key.startswith(start)}


def folder_of(reference, case, folder: Path, **said) -> Path:
    config = json.loads(str(reference[f"{case}:config"])) | said
    files = {"pytorch_model.bin": TorchFile(theirs(reference, case)), "config.json": json.dumps(config).encode()}
    write_folder(folder, files | {"vocab.txt": "\n".join(VOCABULARY).encode()})
    return folder


@CASES
def test_logits_are_those_of_uer(reference, run, case, tmp_path):
    from tasklab.model import prepare_ready

    trainer = Trainer(task="text_classification", model=str(folder_of(reference, case, tmp_path / "theirs")),
                      overrides=["model.labels=[a,b,c]"])  # fmt: skip
    model = trainer.config.model
    assert (model.dual, model.pair_encoding) == ("apart" if case == "apart" else "tied", "siamese")
    assert model.stream_norm
    network = prepare_ready(trainer.config, str(tmp_path / "theirs")).load().network.set_train(False)
    ids = reference["ids"]
    mask = (np.arange(ids.shape[-1]) < reference["lengths"][..., None]).astype(np.int32)
    (logits,) = run(network, ids, mask, np.zeros_like(mask))
    np.testing.assert_allclose(logits, reference[f"{case}:logits"], atol=2e-5)


@CASES
def test_there_and_back(reference, case, tmp_path):
    source = folder_of(reference, case, tmp_path / "theirs")
    told = str(convert(str(source), tmp_path / "ours", "tasklab"))
    assert "verified" in told
    convert(str(tmp_path / "ours"), tmp_path / "back", "uer")
    back = open_weights(tmp_path / "back" / "pytorch_model.bin")[1]
    wanted = theirs(reference, case)
    assert back.keys() == wanted.keys()
    for name, array in wanted.items():
        used = slice(1 if ".seg." in name else 0, None)  # no token is of segment 0
        np.testing.assert_allclose(np.asarray(back[name])[used], array[used], rtol=3e-7, err_msg=name)
    config, first = (json.loads((tmp_path / f / "config.json").read_text()) for f in ("back", "theirs"))
    for key in ("embedding", "encoder", "pooling", "tie_weights"):
        assert config[key] == first[key]
    assert first["stream_0"].items() <= {**config["stream_1"], "mask": "fully_visible"}.items()


def test_streams_of_two_kinds_are_refused(reference, tmp_path):
    second = json.loads(str(reference["tied:config"]))["stream_1"] | {"layers_num": 3}
    with pytest.raises(ConfigError, match="config.json: layers_num of stream_0 and of stream_1 differ"):
        convert(str(folder_of(reference, "tied", tmp_path / "theirs", stream_1=second)), tmp_path / "ours", "tasklab")
    sound = folder_of(reference, "tied", tmp_path / "sound")
    for to in ("google", "huggingface"):
        with pytest.raises(CheckpointError, match=f"reads two texts apart .*: {to} has no such network"):
            convert(str(sound), tmp_path / to, to)


def test_two_equal_encoders_in_a_file_of_tasklabs_stay_two():
    one = {f"encoder.{stream}.embeddings.word.weight": np.ones((3, 2), np.float32) for stream in ("first", "second")}
    assert to_tasklab(one, FORMATS.get("tasklab"))[0].keys() == one.keys()
