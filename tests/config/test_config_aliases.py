"""Settings as HuggingFace, google-research/bert and MindFormers spell them (keys: their own documentation)."""

import enum
from dataclasses import dataclass

import pytest

from tasklab.config import Config, DataConfig, resolve
from tasklab.config.aliases import ALIASES, IGNORED, ONLY
from tasklab.errors import ConfigError


@dataclass
class QAData(DataConfig):
    doc_stride: int = 128
    max_query_length: int = 64
    max_answer_length: int = 30
    n_best_size: int = 20


# Keys and nesting of a MindFormers 1.0 question answering recipe, with values that differ from every default of ours.
MINDFORMERS = """
seed: 41
run_mode: train
output_dir: './out'
load_checkpoint: ''
resume_training: False
context:
  mode: 0
  device_target: "CPU"
  device_id: 1
  max_call_depth: 10000
remote_save_url: "somewhere"
runner_config:
  epochs: 4
  batch_size: 6
  sink_mode: False
runner_wrapper:
  type: TrainOneStepCell
parallel_config:
  data_parallel: 1
  model_parallel: 1
recompute_config:
  recompute: True
moe_config:
  expert_num: 1
auto_tune: False
trainer:
  type: QuestionAnsweringTrainer
  model_name: qa_bert_base_uncased
train_dataset: &train_dataset
  data_loader:
    type: SQuADDataLoader
    dataset_dir: "./squad/"
    stage: "train"
    max_question_len: 32
  tokenizer:
    type: BertTokenizer
    cls_token: '[CLS]'
    do_lower_case: False
  drop_remainder: True
  batch_size: 12
train_dataset_task:
  type: QuestionAnsweringDataset
  dataset_config: *train_dataset
eval_dataset:
  data_loader:
    dataset_dir: "./dev/"
  batch_size: 5
model:
  model_config:
    type: BertConfig
    num_labels: 3
    seq_length: 320
    embedding_size: 1024
    num_layers: 24
    num_heads: 16
    expand_ratio: 4
    compute_dtype: "bfloat16"
    checkpoint_name_or_path: "qa_bert_base_uncased_squad"
  arch:
    type: BertForQuestionAnswering
lr_schedule:
  type: polynomial
  learning_rate: 2e-5
  lr_end: 1.0e-6
  warmup_steps: 77
  total_steps: -1
optimizer:
  type: adam
  weight_decay: 0.05
  eps: 1e-7
callbacks:
  - type: MFLossMonitor
  - type: CheckpointMointor
    save_checkpoint_steps: 3000
    keep_checkpoint_max: 7
metric:
  type: SQuADMetric
"""
MEANT = {
    "task": "question_answering", "name": "qa_bert_base_uncased", "checkpoint": "bert_base_uncased", "seed": 41,
    "output_dir": "./out", "device_target": "CPU", "device_id": 1, "precision": "bf16", "recompute": True,
    "train.epochs": 4, "train.batch_size": 6, "evaluate.batch_size": 5, "data.train": "./squad/", "data.eval": "./dev/",
    "data.max_query_length": 32, "data.max_seq_length": 320, "tokenizer.name": "wordpiece",
    "tokenizer.lowercase": False, "model.hidden_size": 1024, "model.num_hidden_layers": 24,
    "model.num_attention_heads": 16, "model.intermediate_size": 4096, "schedule.name": "polynomial",
    "optimizer.lr": 2e-5, "schedule.lr_end": 1e-6, "schedule.warmup_steps": 77, "schedule.warmup_ratio": 0.0,
    "optimizer.name": "adamw", "optimizer.weight_decay": 0.05, "optimizer.eps": 1e-7, "train.save_steps": 3000,
    "train.save_total_limit": 7,
}  # fmt: skip


@pytest.fixture
def mindformers(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(text=MINDFORMERS):
        (tmp_path / "run_qa.yaml").write_text(text, encoding="utf-8")
        return "run_qa.yaml"

    return write


def with_model(args, **kwargs) -> Config:
    return resolve("question_answering", "bert_tiny", args=args, data_class=QAData, **kwargs)


def test_a_mindformers_yaml_is_understood(mindformers):
    config = resolve(args=mindformers(), data_class=QAData)
    assert {key: config[key] for key in MEANT} == MEANT


def test_what_has_no_meaning_is_reported_in_one_line(mindformers):
    config = resolve(args=mindformers(), data_class=QAData)
    assert len(config.notes) == 1
    assert config.notes[0].startswith("ignored settings (they mean nothing to tasklab): run_mode, context.mode, ")
    for key in ("remote_save_url", "moe_config", "auto_tune", "runner_config.sink_mode", "metric"):
        assert key in config.notes[0]
    assert "epochs" not in config.notes[0]
    assert resolve("question_answering", "bert_tiny").notes == []


def test_a_key_of_mindformers_that_nobody_knows_is_an_error_with_its_line(mindformers):
    text = MINDFORMERS.replace("sink_mode:", "sinkmode:").replace("  drop_remainder", "  drop_remains")
    with pytest.raises(ConfigError) as caught:
        resolve(args=mindformers(text), data_class=QAData)
    assert str(caught.value).splitlines() == [
        "run_qa.yaml:16: unknown key 'runner_config.sinkmode', neither tasklab's nor a known one of MindFormers'",
        "run_qa.yaml:40: unknown key 'train_dataset.drop_remains', neither tasklab's nor a known one of MindFormers'",
    ]


def test_a_misspelt_key_of_theirs_is_answered_with_theirs():
    with pytest.raises(ConfigError, match="unknown key 'runner_config.epoch'; did you mean 'runner_config.epochs'?"):
        with_model({"runner_config": {"epoch": 3}})


def test_what_tasklab_cannot_do_is_refused_not_ignored(mindformers):
    text = MINDFORMERS.replace("model_parallel: 1", "model_parallel: 8").replace("'[CLS]'", "'<s>'")
    with pytest.raises(ConfigError) as caught:
        resolve(args=mindformers(text), data_class=QAData)
    assert str(caught.value).splitlines() == [
        "run_qa.yaml:21: parallel_config.model_parallel is '8'; tasklab supports only 1 there",
        "run_qa.yaml:38: train_dataset.tokenizer.cls_token is '<s>'; tasklab supports only [CLS] there",
    ]


@pytest.mark.parametrize(
    "theirs, key, value",
    [
        ({"learning_rate": "5e-5"}, "optimizer.lr", 5e-5),
        ({"num_train_epochs": 3.0}, "train.epochs", 3),
        ({"per_device_train_batch_size": 8}, "train.batch_size", 8),
        ({"per_device_eval_batch_size": 9}, "evaluate.batch_size", 9),
        ({"adam_beta1": 0.8}, "optimizer.betas", (0.8, 0.999)),
        ({"adam_beta2": 0.98}, "optimizer.betas", (0.9, 0.98)),
        ({"adam_epsilon": 1e-6}, "optimizer.eps", 1e-6),
        ({"lr_scheduler_type": "cosine"}, "schedule.name", "cosine"),
        ({"warmup_ratio": 0.06}, "schedule.warmup_ratio", 0.06),
        ({"warmup_steps": 0}, "schedule.warmup_ratio", 0.1),
        ({"max_steps": -1}, "train.max_steps", None),
        ({"max_steps": 30}, "train.max_steps", 30),
        ({"evaluation_strategy": "no"}, "train.eval_strategy", "no"),
        ({"optim": "adamw_torch"}, "optimizer.name", "adamw"),
        ({"fp16": True}, "precision", "fp16"),
        ({"fp16": False, "bf16": True}, "precision", "bf16"),
        ({"fp16": False, "bf16": False}, "precision", "fp32"),
        ({"use_cpu": True}, "device_target", "CPU"),
        ({"report_to": "tensorboard"}, "train.tensorboard", True),
        ({"report_to": []}, "train.tensorboard", False),
        ({"gradient_checkpointing": True}, "recompute", True),
        ({"doc_stride": 64}, "data.doc_stride", 64),
        ({"n_best_size": 5}, "data.n_best_size", 5),
        ({"max_seq_len": 100}, "data.max_seq_length", 100),
        ({"max_question_len": 20}, "data.max_query_length", 20),
        ({"lr_schedule": {"type": "constant"}}, "schedule.name", "constant"),
        ({"init_checkpoint": "./bert"}, "checkpoint", "./bert"),
        ({"load_checkpoint": ""}, "checkpoint", "bert_tiny"),
        ({"load_checkpoint": "./a.ckpt"}, "checkpoint", "./a.ckpt"),
        ({"do_lower_case": "False"}, "tokenizer.lowercase", False),
        ({"warmup_proportion": 0.3}, "schedule.warmup_ratio", 0.3),
    ],
)
def test_their_name_sets_ours(theirs, key, value):
    assert with_model(theirs)[key] == value
    texts = [f"{k}={v}" for k, v in theirs.items() if not isinstance(v, (dict, list))]
    if texts:
        assert with_model(None, overrides=texts)[key] == value


def test_lora_as_scripts_around_peft_and_mindformers_spell_it():
    flat = {"lora_rank": 4, "lora_alpha": 8, "lora_dropout": 0.1}
    theirs = {"model": {"model_config": {"pet_config": {"pet_type": "lora", **flat}}}}
    for args in (flat, theirs):
        lora = with_model(args).lora
        assert (lora.rank, lora.alpha, lora.dropout) == (4, 8.0, 0.1)
    theirs["model"]["model_config"]["pet_config"]["pet_type"] = "ptuning2"
    with pytest.raises(ConfigError, match="pet_type is 'ptuning2'; tasklab supports only lora there"):
        with_model(theirs)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (".*wq|.*wk|.*wv|.*wo", ["query", "key", "value", "attention.output"]),  # MindFormers' Llama configurations
        (".*dense1|.*dense3", ["query", "value"]),  # its GPT-2
        (r".*\.(w1|w2|w3)", ["feed_forward.gate", "feed_forward.output", "feed_forward.intermediate"]),
        (["q_proj", "v_proj"], ["query", "value"]),
        (["q", "v", "wo"], None),
        ("all-linear", ["all"]),
        (".*", None),
        (".*w[qv]", None),
        (["lm_head"], None),
    ],
)
def test_the_modules_of_peft_and_mindformers_are_ours_or_refused(theirs, ours):
    pet = {"pet_type": "lora", "lora_rank": 4, "target_modules": theirs}
    for args in ({"model": {"model_config": {"pet_config": pet}}}, {"lora_rank": 4, "target_modules": theirs}):
        if ours is None:
            with pytest.raises(ConfigError, match="target_modules is .* is not read; names are .*name the Denses in"):
                with_model(args)
        else:
            assert with_model(args).lora.targets == ours


def test_an_arguments_object_says_what_differs_from_its_defaults():
    class Scheduler(enum.Enum):
        COSINE = "cosine"

    @dataclass
    class TrainingArguments:
        output_dir: str = "./o"
        num_train_epochs: float = 3.0
        learning_rate: float = 5e-5
        lr_scheduler_type: Scheduler = "linear"
        fsdp_of_another_world: str = "x"
        debug: str = ""

    config = with_model(TrainingArguments(num_train_epochs=1.0, lr_scheduler_type=Scheduler.COSINE, debug=[]))
    assert (config.train.epochs, config.schedule.name) == (1, "cosine")
    assert config.optimizer.lr == resolve("question_answering", "bert_tiny").optimizer.lr


def test_args_of_another_type_are_refused():
    with pytest.raises(ConfigError, match="args is 3; expected a YAML file, a dictionary or an arguments object"):
        with_model(3)


def test_every_alias_leads_to_a_setting_and_none_is_also_ignored():
    config = Config.create(QAData)
    for theirs, ours in ALIASES.items():
        parent = ours.lstrip("?").removesuffix(".0").removesuffix(".1")
        assert parent in config, f"{theirs} -> {ours}"
    assert not set(ALIASES) & IGNORED and not set(ALIASES) & set(ONLY) and not set(ONLY) & IGNORED
    assert not set(config.leaf_keys()) & (set(ALIASES) | IGNORED | set(ONLY))


def test_huggingface_selection_of_the_best_model_is_understood():
    config = resolve(
        task="question_answering", model="bert_tiny",
        args={"load_best_model_at_end": True, "metric_for_best_model": "eval_loss", "greater_is_better": False,
              "save_strategy": "steps", "save_steps": 50, "eval_strategy": "steps", "eval_steps": 50},
    ).train  # fmt: skip
    assert (config.metric_for_best_model, config.greater_is_better, config.load_best_model_at_end) == (
        "eval_loss", False, True,
    )  # fmt: skip
    assert [(config.when(kind), config[f"{kind}_steps"]) for kind in ("save", "eval")] == [("steps", 50)] * 2


def test_huggingface_s_label_smoothing_is_understood():
    config = resolve(task="question_answering", model="bert_tiny", args={"label_smoothing_factor": 0.1})
    assert config.loss.label_smoothing == 0.1
