"""Every fenced block of README and docs/ that one can type runs, page by page, in a folder with what the page names.

Files are tiny and recipes one layer of 16 units (page_world.py, page_server.py): what is looked at is the path, not the
scores. A page's blocks run in their order, the Python ones as one session behind them. What cannot run here stands in
EXCUSED.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import page_server
import page_world
import pytest
import tiny_qa

ROOT = page_world.ROOT
PAGES = [ROOT / "README.md", ROOT / "README.zh.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
SHOWN = ("text", "csv", "json", "yaml")
"""Languages of blocks that show something; all others are typed."""

MEASURED = "what was measured, and how: public data sets, PyTorch, hours"
BENCHMARKS = "scripts of benchmarks/ with data of their own; they measure for minutes"
INSTALLS = ".ci/run does just this"
TRIALS = "trains in processes of their own at full size; test_search_runs.py and test_folds_run.py run it"
THEIRS = "files of another program; tests/convert and tests/weights read and write such"
SYNOPSIS = "says what may be written, not what to type"
GENERATES = "the real model's weights; tests/test_chat.py and tests/generation run tiny ones"
WHOLE_PAGES = {"docs/measurements.md": MEASURED, "docs/performance.md": BENCHMARKS}
EXCUSED: dict[tuple[str, str], str] = {
    ("README.md", "pip install -e . && tasklab demo"): INSTALLS,
    ("README.zh.md", "pip install -e . && tasklab demo"): INSTALLS,
    ("README.md", "tasklab chat"): GENERATES,
    ("README.zh.md", "tasklab chat"): GENERATES,
    ("docs/coming_from.md", "tasklab convert cluecorpus.bin"): THEIRS,
    ("docs/conversion.md", "tasklab convert SOURCE TARGET"): SYNOPSIS,
    ("docs/conversion.md", "tasklab convert output/run"): THEIRS,
    ("docs/conversion.md", "tasklab train txtcls_lstm_chinese --from lstm_model.bin"): THEIRS,
    ("docs/conversion.md", "tasklab convert SmolLM2"): THEIRS,
    ("docs/conversion.md", "tasklab convert google/t5-small"): THEIRS,
    ("docs/feature_extraction.md", "tasklab tools whiten"): "more values than the toy has; test_vector_runs.py whitens",
    ("docs/lora.md", "tasklab tools adapter-from-peft"): THEIRS,
    ("docs/lora.md", "tasklab train textgen_smollm2"): GENERATES,
    ("docs/lora.md", "python benchmarks/lora_training.py"): BENCHMARKS,
    ("docs/information_extraction.md", "python benchmarks/extraction_training.py"): BENCHMARKS,
    ("docs/information_extraction.md", "tasklab tools extraction-replay"): "trains; test_extraction_forgetting.py",
    ("docs/information_extraction.md", "python benchmarks/extraction_types.py"): BENCHMARKS,
    ("docs/information_extraction.md", "tasklab tools extraction-rounds"): "trains; test_extraction_rounds.py",
    ("docs/few_shot.md", "tasklab fewshot"): "trains in processes of their own; test_few_shot_runs.py runs it",
    ("docs/few_shot.md", "from tasklab import few_shot"): "the same; test_few_shot_runs.py calls it",
    ("docs/multiple_choice.md", "tasklab convert c3_model.bin"): THEIRS,
    ("docs/plugins.md", "export TASKLAB_PLUGINS"): "a folder of the reader's; tests/test_plugins.py has one",
    ("docs/plugins.md", "# setup.py of the package"): "two lines of another file",
    ("docs/search.md", "tasklab search txtcls"): TRIALS,
    ("docs/search.md", "tasklab search NAME"): SYNOPSIS,
    ("docs/search.md", "best = trainer"): TRIALS,
    ("docs/search.md", "def compute_metrics"): TRIALS,
    ("docs/text_generation.md", "tasklab chat"): GENERATES,
    ("docs/text_generation.md", "from tasklab import Trainer"): GENERATES,
    ("docs/tools.md", "$ tasklab tools nearest-words"): "words of a real vocabulary; tests/tools/test_nearest_words.py",
    ("docs/training.md", "tasklab train NAME"): SYNOPSIS,
    ("docs/training.md", "tasklab cross-validate"): TRIALS,
    ("docs/training.md", "trainer.cross_validate"): TRIALS,
    ("docs/training.md", 'pip install "tasklab[stacking]"'): "installs; tests/tools/test_stack.py stacks",
    ("docs/zh/tasks.md", "tasklab demo information_extraction"): "other rows; docs/information_extraction.md runs",
    ("docs/vector_index.md", "python benchmarks/vector_index.py"): BENCHMARKS,
    ("docs/vector_index.md", "python benchmarks/sentence_vectors.py"): BENCHMARKS,
    ("docs/zh/tasks.md", "tasklab demo translation"): "vocabularies of other sizes than the toy's; text2text.md runs",
}
"""(page, how a block begins) -> why it does not run here."""
FAILS = {
    ("docs/first_classifier.md", "tasklab doctor data docs/examples/tickets.csv\n"): "no column for data.text_a",
}
"""(page, how a block begins) -> what its command says when it fails, as the page tells."""


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


def typed(page: Path) -> list[tuple[str, str]]:
    """(language, text) of the blocks that are not merely shown."""
    found = FENCE.findall(page.read_text(encoding="utf-8"))
    return [(language, text) for language, text in found if language not in SHOWN]


def excuse(page: Path, text: str) -> str | None:
    begins = (why for (name, start), why in EXCUSED.items() if name == named(page) and text.startswith(start))
    return WHOLE_PAGES.get(named(page)) or next(begins, None)


def failure(page: Path, text: str) -> str | None:
    """What a block is to say when it fails; None where it is to run. A session shows it."""
    said = (said for (name, start), said in FAILS.items() if name == named(page) and text.startswith(start))
    shown = re.search(r"^error: (.*)", text, re.MULTILINE)
    return next(said, shown and shown[1])


def commands_of(text: str) -> str:
    """A block as bash takes it; of one that shows a session the lines behind `$`, where `diff` may find differences."""
    lines = re.findall(r"^\$ (.+)", text, re.MULTILINE)
    return re.sub(r"^(tasklab tools diff.*)", r"\1 || [ $? = 1 ]", "\n".join(lines), flags=re.M) if lines else text


def to_run(page: Path) -> list[tuple[str, str]]:
    return [(language, text) for language, text in typed(page) if not excuse(page, text)]


RUN = [page for page in PAGES if to_run(page)]


class Reader:
    """Somebody who types the blocks of a page, in a folder with what it names."""

    def __init__(self, home: Path, address: Path):
        self.home = home
        page_server.write_clients(home / ".tools", address)
        self.environment = os.environ | {
            "PATH": f"{home / '.tools'}:{os.environ['PATH']}", "TASKLAB_CHECKPOINTS": str(home / ".store"),
            "MPLBACKEND": "Agg", "HF_ENDPOINT": "http://127.0.0.1:9", "PYTHONPATH": str(ROOT),
        }  # fmt: skip

    def types(self, language: str, text: str, failure: str | None = None):
        """Raises AssertionError with what was shown when a command fails; or, where it is to fail, does not."""
        if language == "python":
            (self.home / ".page.py").write_text(text, encoding="utf-8")
            text = "python .page.py"
        done = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", commands_of(text)], cwd=self.home, env=self.environment,
            capture_output=True, text=True, timeout=600, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        ended = done.returncode == 0 if failure is None else done.returncode == 1 and failure in done.stderr
        assert ended, f"{text}\n{done.stdout[-1500:]}\n{done.stderr[-3000:]}"


@pytest.fixture(scope="session")
def address(tmp_path_factory):
    """Where the server of commands listens."""
    socket = tmp_path_factory.mktemp("server") / "socket"
    path = os.pathsep.join([str(ROOT), str(Path(page_server.__file__).parent)])
    server = subprocess.Popen(
        [sys.executable, page_server.__file__, str(socket)], env=os.environ | {"PYTHONPATH": path}
    )  # fmt: skip
    for _ in range(1200):
        if socket.exists() or server.poll() is not None:
            break
        time.sleep(0.1)
    yield socket
    server.kill()
    server.wait()


@pytest.fixture(scope="session")
def kept(tmp_path_factory, address):
    """Weights by name, and by recipe the runs that a page takes for granted; each is trained once."""
    folder = tmp_path_factory.mktemp("kept")
    tiny_qa.write_bert(folder / ".store" / "minilm_l6", positions=512)
    page_world.vocabulary(folder / "vocab.txt")
    somebody = Reader(folder, address)
    somebody.types("", page_world.training("mlm_minilm_l6"))
    for name in ("bert_base_uncased", "bert_base_chinese"):  # their head too, which masked words need
        somebody.types("", f"tasklab convert output/mlm_minilm_l6 .store/{name} --to huggingface")
    return somebody


@pytest.fixture
def reader(tmp_path, address, kept):
    """reader(page): in a folder with files, weights and runs."""

    def at(page: str, text: str = "") -> Reader:
        page_world.furnish(tmp_path, page)
        (tmp_path / ".store").symlink_to(kept.home / ".store")
        for run in page_world.earlier_runs(text):
            recipe = page_world.RUNS.get(run, run)
            if not (made := kept.home / "output" / recipe).exists():
                kept.types("", page_world.training(recipe))
            shutil.copytree(made, tmp_path / "output" / run)
            page_world.number_checkpoints(tmp_path / "output" / run, text)
        return Reader(tmp_path, address)

    return at


@pytest.mark.slow
@pytest.mark.parametrize("page", RUN, ids=named)
def test_what_a_page_says_to_type_runs(page, reader):
    blocks = to_run(page)
    somebody = reader(named(page), "".join(text for _, text in blocks))
    for language, text in blocks:
        if language != "python":
            page_world.furnish(somebody.home, named(page), text)
            somebody.types(language, text, failure(page, text))
    session = "\n".join(text for language, text in blocks if language == "python")
    if session:
        somebody.types("python", session)


def test_every_block_runs_or_is_excused_and_no_excuse_is_left_over():
    assert {language for page in PAGES for language, _ in typed(page)} <= {"", "bash", "sh", "python"}
    assert len(RUN) >= 15 and sum(len(to_run(page)) for page in RUN) >= 60
    for name, start in [*EXCUSED, *FAILS]:
        assert any(text.startswith(start) for _, text in typed(ROOT / name)), f"{name}: no block begins with {start!r}"
    assert {named(page) for page in PAGES} >= set(WHOLE_PAGES) and all([*EXCUSED.values(), *WHOLE_PAGES.values()])
    tests = {word for why in EXCUSED.values() for word in re.findall(r"[\w/]*test_\w+\.py", why)}
    assert tests and [test for test in tests if not list(ROOT.glob(f"tests/**/{Path(test).name}"))] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "language, text, fails, said",
    [
        ("", "tasklab train txtcls_minilm_l6 data.trian=train.tsv\ntasklab list\n", None, "did you mean"),
        ("", "tasklab evaluate output/nothing | tail -1\n", None, "no such run or model"),
        ("", "$ tasklab show qa_minilm_l6\n", "no such thing", "warmup_ratio"),
        ("", "tasklab show qa_minilm_l7\n", "no such thing", "did you mean|Did you mean"),
        ("python", "from tasklab import Trainer\nTrainer(model='qa_minilm_l6').predict()\n", None, "needs input_data"),
    ],
)  # fmt: skip
def test_a_block_that_does_not_run_is_found(language, text, fails, said, reader):
    with pytest.raises(AssertionError, match=said):
        reader("none.md").types(language, text, fails)
