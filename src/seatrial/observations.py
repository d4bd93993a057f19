"""The table where all evidence meets: one row a number about one item, one model and one signal."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from seatrial.errors import EvidenceError, StoreError
from seatrial.types import Observation

__all__ = [
    "SCHEMA",
    "PairedTable",
    "digest",
    "gate_pairs",
    "read_observations",
    "to_frame",
    "write_observations",
]

SCHEMA: dict[str, type[pl.DataType]] = {
    "signal": pl.String,
    "role": pl.String,
    "item": pl.String,
    "cluster": pl.String,
    "draw": pl.Int64,
    "value": pl.Float64,
    "weight": pl.Float64,
    "use_case": pl.String,
    "rater": pl.String,
    "source": pl.String,
    "at": pl.Float64,
}
REQUIRED = ("signal", "role", "item", "value")
LISTED = 5


@dataclass(frozen=True, slots=True)
class PairedTable:
    """One row an item: what each model's answers to it were worth on average; NaN where there is none.

    All fields have shape (items,).
    """

    items: NDArray[np.str_]
    clusters: NDArray[np.str_]
    use_cases: NDArray[np.str_]
    baseline: NDArray[np.float64]
    candidate: NDArray[np.float64]

    def with_unknown(self, lost: Mapping[str, tuple[str, str]]) -> PairedTable:
        """Return the table with a row of unknowns for each item of `lost`: item → (cluster, use case)."""
        nothing = np.full(len(lost), np.nan)
        return PairedTable(
            np.concatenate([self.items, np.array(list(lost), dtype=str)]),
            np.concatenate([self.clusters, np.array([place[0] for place in lost.values()], dtype=str)]),
            np.concatenate([self.use_cases, np.array([place[1] for place in lost.values()], dtype=str)]),
            np.concatenate([self.baseline, nothing]),
            np.concatenate([self.candidate, nothing]),
        )


def to_frame(observations: Sequence[Observation]) -> pl.DataFrame:
    """Return observations as a table with the columns of `SCHEMA`."""
    return pl.DataFrame([asdict(observation) for observation in observations], schema=SCHEMA)


def write_observations(frame: pl.DataFrame, path: Path) -> None:
    """Write a table of observations as Parquet.

    Raises:
        StoreError: the file cannot be written.
    """
    try:
        frame.write_parquet(path)
    except OSError as error:
        raise StoreError(f"{path}: the observations cannot be written: {error}") from error


def read_observations(path: Path) -> pl.DataFrame:
    """Return the observations in a Parquet, CSV or JSONL file, checked; absent optional columns take their defaults.

    Raises:
        EvidenceError: the file cannot be read, lacks a column, or a row is wrong; rows count from 1.
    """
    frame = _read(path)
    missing = [name for name in REQUIRED if name not in frame.columns]
    if missing:
        raise EvidenceError(
            f"{path}: no {'column' if len(missing) == 1 else 'columns'} {', '.join(missing)}; "
            f"observations have {', '.join(SCHEMA)}"
        )
    unknown = [name for name in frame.columns if name not in SCHEMA]
    if unknown:
        raise EvidenceError(f"{path}: unknown columns {', '.join(unknown)}; observations have {', '.join(SCHEMA)}")
    frame = _typed(frame, path)
    _refuse(frame, path, ~frame["role"].is_in(["baseline", "candidate"]), "role must be baseline or candidate")
    _refuse(frame, path, ~frame["value"].is_finite(), "value is not a finite number")
    _refuse(frame, path, ~(frame["weight"] > 0) | ~frame["weight"].is_finite(), "weight must be above 0")
    _refuse(frame, path, frame["item"].str.len_chars() == 0, "item is empty")
    keys = ["signal", "role", "item", "draw", "rater"]
    _refuse(
        frame,
        path,
        frame.select(keys).is_duplicated(),
        "the same signal, role, item, draw and rater stand twice",
    )
    _one_place(frame, path)
    return frame


def _read(path: Path) -> pl.DataFrame:
    try:
        match path.suffix.lower():
            case ".parquet":
                return pl.read_parquet(path)
            case ".csv":
                return pl.read_csv(path, infer_schema_length=None)
            case ".jsonl" | ".ndjson":
                return pl.read_ndjson(path)
    except FileNotFoundError:
        raise EvidenceError(f"{path}: no such file") from None
    except (OSError, pl.exceptions.PolarsError) as error:
        raise EvidenceError(f"{path}: cannot be read as {path.suffix}: {error}") from error
    raise EvidenceError(f"{path}: observations come as .parquet, .csv or .jsonl")


def _typed(frame: pl.DataFrame, path: Path) -> pl.DataFrame:
    """Return the frame with all columns of the schema, in order and typed; a value that does not fit is refused."""
    defaults: dict[str, pl.Expr] = {
        "cluster": pl.col("item").cast(pl.String),
        "draw": pl.lit(0),
        "weight": pl.lit(1.0),
        "use_case": pl.lit("general"),
        "rater": pl.lit(""),
        "source": pl.lit(path.name),
        "at": pl.lit(0.0),
    }
    for name, default in defaults.items():
        filled = default if name not in frame.columns else pl.col(name).fill_null(default)
        frame = frame.with_columns(filled.alias(name))
    typed = frame.select(pl.col(name).cast(kind, strict=False).alias(name) for name, kind in SCHEMA.items())
    for name, kind in SCHEMA.items():
        _refuse(typed, path, typed[name].is_null(), f"{name} is missing or not a {kind.__name__.lower()}")
    return typed


def _refuse(frame: pl.DataFrame, path: Path, wrong: pl.Series, what: str) -> None:
    rows = (np.flatnonzero(wrong.fill_null(True).to_numpy()) + 1).tolist()
    if rows:
        shown = ", ".join(str(row) for row in rows[:LISTED]) + (", …" if len(rows) > LISTED else "")
        item = frame["item"][rows[0] - 1]
        raise EvidenceError(
            f"{path}: {what}: {len(rows)} {'row' if len(rows) == 1 else 'rows'} ({shown}; first item: {item})"
        )


def _one_place(frame: pl.DataFrame, path: Path) -> None:
    """Refuse an item that stands in two clusters or two use cases of one signal."""
    for column in ("cluster", "use_case"):
        places = frame.group_by("signal", "item").agg(pl.col(column).n_unique().alias("places"))
        torn = places.filter(pl.col("places") > 1).sort("item")
        if len(torn):
            raise EvidenceError(f"{path}: the item {torn['item'][0]} stands in more than one {column}")


def gate_pairs(frame: pl.DataFrame, signal: str) -> PairedTable:
    """Return a signal's observations by item, both models side by side, sorted by item.

    Draws and raters of one item and model are averaged by weight: they are not independent, and the unit is
    the cluster.
    """
    rows = frame.filter(pl.col("signal") == signal)
    means = rows.group_by("item", "cluster", "use_case", "role").agg(
        ((pl.col("value") * pl.col("weight")).sum() / pl.col("weight").sum()).alias("mean")
    )
    items = means.select("item", "cluster", "use_case").unique().sort("item")
    for role in ("baseline", "candidate"):
        side = means.filter(pl.col("role") == role).select("item", pl.col("mean").alias(role))
        items = items.join(side, on="item", how="left", maintain_order="left")
    return PairedTable(
        np.array(items["item"].to_list(), dtype=str),
        np.array(items["cluster"].to_list(), dtype=str),
        np.array(items["use_case"].to_list(), dtype=str),
        items["baseline"].fill_null(float("nan")).to_numpy(),
        items["candidate"].fill_null(float("nan")).to_numpy(),
    )


def digest(frame: pl.DataFrame) -> str:
    """Return the SHA-256 of observations, whatever their order, file format and times."""
    columns = ["signal", "role", "item", "cluster", "draw", "value", "weight", "use_case", "rater"]
    text = frame.select(columns).sort(columns).write_csv()
    return hashlib.sha256(text.encode()).hexdigest()
