"""No setting is accepted and then ignored: names that nobody knows, and values that do nothing beside another one."""

import pytest

from tasklab.config import ScheduleConfig, assign, read_config, resolve
from tasklab.config.registries import OPTIMIZERS, SCHEDULES
from tasklab.data.texts.settings import TextDataConfig
from tasklab.errors import ConfigError


def made(*overrides, **options):
    return resolve(
        "text_classification", "txtcls_minilm_l6", list(overrides), data_class=TextDataConfig, **options
    )  # fmt: skip


def refused(*overrides, **options) -> str:
    with pytest.raises(ConfigError) as told:
        made(*overrides, **options)
    return str(told.value)


def test_names_that_nobody_knows_are_told_with_place_and_the_nearest_ones():
    assert refused("optimizer.name=adafactr", "schedule.name=nonsense").splitlines() == [
        "override 'optimizer.name=adafactr': optimizer.name: no optimizer named 'adafactr'. Did you mean 'adafactor'? "
        "Known: adafactor, adamw",
        "override 'schedule.name=nonsense': schedule.name: no schedule named 'nonsense'. Known: "
        "constant, constant_with_warmup, cosine, cosine_with_restarts, inverse_sqrt, linear, polynomial, tri_stage; "
        "what a plug-in brings is known where TASKLAB_PLUGINS names its folder (docs/plugins.md)",
    ]


@pytest.mark.parametrize(
    "said, other, told",
    [
        ("optimizer.betas=[0.8,0.9]", "optimizer.name=adafactor", "(0.8, 0.9) changes nothing with optimizer.name = "
         "adafactor; remove it, or take one that reads it: adamw"),
        ("optimizer.clip_threshold=2", "optimizer.name=adamw", "2.0 changes nothing with optimizer.name = adamw; "
         "remove it, or take one that reads it: adafactor"),
        ("schedule.power=2", "schedule.name=linear", "2.0 changes nothing with schedule.name = linear; remove it, or "
         "take one that reads it: polynomial"),
        ("schedule.num_cycles=2", "schedule.name=polynomial", "2.0 changes nothing with schedule.name = polynomial; "
         "remove it, or take one that reads it: cosine, cosine_with_restarts"),
        ("schedule.warmup_steps=5", "schedule.name=constant", "5 changes nothing with schedule.name = constant; remove "
         "it, or take one that reads it: constant_with_warmup, cosine, cosine_with_restarts, inverse_sqrt, linear, "
         "polynomial, tri_stage"),
        ("schedule.lr_end=1e-6", "schedule.name=tri_stage", "1e-06 changes nothing with schedule.name = tri_stage; "
         "remove it, or take one that reads it: cosine, cosine_with_restarts, inverse_sqrt, linear, polynomial"),
        ("adversarial.epsilon=1", "adversarial.name=none", "1.0 changes nothing with adversarial.name = none; remove "
         "it, or set that to fgm or pgd"),
        ("adversarial.steps=5", "adversarial.name=fgm", "5 changes nothing with adversarial.name = fgm; remove it, or "
         "set that to pgd"),
        ("loss.max_weight_ratio=4", "loss.balanced=false", "4.0 changes nothing with loss.balanced = False; remove it, "
         "or set that to true"),
        ("loss.soft_alpha=0.1", "data.soft_targets=false", "0.1 changes nothing with data.soft_targets = False; remove "
         "it, or set that to true"),
        ("train.eval_steps=5", "train.eval_strategy=epoch", "5 changes nothing with train.eval_strategy = epoch; "
         "remove it, or set that to steps, or to null"),
        ("train.save_steps=5", "train.save_strategy=best", "5 changes nothing with train.save_strategy = best; remove "
         "it, or set that to steps, or to null"),
        ("train.early_stopping_threshold=0.1", "train.early_stopping_patience=null", "0.1 changes nothing with "
         "train.early_stopping_patience = None; remove it, or set that too"),
        ("data.fold=2", "data.folds=null", "2 changes nothing with data.folds = None; remove it, or set that to the "
         "number of parts"),
    ],
)  # fmt: skip
def test_a_value_that_does_nothing_beside_another_is_told_with_both(said, other, told):
    key = said.partition("=")[0]
    for pair in ([said, other], [other, said]):
        assert refused(*pair) == f"override '{pair[1]}': {key} = {told}"


def test_a_choice_called_none_can_be_made_on_the_command_line():
    assert made("adversarial.name=none", args={"adversarial": {"name": "fgm"}}).adversarial.name == "none"


def test_soft_settings_of_one_kind_need_that_kind():
    assert "loss.temperature = 4.0 changes nothing with loss.soft_kind = mse" in refused(
        "data.soft_targets=true", "loss.temperature=4"
    )
    assert made("data.soft_targets=true", "loss.soft_kind=kl", "loss.temperature=4").loss.temperature == 4


def test_a_later_choice_puts_the_values_it_does_not_read_back():
    recipe = {"schedule": {"name": "polynomial", "power": 2, "warmup_ratio": 0.3}, "optimizer": {"eps": 1e-6}}
    config = made("schedule.name=constant", "optimizer.name=adafactor", args=recipe)
    assert (config.schedule.power, config.schedule.warmup_ratio, config.optimizer.eps) == (1.0, 0.1, 1e-8)
    assert config.validate() is config
    assign(config, {"schedule.name": "cosine", "schedule.num_cycles": 2}, "best run 1")
    assign(config, {"schedule.name": "linear"}, "best run 2")
    assert config.schedule.num_cycles == 0.5


def test_the_value_of_a_weaker_source_stays_where_the_choice_is_its_own():
    recipe = {"schedule": {"name": "linear", "power": 2}}
    assert refused("train.epochs=2", args=recipe).startswith("args: schedule.power = 2.0 changes nothing")


def test_the_configuration_of_a_run_that_an_older_version_made_is_read(tmp_path):
    config = made("schedule.name=constant")
    config.schedule.warmup_ratio, config.optimizer.name = 0.5, "adam"
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "config.yaml").write_text(config.to_yaml(), encoding="utf-8")
    for read in (read_config(folder / "config.yaml", TextDataConfig), resolve(model=folder, data_class=TextDataConfig)):
        assert (read.schedule.name, read.schedule.warmup_ratio, read.optimizer.name) == ("constant", 0.1, "adamw")
        assert read.notes == ["optimizer 'adam' is not known here; adamw takes its place"]


@pytest.mark.parametrize("registry", [OPTIMIZERS, SCHEDULES])
def test_what_an_entry_says_it_reads_is_a_setting(registry):
    section = {"optimizer": made().optimizer, "schedule": ScheduleConfig()}[registry.kind]
    for name in registry.names():
        assert set(registry.get(name).settings) <= set(section.keys())


@pytest.mark.parametrize(
    "theirs, ours",
    [
        ({"optim": "adafactor"}, ("optimizer.name", "adafactor")),
        ({"optimizer": {"type": "FP32StateAdamWeightDecay"}}, ("optimizer.name", "adamw")),
        ({"lr_schedule": {"type": "CosineWithWarmUpLR"}}, ("schedule.name", "cosine")),
        ({"lr_scheduler_type": "inverse_sqrt"}, ("schedule.name", "inverse_sqrt")),
    ],
)
def test_other_programs_names_are_understood(theirs, ours):
    key, value = ours
    assert made(args=theirs)[key] == value
