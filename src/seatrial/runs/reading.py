"""Files, folders and globs of other tools' logs: which format each is in, and the runs that it holds."""

from __future__ import annotations

import glob
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from seatrial.errors import EvidenceError
from seatrial.formats.tables import TABLES
from seatrial.runs.recorded_run import RecordedRun

__all__ = ["Format", "Reading", "format_of", "read_runs"]

Format = Literal["Inspect", "lm-eval", "lm-eval results", "promptfoo", "OpenAI evals", "table", ""]
PEEK = 2**16
"""Bytes from the beginning of a file that tell its format."""
_KEYS: tuple[tuple[Format, tuple[str, ...]], ...] = (
    ("Inspect", ("version", "status", "eval")),
    ("promptfoo", ("evalId", "results")),
    ("promptfoo", ("promptIdx", "testIdx")),
    ("lm-eval", ("doc_id", "resps")),
    ("lm-eval results", ("results", "configs")),
    ("lm-eval results", ("results", "n-shot")),
    ("OpenAI evals", ("spec",)),
)
"""Keys near the beginning of a JSON file or on the first line of a JSONL, the first format that has all of them."""
_KEY = re.compile(r'"([\w-]+)"\s*:')


@dataclass(frozen=True, slots=True)
class Reading:
    """How files are read.

    Attributes:
        columns: What a column of a table holds → its name, where it has another than a usual one.
        scores: Columns of a table that hold a score each.
        cluster: Key of the samples' metadata that says which belong together.
        model: The model whose runs are wanted, where a file holds several; all of them where it is empty.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    scores: Sequence[str] = ()
    cluster: str = ""
    model: str = ""


def format_of(path: Path) -> Format:
    """Return the format that a file is in, by its ending and its first keys; empty where it is none that is read.

    Raises:
        EvidenceError: it cannot be read.
    """
    suffix = path.suffix.lower()
    if suffix == ".eval":
        return "Inspect"
    if suffix not in TABLES:
        return ""
    if suffix in (".csv", ".parquet"):
        return "table"
    try:
        with path.open("rb") as file:
            head = file.read(PEEK).decode("utf-8-sig", errors="replace")
    except OSError as error:
        raise EvidenceError(f"{path}: cannot be read: {error.strerror or error}") from error
    keys = set(_KEY.findall(head if suffix == ".json" else head.partition("\n")[0]))
    return next((name for name, wanted in _KEYS if keys.issuperset(wanted)), "table")


def read_runs(given: str, how: Reading) -> list[RecordedRun]:
    """Return the runs in a file, in all files of a folder and those below it, or in all that a glob names.

    Raises:
        EvidenceError: there is no such file, one cannot be read, or the model that is wanted is in none of them.
    """
    found = _files(given)
    formats = {path: format_of(path) for path in found}
    # A folder of logs may hold what belongs to them and is no table; a table is read where nothing else is there.
    logs = [path for path, name in formats.items() if name not in ("", "table", "lm-eval results")]
    chosen = logs or [path for path, name in formats.items() if name == "table"]
    if not chosen:
        raise EvidenceError(
            f"{given}: no log of Inspect, lm-eval (samples_*.jsonl), promptfoo or OpenAI evals and no table "
            f"({', '.join(TABLES)}) is there"
        )
    runs = [run for path in chosen for run in _read(path, formats[path], how)]
    held = list(dict.fromkeys(run.model for run in runs))
    if how.model:
        wanted = [name for name in held if name == how.model] or [name for name in held if how.model in name]
        if len(wanted) != 1:
            raise EvidenceError(f"{given}: {len(wanted)} models are called {how.model!r}; it holds {', '.join(held)}")
        return [run for run in runs if run.model == wanted[0]]
    return runs


def _files(given: str) -> list[Path]:
    place = Path(given)
    if place.is_file():
        return [place]
    if place.is_dir():
        found = sorted(path for path in place.rglob("*") if path.is_file() and not path.name.startswith("."))
    else:
        found = [Path(name) for name in sorted(glob.glob(given, recursive=True)) if Path(name).is_file()]
    if not found:
        raise EvidenceError(f"{given}: no such file, folder or glob")
    return found


def _read(path: Path, name: Format, how: Reading) -> list[RecordedRun]:
    match name:
        case "Inspect":
            from seatrial.runs.inspect_log import read_inspect_log

            return [read_inspect_log(path, how.cluster)]
        case "lm-eval":
            from seatrial.runs.lm_eval import read_lm_eval

            return read_lm_eval(path, how.cluster)
        case "promptfoo":
            from seatrial.runs.promptfoo import read_promptfoo

            return read_promptfoo(path, how.cluster)
        case "OpenAI evals":
            from seatrial.runs.openai_evals import read_openai_evals

            return [read_openai_evals(path)]
        case _:
            from seatrial.runs.table import read_table

            return read_table(path, how.columns, how.scores)
