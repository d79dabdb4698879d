"""What a Trainer shows of itself, and the short ways of asking it."""

import pytest
import tiny_qa

import tasklab
from tasklab import Trainer
from tasklab.errors import ConfigError, MissingDependency, UnknownName


def test_the_public_names_are_listed_before_anything_is_imported():
    assert set(dir(tasklab)) >= {"Callback", "Trainer", "list_models", "list_tasks"}
    assert all(getattr(tasklab, name) for name in dir(tasklab))


def test_a_trainer_says_in_one_line_what_it_is_and_where_it_stands(seed_flow):
    told, folder = repr(seed_flow.trainer), seed_flow.home / "output" / "qa"
    assert told.startswith("Trainer(task=question_answering, model=qa_bert_base_uncased, data=train ")
    best = seed_flow.trained["best_metric"]
    assert told.endswith(f"run={folder}, state=finished at step 3 of 3, best f1 {best:.4f} at 3)")
    assert f"data=train {seed_flow.home / 'squad'}" in repr(Trainer(model=str(folder)))  # as the run remembers


def test_before_training_it_says_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told = repr(Trainer(task="question_answering", model="qa_bert_base_uncased"))
    assert told.endswith("model=qa_bert_base_uncased, data=none, run=none, state=not trained)")


def test_a_damaged_state_is_shown_as_such(tmp_path):
    (tmp_path / "checkpoint-3").mkdir()
    (tmp_path / "checkpoint-3" / "trainer_state.json").write_text("{")
    trainer = Trainer(tiny_qa.settings(), "question_answering", "qa_bert_base_uncased", output_dir=tmp_path)
    assert repr(trainer).endswith("state=checkpoint-3, whose state cannot be read)")


def test_a_notebook_gets_a_table_in_which_nothing_is_markup(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    trainer = Trainer(task="question_answering", model="qa_bert_base_uncased", train_dataset="<b>a&b</b>.json")
    shown = trainer._repr_html_()
    assert "&lt;b&gt;a&amp;b&lt;/b&gt;.json" in shown and "<b>" not in shown
    assert shown.count("<tr>") == shown.count("</tr>") == 5


def test_history_has_a_row_per_record(seed_flow):
    pandas = pytest.importorskip("pandas")
    history = seed_flow.trainer.history
    assert isinstance(history, pandas.DataFrame)
    assert list(history.kind) == ["train"] * 3 + ["evaluate"] and list(history.global_step) == [1, 2, 3, 3]
    assert history.query("kind == 'evaluate'").f1.item() == seed_flow.evaluated["f1"]


def test_history_is_empty_before_training(tmp_path, monkeypatch):
    pytest.importorskip("pandas")
    monkeypatch.chdir(tmp_path)
    history = Trainer(task="question_answering", model="qa_bert_base_uncased").history
    assert len(history) == 0 and list(history.columns) == ["kind", "global_step", "epoch"]


def test_history_without_pandas_names_the_package(seed_flow, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    with pytest.raises(MissingDependency, match="pip install pandas"):
        seed_flow.trainer.history  # noqa: B018 - the property is what is tried


def test_plot_is_the_picture_in_the_run_s_folder(seed_flow):
    figure, best = seed_flow.trainer.plot(), seed_flow.trained["best_metric"]
    assert figure.get_suptitle() == "qa (qa_bert_base_uncased)"
    loss, metric = figure.axes
    assert metric.get_ylabel() == "f1 (%)"
    named = {line.get_label(): line.get_ydata() for line in metric.get_lines()}
    (trivial,) = [line for line in seed_flow.log if line.startswith("trivial baseline")][-1:]
    (told,) = [label for label in named if label.startswith("trivial baseline: ")]
    assert list(named[told]) == [float(trivial.split("'f1': ")[1].split(",")[0].rstrip("}"))] * 2
    assert list(named[f"best: {best:.4g} at step 3"]) == [best]


def test_plot_before_training_says_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="nothing to plot: no run of qa_bert_base_uncased has measured anything yet"):
        Trainer(task="question_answering", model="qa_bert_base_uncased").plot()


# short ways of asking


@pytest.mark.parametrize("ask", [
    lambda trainer, text: trainer.predict(text),
    lambda trainer, text: trainer.predict([text]),
    lambda trainer, text: trainer(text),
    lambda trainer, text: trainer.predict(input_data=text),
    lambda trainer, text: trainer.predict(True, text),
    lambda trainer, text: trainer.predict(predict_checkpoint=True, input_data=text),
    lambda trainer, text: list(trainer.predict_parts(text))[0],
], ids=["text", "list", "call", "input_data", "positions", "mindformers", "parts"])  # fmt: skip
def test_an_input_alone_is_answered_as_one_beside_a_checkpoint(ask, seed_flow):
    assert ask(seed_flow.trainer, tiny_qa.QUESTION) == seed_flow.answers


def test_a_text_longer_than_any_file_name_is_a_text(seed_flow):
    context, asked = tiny_qa.QUESTION.split(" - ")
    for long in (f"{context} {'. ' * 300}- {asked}", "北京" * 300 + f" {context} - {asked}"):
        assert len(seed_flow.trainer.predict(long)) == 1


def test_weights_alone_are_no_input(seed_flow):
    checkpoint = seed_flow.trained["best_checkpoint"]
    for weights in (checkpoint, seed_flow.home / "output" / "qa", "bert_base_chinese", "hf:owner/name", True, None):
        with pytest.raises(ConfigError, match="predict needs input_data, for example"):
            seed_flow.trainer.predict(weights)


def test_two_texts_are_told_how_several_inputs_are_given(seed_flow):
    with pytest.raises(UnknownName, match=r"'one - text'.* Several inputs are one list: predict\(\[..., ...\]\)"):
        seed_flow.trainer.predict("one - text", "another - text")


def test_a_checkpoint_before_its_input_is_taken(seed_flow):
    checkpoint = seed_flow.trained["last_checkpoint"]
    assert seed_flow.trainer.predict(checkpoint, tiny_qa.QUESTION) == seed_flow.answers
    assert seed_flow.trainer(tiny_qa.QUESTION, predict_checkpoint=checkpoint, top_k=2)[0][0] == seed_flow.answers[0]
