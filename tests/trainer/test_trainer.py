"""Trainer: the flow of the README, its spellings, and what it refuses."""

import json
import os
import shutil
from pathlib import Path

import pytest
import tiny_qa

from tasklab import Trainer, list_models, list_tasks
from tasklab.config import Config, encoder_decoders
from tasklab.console import Scores
from tasklab.digest import file_sha256
from tasklab.engine.hooks import Callback
from tasklab.errors import CheckpointError, ConfigError, DataError, TasklabError, UnknownName
from tasklab.session.refusals import refuse_unoffered
from tasklab.weights import sums

CONTEXT, ASKED = tiny_qa.QUESTION.split(" - ")


def make(squad=None, **more) -> Trainer:
    settings = tiny_qa.settings(**more)
    return Trainer(settings, "question_answering", "qa_bert_base_uncased", squad, squad)


@pytest.fixture
def calls(monkeypatch) -> list:
    """What train() starts, instead of training: (config, run, weights, state, moments, longer)."""
    seen = []
    monkeypatch.setattr("tasklab.session.training.train", lambda start, *_: seen.append(start) or {})
    return seen


# the seed flow


def test_train_returns_where_the_run_ended_and_what_it_kept(seed_flow):
    trained = seed_flow.trained
    assert trained["global_step"] == 3  # 10 rows in batches of 4
    assert 0 < trained["loss"] < 10
    for key in ("best_checkpoint", "last_checkpoint"):
        assert {"model.safetensors", "vocab.txt", "config.yaml", "SHA256SUMS"} <= set(os.listdir(trained[key]))
    assert Path(trained["output_dir"]) == seed_flow.home / "output" / "qa"
    assert trained["best_metric"] == seed_flow.evaluated["f1"]


def test_evaluate_returns_the_official_metrics_and_logs_the_same(seed_flow):
    metrics = seed_flow.evaluated
    assert set(metrics) == {"exact_match", "f1", "total"} and metrics["total"] == 10
    logged = [line for line in seed_flow.log if line.startswith("QA Metric = ")]
    assert logged == [str(Scores("QA Metric", metrics))] * 2  # at the end of the epoch, and on its own
    assert any(line.startswith("trivial baseline: {") for line in seed_flow.log)


def test_predict_returns_one_answer_per_input_cut_from_the_context(seed_flow):
    (answer,) = seed_flow.answers
    assert list(answer) == ["text", "score", "start", "end"]
    assert answer["text"] == CONTEXT[answer["start"] : answer["end"]] != ""
    assert 0 < answer["score"] <= 1 and answer["score"] == round(answer["score"], 4)


def test_step_lines_tell_epoch_loss_speed_rate_and_time_left(seed_flow):
    lines = [line for line in seed_flow.log if line.startswith("global step")]
    assert len(lines) == 3
    for number, line in enumerate(lines, start=1):
        assert line.startswith(f"global step {number}, epoch: 1, loss: ")
        assert all(part in line for part in (" step/s, lr: ", ", time left: 00:00:"))


def test_every_load_prints_a_ledger(seed_flow):
    ledgers = [line for line in seed_flow.log if line.startswith("weights ")]
    assert "100.0 % of encoder" in ledgers[0] and "new 2: head.output" in ledgers[0] and "pooler" in ledgers[0]
    assert "loaded 23 of 23" in ledgers[1]


# spellings of train


def test_a_name_with_do_finetune_starts_a_new_run_from_its_weights(placed, squad, calls):
    make(squad).train(resume_or_finetune_from_checkpoint="qa_bert_base_uncased", do_finetune=True)
    ((_, run, weights, state, moments, _),) = calls
    assert (weights, state, moments) == ("qa_bert_base_uncased", None, None)
    assert run.path == Path("output/qa_bert_base_uncased")


@pytest.mark.parametrize("call", [
    lambda t, c: t.train(train_checkpoint=c),
    lambda t, c: t.train(c, do_finetune=True),
    lambda t, c: t.finetune(finetune_checkpoint=c),
    lambda t, c: t.finetune(c),
])  # fmt: skip
def test_finetuning_from_a_checkpoint_takes_weights_only(call, seed_flow, squad, calls):
    checkpoint = seed_flow.trained["last_checkpoint"]
    call(make(squad), checkpoint)
    ((_, run, weights, state, moments, _),) = calls
    assert (str(weights), state, moments) == (checkpoint, None, None)
    assert run.path != Path(checkpoint).parent


@pytest.mark.parametrize("call", [
    lambda t, c: t.train(c),
    lambda t, c: t.train(train_checkpoint=c, resume_training=True),
    lambda t, c: t.train(resume_training=c),
    lambda t, c: t.train(str(Path(c).parent)),
])  # fmt: skip
def test_resuming_takes_the_state_too_and_stays_in_the_run(call, seed_flow, squad, calls):
    checkpoint = seed_flow.trained["last_checkpoint"]
    call(make(squad), checkpoint)
    ((_, run, weights, state, moments, _),) = calls
    assert str(weights) == checkpoint and run.path == Path(checkpoint).parent
    assert state.global_step == 3 and len(moments) == 2 * 23


@pytest.mark.parametrize("call", [
    lambda t: t.train(True),
    lambda t: t.train(resume_training=True),
    lambda t: t.train(resume_or_finetune_from_checkpoint=True),
])  # fmt: skip
def test_true_resumes_the_last_checkpoint_of_the_own_run(call, seed_flow, squad, calls):
    call(make(squad, output_dir=seed_flow.trained["output_dir"]))
    ((_, _, weights, state, *_),) = calls
    assert str(weights) == seed_flow.trained["last_checkpoint"] and state.global_step == 3


def test_true_without_a_run_says_that_there_is_nothing_to_continue(placed, squad):
    with pytest.raises(CheckpointError, match=r"nothing to continue: no checkpoint of qa_bert_base_uncased below out"):
        make(squad).train(True)


def test_weights_without_a_state_are_not_resumed_but_the_remedy_is_named(placed, squad):
    with pytest.raises(CheckpointError, match=r"holds no trainer_state.json, so it cannot be resumed; .* --from"):
        make(squad).train(str(placed / "bert_base_uncased"))


def test_both_spellings_at_once_are_refused(placed, squad, seed_flow):
    with pytest.raises(ConfigError, match="not both"):
        make(squad).train(seed_flow.trained["last_checkpoint"], resume_training=True)


def test_a_new_run_in_the_folder_of_another_is_refused_with_the_resume_command(placed, squad, seed_flow):
    with pytest.raises(ConfigError, match=r"holds a run already; continue it with --resume"):
        make(squad, output_dir=seed_flow.trained["output_dir"]).train()


def test_resume_with_other_settings_keeps_the_runs_own_and_says_so(squad, seed_flow, calls, caplog):
    trainer = make(squad, **{"output_dir": seed_flow.trained["output_dir"], "optimizer.lr": 0.5})
    trainer.train(True)
    assert calls[0][0].optimizer.lr == 3e-5
    assert "resume keeps the run's own settings: optimizer.lr = 3e-05 (not 0.5)" in caplog.text


def test_resume_says_nothing_when_no_setting_differs(squad, seed_flow, calls, caplog):
    make(squad, output_dir=seed_flow.trained["output_dir"]).train(True)
    assert "resume keeps" not in caplog.text


def test_resume_finds_the_data_of_the_run_when_none_is_given(seed_flow, squad, calls):
    make(output_dir=seed_flow.trained["output_dir"]).train(True)
    assert Path(calls[0][0].data.train).samefile(squad) and Path(calls[0][0].data.eval).samefile(squad)


def test_do_eval_false_trains_without_evaluation_and_true_insists_on_data(placed, squad, calls):
    trainer = make(squad)
    trainer.train(do_eval=False)
    assert calls[0][0].train.eval_strategy == "no" and trainer.config.train.eval_strategy is None
    with pytest.raises(ConfigError, match="do_eval=True needs an evaluation set"):
        Trainer(tiny_qa.settings(), "question_answering", "bert_base_uncased", squad, "no").train(do_eval=True)
    Trainer(tiny_qa.settings(), "question_answering", "bert_base_uncased", squad).train(do_eval=True)
    assert calls[-1][0].data.eval == "0.1"  # of however few


# configuration


def test_the_config_can_be_changed_between_constructor_and_train(placed, squad, calls):
    trainer = make(squad)
    trainer.config.train.epochs = "2"
    trainer.config["optimizer.lr"] = "1e-4"
    with pytest.raises(ConfigError, match="unknown key 'train.epoch'; did you mean 'epochs'"):
        trainer.config.train.epoch = 2
    trainer.train()
    assert (calls[0][0].train.epochs, calls[0][0].optimizer.lr) == (2, 1e-4)


def test_combinations_that_cannot_work_are_refused_before_training(placed, squad):
    trainer = make(squad)
    trainer.config.data.max_seq_length = 65
    with pytest.raises(ConfigError, match="data.max_seq_length 65 is more than model.max_position_embeddings 64"):
        trainer.train()


def test_set_recompute_config_and_set_parallel_config_change_the_config(placed):
    trainer = make()
    trainer.set_recompute_config(True)
    trainer.set_parallel_config(data_parallel=2, model_parallel=1)
    assert trainer.config.recompute is True and trainer.config.data_parallel == 2
    with pytest.raises(ConfigError, match="pipeline_stage is not offered; tasklab is data parallel only"):
        trainer.set_parallel_config(pipeline_stage=2)


def test_mindformers_defaults_of_the_two_setters_are_accepted(placed):
    # the keyword defaults of mindformers 1.0, Trainer.set_parallel_config and set_recompute_config
    make().set_parallel_config(
        data_parallel=1, model_parallel=1, expert_parallel=1, pipeline_stage=1, micro_batch_interleave_num=1,
        optimizer_shard=False, gradient_aggregation_group=4, vocab_emb_dp=True,
    )  # fmt: skip
    make().set_recompute_config(recompute=False, parallel_optimizer_comm_recompute=False, mp_comm_recompute=True)


def test_more_than_one_process_is_refused_where_it_would_run_as_one(placed, squad):
    trainer = make(squad)
    trainer.set_parallel_config(data_parallel=2)
    with pytest.raises(ConfigError, match="data_parallel = 2"):
        trainer.train()


def test_fp16_is_refused_for_a_t5_with_its_own_reason():
    t5 = {"model": {**encoder_decoders.FIXED["t5"], "num_decoder_layers": 2}, "precision": "fp16"}
    with pytest.raises(ConfigError, match="precision = fp16: .* a T5's activations pass 65,504"):
        refuse_unoffered(Config.create(**t5))


def test_a_precision_that_is_not_computed_is_refused(placed, squad):
    with pytest.raises(ConfigError, match="precision = fp16: .* fp32 or bf16"):
        make(squad, precision="fp16").train()
    with pytest.raises(ConfigError, match="precision = bf16: .*kernels = off; set precision=fp32"):
        make(squad, precision="bf16", kernels="off").train()
    with pytest.raises(ConfigError, match="precision = int8: training cannot have it; set precision=fp32"):
        make(squad, precision="int8").train()
    with pytest.raises(ConfigError, match="precision = int8: only a decoder's kernels have it, and none runs here"):
        make(squad, precision="int8").predict({"context": "a", "question": "b"})


def test_unknown_names_are_answered_with_the_nearest():
    with pytest.raises(UnknownName, match="'question_answerng'.*Did you mean 'question_answering'"):
        Trainer(task="question_answerng", model="bert_base_uncased")
    with pytest.raises(UnknownName, match="qa_bert_base_uncased"):
        Trainer(task="question_answering", model="qa_bert_base_uncasd")


def test_list_tasks_and_list_models_name_what_trainer_accepts():
    assert "question_answering" in list_tasks()
    assert {"qa_bert_base_uncased", "bert_base_uncased"} <= {m["name"] for m in list_models("question_answering")}


def test_a_checkpoint_of_another_shape_is_refused_by_name(placed, squad):
    trainer = make(squad, **{"model.hidden_size": 32})
    with pytest.raises(CheckpointError, match=r"encoder\.\S+.*\(?\d+, 16\)?"):
        trainer.train()
    assert not Path("output/qa_bert_base_uncased/best").exists()


def test_weights_that_cannot_be_found_never_become_a_random_start(monkeypatch, tmp_path, squad):
    monkeypatch.setenv("TASKLAB_CHECKPOINTS", str(tmp_path))
    with pytest.raises(CheckpointError, match="no weights for 'bert_base_chinese'"):
        Trainer(tiny_qa.settings(), "question_answering", "bert_base_chinese", squad).train()


def test_predict_before_training_says_what_to_do(placed):
    with pytest.raises(TasklabError, match="train first"):
        make().predict(predict_checkpoint=True, input_data=[tiny_qa.QUESTION])


def test_predict_without_a_run_refuses_weights_that_lack_the_head(placed):
    with pytest.raises(CheckpointError, match="head.output"):
        make().predict(input_data=[tiny_qa.QUESTION])


def test_predict_needs_an_input_and_a_positive_top_k(seed_flow):
    with pytest.raises(ConfigError, match="predict needs input_data, for example: .*anna"):
        seed_flow.trainer.predict()
    with pytest.raises(DataError, match="no input"):
        seed_flow.trainer.predict(input_data=[])
    with pytest.raises(ConfigError, match="top_k = 0: expected a whole number, at least 1"):
        seed_flow.trainer.predict(input_data=tiny_qa.QUESTION, top_k=0)
    with pytest.raises(ConfigError, match="top_k = '2': expected a whole number, at least 1"):
        seed_flow.trainer.predict(input_data=tiny_qa.QUESTION, top_k="2")


@pytest.mark.parametrize("recipe, question", [("ie_small_chinese", "a"), ("tokcls_small_chinese", "a")])
def test_where_an_answer_holds_all_there_is_no_second_one_is_asked_for(recipe, question):
    with pytest.raises(ConfigError, match="top_k = 2: an answer of .* holds all there is; leave it out"):
        Trainer(model=recipe).predict(input_data=question, top_k=2)


def test_evaluate_without_data_takes_that_of_the_run(seed_flow):
    assert make(output_dir=seed_flow.trained["output_dir"]).evaluate() == seed_flow.trainer.evaluate()


def test_evaluate_and_train_without_data_say_which_setting_to_give(placed, seed_flow, tmp_path):
    alone = shutil.copytree(seed_flow.trained["last_checkpoint"], tmp_path / "alone" / "checkpoint")
    with pytest.raises(ConfigError, match="set data.eval=<file or folder>"):
        Trainer(model=str(alone)).evaluate()
    with pytest.raises(ConfigError, match="set data.train=<file or folder>"):
        make().train()


def test_a_metric_that_the_task_does_not_have_is_refused_before_training(placed, squad):
    with pytest.raises(ConfigError, match=r"train.metric_for_best_model is 'f2'; .*exact_match.*f1"):
        make(squad, **{"train.metric_for_best_model": "f2"}).train()


# predict


def test_every_form_of_input_gives_the_same_answer(seed_flow, tmp_path):
    predict, (expected,) = seed_flow.trainer.predict, seed_flow.answers
    row = {"context": CONTEXT, "question": ASKED}
    (tmp_path / "in.json").write_text(json.dumps([row]), encoding="utf-8")
    (tmp_path / "in.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    (tmp_path / "in.txt").write_text(tiny_qa.QUESTION + "\n", encoding="utf-8")
    forms = [tiny_qa.QUESTION, row, (CONTEXT, ASKED), [row], [(CONTEXT, ASKED)]]
    forms += [tmp_path / name for name in ("in.json", "in.jsonl", "in.txt")]
    for form in [*forms, str(tmp_path / "in.txt")]:
        assert predict(input_data=form) == [expected]


def test_hyphens_inside_the_context_and_the_words_are_kept(seed_flow):
    text = "A well-known man - a tailor - lives in Berlin - Who lives in Berlin?"
    (answer,) = seed_flow.trainer.predict(input_data=text)
    assert answer["text"] == text[answer["start"] : answer["end"]]
    assert answer["end"] <= text.rindex(" - ")


def test_top_k_gives_the_best_ones_per_input_in_order(seed_flow):
    many = seed_flow.trainer.predict(input_data=[tiny_qa.QUESTION] * 2, top_k=3)
    assert len(many) == 2 and many[0] == many[1] and len(many[0]) == 3
    assert many[0][0] == seed_flow.answers[0]
    scores = [answer["score"] for answer in many[0]]
    assert scores == sorted(scores, reverse=True) and sum(scores) <= 1


def test_a_file_in_the_squad_layout_gives_one_answer_per_question(seed_flow, squad):
    answers = seed_flow.trainer.predict(input_data=squad / "dev-v1.1.json")
    assert len(answers) == 10
    for answer, (name, city) in zip(answers, tiny_qa.PEOPLE.items(), strict=True):
        context = f"{name} lives in {city} ."
        assert answer["text"] == context[answer["start"] : answer["end"]]


def inputs() -> list:
    """Twelve inputs of one to five windows each."""
    long = " . ".join(f"{name} lives in {city}" for name, city in list(tiny_qa.PEOPLE.items())[:6])
    rows = [(f"{name} lives in {city} .", f"where does {name} live ?") for name, city in tiny_qa.PEOPLE.items()]
    return [*rows, (long, "where does ida live ?"), (long + " . " + long, "who lives in rome ?")]


def test_predictions_do_not_depend_on_batch_size_or_order(seed_flow):
    rows = inputs()
    expected = seed_flow.trainer.predict(input_data=rows, top_k=3, batch_size=4)
    for size, order in ((1, range(12)), (3, range(11, -1, -1)), (64, [5, 11, 0, 7, 3, 10, 1, 9, 2, 8, 4, 6])):
        answers = seed_flow.trainer.predict(input_data=[rows[i] for i in order], top_k=3, batch_size=size)
        for i, found in zip(order, answers, strict=True):
            assert [(a["text"], a["start"], a["end"]) for a in found] == [
                (a["text"], a["start"], a["end"]) for a in expected[i]
            ]
            # a score is a float32 softmax, shown with 4 decimals: at most the last one may round differently
            assert [a["score"] for a in found] == pytest.approx([a["score"] for a in expected[i]], abs=1.01e-4)


# evaluate


def test_evaluation_scores_every_row_and_writes_the_predictions(seed_flow, tmp_path):
    metrics = seed_flow.trainer.evaluate(predictions_file=tmp_path / "predictions.json")
    written = json.loads((tmp_path / "predictions.json").read_text(encoding="utf-8"))
    assert metrics == seed_flow.evaluated
    assert [row["id"] for row in written] == [f"q-{name}" for name in tiny_qa.PEOPLE]
    texts = [row["answers"][0]["text"] for row in written]
    exact = sum(text == city for text, city in zip(texts, tiny_qa.PEOPLE.values(), strict=True))
    assert metrics["exact_match"] == pytest.approx(100 * exact / 10)


def test_evaluation_does_not_depend_on_the_batch_size(seed_flow):
    trainer = seed_flow.trainer
    before = trainer.config.evaluate.batch_size
    try:
        trainer.config.evaluate.batch_size = 3  # 10 rows: the last batch has one
        assert trainer.evaluate() == seed_flow.evaluated
    finally:
        trainer.config.evaluate.batch_size = before


def test_evaluate_takes_a_checkpoint_folder_and_another_data_set(seed_flow, tmp_path):
    one = tmp_path / "one.json"
    one.write_text(json.dumps(tiny_qa.squad({"anna": "berlin"})), encoding="utf-8")
    metrics = seed_flow.trainer.evaluate(seed_flow.trained["last_checkpoint"], eval_dataset=one)
    assert metrics["total"] == 1


# callbacks, damaged checkpoints, one folder


class Counter(Callback):
    def __init__(self):
        self.events = []

    def on_step_end(self, loop):
        self.events.append(("step", loop.state.global_step))

    def on_evaluate(self, loop, record):
        self.events.append(("evaluate", sorted(record)))

    def on_save(self, loop, folder):
        self.events.append(("save", folder.name))


@pytest.mark.slow
def test_a_callback_hears_steps_evaluations_and_saves_in_order(placed, squad):
    trainer, counter = make(squad, **{"train.max_steps": 2}), Counter()
    trainer.add_callback(counter)
    trainer.train()
    keys = ["epoch", "exact_match", "f1", "global_step", "total"]
    assert counter.events == [("step", 1), ("step", 2), ("evaluate", keys), ("save", "checkpoint-2")]
    assert Path("output/qa_bert_base_uncased/curves.png").read_bytes()[:4] == b"\x89PNG"
    kinds = [json.loads(line)["kind"] for line in open("output/qa_bert_base_uncased/metrics.jsonl", encoding="utf-8")]
    assert kinds == ["train", "train", "evaluate"]


def test_a_moved_checkpoint_answers_alone_as_before(seed_flow, tmp_path):
    shutil.copytree(seed_flow.trained["last_checkpoint"], tmp_path / "elsewhere")
    alone = Trainer(model=tmp_path / "elsewhere", overrides=["device_target=CPU"])
    assert alone.predict(input_data=[tiny_qa.QUESTION]) == seed_flow.answers


def test_a_long_lived_trainer_hashes_its_checkpoint_once_until_it_is_written_again(seed_flow, tmp_path, monkeypatch):
    run = tmp_path / "run"
    shutil.copytree(seed_flow.trained["output_dir"], run)
    trainer = Trainer(model=run, overrides=["device_target=CPU"])
    assert trainer.predict(input_data=[tiny_qa.QUESTION]) == seed_flow.answers
    hashed = []
    monkeypatch.setattr(sums, "file_sha256", lambda path: hashed.append(path) or file_sha256(path))
    assert trainer.predict(input_data=[tiny_qa.QUESTION]) == seed_flow.answers
    assert not hashed
    weights = run / Path(seed_flow.trained["best_checkpoint"]).name / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    with pytest.raises(CheckpointError, match="model.safetensors"):
        trainer.predict(input_data=[tiny_qa.QUESTION])
    assert weights in hashed


def test_a_bit_flip_in_a_checkpoint_is_named_and_never_used(seed_flow, tmp_path):
    folder = tmp_path / "damaged"
    shutil.copytree(seed_flow.trained["last_checkpoint"], folder)
    weights = bytearray((folder / "model.safetensors").read_bytes())
    weights[-5] ^= 1
    (folder / "model.safetensors").write_bytes(weights)
    with pytest.raises(CheckpointError, match="model.safetensors"):
        Trainer(model=folder).predict(input_data=[tiny_qa.QUESTION])


@pytest.mark.slow
def test_a_tiny_network_learns_ten_questions_by_heart(placed, squad):
    sizes = {"model.hidden_size": 64, "model.num_hidden_layers": 2, "model.intermediate_size": 128}
    steps = {"train.epochs": 60, "optimizer.lr": 3e-3, "train.eval_strategy": "no", "train.save_steps": 1000}
    dropout = {"model.hidden_dropout_prob": 0.0, "model.attention_probs_dropout_prob": 0.0}
    trainer = make(squad, from_scratch=True, **sizes, **steps, **dropout)
    trainer.train()
    metrics = trainer.evaluate(eval_checkpoint=True)
    assert metrics == {"exact_match": 100.0, "f1": 100.0, "total": 10}
    (answer,) = trainer.predict(input_data=[("anna lives in berlin .", "where does anna live ?")])
    assert (answer["text"], answer["start"], answer["end"]) == ("berlin", 14, 20)


def test_a_setting_of_the_loss_that_the_task_does_not_know_is_refused(placed, squad):
    trainer = make(squad)
    trainer.config.loss.focal_gamma = 2
    told = "loss.focal_gamma = 2.0: question_answering does not know it; known there: rdrop_alpha"
    with pytest.raises(ConfigError, match=told):
        trainer.train()


@pytest.mark.parametrize("best, expected", [(True, "checkpoint-3"), (False, "checkpoint-4")])
def test_the_best_checkpoint_answers_or_the_last(squad, seed_flow, tmp_path, monkeypatch, best, expected):
    class Recorded:
        def __init__(self, checkpoint, config):
            raise CheckpointError(f"asked for {checkpoint.name}")

    monkeypatch.setattr("tasklab.session.serving.Ready", Recorded)
    run = tmp_path / "run"
    shutil.copytree(seed_flow.trained["output_dir"], run)  # its best is checkpoint-3
    shutil.copytree(run / "checkpoint-3", run / "checkpoint-4")
    trainer = make(squad, **{"output_dir": str(run), "train.load_best_model_at_end": best})
    with pytest.raises(CheckpointError, match=f"asked for {expected}"):
        trainer.evaluate()
