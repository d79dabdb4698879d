"""What a run leaves to read beside its checkpoints: the names, and the records of metrics.jsonl."""

from pathlib import Path

from tasklab.content import parse_json, read_content

METRICS_FILE, CURVES_FILE = "metrics.jsonl", "curves.png"
REPORT_FOLDER, PREDICTIONS_FILE = "report", "predictions.json"
MOST = 1 << 30  # bytes of a metrics.jsonl


def read_metrics(path: Path) -> list[dict]:
    """Records of a metrics.jsonl; a line cut off by a kill or a full disk is left out, and so is a damaged one."""
    return records_in(path)[0]


def records_in(path: Path) -> tuple[list[dict], int]:
    """The records, and how many lines are none."""
    try:
        lines = read_content(path, MOST).split(b"\n")
    except OSError:
        return [], 0
    found = [_record(line) for line in lines if line.strip(b" \t\r\0")]
    return [record for record in found if record], found.count(None)


def _record(line: bytes) -> dict | None:
    try:
        record = parse_json(line, METRICS_FILE, ValueError)
        if record["kind"] not in ("train", "evaluate"):
            return None
        [float(value) for value in record.values() if isinstance(value, int)]  # one of 400 digits is no float
        return record
    except (ValueError, TypeError, KeyError, OverflowError):
        return None
