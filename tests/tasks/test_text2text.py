"""Tasks from text to text without a network: what is scored and how, beside what, and in what shape answers come."""

from pathlib import Path

import numpy as np
import pytest

from tasklab import Trainer
from tasklab.config import Config
from tasklab.data.rows.sizes import unknown_share
from tasklab.data.text2text.pairs import Pair
from tasklab.engine.generating import generated
from tasklab.errors import ConfigError, DataError
from tasklab.generation.protocol import STOP, Generated
from tasklab.task import TASKS
from tasklab.text import TOKENIZERS
from tasklab.text.speaking import Speaking
from tests.generation.table import Table

NAMES = ["answer_generation", "summarization", "text2text_generation", "translation"]


class Words(Speaking):
    """A token per word, as they come; 0 to 3 are special."""

    pad_id, unk_id, cls_id, sep_id, mask_id = 0, 1, 2, 3, None

    def __init__(self):
        self.tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]

    def encode_batch(self, texts):
        for word in " ".join(texts).split():
            if word not in self.tokens:
                self.tokens.append(word)
        found = [np.array([self.tokens.index(word) for word in text.split()], np.int32) for text in texts]
        return [(ids, np.zeros((len(ids), 2), np.int32)) for ids in found]


class Runner:
    """Answers what it is told to, in order; every target token costs 1/2."""

    def __init__(self, *texts):
        self.texts, self.asked = iter(texts), []

    def __call__(self, rows):
        for number in range(len(rows)):
            asked = rows.row(number)["target_ids"]
            yield np.array([number]), (np.full((1, len(asked)), -0.5, np.float32),)

    def generate(self, prompts, settings, emit=None, sources=()):
        self.prompts = [list(prompt) for prompt in prompts]
        self.asked += list(zip(self.prompts, map(list, sources), strict=False))
        return [[Generated((), (), -0.25, STOP, next(self.texts))] for _ in prompts]


def task(name, **settings):
    config = Config.create(TASKS.get(name).data_config, task=name, name="toy", **{"model.decoder_start_token_id": 2})
    for key, value in settings.items():
        config[key.replace("__", ".")] = value
    return TASKS.get(name)(config, Words())


def pairs(*rows):
    return [Pair(str(i), source, (source,), references, f"a.tsv:{i}") for i, (source, *references) in enumerate(rows)]


@pytest.mark.parametrize("name", NAMES)
def test_an_evaluation_tells_the_loss_of_all_and_the_score_of_a_part(name):
    job = task(name, data__generated=2)
    examples = pairs(("one", "one"), ("two", "two words"), ("three", "three"), ("four", "four"))
    rows, run = job.encode(examples, training=False), Runner("one", "four")
    found = job.answer(examples, run, rows=rows)
    assert [len(source) for _, source in run.asked] == [3, 3]  # the first and the third
    scores = job.score(found, examples)
    assert scores["loss"] == pytest.approx(0.5) and scores["perplexity"] == pytest.approx(np.exp(0.5))
    assert scores["generated"] == 2 and 0 <= scores[job.metric] < 100
    (wrong,) = job.report(found, examples).wrong
    assert (wrong["text"], wrong["truth"], wrong["answer"], wrong["line"]) == ("three", "three", "four", "2")


@pytest.mark.parametrize("name", NAMES)
def test_a_perfect_answer_scores_a_hundred(name):
    job, texts = task(name), ["the old man reads a book", "she lives in a small town"]
    examples = pairs(*((text, "nothing", text) for text in texts))
    found = [[{"generated_text": text}] for text in texts]
    assert job.score(found, examples)[job.metric] == pytest.approx(job.perfect)


def test_a_file_with_a_row_per_reference_has_all_of_them_for_each():
    job = task("answer_generation")
    examples = pairs(("who", "Ann"), ("who", "Bob"), ("where", "Rome"))
    found = [[{"generated_text": text}] for text in ("Bob", "Ann", "Oslo")]
    assert job.score(found, examples)["exact_match"] == pytest.approx(200 / 3)


def test_baselines_copy_count_and_look_for_the_nearest():
    job = task("summarization", data__generated=None)
    training = pairs(("a red house", "house"), ("a blue car", "car"), ("a red car", "car"))
    examples = pairs(("the blue car. It is old", "car"), ("my red house. It is new", "house"))
    scores = {name: found["rouge_l"] for name, found in job.baselines(examples, training).items()}
    # the first sentence has 3 words, 1 of which is the reference: 2 * 1 / (3 + 1)
    assert scores["trivial baseline"] == pytest.approx(50)
    assert scores["most frequent target"] == pytest.approx(50)  # car, right once
    assert scores["target of the nearest training source"] == pytest.approx(100)


def test_the_baseline_of_answers_reads_question_and_context():
    job = task("answer_generation")
    example = Pair("0", "-", ("Where is Rome?", "Ann is old. Rome is in Italy."), ("Italy",))
    assert job.copied(example) == "Italy"
    assert task("translation").copied(pairs(("One. Two.", ""))[0]) == "One. Two."


def test_an_answer_begins_with_the_prefix_and_comes_in_the_asked_shape():
    run = Runner("b c")
    job = task("translation", generation__prefix="a ")
    assert job.answer(job.parse("x y"), run) == [[{"generated_text": "a b c", "finish_reason": "stop", "score": -0.25}]]
    ids = {word: job.tokenizer.tokens.index(word) for word in "xya"}
    assert run.asked == [([2, ids["a"]], [2, ids["x"], ids["y"], 3])]
    job = task("translation", data__mindformers_output=True)
    assert job.answer(job.parse("x"), Runner("b")) == [[{"translation_text": ["b"]}]]


@pytest.mark.parametrize("choice", ["cat", " cat"])
def test_a_choice_behind_a_prefix_is_told_as_it_is_scored(choice):
    tokenizer = TOKENIZERS.get("t5")(Path(__file__).parents[1] / "fixtures" / "tiny_t5" / "spiece.model")
    size, read = len(tokenizer.tokens), []

    class Choosing(Runner):
        def generate(self, prompts, settings, emit=None, sources=()):
            decoder = Table(np.zeros((size, size, size), np.float32))
            for prompt in prompts:
                read.append("".join(tokenizer.tokens[i] for i in prompt[1:]))
            ((found,),) = generated(decoder, tokenizer, 0, prompts, settings, emit, list(sources))
            read.append("".join(tokenizer.tokens[i] for i in found.ids))
            return [[found]]

    job = task("text2text_generation", generation__prefix="the", generation__choices=[choice],
               model__decoder_start_token_id=0)  # fmt: skip
    job.tokenizer = tokenizer
    ((found,),) = job.answer(job.parse("a"), Choosing())
    assert read == ["▁the", "▁cat"] and found["generated_text"] == "the cat"


def test_unknown_tokens_of_targets_count():
    job = task("translation")
    job.tokenizer.encode_batch = lambda texts: [
        (np.array([5 if word == "known" else 1 for word in text.split()], np.int32), np.zeros((len(text.split()), 2)))
        for text in texts
    ]
    rows = job.encode(pairs(("known known", "x y z")), training=True)
    # [CLS] known known [SEP], and [CLS] x y z as the decoder reads them: three of eight
    assert unknown_share(rows, job.unknown_ids) == 3 / 8


def test_words_that_cannot_be_counted_are_refused_when_the_file_is_read(tmp_path):
    path = tmp_path / "a.tsv"
    path.write_text("source\ttarget\n" + "".join(f"line {i}\t这是第{i}句话\n" for i in range(20)), encoding="utf-8")
    with pytest.raises(ConfigError, match="data.bleu_tokenizer = 13a: the targets are zh"):
        task("translation", data__bleu_tokenizer="13a").read(path, training=True)


@pytest.mark.parametrize("name, shape", [("translation", "seq2seq"), ("text_generation", "lm")])
def test_an_answer_has_one_shape(name, shape):
    config = Config.create(TASKS.get(name).data_config, task=name, name="toy")
    config.data.mindformers_output = config.data[f"generate_{shape}_output"] = True
    told = f"data.mindformers_output and data.generate_{shape}_output: an answer has one shape"
    assert any(message.startswith(told) for _, message in config.problems())


def test_a_prefix_without_room_for_an_answer_is_refused():
    job = task("translation", generation__prefix="a a a a", model__max_position_embeddings=5)
    with pytest.raises(ConfigError, match="generation.prefix has 4 tokens, and the decoder reads 5 with its answer"):
        job.answer(job.parse("x"), Runner("b"))


def test_a_source_that_is_cut_is_told(caplog):
    job = task("translation", data__max_seq_length=4)
    job.answer(job.parse(["a b c", "a"]), Runner("", ""))
    assert "inputs: 1 cut sources, of which the rest is not read; data.max_seq_length 4" in caplog.text


def test_the_start_of_answers_is_settled_where_the_model_says_none():
    job = task("translation", model__decoder_start_token_id=None)
    job.settle([])
    assert job.config.model.decoder_start_token_id == 2
    job.tokenizer.adds_bos, job.config.model.decoder_start_token_id = False, None
    job.settle([])
    assert job.config.model.decoder_start_token_id == 0


def test_pairs_turned_round_are_told_with_their_lines(tmp_path):
    path = tmp_path / "a.txt"
    lines = [f"sentence number {i}\t第{i}个句子" for i in range(30)]
    path.write_text("\n".join([*lines, "第三十个句子\tsentence number thirty"]) + "\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"a.txt:31: source and target are turned round: nearly all other pairs"):
        task("translation").read(path, True)
    job = task("translation", data__on_bad_row="skip")
    examples, note = job.read(path, True)
    assert len(examples) == 30 and "turned round (1)" in note
    path.write_text("".join(f"第{i}个句子\tsentence number {i}\n" for i in range(30)), encoding="utf-8")
    with pytest.raises(DataError, match="the other way round than in the training data; swap them"):
        job.read(path, False)
    assert len(task("summarization").read(path, True)[0]) == 30


def test_a_sentinel_in_a_plain_text_is_told_with_its_line(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("a b c\na <extra_id_0> c [MASK] d\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"a.txt:2: the text has 2 blanks \(<extra_id_0> \[MASK\]\), where a filling"):
        task("text_infilling").read(path, True)


def test_bleu_says_how_it_was_computed(caplog):
    caplog.set_level("INFO")
    job = task("translation")
    job.score([[{"generated_text": "今天天气好"}]], pairs(("It is fine", "今天天气很好")))
    assert "BLEU is sacrebleu's" in caplog.text and "tok:zh" in caplog.text


class Pieces(Words):
    """With a mask, and as Speaking reads them."""

    mask_id = 4

    def __init__(self):
        super().__init__()
        self.tokens.append("[MASK]")

    def encode_batch(self, texts):
        found = []
        for text, (ids, _) in zip(texts, super().encode_batch(texts), strict=True):
            ends, at = [], 0
            for word in text.split():
                at = text.index(word, at) + len(word)
                ends.append((at - len(word), at))
            found.append((ids, np.array(ends, np.int32).reshape(-1, 2)))
        return found


def infilling(**settings):
    job = task("text_infilling", **settings)
    job.tokenizer = Pieces()
    return job


class Filling(Runner):
    """Answers with the ids of texts in which [MASK] stands before each part."""

    def __init__(self, job, *texts):
        super().__init__()
        self.ids = iter([ids.tolist() for ids, _ in job.framing.target.encode_batch(texts)])

    def generate(self, prompts, settings, emit=None, sources=()):
        return [[Generated(tuple(next(self.ids)), (), -0.25, STOP, "")] for _ in prompts]


def test_blanks_are_filled_and_missing_fillings_told(caplog):
    job = infilling()
    asked = job.parse(["a [MASK] b [MASK]", "[MASK] c"])
    ((first,), (second,)) = job.answer(asked, Filling(job, "[MASK]x y[MASK]z", "[MASK]"))
    assert first["fillings"] == ["x y", "z"] and first["filled_text"] == "a x y b z"
    assert second["fillings"] == [""] and second["generated_text"] == ""
    ((found,),) = job.answer(asked[:1], Filling(job, "[MASK]x"))
    assert found["filled_text"] == "a x b [MASK]" and found["generated_text"] == "x"
    assert "input[0]: the text has 2 blanks, and the model filled 1; blanks without a filling are left" in caplog.text
    with pytest.raises(DataError, match=r"input\[0\]: the text has no blank; write \[MASK\]"):
        job.parse("a b")


def test_plain_texts_are_scored_by_what_was_hidden(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("one two three four\n\nfive six seven eight\n", encoding="utf-8")
    job = infilling()
    examples, note = job.read(path, True)
    assert [example.references for example in examples] == [(), ()] and not note
    job.tokenizer.encode_batch([example.source for example in examples])
    posed = job.posed(examples)
    rows = job.encode(examples, training=False)
    assert len(rows) == 2 and rows.columns >= {"target_ids"}
    found = job.answer(examples, Filling(job, *(pair.references[0] for pair in posed)), rows=rows)
    scores = job.score(found, examples)
    assert scores["exact_match"] == 100.0 and scores["generated"] == 2
    assert set(job.baselines(examples, examples)) == {
        "trivial baseline", "most frequent target", "target of the nearest training source"
    }  # fmt: skip
    trained = job.encode(examples, training=True)
    assert len(trained) == 2 and trained.of_epoch(1).digest() != trained.digest()


@pytest.mark.parametrize("learned, shown", [("spans", 10), ("whole", 6)])
def test_blanks_are_in_what_is_read_of_a_long_text(learned, shown):
    # 12 tokens are [CLS], 10 words, [SEP]; a target of 7 that is all of the text is [CLS] and 6 words, then the end
    words = [f"w{i}" for i in range(100)]
    job = infilling(data__max_seq_length=12, data__max_target_length=7, data__learned=learned)
    job.tokenizer.encode_batch(words)
    texts = pairs((" ".join(words),))
    (pair,), rows = job.posed(texts), job.encode(texts, training=False)
    read = [job.tokenizer.tokens[i] for i in rows.row(0)["input_ids"]][1:-1]
    assert read == pair.source.split() and read.count("[MASK]") == rows.info["cut_sources"] == 1
    (told,) = pair.references
    filled = pair.source.replace("[MASK]", told.removeprefix("[MASK]")) if learned == "spans" else told
    assert filled.split() == words[:shown]
    # 15 % of 10 words or of 6 are 2 or 1, and make one blank
    assert len(read) == shown - round(0.15 * shown) + 1


def test_a_text_has_no_more_blanks_than_the_vocabulary_has_marks():
    job = infilling()
    job.tokenizer.tokens += ["<extra_id_0>", "<extra_id_1>"]
    assert len(job.parse("a [MASK] b [MASK] c")) == 1
    with pytest.raises(DataError, match=r"input\[1\]: the text has 3 blanks, and the vocabulary marks for 2; ask with"):
        job.parse(["[MASK]", "a [MASK] b [MASK] c [MASK] d"])


@pytest.mark.parametrize("settings, begun, said, filled", [
    ({"choices": ["red", "blue"]}, "[MASK]", "blue", "blue"), ({"prefix": "dark"}, "[MASK] dark", "blue", "dark blue"),
    ({"prefix": "[MASK]dark"}, "[MASK] dark", "blue", "dark blue"),
    ({"prefix": "dark", "choices": ["red", "blue"]}, "[MASK] dark", "blue", "dark blue"),
    ({}, "", "[MASK]blue", "blue"),
])  # fmt: skip
def test_a_filling_is_one_of_choices_or_begins_with_a_prefix(settings, begun, said, filled):
    job = infilling(**{f"generation__{key}": value for key, value in settings.items()})
    asked = job.parse("the sky is [MASK]")

    class Said(Filling):
        def generate(self, prompts, *more, **named):
            self.prompts = [list(prompt) for prompt in prompts]
            return super().generate(prompts, *more, **named)

    run = Said(job, said)
    ((found,),) = job.answer(asked, run)
    assert found["fillings"] == [filled] and found["filled_text"] == f"the sky is {filled}"
    assert found["generated_text"] == filled
    # the decoder reads [CLS] first, and then what the filling begins with
    assert run.prompts == [[2, *(job.tokenizer.tokens.index(word) for word in begun.split())]]


def test_choices_have_no_mark_in_one_stack():
    config = Config.create(TASKS.get("text_infilling").data_config, task="text_infilling", name="toy")
    for key, value in {"model.mask": "prefix", "generation.choices": ["a"]}.items():
        config[key] = value
    told = "generation.choices: none has a mark before it with model.mask prefix; they go with data.learned: fillings"
    assert told in [message for _, message in config.problems()]
    config["data.learned"] = "fillings"
    assert told not in [message for _, message in config.problems()]


def test_texts_of_an_evaluation_get_their_blanks_once(monkeypatch):
    job, examples = infilling(data__generated=2), pairs(*[(f"one two three {i}",) for i in range(4)])
    job.tokenizer.encode_batch([example.source for example in examples])
    rows, posed = job.encode(examples, training=False), job.posed(examples)
    run = Filling(job, *(posed[i].references[0] for i in (0, 2)))
    read, encode = [], job.tokenizer.encode_batch
    monkeypatch.setattr(job.tokenizer, "encode_batch", lambda texts: read.extend(texts) or encode(texts))
    found = job.answer(examples, run, rows=rows)
    assert job.score(found, examples)["exact_match"] == 100 and not job.report(found, examples).wrong
    assert not {example.source for example in examples} & set(read)


def test_a_vocabulary_is_looked_through_once():
    class Read(list):
        times = 0

        def __iter__(self):
            self.times += 1
            return super().__iter__()

    job = infilling()
    job.tokenizer.encode_batch(["a b x"])
    job.tokenizer.tokens = Read(job.tokenizer.tokens)
    job.answer(asked := job.parse(["a [MASK]"]), Filling(job, "[MASK]x"))
    job.tokenizer.tokens.times = 0
    assert job.answer(asked, Filling(job, "[MASK]x"))[0][0]["fillings"] == ["x"]
    assert job.tokenizer.tokens.times == 0


def test_right_fillings_are_no_wrong_answers():
    job, examples = infilling(), pairs(("a [MASK] b", "x y"), ("[MASK] c", "z"))
    found = job.answer(examples, Filling(job, "[MASK]x y", "[MASK]y"), rows=job.encode(examples, training=False))
    (wrong,) = job.report(found, examples).wrong
    assert (wrong["text"], wrong["truth"], wrong["answer"]) == ("[MASK] c", "z", "y")
    plain = pairs(("one two three four",))
    job.tokenizer.encode_batch(["one two three four"])
    said = job.posed(plain)[0].references[0]
    found = job.answer(plain, Filling(job, said), rows=job.encode(plain, training=False))
    assert not job.report(found, plain).wrong and job.score(found, plain)["exact_match"] == 100


def test_a_text_has_its_blanks_by_its_id_wherever_it_stands(tmp_path):
    path = tmp_path / "a.tsv"
    path.write_text("id\ttext\nabc\tone two three four\n-7\tfive six seven eight\n", encoding="utf-8")
    job = infilling()
    examples, _ = job.read(path, True)
    job.tokenizer.encode_batch([example.source for example in examples])
    posed = job.posed(examples)
    assert [pair.id for pair in posed] == ["abc", "-7"] and all(pair.source.count("[MASK]") == 1 for pair in posed)
    assert job.posed(examples[1:]) == posed[1:]


def test_pairs_have_one_blank_and_texts_none(tmp_path):
    path = tmp_path / "a.tsv"
    path.write_text("source\ttarget\na [MASK] b\tx\n", encoding="utf-8")
    job = infilling()
    examples, _ = job.read(path, True)
    assert examples[0].truth == ("x",) and job.posed(examples)[0].references == ("[MASK]x",)
    path.write_text("source\ttarget\na b\tx\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"a.tsv:2: the text has 0 blanks \(\[MASK\]\), where a filling asks for one"):
        infilling().read(path, True)
    path = tmp_path / "a.txt"
    path.write_text("a <extra_id_0> b\n", encoding="utf-8")
    with pytest.raises(DataError, match="a.txt:1: the text has 1 blanks"):
        infilling().read(path, True)


def test_a_filling_holds_no_mark_of_a_blank(tmp_path):
    path = tmp_path / "a.tsv"
    path.write_text("source\ttarget\na [MASK] b\t<extra_id_0> x\n", encoding="utf-8")
    with pytest.raises(DataError, match="a.tsv:2: the filling holds <extra_id_0>, which stands for a blank; write"):
        infilling().read(path, True)


def test_sentences_are_hidden_where_there_are_several(tmp_path, caplog):
    path = tmp_path / "a.txt"
    path.write_text("one two. three four. five\nsix seven eight\n", encoding="utf-8")
    job = infilling(data__hidden="sentences", data__learned="fillings")
    examples, _ = job.read(path, True)
    assert [example.source for example in examples] == ["one two. three four. five"]
    assert "1 texts of a single sentence are left out" in caplog.text
    (pair,) = job.posed(examples)
    sentences = ("one two.", "three four.", "five")
    whole = [pair.source.replace("[MASK]", text) for text in sentences if text in pair.references]
    assert whole == [examples[0].source]
    ((found,),) = job.answer(job.parse("a [MASK]"), Runner("b c"))
    assert found == {"generated_text": "b c", "finish_reason": STOP, "score": -0.25}


@pytest.mark.parametrize("settings, told", [
    ({"data.hidden": "end", "data.masking_probability": 0.3}, "data.masking_probability = 0.3 is not read, as"),
    ({"data.hidden": "sentences", "data.span_length": 2.0}, "data.span_length = 2.0 is not read"),
    ({"data.shuffle_sentences": True}, "goes with data.learned: whole and data.hidden: words alone"),
])  # fmt: skip
def test_what_a_target_does_not_read_is_refused(settings, told):
    config = Config.create(TASKS.get("text_infilling").data_config, task="text_infilling", name="toy", **settings)
    with pytest.raises(ConfigError, match=told):
        config.validate()


def test_uers_two_lines_hold_source_and_tokens():
    job = task("translation", data__generate_seq2seq_output=True)
    assert job.layout == "uer_text"
    asked = job.parse("a b")
    job.tokenizer.encode_batch(["a b"])  # which become tokens 4 and 5

    class Said(Runner):
        def generate(self, prompts, settings, emit=None, sources=()):
            return [[Generated((5, 4), (), -0.25, STOP, "b a")] for _ in prompts]

    assert job.answer(asked, Said()) == [[{"prompt": "a b", "tokens": "[CLS]ba"}]]
    job = task("translation", data__generate_seq2seq_output=True, generation__prefix="a")
    job.parse("a b")
    job.tokenizer.encode_batch(["a b"])
    assert job.answer(asked, Said()) == [[{"prompt": "a b", "tokens": "[CLS]aba"}]]


def test_one_stack_goes_on_behind_the_end_of_its_source():
    job = task("translation", model__mask="prefix")
    job.settle([])
    assert job.head == "prefix"
    rows = job.encode(pairs(("x y", "a b")), training=True)
    ids = job.tokenizer.tokens.index
    # [CLS] x y [SEP] a b [SEP]: the end of the source is read, and what is said has no beginning of its own
    assert rows.row(0)["input_ids"].tolist() == [2, ids("x"), ids("y"), 3]
    assert rows.row(0)["decoder_input_ids"].tolist() == [3, ids("a"), ids("b")]
    assert rows.row(0)["target_ids"].tolist() == [ids("a"), ids("b"), 3]
    run = Runner("a b")
    assert job.answer(job.parse("x y"), run)[0][0]["generated_text"] == "a b"
    assert run.prompts == [[2, ids("x"), ids("y"), 3]]


@pytest.mark.parametrize("settings, told", [
    ({"generation__prefix": "so"},
     "generation.prefix = 'so': model.mask prefix reads all that stands before an answer"),
    ({"model__max_position_embeddings": 300},
     "data.max_seq_length 256 and data.max_target_length 64 stand in one row, which has at most 300; set one of them"),
])  # fmt: skip
def test_one_stack_has_room_for_both_and_reads_nothing_before_an_answer(settings, told):
    config = Config.create(TASKS.get("translation").data_config, task="translation", name="toy")
    settings = {"data__max_seq_length": 256, **settings, "model__mask": "prefix"}
    for key, value in settings.items():
        config[key.replace("__", ".")] = value
    assert any(message.startswith(told) for _, message in config.problems())


def test_a_target_is_no_longer_than_its_decoder():
    job = task("translation", data__max_target_length=130, model__max_position_embeddings=130)
    job.settle([])
    job = task("translation", data__max_target_length=131, model__max_position_embeddings=130)
    message = "data.max_target_length 131 is more than the decoder has positions for; set it to at most 130"
    with pytest.raises(ConfigError, match=message):
        job.settle([])


def test_a_length_that_nobody_named_fits_the_network():
    short = {"model.max_position_embeddings": 40}
    asked = (short, {**short, "data.max_target_length": 50})
    fitted, named = (Trainer(settings, task="translation", model="seq2seq_small").config.data for settings in asked)
    assert (fitted.max_seq_length, fitted.max_target_length, named.max_target_length) == (40, 40, 50)


def test_source_and_answer_share_the_places_of_one_stack():
    settings = {"model.max_position_embeddings": 40, "model.mask": "prefix", "data.max_target_length": 10}
    data = Trainer(settings, task="translation", model="seq2seq_small").config.data
    assert (data.max_seq_length, data.max_target_length) == (30, 10)


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_begins_with_the_tokenizers_own_where_the_model_says_nothing(name):
    job = task(name, model__decoder_start_token_id=None)
    assert job.framing.start == Words.cls_id and job.config.model.decoder_start_token_id is None
