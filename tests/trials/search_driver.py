"""A search in a process of its own, to be killed: python search_driver.py FOLDER."""

import sys
from pathlib import Path

from tasklab.config import Config
from tasklab.trials import trial
from tasklab.trials.driver import Search

HERE = Path(__file__).parent
SPACE = {"optimizer.lr": {"low": 1e-5, "high": 1e-1, "log": True}}


def search_in(folder, space=None, **more) -> Search:
    """A search whose trials are scripted."""
    trial.COMMAND = (sys.executable, str(HERE / "scripted_training.py"))
    sizes = dict(vocab_size=9, hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8)
    config = Config.create(name="tiny", task="labels", model=sizes)
    return Search(folder, config, "accuracy", True, space or SPACE, **more)


if __name__ == "__main__":
    search_in(sys.argv[1], parallel=2).run(4)
