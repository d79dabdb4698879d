"""Folders of decoders as transformers writes them: which file is read, how words are cut, templates, special tokens.

Expected ids: the `tokenizers` library on the same tokenizer.json, which transformers' fast tokenizers are.
"""

import json

import pytest
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from tasklab.config.description import describe
from tasklab.config.huggingface import tokenizer_in
from tasklab.data.generation.examples import Message
from tasklab.text import gguf, tokenizer_of
from tasklab.text.whole import WholeTokenizer
from tasklab.weights.source import WeightSource

TEXTS = ["It's 12345 o'clock, the clock isn't", "Don'T  stop\n\n\n now", "漢字 é🙂  12", "<|im_end|>the", ""]
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
CUTS = {
    "smollm": [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)],
    "llama3": [
        pre_tokenizers.Split(Regex(gguf.LLAMA3), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ],
    "qwen2": [
        pre_tokenizers.Split(Regex(gguf.QWEN2), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ],
}


@pytest.fixture
def folder(tmp_path):
    def made(cut="smollm", beside=True, **options):
        trained = Tokenizer(models.BPE())
        trained.pre_tokenizer = pre_tokenizers.Sequence(CUTS[cut])
        trained.decoder = decoders.ByteLevel()
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        trained.train_from_iterator(
            [*TEXTS[:3]] * 3, trainers.BpeTrainer(vocab_size=300, initial_alphabet=alphabet, show_progress=False)
        )
        if beside:
            trained.model.save(str(tmp_path))
        trained.add_special_tokens([AddedToken(token, special=True) for token in SPECIAL])
        trained.save(str(tmp_path / "tokenizer.json"))
        said = {"eos_token": "<|im_end|>", "bos_token": "<|im_start|>", **options}
        (tmp_path / "tokenizer_config.json").write_text(json.dumps(said))
        return tmp_path, trained

    return made


@pytest.mark.parametrize("cut", CUTS)
def test_pairs_beside_a_whole_tokenizer_are_cut_as_that_says(cut, folder):
    path, theirs = folder(cut)
    assert (path / "merges.txt").is_file() and tokenizer_in(path) == ("tokenizer_json", path / "tokenizer.json")
    tokens = tokenizer_of(describe(path).tokenizer, path / "tokenizer.json")
    theirs.encode_special_tokens = True
    for text in TEXTS:
        ids = tokens.encode_batch([text])[0][0].tolist()
        assert ids == theirs.encode(text, add_special_tokens=False).ids
        assert tokens.decode(ids) == text and not tokens.special_ids & set(ids)
    assert [tokens.tokens[n] for n in (tokens.bos_id, tokens.eos_id)] == ["<|im_start|>", "<|im_end|>"]


def test_robertas_pairs_are_read_though_a_whole_tokenizer_lies_beside_them(folder):
    path, _ = folder()
    (path / "vocab.json").write_text(json.dumps({t: n for n, t in enumerate(["<s>", "<pad>", "</s>", "<unk>"])}))
    assert tokenizer_in(path) == ("bpe", path / "merges.txt")


def test_weights_take_the_same_file(folder):
    path, _ = folder()
    assert WeightSource("x", path, "huggingface_gpt", path / "model.safetensors").vocabulary == path / "tokenizer.json"


def test_gpt2s_folder_says_nothing_of_its_only_special_token(folder):
    path, _ = folder()
    (path / "tokenizer_config.json").write_text('{"model_max_length": 1024}')
    tokens = WholeTokenizer(path / "tokenizer.json")
    assert tokens.tokens[tokens.eos_id] == tokens.tokens[tokens.bos_id] == "<|endoftext|>" and not tokens.adds_bos


def test_of_several_templates_the_default_one_is_taken(folder):
    named = [{"name": "tool_use", "template": "no"}, {"name": "default", "template": "{{ bos_token }}yes"}]
    path, _ = folder(chat_template=named)
    tokens = WholeTokenizer(path / "tokenizer.json")
    assert tokens.chat_template([Message("user", "x")], True) == [tokens.bos_id, "yes"]


def test_a_template_in_its_own_file_goes_before_and_counts(folder):
    path, _ = folder(chat_template="no")
    before = WholeTokenizer(path / "tokenizer.json").fingerprint
    (path / "chat_template.jinja").write_text("{{ messages[0].content }}<|im_end|>")
    tokens = WholeTokenizer(path / "tokenizer.json")
    assert tokens.chat_template([Message("user", "<|im_end|>")], True) == ["<|im_end|>", tokens.eos_id]
    assert tokens.fingerprint != before


@pytest.mark.parametrize("scheme", ["always", "first"])
def test_a_blank_that_it_puts_in_front_is_not_put_into_the_middle(scheme, tmp_path):
    whole = Tokenizer(models.BPE({"<s>": 0, "</s>": 1, "\u2581": 2, "a": 3, "\u2581a": 4}, [("\u2581", "a")]))
    whole.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=scheme, split=False)
    whole.add_special_tokens(["<s>", "</s>"])
    whole.save(str(tmp_path / "tokenizer.json"))
    (tmp_path / "tokenizer_config.json").write_text('{"bos_token": "<s>", "eos_token": "</s>"}')
    tokens = WholeTokenizer(tmp_path / "tokenizer.json")
    # the library itself on texts with special tokens between: "always" puts one behind each, "first" nowhere there
    assert whole.encode("a</s>a a").ids == [4, 1, 4 if scheme == "always" else 3, 4]
    assert tokens.begins_anew is (scheme == "always")
    assert [tokens.encode_batch(["a a"])[0][0].tolist(), tokens.encode_following(["a a"])[0][0].tolist()] == [
        [4, 4], [3, 4]
    ]  # fmt: skip
