"""Tables of the `datasets` library, made on the fly: the same examples as from text files, with their places."""

import pytest

from tasklab.data.texts.reading import read_text_rows
from tasklab.data.texts.settings import TextDataConfig
from tasklab.errors import DataError

datasets = pytest.importorskip("datasets")
SINGLE, MULTI = "single_label_classification", "multi_label_classification"
FEATURES = {"premise": "string", "hypothesis": "string", "label": ["entailment", "neutral"]}


@pytest.fixture(autouse=True)
def quiet():
    datasets.disable_progress_bars()


def table(rows, **features):
    kinds = {name: datasets.ClassLabel(names=kind) if isinstance(kind, list) else kind if not isinstance(kind, str)
             else datasets.Value(kind) for name, kind in (features or FEATURES).items()}  # fmt: skip
    columns = {name: [row[i] for row in rows] for i, name in enumerate(kinds)}
    return datasets.Dataset.from_dict(columns, features=datasets.Features(kinds))


def read(path, kind=SINGLE, training=True, **values):
    data = TextDataConfig()
    for key, value in values.items():
        data[key] = value
    return read_text_rows(path, data, kind, training=training)


ROWS = [("A man eats", "A man acts", 0), ("B", "C", 1)]
WANTED = [("A man eats", "A man acts", "entailment"), ("B", "C", "neutral")]


def save_parquet(found, folder):
    found.to_parquet(folder / "t.parquet")
    return folder / "t.parquet"


def save_folder(found, folder):
    found.save_to_disk(folder / "t")
    return folder / "t"


def save_arrow(found, folder):
    return save_folder(found, folder) / "data-00000-of-00001.arrow"


@pytest.mark.parametrize("save", [save_parquet, save_folder, save_arrow])
def test_classes_come_by_name_and_rows_with_their_number(tmp_path, save):
    path = save(table(ROWS), tmp_path)
    examples, note = read(path)
    assert [(e.text_a, e.text_b, e.label) for e in examples] == WANTED and note == ""
    assert [e.place for e in examples] == [f"{path}[0]", f"{path}[1]"]


def test_a_saved_data_set_gives_the_split_that_is_asked_for(tmp_path):
    datasets.DatasetDict(train=table(ROWS), validation=table(ROWS[:1])).save_to_disk(tmp_path / "d")
    assert len(read(tmp_path / "d")[0]) == 2
    (example,), _ = read(tmp_path / "d", training=False)
    assert example.place == f"{tmp_path}/d/validation[0]"


def test_bad_rows_are_named_by_split_and_number(tmp_path):
    path = save_parquet(table([("A", "B", 0), ("", "C", 1), ("D", "E", -1)]), tmp_path)  # -1: no label, as in tests
    with pytest.raises(DataError) as caught:
        read(path)
    told = str(caught.value)
    assert f"{path}[1]: 'premise' is empty" in told and f"{path}[2]: 'label' is 'None', expected a label" in told
    assert len(read(path, on_bad_row="skip")[0]) == 1


def test_sets_of_classes_come_by_name_too(tmp_path):
    several = datasets.List(datasets.ClassLabel(names=["x", "y", "z"]))
    path = save_parquet(table([("A", [2, 0]), ("B", [])], text="string", labels=several), tmp_path)
    assert [e.label for e in read(path, MULTI)[0]] == [("z", "x"), ()]


def test_names_of_the_hub_and_of_the_official_file_meet_in_the_recipe(tmp_path):
    names = {"0": "not_equivalent", "1": "equivalent"}  # of configs/_data/glue_mrpc.yaml
    rows = [("A", "B", 1), ("C", "D", 0)]
    path = save_parquet(table(rows, sentence1="string", sentence2="string", label=[*names.values()]), tmp_path)
    (tmp_path / "t.tsv").write_text("Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\n1\t7\t8\tA\tB\n0\t7\t8\tC\tD\n")
    hub, official = ([(e.text_a, e.text_b, e.label) for e in read(p, label_names=names)[0]] for p in
                     (path, tmp_path / "t.tsv"))  # fmt: skip
    assert hub == official == [("A", "B", "equivalent"), ("C", "D", "not_equivalent")]


def test_a_damaged_file_is_told(tmp_path):
    for name in ("t.parquet", "t.arrow"):
        (tmp_path / name).write_bytes(b"PAR1 and no more")
        with pytest.raises(DataError, match=f"{name}: cannot be read: .+; save it anew"):
            read(tmp_path / name)
