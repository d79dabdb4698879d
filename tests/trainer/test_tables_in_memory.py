"""A Trainer on a table in memory: the run's folder alone is enough to resume, wherever it is moved to."""

import json
import shutil

import pytest
import tiny_choices
import tiny_qa
import tiny_texts

from tasklab import Trainer
from tasklab.datahub import at_hand
from tasklab.errors import ConfigError, DataError
from tasklab.session.frames import answer_frame
from tasklab.task import TASKS

ROWS = [{"text": text, "label": label} for text, label in tiny_texts.rows()]


@pytest.mark.parametrize("given", [5, "x" * 10_000, "a\nb", iter(["a", "b"]), [["a"], ["b"]]])
@pytest.mark.parametrize("name", ["train_dataset", "eval_dataset"])
def test_what_is_no_data_is_told_at_construction(given, name):
    with pytest.raises(ConfigError, match=name):
        Trainer(model="txtcls_minilm_l6", **{name: given})


def test_a_text_in_place_of_a_file_is_told_on_the_command_line_too():
    with pytest.raises(DataError, match="a text of 10000 characters is not the name of a file"):
        at_hand("x" * 10_000, training=True)


def examples(task, table, tmp_path, **more):
    """What a task reads of a table in memory."""
    config = Trainer(task=task, model="bert_tiny", train_dataset=table, overrides=[more]).config
    return list(TASKS.get(task)(config, None).read(config.data.train, training=True)[0])


def test_tables_of_every_task_are_read_as_its_files_are(tmp_path):
    squad = tiny_qa.squad()
    assert len(examples("question_answering", squad["data"], tmp_path)) == 10
    assert examples("question_answering", squad, tmp_path)[0].answers[0].text == "berlin"
    paragraphs = [p for article in squad["data"] for p in article["paragraphs"]]
    flat = [{"context": p["context"], **question} for p in paragraphs for question in p["qas"]]
    assert len(examples("question_answering", flat, tmp_path)) == 10
    tagged = [{"tokens": ["Anna", "sings"], "ner_tags": ["B-PER", "O"]}]
    assert examples("token_classification", tagged, tmp_path)[0].entities == (("PER", 0, 0),)
    documents = [[["anna lives in berlin ."], [row], f"d{i}"] for i, row in enumerate(tiny_choices.questions())]
    assert examples("multiple_choice", documents, tmp_path)[0].choices[0] == "berlin"
    pairs = [{"question": "q", "answer": "a", "label": 1}, {"question": "q", "answer": "b", "label": 0}]
    assert examples("answer_selection", pairs, tmp_path)[0].labels == [1, 0]


def test_words_of_a_table_are_masked(tmp_path):
    from tasklab.tasks.masked_language_modeling import MaskedLanguageModeling
    from tasklab.text.wordpiece import WordPiece

    texts = [{"text": "anna lives in paris\nben lives in rome"}, {"text": "clara lives in oslo"}]
    config = Trainer(task="masked_language_modeling", model="bert_tiny", train_dataset=texts,
                     overrides=["data.packing=line"]).config  # fmt: skip
    task = MaskedLanguageModeling(config, WordPiece(tiny_qa.write_vocabulary(tmp_path)))
    assert len(task.read(config.data.train, True)[0]) == 3


@pytest.mark.parametrize("given", [["anna sings", "ben runs"], {"content": ["anna sings", "ben runs"]}])
def test_texts_alone_are_learned_from_where_no_answer_is_asked_for(given, tmp_path):
    found = examples("text_infilling", given, tmp_path)
    assert [(pair.source, pair.references) for pair in found] == [("anna sings", ()), ("ben runs", ())]
    with pytest.raises(DataError, match="target"):
        examples("translation", given, tmp_path)


def test_texts_alone_are_passages(tmp_path):
    texts = ["anna lives in paris\n\nand in rome", "ben\tsings"]
    assert [example.text for example in examples("text_generation", texts, tmp_path)] == texts


def test_answers_stand_beside_what_was_asked():
    pd = pytest.importorskip("pandas")
    asked = pd.DataFrame({"text": ["a", "b"], "label": ["x", "y"]}, index=[7, 3])
    frame = answer_frame(asked, [], [{"label": "x", "score": 0.9}, {"label": "x", "score": 0.8}])
    assert frame.to_dict("list") == {
        "text": ["a", "b"], "label": ["x", "y"], "predicted_label": ["x", "x"], "score": [0.9, 0.8],
    }  # fmt: skip
    assert list(frame.index) == [7, 3]
    words = tagged_examples()
    frame = answer_frame("a file", words, [[{"text": "Anna"}], []])
    assert frame.to_dict("list") == {"id": ["0", "1"], "text": ["Anna sings", "so"], "answer": [[{"text": "Anna"}], []]}


def tagged_examples():
    from tasklab.data.tagging.reading import TaggedExample

    return [TaggedExample("0", "Anna sings", ((0, 4), (5, 10))), TaggedExample("1", "so", ((0, 2),))]


@pytest.mark.slow
def test_the_folder_of_the_run_is_enough(tmp_path, monkeypatch):
    pd = pytest.importorskip("pandas")
    cache, run, moved = tmp_path / "cache", tmp_path / "run", tmp_path / "moved"
    frame = pd.DataFrame(ROWS)
    settings = tiny_texts.settings(**{
        "from_scratch": True, "tokenizer.vocab": str(tiny_qa.write_vocabulary(tmp_path)), "train.epochs": 1,
    })  # fmt: skip
    monkeypatch.setenv("TASKLAB_CACHE", str(cache))
    trainer = Trainer(settings, "text_classification", "bert_tiny", frame, ROWS, output_dir=run)
    trainer.train()
    scores = trainer.evaluate()
    told = json.loads((run / "data.json").read_text())
    assert told["data.train"] == told["data.eval"] and (run / told["data.train"]).is_file()
    shutil.rmtree(cache / "tables")
    run.rename(moved)
    again = Trainer(model=str(moved), output_dir=moved)
    assert again.train(True)["global_step"] == 4
    assert again.evaluate(eval_checkpoint=True, eval_dataset=moved / told["data.eval"]) == scores
    assert again.predict(input_data=frame) == again.predict(input_data=[row["text"] for row in ROWS])
    answers = again.predict(input_data=frame.sample(3, random_state=0), as_frame=True)
    assert list(answers.columns) == ["text", "label", "predicted_label", "score"]
    assert list(answers.index) == list(frame.sample(3, random_state=0).index)
