"""What a run leaves to read beside its checkpoints: the names, the records of metrics.jsonl, and the baselines."""

import json
from pathlib import Path

from tasklab.content import parse_json, read_content, read_json
from tasklab.errors import CheckpointError
from tasklab.replacing import replace_text

METRICS_FILE, BASELINES_FILE = "metrics.jsonl", "baselines.json"
CURVES_FILE, ALL_CURVES_FILE = "curves.png", "curves_all.png"
REPORT_FOLDER, PREDICTIONS_FILE = "report", "predictions.json"
MOST = 1 << 30  # bytes of a metrics.jsonl


def write_baselines(folder: Path, baselines: dict[str, dict[str, float]]):
    """Keeps the metrics of simple rules, by what the log calls them. Raises: OSError as `replacing` does."""
    replace_text(folder / BASELINES_FILE, json.dumps(baselines, ensure_ascii=False, indent=1, default=float) + "\n")


def read_baselines(folder: Path) -> dict[str, dict[str, float]]:
    """The same; none where nothing can be read."""
    try:
        baselines = read_json(folder / BASELINES_FILE, CheckpointError)
        return {name: metrics for name, metrics in baselines.items() if isinstance(metrics, dict)}
    except (CheckpointError, AttributeError):
        return {}


def read_metrics(path: Path) -> list[dict]:
    """Records of a metrics.jsonl; a line cut off by a kill or a full disk is left out, and so is a damaged one."""
    return records_in(path)[0]


def evaluation_at(folder: Path, step: int | None) -> dict:
    """The last record of an evaluation after so many steps; {} where there is none."""
    records = reversed(read_metrics(folder / METRICS_FILE))
    return next((r for r in records if r["kind"] == "evaluate" and r.get("global_step") == step), {})


def records_in(path: Path) -> tuple[list[dict], int]:
    """The records, and how many lines are none."""
    try:
        lines = read_content(path, MOST).split(b"\n")
    except OSError:
        return [], 0
    records = [_record(line) for line in lines if line.strip(b" \t\r\0")]
    return [record for record in records if record], records.count(None)


def _record(line: bytes) -> dict | None:
    try:
        record = parse_json(line, METRICS_FILE, ValueError)
        if record["kind"] not in ("train", "evaluate"):
            return None
        [float(value) for value in record.values() if isinstance(value, int)]  # one of 400 digits is no float
        return record
    except (ValueError, TypeError, KeyError, OverflowError):
        return None
