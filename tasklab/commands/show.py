"""tasklab show"""

from tasklab.commands import Verb
from tasklab.commands.names import NAMES, add_names, trainer_of

EXAMPLES = """examples:
  tasklab show qa_minilm_l6
  tasklab show question_answering bert_tiny train.epochs=5 > my.yaml    # then: tasklab train my.yaml
"""


def run(options):
    trainer, _ = trainer_of(options)
    print(trainer.config.to_yaml(), end="")


VERB = Verb("show", "the complete configuration that a name stands for", run, add_names, NAMES, EXAMPLES)
