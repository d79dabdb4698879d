"""What annotation programs export, by program, for test_fuzz_readers.py: a labelled object of each layout."""

TEXT = "Ann Lee flew to Oslo."
SPANS = [[0, 7, "PER"], [16, 20, "LOC"]]
REGIONS = [
    {"value": {"start": a, "end": b, "text": TEXT[a:b], "labels": [kind]}, "type": "labels", "from_name": "label",
     "to_name": "text"} for a, b, kind in SPANS
]  # fmt: skip
CHOSEN = {"value": {"choices": ["good"]}, "type": "choices", "from_name": "kind", "to_name": "text"}


def spans(*keys):
    return [dict(zip(keys, span, strict=True)) for span in SPANS]


def task(result):
    return {"id": 1, "data": {"text": TEXT}, "annotations": [{"result": result, "was_cancelled": False}]}


TAGGED = {
    "doccano": {"id": 1, "text": TEXT, "label": SPANS},
    "doccano with relations": {"text": TEXT, "entities": spans("start_offset", "end_offset", "label"), "relations": []},
    "Label Studio": task(REGIONS),
    "spaCy": [TEXT, {"entities": SPANS}],
    "Prodigy": {
        "text": TEXT, "_task_hash": 7, "tokens": [{"text": "Ann", "start": 0, "end": 3, "id": 0}],
        "spans": spans("start", "end", "label"), "answer": "accept",
    },
    "entities": {"text": TEXT, "entities": spans("start", "end", "label")},
}  # fmt: skip
CLASSIFIED = {
    "doccano": {"id": 1, "text": TEXT, "label": ["good"]},
    "Label Studio": task([CHOSEN]),
    "Prodigy": {"text": TEXT, "options": [{"id": "good"}, {"id": "bad"}], "accept": ["good"], "answer": "accept"},
}
BRAT = "".join(f"T{n}\t{kind} {a} {b}\t{TEXT[a:b]}\n" for n, (a, b, kind) in enumerate(SPANS, start=1))
