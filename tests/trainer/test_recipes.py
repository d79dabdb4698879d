"""Every kind of recipe takes a training step at toy size, and every kind of backbone goes with every task."""

from pathlib import Path

import pytest
import tiny_choices
import tiny_corpus
import tiny_extraction
import tiny_matching
import tiny_pairs
import tiny_prompts
import tiny_qa
import tiny_tags
import tiny_texts
from no_curves import NoCurves

from tasklab import Trainer, list_models, list_tasks
from tasklab.config import find_model
from tasklab.errors import ConfigError
from tasklab.task import TASKS, Task
from tasklab.tools.build_vocabulary import build_vocabulary

RECIPES = {m["name"]: m["task"] for m in list_models() if m["task"]}
TRAINED = [name for name in list_tasks() if TASKS.get(name).loss is not Task.loss]
BACKBONES = [m["name"] for m in list_models() if not m["task"]]
PRETRAINED = [name for name in BACKBONES if find_model(name).checkpoint]
"""The others start from random weights: each has a recipe, and is tried with one task more."""


TOY = {
    "information_extraction": tiny_extraction,
    "question_answering": tiny_qa, "text_classification": tiny_texts, "answer_selection": tiny_texts,
    "multi_task_classification": tiny_texts, "token_classification": tiny_tags, "multiple_choice": tiny_choices,
    "masked_language_modeling": tiny_corpus, "text_generation": tiny_corpus, "text_matching": tiny_matching,
    "prompt_classification": tiny_prompts, "contrastive_classification": tiny_texts,
    **dict.fromkeys([name for name in list_tasks() if TASKS.get(name).head == "seq2seq"], tiny_pairs),
}  # fmt: skip
"""By task a module with settings(**more) and write_for(config, folder), which gives a folder of rows for a recipe."""


FIXTURES = Path(__file__).parents[1] / "fixtures"
GUEST = "masked_language_modeling"


def kind_of(backbone: str) -> str:
    """The head that it is made for, '' where it is an encoder."""
    model = Trainer(task=GUEST, model=backbone).config.model
    if model.decoder_start_token_id is not None:
        return "seq2seq"
    return "causal" if model.encoder == "gpt" else ""


def shape_of(**names) -> tuple:
    """All that is left of a job at toy size: kinds and switches, and whether a size or a column is there at all."""
    config = Trainer(**names).config
    sections = {name: section for name, section in config.items() if hasattr(section, "items")}
    settings = [(k, v if isinstance(v, str) and name != "data" else bool(v))
                for name, section in sections.items() if name != "tokenizer" for k, v in section.items()]  # fmt: skip
    return config.task, config.tokenizer.name, *settings


SHAPES = list({shape_of(task=GUEST, model=b): b for b in reversed(PRETRAINED)}.values())
RECIPE_SHAPES = {shape_of(model=name): name for name, task in RECIPES.items() if task in TRAINED}
"""Of backbones, and of recipes, that differ in sizes alone one stands for all."""
GENERATING = {name: TASKS.get(name).head if TASKS.get(name).generates else "" for name in TRAINED}
PAIRS = [(b, t) for b in SHAPES for t in TRAINED if kind_of(b) == GENERATING[t]]
"""What is trained together: a backbone that reads to the left alone generates, and so does one with a decoder."""
BPE = (FIXTURES / "tiny_bpe" / "merges.txt", 400)
SUBWORDS = {"sentencepiece": (FIXTURES / "tiny_spiece.model", 95), "bpe": BPE, "gguf": BPE}
SUBWORDS["t5"] = (FIXTURES / "tiny_t5" / "spiece.model", 190)
"""By tokenizer its toy vocabulary and rows enough in the embedding for it."""


def one_step(task: str | None, model: str, folder) -> dict:
    toy = TOY[task or RECIPES[model]]
    config = Trainer(task=task, model=model).config
    vocabulary, size = SUBWORDS.get(config.tokenizer.name) or (tiny_qa.write_vocabulary(folder), tiny_qa.VOCAB_SIZE)
    settings = toy.settings(**{
        "from_scratch": True, "tokenizer.vocab": str(vocabulary), "model.vocab_size": size, "train.max_steps": 1,
        "train.eval_strategy": "no",
    })  # fmt: skip
    settings = {k: value for k, value in settings.items() if config[k] is not None or not k.startswith("model.")}
    if config.tokenizer.name == "gguf":
        settings["tokenizer.name"] = "bpe"
    if TASKS.get(config.task).head == "causal":
        settings["model.embedding_size"] = None  # of its words, as large as its states
    if config.model.decoder_start_token_id is not None:
        settings["model.decoder_start_token_id"] = None  # the toy vocabulary's own
    if config.model.num_key_value_heads:
        settings["model.num_key_value_heads"] = 1
    trainer = Trainer(settings, task, model, output_dir=f"run_{model}")
    trainer.config.data.train = str(toy.write_for(trainer.config, folder / "data"))
    return trainer.train()


@pytest.fixture
def without_curves(monkeypatch):
    """Drawing takes longer than the step."""
    monkeypatch.setattr("tasklab.session.training.Curves", NoCurves)


@pytest.mark.slow
@pytest.mark.parametrize("recipe", RECIPE_SHAPES.values())
def test_every_shape_of_recipe_takes_a_training_step(recipe, tmp_path, without_curves):
    trained = one_step(None, recipe, tmp_path)
    assert trained["global_step"] == 1 and 0 < trained["loss"] < 10


@pytest.mark.parametrize(
    "backbone, task",
    [(b, t) for b in BACKBONES for t in list_tasks() if b in PRETRAINED or t == "token_classification"],
)
def test_a_backbone_composes_with_every_task(task, backbone):
    config = Trainer(task=task, model=backbone).config
    assert (config.task, config.name) == (task, backbone)
    assert config.validate() and config.model.num_hidden_layers and (config.checkpoint or config.from_scratch)


@pytest.mark.slow
@pytest.mark.parametrize("backbone, task", PAIRS)
def test_every_shape_of_backbone_takes_a_training_step_with_every_task(task, backbone, tmp_path, without_curves):
    assert one_step(task, backbone, tmp_path)["global_step"] == 1


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_resolves_by_its_name_alone_and_stays_with_its_task(recipe):
    config = Trainer(model=recipe).config
    assert config.task == RECIPES[recipe] and config.name == recipe and config.notes == []


def test_a_backbone_without_a_task_asks_for_one():
    with pytest.raises(ConfigError, match="model 'bert_tiny' fits any task, so the task has to be named"):
        Trainer(model="bert_tiny")


def test_a_task_alone_means_its_default_model():
    assert Trainer(task="question_answering").config.name == "qa_minilm_l6"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["char", "space", "wordpiece", "bpe", "unigram", "t5"])
def test_a_built_vocabulary_starts_a_training(kind, tmp_path, without_curves):
    folder = tiny_texts.write_data(tmp_path / "data")
    made = build_vocabulary(str(folder / "train.tsv"), to=tmp_path / "vocabulary", kind=kind, size=300)
    settings = tiny_texts.settings(**{
        "from_scratch": True, "tokenizer.name": made.tokenizer, "tokenizer.vocab": str(made.path),
        "model.vocab_size": made.pieces, "train.max_steps": 2, "train.eval_strategy": "no",
    })  # fmt: skip
    trained = Trainer(settings, "text_classification", "bert_tiny", folder, output_dir=tmp_path / "run").train()
    assert trained["global_step"] == 2 and 0 < trained["loss"] < 2
    answer = Trainer(model=trained["last_checkpoint"]).predict(input_data="anna lives in paris")
    assert answer[0]["label"] in ("happy", "sad")
