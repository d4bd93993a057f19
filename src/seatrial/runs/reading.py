"""Files, folders and globs of other tools' logs: which format each is in, and the runs that it holds."""

from __future__ import annotations

import glob
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from os import SEEK_END
from pathlib import Path
from typing import IO, Literal

from seatrial.errors import EvidenceError
from seatrial.formats.jsonl import json_lines
from seatrial.formats.tables import TABLES
from seatrial.runs.recorded_run import RecordedRun
from seatrial.runs.wording import how_many

__all__ = ["Format", "Reading", "format_of", "read_runs"]

TABLE = "a table"
"""The tool of a run that a table holds."""

Format = Literal["Inspect", "lm-eval", "lm-eval results", "promptfoo", "OpenAI evals", "table", ""]
PEEK = 2**16
"""Bytes from the beginning of a JSON file, and from its end, that tell its format."""
LONGEST = 2**27
"""Bytes of the first line of a JSONL, at most: a prompt of a long context stands in it."""
_KEYS: tuple[tuple[Format, tuple[str, ...]], ...] = (
    ("Inspect", ("version", "status", "eval")),
    ("promptfoo", ("evalId", "results")),
    ("lm-eval results", ("results", "configs")),
    ("lm-eval results", ("results", "n-shot")),
)
"""Keys near the beginning or the end of a JSON file, the first format that has all of them."""
_LINES: tuple[tuple[Format, tuple[str, ...]], ...] = (
    ("promptfoo", ("promptIdx", "testIdx")),
    ("lm-eval", ("doc_id", "resps")),
)
"""Keys of the object on the first line of a JSONL."""
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
            return _of_json(file) if suffix == ".json" else _of_lines(file)
    except OSError as error:
        raise EvidenceError(f"{path}: cannot be read: {error.strerror or error}") from error


def _of_json(file: IO[bytes]) -> Format:
    """Return the format of a JSON file; a list is a table of records, whatever keys these have."""
    head = file.read(PEEK)
    file.seek(max(len(head), file.seek(0, SEEK_END) - PEEK))
    text = (head + file.read()).decode("utf-8-sig", errors="replace")
    keys = set() if text.lstrip().startswith("[") else set(_KEY.findall(text))
    return next((name for name, wanted in _KEYS if keys.issuperset(wanted)), "table")


def _of_lines(file: IO[bytes]) -> Format:
    """Return the format of a JSONL by its first line that is not blank."""
    first = next((line for line in iter(lambda: file.readline(LONGEST), b"") if line.strip()), b"")
    (_, row), *_ = [*json_lines([first.decode("utf-8-sig", errors="replace")]), (0, "")]
    if isinstance(row, str):  # half a line: what can be seen of it tells
        keys = set(_KEY.findall(first.decode("utf-8-sig", errors="replace")))
        return next((name for name, wanted in _LINES if keys.issuperset(wanted)), "table")
    if isinstance(row.get("spec"), dict):
        return "OpenAI evals"
    return next((name for name, wanted in _LINES if row.keys() >= set(wanted)), "table")


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
    runs = [_grouped(run, how) for path in chosen for run in _read(path, formats[path], how)]
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


def _grouped(run: RecordedRun, how: Reading) -> RecordedRun:
    """Return a run as it is, with what to say of options that say nothing to it.

    Raises:
        EvidenceError: no item has the key by which items are to be grouped, so that each would count for itself.
    """
    told = list(run.told)
    if run.tool != TABLE and (how.columns or how.scores):
        told.append(f"Columns are named for tables alone: all scores of {run.path.name} were read.")
    if how.cluster and len(run.scores):
        places = run.scores.select("item", "cluster").unique()
        own = places.filter(~places["cluster"].is_duplicated())
        alone, items = int((own["item"] == own["cluster"]).sum()), places["item"].n_unique()
        if alone == items:
            raise EvidenceError(
                f"{run.path}: no item has {how.cluster!r} in its metadata, so that nothing would be grouped. Name "
                "another key with --cluster (in a policy `cluster`), or leave it out"
            )
        if alone:
            told.append(f"{how_many(alone, 'item')} of {items:,} without {how.cluster!r}: each counts for itself.")
    return replace(run, told=tuple(told))


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

            named = {"cluster": how.cluster} if how.cluster else {}
            return read_table(path, {**named, **how.columns}, how.scores)
