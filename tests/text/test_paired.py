"""Two vocabularies, the source's and the target's, as one tokenizer."""

import pytest

from tasklab.config import TokenizerConfig
from tasklab.errors import ConfigError
from tasklab.text import tokenizer_of

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")


@pytest.fixture
def files(tmp_path):
    for name, words in (("source.txt", "abc"), ("target.txt", "xyza")):
        (tmp_path / name).write_text("\n".join((*SPECIAL, *words)) + "\n")
    return tmp_path


def settings(files, **more):
    return TokenizerConfig(name="char", lowercase=False, **more)


def test_each_text_is_cut_by_its_own(files):
    pair = tokenizer_of(settings(files, decoder_vocab=str(files / "target.txt")), files / "source.txt")
    assert pair.encode_batch(["ab"])[0][0].tolist() == [4, 5]  # behind four special tokens
    assert pair.target.encode_batch(["ab"])[0][0].tolist() == [7, 1]
    assert (pair.vocab_size, pair.target.vocab_size, pair.decode([4, 6])) == (7, 8, "ac")


def test_a_folder_keeps_both(files, tmp_path):
    pair = tokenizer_of(settings(files, decoder_vocab=str(files / "target.txt")), files / "source.txt")
    for name, content in pair.files().items():
        (tmp_path / "model" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "model" / name).write_bytes(content)
    back = tokenizer_of(settings(files), tmp_path / "model" / "vocab.txt")
    assert back.fingerprint == pair.fingerprint
    assert back.target.tokens == pair.target.tokens


def test_the_target_counts_in_the_fingerprint(files):
    one = tokenizer_of(settings(files, decoder_vocab=str(files / "target.txt")), files / "source.txt")
    other = tokenizer_of(settings(files, decoder_vocab=str(files / "source.txt")), files / "source.txt")
    alone = tokenizer_of(settings(files), files / "source.txt")
    assert len({one.fingerprint, other.fingerprint, alone.fingerprint}) == 3
    assert not hasattr(alone, "target")


@pytest.mark.parametrize("key", ["vocab", "decoder_vocab"])
def test_one_that_is_not_there_is_told_by_its_setting(key, files):
    named = {"vocab": files / "source.txt", "decoder_vocab": files / "target.txt", key: files / "no.txt"}
    with pytest.raises(ConfigError, match=f"tokenizer.{key} = .*no.txt: no such file; name a vocab.txt"):
        tokenizer_of(settings(files, decoder_vocab=str(named["decoder_vocab"])), named["vocab"])
