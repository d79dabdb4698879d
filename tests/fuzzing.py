"""Run by test_fuzz_readers.py in a process of its own: one kind of file, damaged COUNT times, read each time.

usage: python fuzzing.py KIND COUNT. Prints one line per reading that ended in anything but an answer or a TasklabError.
"""

import gzip
import hashlib
import json
import random
import resource
import signal
import sys
import traceback
from pathlib import Path

import fuzzed_exports
import fuzzed_indexes
import fuzzed_models

from tasklab.errors import TasklabError

SECONDS, MEMORY, LONGEST = 10, 6 << 30, 20_000
"""For one file: processor time, bytes of memory, characters of a message."""
LIMITS = [
    b"\xff" * 4, b"\0" * 8, b"[" * 2000, b"9" * 5000, b"1e400", b"-1", b"null", b"\xed\xa0\x80", b"\n", b'"', b"{}",
]  # fmt: skip
VOCABULARY = "\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "good", "bad", "film", "the", "."]) + "\n"

GPT2 = json.dumps({"model_type": "gpt2", "vocab_size": 40, "n_embd": 16, "n_layer": 2, "n_head": 4, "n_positions": 20,
                   "activation_function": "gelu_new", "architectures": ["GPT2LMHeadModel"]})  # fmt: skip
LLAMA = json.dumps({"model_type": "llama", "vocab_size": 40, "hidden_size": 16, "num_hidden_layers": 2, "head_dim": 8,
                    "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 32, "rms_norm_eps": 1e-5,
                    "rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1, "high_freq_factor": 4,
                                     "original_max_position_embeddings": 64}, "sliding_window": 8})  # fmt: skip


def damaged(data: bytes, rng: random.Random) -> bytes:
    """One to four of: a flipped bit, a byte, a cut, a piece removed, doubled or moved, what a field cannot be."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        kind, place = rng.randrange(7), rng.randrange(len(out) or 1)
        piece = slice(place, place + rng.randint(1, 40))
        if kind == 0 and out:
            out[place] ^= 1 << rng.randrange(8)
        elif kind == 1 and out:
            out[place] = rng.randrange(256)
        elif kind == 2:
            del out[place:]
        elif kind == 3:
            del out[piece]
        elif kind == 4:
            out[place:place] = out[piece]
        elif kind == 5:
            limit = rng.choice(LIMITS)
            out[place : place + rng.randint(0, 8)] = limit
        else:
            target = rng.randrange(len(out) or 1)
            out[target : target + 8] = out[place : place + 8]
    return bytes(out)


def task_of(name: str, *overrides: str):
    from tasklab.task import TASKS
    from tasklab.text import TOKENIZERS
    from tasklab.trainer import Trainer

    vocabulary = Path("vocab.txt")
    vocabulary.write_text(VOCABULARY)
    given = ["from_scratch=true", f"tokenizer.vocab={vocabulary}", "data.max_seq_length=64", "data.cache=false"]
    config = Trainer(task=name, model="bert_tiny", overrides=[*given, *overrides]).config
    return TASKS.get(name)(config, TOKENIZERS.get(config.tokenizer.name)(vocabulary, True))


def data(task: str, name: str, content: str | bytes, *overrides: str, beside: str | None = None):
    """A data file of a task: read and encoded as a training does it. beside: the text of a .txt of the same name."""

    def prepare():
        plain = task_of(task, *overrides)

        def read(path):
            if beside is not None:
                path.with_suffix(".txt").write_text(beside)
            built = type(plain)(plain.config.copy(), plain.tokenizer)
            built.config.data.train = str(path)
            built.settle([])
            examples, _ = built.read(path, True)
            if len(examples):
                built.encode(examples, True)

        return name, content.encode() if isinstance(content, str) else content, read

    return prepare


def inputs(task: str, name: str, content: str):
    """A file of inputs for predict."""

    def prepare():
        built = task_of(task)
        return name, content.encode(), lambda path: list(built.parse(path))

    return prepare


def small(name: str, content: str | bytes, read):
    return lambda: (name, content.encode() if isinstance(content, str) else content, read)


def config_yaml():
    from tasklab.config import read_config

    built = task_of("text_classification")
    return "config.yaml", built.config.to_yaml().encode(), lambda path: read_config(path, built.data_config)


def foreign(path):
    from tasklab.config.description import describe

    describe(path.parent)


def state(path):
    from tasklab.runs.state import TrainerState

    TrainerState.from_json(path.read_bytes().decode("utf-8", "replace"), path)


def sums(path):
    from tasklab.weights.folder import verify_folder

    (path.parent / "config.yaml").write_text("task: x")
    verify_folder(path.parent)


def held_out(path):
    from tasklab.runs.held_out import read_held_out

    read_held_out(path)


def run_file(path):
    from tasklab.pictures.curves import RunCurves
    from tasklab.runs.checkpoints import best_checkpoint
    from tasklab.runs.data_file import remembered_data
    from tasklab.runs.history import read_baselines, read_metrics

    best_checkpoint(path.parent)
    remembered_data(path.parent)
    if path.name == "metrics.jsonl":
        curves = RunCurves("x", read_metrics(path)[:1], "f1", 100.0, 2, read_baselines(path.parent))
        for figure in filter(None, (curves.main(), curves.rest())):
            figure.savefig(path.parent / "curves.png")


def space(path):
    from tasklab.trials.space import read_space

    read_space(path, task_of("text_classification").config)


def study():
    from tasklab.trials.study import Study

    def read(path):
        Study(path, True, False, 1).best()

    file = Path("made.sqlite3")
    made = Study(file, True, False, 1)
    made.complete(made.ask(lambda trial: {"optimizer.lr": 0.1}), 0.5)
    return "study.sqlite3", file.read_bytes(), read


def index(path):
    import numpy as np

    from tasklab.weights.containers import open_weights
    from tasklab.weights.files import TensorFile

    TensorFile({"a": np.ones(2, np.float32)})(path.parent / "a.safetensors")
    open_weights(path)


def vocabulary(kind: str):
    def read(path):
        from tasklab.text import TOKENIZERS

        TOKENIZERS.get(kind)(path, True).encode_batch(["a good film."])

    return read


def tokenizer_options(path):
    from tasklab.text.wordpiece import WordPiece

    (path.parent / "vocab.txt").write_text(VOCABULARY)
    WordPiece(path.parent / "vocab.txt")


def whole():
    from tokenizers import Tokenizer, models

    words = {word: number for number, word in enumerate(VOCABULARY.split())}
    content = Tokenizer(models.WordPiece(words, unk_token="[UNK]")).to_str()

    def read(path):
        from tasklab.text import TOKENIZERS

        TOKENIZERS.get("tokenizer_json")(path).encode_batch(["a good film"])

    return "tokenizer.json", content.encode(), read


def cached_rows():
    from tasklab.data.rows.cache import cached_features
    from tasklab.data.rows.features import FeatureTable

    rows = FeatureTable.from_rows([{"input_ids": [1, 2, 3]}, {"input_ids": [4]}])
    cached_features("cache", {"a": 1}, lambda: rows)
    (file,) = Path("cache").iterdir()

    def read(path):
        found = cached_features(path.parent, {"a": 1}, lambda: rows)
        if found["input_ids"].values.tolist() != [1, 2, 3, 4]:
            raise AssertionError("other rows")

    return file.name, file.read_bytes(), read


def packed(name: str, task: str, content: str):
    return data(task, name, gzip.compress(content.encode(), mtime=0))


def workbook():
    import openpyxl

    book = openpyxl.Workbook()
    for line in SENTENCES.splitlines():
        book.active.append(line.split("\t"))
    book.save("made.xlsx")
    return data("text_classification", "texts.xlsx", Path("made.xlsx").read_bytes())()


def sample(name: str, content: str):
    """A file whose kind is to be found out."""

    def read(path):
        from tasklab.data.files.sample import sample_of
        from tasklab.tools.doctor.data import KINDS

        found = sample_of(path)
        for kind in KINDS:
            kind.knows(found)

    return lambda: (name, content.encode(), read)


TEXTS = {"text_a": ["a good film", "the bad film"] * 4, "label": ["good", "bad"] * 4}


def table(suffix: str, task: str = "text_classification", columns=None):
    def prepare():
        import datasets

        rows = datasets.Dataset.from_dict(columns or TEXTS)
        if suffix == ".parquet":
            rows.to_parquet("made.parquet")
            content = Path("made.parquet").read_bytes()
        else:
            rows.save_to_disk("made")
            content = next(Path("made").glob("*.arrow")).read_bytes()
        return data(task, "data" + suffix, content)()

    return prepare


def entities(words: list[str], tags: list[str]) -> str:
    return "".join(f"{word} {tag}\n" for word, tag in zip(words, tags, strict=True)) + "\n"


ANSWER = {"id": "1", "question": "who?", "answers": [{"text": "film", "answer_start": 7}]}
SQUAD = json.dumps({"data": [{"title": "t", "paragraphs": [{"context": "a good film.", "qas": [ANSWER]}]}]})
SENTENCES = "text_a\tlabel\n" + "a good film\tgood\nthe bad film\tbad\n" * 4
LABELLED = [{"text_a": "a good film", "label": "good"}, {"text_a": "the bad film", "label": "bad"}] * 3
CHOICE = {"question": "who?", "article": "a good film.", "options": ["a", "b"], "answer": "A", "id": "1"}
def two_classes(item) -> str:
    return json.dumps([item, json.loads(json.dumps(item).replace('["good"]', '["bad"]'))])


FLAT = [
    {"id": n, "context": "a good film.", "question": "who?", "answers": {"text": ["film"], "answer_start": [7]}}
    for n in "12"
]
COLUMNS = {key: [row[key] for row in FLAT] for key in FLAT[0]}
ASKED = '{"context": "a film.", "question": "who?"}\n'
TAGGED = {"tokens": [["a", "b"]] * 4, "tags": [["O", "B-X"]] * 4}
FLAT_CSV = "context,question,answers\n" + "a good film.,who?,\"{'text': ['film'], 'answer_start': [7]}\"\n" * 3
C3 = [[["a good film.", "the film"], [{"question": "who?", "choice": ["a", "b"], "answer": "a"}], "1"]] * 3
CANDIDATE = {"qid": "1", "text_a": "who?", "text_b": "a film", "label": 1}
TAUGHT = "text_a\tlabel\tlogits\n" + "a good film\tgood\t0.5 -0.5\nthe bad film\tbad\t-1 1\n" * 3
NUMBERS = "text_a\tscore\n" + "a good film\t4.5\nthe bad film\t1\n" * 3
SEVERAL = 'text_a,label\na good film,"good,short"\nthe bad film,bad\n' + "a film,bad\n" * 3
STATE = '{"global_step": 3, "epoch": 1, "step_in_epoch": 1, "total_steps": 6, "plan": {"rows": 6}, "log_window": {}}'
ADDED = (
    '{"do_lower_case": true, "additional_special_tokens": ["[E1]"], "added_tokens_decoder": {"11": {"content": "[E1]", '
    '"special": true}}}'
)
BERT = (
    '{"model_type": "bert", "vocab_size": 11, "hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2, '
    '"intermediate_size": 16, "architectures": ["BertForSequenceClassification"], "id2label": {"0": "a", "1": "b"}}'
)
UER = (
    '{"emb_size": 8, "feedforward_size": 16, "hidden_size": 8, "hidden_act": "gelu", "heads_num": 2, "layers_num": 2, '
    '"dropout": 0.1, "data_processor": "mlm", "embedding": ["word", "pos", "seg"], "encoder": "transformer"}'
)

KINDS = {
    "config.yaml": config_yaml,
    "config.json of transformers": small("config.json", BERT, foreign),
    "config.json of UER-py": small("config.json", UER, foreign),
    "config.json of GPT-2": small("config.json", GPT2, foreign),
    "config.json of Llama": small("config.json", LLAMA, foreign),
    "labels.json": small("labels.json", '["good", "bad"]', lambda path: labels(path)),
    "tokenizer_config.json": small("tokenizer_config.json", '{"do_lower_case": true}', tokenizer_options),
    "trainer_state.json": small("trainer_state.json", STATE, state),
    "SHA256SUMS": small("SHA256SUMS", f"{hashlib.sha256(b'task: x').hexdigest()}  config.yaml\n", sums),
    "best": small("best", "checkpoint-8\n", run_file),
    "held_out.json": small(
        "held_out.json", '{"how": {"share": 0.2}, "examples": 9, "digests": ["a"], "rows": [1, 3]}', held_out
    ),
    "data.json": small("data.json", '{"data.train": "/a/b", "data.eval": null}', run_file),
    "metrics.jsonl": small("metrics.jsonl", '{"kind": "train", "global_step": 1, "loss": 0.5}\n' * 3, run_file),
    "space of a search": small("space.yaml", "optimizer.lr: {low: 1.0e-5, high: 1.0e-3, log: true}\n", space),
    "study of a search": study,
    "index of weights": small("m.index.json", '{"weight_map": {"a": "a.safetensors"}}', index),
    "vocab.txt": small("vocab.txt", VOCABULARY, vocabulary("wordpiece")),
    "cached rows": cached_rows,
    "texts.tsv": data("text_classification", "texts.tsv", SENTENCES),
    "texts.csv": data("text_classification", "texts.csv", SENTENCES.replace("\t", ",")),
    "texts.json": data("text_classification", "texts.json", json.dumps(LABELLED)),
    "texts.jsonl": data("text_classification", "texts.jsonl", "".join(json.dumps(row) + "\n" for row in LABELLED)),
    "questions.json": data("question_answering", "questions.json", SQUAD),
    "words.conll": data("token_classification", "w.conll", entities(["a", "film"], ["O", "B-X"])),
    "words.jsonl": data("token_classification", "w.jsonl", '{"text": "a film", "label": {"x": {"film": [[2, 5]]}}}\n'),
    "pairs.tsv": data("translation", "pairs.tsv", "source\ttarget\na good film\tein film\nbad\tthe film\n"),
    "pairs.txt": data("summarization", "pairs.txt", "a good film\tfilm\nthe bad film\tbad\n"),
    "questions with answers.jsonl": data(
        "answer_generation", "q.jsonl", '{"question": "a", "context": "b", "answers": ["c"]}\n' * 3
    ),
    "blanks.txt": data("text_infilling", "blanks.txt", "a good film.\nthe bad film.\n"),
    "corpus.txt": data("masked_language_modeling", "corpus.txt", "a good film.\nthe bad film.\n\na film\n"),
    "inputs.tsv": inputs("text_classification", "inputs.tsv", "text_a\n" + "a good film\n" * 8),
    "inputs.json": inputs("question_answering", "inputs.json", '[{"context": "a film.", "question": "who?"}]'),
    "regions.json": data("token_classification", "w.json", json.dumps([{"data": {"text": "a film"}, "annotations": [
        {"result": [{"type": "labels", "value": {"start": 2, "end": 6, "text": "film", "labels": ["X"]}}]},
    ]}] * 2)),
    "spans.csv": data("token_classification", "w.csv", "text,label,start,end\na film,X,2,6\na film,X,0,1\n"),
    "words.csv": data("token_classification", "w.csv", "word,tag\n" + "a,O\nfilm,B-X\n" * 4),
    "choices.json": data("multiple_choice", "choices.json", json.dumps([CHOICE] * 4)),
    "answers.tsv": data("answer_selection", "a.tsv", "qid\ttext_a\ttext_b\tlabel\n" + "1\twho\ta film\t1\n" * 4),
    "pieces of SentencePiece": lambda: fixture("tiny_spiece.model", "spiece.model", vocabulary("sentencepiece")),
    "pieces of a Llama": lambda: fixture("tiny_llama/tokenizer.model", "tokenizer.model", vocabulary("llama")),
    "special tokens": small("tokenizer_config.json", ADDED, tokenizer_options),
    "added_tokens.json": small("added_tokens.json", '{"[E1]": 11, "[E2]": 12}', tokenizer_options),
    "tokenizer.json": whole,
    "merges.txt": lambda: fixture("tiny_bpe/merges.txt", "merges.txt", pieces),
    "vocab.json": lambda: fixture("tiny_bpe/vocab.json", "vocab.json", pieces),
    "texts.tsv.gz": packed("texts.tsv.gz", "text_classification", SENTENCES),
    "corpus.txt.gz": packed("corpus.txt.gz", "masked_language_modeling", "a good film.\nthe bad film.\n\na film\n"),
    "texts.xlsx": workbook,
    "scores of a teacher": data("text_classification", "t.tsv", TAUGHT, "data.soft_targets=true"),
    "numbers": data("text_classification", "n.tsv", NUMBERS, "model.problem_type=regression"),
    "several labels": data("text_classification", "s.csv", SEVERAL, "model.problem_type=multi_label_classification"),
    "flat.jsonl": data("question_answering", "flat.jsonl", "".join(json.dumps(row) + "\n" for row in FLAT)),
    "flat.csv": data("question_answering", "flat.csv", FLAT_CSV),
    "columns.json": data("question_answering", "columns.json", json.dumps(COLUMNS)),
    "words.json": data("token_classification", "w.json", json.dumps([{"tokens": ["a"], "tags": ["B-X"]}] * 4)),
    "choices.jsonl": data("multiple_choice", "choices.jsonl", (json.dumps(CHOICE) + "\n") * 4),
    "choices.csv": data("multiple_choice", "choices.csv", "question,choice1,choice2,label\n" + "who?,a,b,1\n" * 4),
    "C3's layout": data("multiple_choice", "c3.json", json.dumps(C3)),
    "answers.jsonl": data("answer_selection", "a.jsonl", (json.dumps(CANDIDATE) + "\n") * 4),
    "inputs.txt": inputs("text_classification", "inputs.txt", "a good film\n" * 8),
    "inputs of questions.jsonl": inputs("question_answering", "i.jsonl", ASKED * 4),
    "inputs of words.txt": inputs("token_classification", "i.txt", "a good film\n" * 4),
    "inputs of words.conll": inputs("token_classification", "i.conll", entities(["a", "film"], ["O", "B-X"])),
    "inputs of choices.json": inputs("multiple_choice", "i.json", json.dumps([CHOICE] * 2)),
    "inputs of answers.tsv": inputs("answer_selection", "i.tsv", "qid\ttext_a\ttext_b\n" + "1\twho\ta film\n" * 4),
    "inputs of vectors.tsv": inputs("feature_extraction", "i.tsv", "text_a\n" + "a good film\n" * 4),
    "inputs of masked words.txt": inputs("masked_language_modeling", "i.txt", "a [MASK] film\n" * 4),
    "a file of unknown kind.json": sample("x.json", SQUAD),
    "a file of unknown kind.tsv": sample("x.tsv", SENTENCES),
    "char vocabulary": small("vocab.txt", VOCABULARY, vocabulary("char")),
    "space vocabulary": small("vocab.txt", VOCABULARY, vocabulary("space")),
    **{f"tags of {name}.jsonl": data("token_classification", "t.jsonl", (json.dumps(item) + "\n") * 3)
       for name, item in fuzzed_exports.TAGGED.items()},
    **{f"classes of {name}.json": data("text_classification", "c.json", two_classes(item))
       for name, item in fuzzed_exports.CLASSIFIED.items()},
    "tags of brat.ann": data("token_classification", "t.ann", fuzzed_exports.BRAT, beside=fuzzed_exports.TEXT),
    **fuzzed_models.KINDS,
    **fuzzed_indexes.KINDS,
    "data.questions.parquet": table(".parquet", "question_answering", COLUMNS),
    "data.words.parquet": table(".parquet", "token_classification", TAGGED),
    "data.parquet": table(".parquet"),
    "data.arrow": table(".arrow"),
}


def fixture(name: str, to: str, read):
    return to, (Path(__file__).parent / "fixtures" / name).read_bytes(), read


def pieces(path):
    for file in ("merges.txt", "vocab.json"):
        if file != path.name:
            (path.parent / file).write_bytes(fixture(f"tiny_bpe/{file}", "", None)[1])
    vocabulary("bpe")(path.parent / "merges.txt")


def labels(path):
    from tasklab.config.huggingface import labels_beside

    labels_beside(path.parent)


def too_long(signal_number, frame):
    raise TimeoutError("".join(traceback.format_stack(frame)[-3:]))


def main(kind: str, count: int):
    name, content, read = KINDS[kind]()
    rng, refused = random.Random(kind), 0
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGPROF, too_long)
    for number in range(-1, count):  # -1: the whole file, which has to be read
        folder = Path(f"{number}")
        folder.mkdir()
        path = folder / name
        path.write_bytes(damaged(content, rng) if number >= 0 else content)
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        try:
            read(path)
        except TasklabError as error:
            refused += 1
            if number < 0:
                print(f"the whole file is refused: {error}")
            if len(str(error)) > LONGEST:
                print(f"{number}: a message of {len(str(error))} characters: {str(error)[:200]}")
        except BaseException:
            print(f"{number}: {traceback.format_exc()[-1500:]}")
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
    print(f"refused {refused}")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
