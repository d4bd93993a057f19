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
from seatrial.formats.frames import Frame, as_number, as_whole, frame_of, reading, scan_frame
from seatrial.formats.tables import TableReader
from seatrial.types import ROLES, Observation

__all__ = [
    "SCHEMA",
    "SEVERE",
    "Frame",
    "PairedTable",
    "by_signal",
    "digest",
    "from_frame",
    "gate_pairs",
    "read_observations",
    "to_frame",
    "write_observations",
]

WORDS = pl.Categorical()
"""Names repeat: stored once and numbered, ten million rows take a few hundred megabytes."""

SCHEMA: dict[str, pl.DataType] = {
    "signal": WORDS,
    "role": WORDS,
    "item": WORDS,
    "cluster": WORDS,
    "draw": pl.Int64(),
    "value": pl.Float64(),
    "weight": pl.Float64(),
    "use_case": WORDS,
    "rater": WORDS,
    "source": WORDS,
    "at": pl.Float64(),
}

REQUIRED = ("signal", "role", "item", "value")

READER = TableReader("observations", EvidenceError, {})

LISTED = 5

SEVERE = "vibe/severe"
"""A candidate's answer that one rater flagged as severe and a second flagged too; 1 holds a launch, gate or no gate."""


@dataclass(frozen=True, slots=True)
class PairedTable:
    """One row an item: what each model's answers to it were worth on average; NaN where there is none.

    All fields have length (items,); names are text or packed text.
    """

    items: pl.Series
    clusters: pl.Series
    use_cases: pl.Series
    baseline: NDArray[np.float64]
    candidate: NDArray[np.float64]

    def with_unknown(self, lost: Mapping[str, tuple[str, str]]) -> PairedTable:
        """Return the table with a row of unknowns for each item of `lost`: item → (cluster, use case)."""
        nothing = np.full(len(lost), np.nan)
        return PairedTable(
            _extended(self.items, list(lost)),
            _extended(self.clusters, [place[0] for place in lost.values()]),
            _extended(self.use_cases, [place[1] for place in lost.values()]),
            np.concatenate([self.baseline, nothing]),
            np.concatenate([self.candidate, nothing]),
        )


def _extended(names: pl.Series, more: Sequence[str]) -> pl.Series:
    return pl.concat([names.cast(pl.String), pl.Series(more, dtype=pl.String)])


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
    except (OSError, pl.exceptions.PolarsError) as error:
        raise StoreError(f"{path}: the observations cannot be written: {error}") from error


def read_observations(path: Path) -> pl.DataFrame:
    """Return the observations in a Parquet, CSV or JSONL file, checked; absent optional columns take their defaults.

    One signal after another is read, checked and packed, so that a large file never stands in memory as text;
    what `write_observations` wrote is packed already and read at once.

    Raises:
        EvidenceError: the file cannot be read, lacks a column, or a row is wrong; rows count from 1.
    """
    with reading(path, EvidenceError):
        return _observations(scan_frame(READER, path), str(path))


def from_frame(frame: Frame, signal: str | None, where: str = "the frame") -> pl.DataFrame:
    """Return the observations in a frame of polars or pandas, checked as those of a file are.

    Args:
        frame: One row a number; `score` may stand for `value`.
        signal: What the numbers measure, where the frame has no column `signal`.
        where: Stands for the frame in messages.

    Raises:
        EvidenceError: a column is missing or a row is wrong; rows count from 1.
    """
    table = frame_of(frame, where, EvidenceError)
    if "value" not in table.columns and "score" in table.columns:
        table = table.rename({"score": "value"})
    if "signal" not in table.columns:
        if signal is None:
            raise EvidenceError(f"{where}: with several gates, a column `signal` must say which one each row is of")
        table = table.with_columns(pl.lit(signal).alias("signal"))
    with reading(where, EvidenceError):
        return _observations(table.lazy(), where)


def _observations(lines: pl.LazyFrame, where: str) -> pl.DataFrame:
    """Return the rows of all signals, checked."""
    schema = lines.collect_schema()
    _check_columns(schema.names(), where)
    if schema["signal"] == WORDS:
        lines = lines.collect().lazy()
    elif schema["signal"] != pl.String:
        lines = lines.with_columns(pl.col("signal").cast(pl.String))
    signals = lines.select(pl.col("signal").unique()).collect()["signal"].to_list()
    parts = [_signal(lines, name, where) for name in sorted(signals, key=str)]
    return pl.concat(parts) if parts else pl.DataFrame(schema=SCHEMA)


def _signal(lines: pl.LazyFrame, name: str | None, where: str) -> pl.DataFrame:
    """Return one signal's rows, checked."""
    chosen = pl.col("signal").is_null() if name is None else pl.col("signal") == name
    try:
        return _checked(lines.filter(chosen).collect().with_row_index("row", 1), where)
    except EvidenceError:
        # Numbering all rows before choosing keeps the reader from skipping what it need not read, so it is done
        # only to name the wrong ones.
        return _checked(lines.with_row_index("row", 1).filter(chosen).collect(), where)


def _check_columns(columns: Sequence[str], where: str) -> None:
    missing = [name for name in REQUIRED if name not in columns]
    if missing:
        word = "column" if len(missing) == 1 else "columns"
        raise EvidenceError(f"{where}: no {word} {', '.join(missing)}; observations have {', '.join(SCHEMA)}")
    unknown = [name or "(without a name)" for name in columns if name not in SCHEMA]
    if unknown:
        raise EvidenceError(f"{where}: unknown columns {', '.join(unknown)}; observations have {', '.join(SCHEMA)}")


def _checked(frame: pl.DataFrame, where: str) -> pl.DataFrame:
    """Return one signal's rows, typed and packed, or refuse the first kind of mistake with its rows."""
    frame = _typed(frame, where)
    _refuse(frame, where, ~pl.col("role").is_in(ROLES), "role must be baseline or candidate")
    _refuse(frame, where, ~pl.col("value").is_finite(), "value is not a finite number")
    _refuse(frame, where, ~(pl.col("weight") > 0) | ~pl.col("weight").is_finite(), "weight must be above 0")
    _refuse(frame, where, pl.col("item") == "", "item is empty")
    packed = frame.with_columns(pl.col(name).cast(kind) for name, kind in SCHEMA.items())
    _refuse_doubled(packed, where)
    _one_place(packed, where)
    return packed.drop("row")


def _typed(frame: pl.DataFrame, where: str) -> pl.DataFrame:
    """Return the frame with all columns of the schema, names as text; a value that does not fit is refused."""
    defaults: dict[str, pl.Expr] = {
        "cluster": pl.col("item").cast(pl.String),
        "draw": pl.lit(0),
        "weight": pl.lit(1.0),
        "use_case": pl.lit("general"),
        "rater": pl.lit(""),
        "source": pl.lit(Path(where).name),
        "at": pl.lit(0.0),
    }
    for name, default in defaults.items():
        if name not in frame.columns:
            frame = frame.with_columns(default.alias(name))
        elif frame[name].null_count():
            frame = frame.with_columns(pl.col(name).fill_null(default))
    typed = frame.select("row", *[_cast(name, kind, frame.schema[name]) for name, kind in SCHEMA.items()])
    for name, kind in typed.drop("row").schema.items():
        _refuse(typed, where, pl.col(name).is_null(), f"{name} is missing or not a {type(kind).__name__.lower()}")
    return typed


def _cast(name: str, wanted: pl.DataType, given: pl.DataType) -> pl.Expr:
    """Return a column in the type in which it is checked: names as text, unless they are packed already."""
    if wanted == WORDS:
        return pl.col(name) if given == WORDS else pl.col(name).cast(pl.String, strict=False)
    return as_whole(pl.col(name), given) if wanted == pl.Int64 else as_number(pl.col(name), given)


def _refuse(frame: pl.DataFrame, where: str, wrong: pl.Expr, what: str) -> None:
    if not frame.select(wrong.fill_null(True).any()).item():
        return
    rows = frame.filter(wrong.fill_null(True)).sort("row")
    shown = ", ".join(str(row) for row in rows["row"][:LISTED]) + (", …" if len(rows) > LISTED else "")
    raise EvidenceError(
        f"{where}: {what}: {len(rows)} {'row' if len(rows) == 1 else 'rows'} ({shown}; first item: {rows['item'][0]})"
    )


def _number(column: str, shift: int = 32) -> pl.Expr:
    """Return the whole number that a packed name is stored as, moved left by `shift` bits."""
    return pl.col(column).to_physical().cast(pl.UInt64) * (1 << shift)


def _refuse_doubled(frame: pl.DataFrame, where: str) -> None:
    """Refuse two rows of one role, item, draw and rater."""
    keys = ["role", "item", "draw", "rater"]
    # One whole number a row finds doubled rows far faster than four columns; where draws or raters are too many for
    # it to be exact, or two numbers meet by chance, the slow comparison decides.
    quick = _number("item") + _number("rater", 12) + pl.col("draw").cast(pl.UInt64, strict=False) * 2
    side = (pl.col("role") == "candidate").cast(pl.UInt64)
    if frame.select((quick + side).n_unique()).item() == len(frame):
        return
    if frame.select(pl.struct(keys).n_unique()).item() < len(frame):
        what = "the same signal, role, item, draw and rater stand twice"
        _refuse(frame, where, pl.struct(keys).is_duplicated(), what)


def _one_place(frame: pl.DataFrame, where: str) -> None:
    """Refuse an item that stands in two clusters or two use cases of one signal."""
    items = frame.select(pl.col("item").n_unique()).item()
    for column in ("cluster", "use_case"):
        if frame.select((_number("item") + _number(column, 0)).n_unique()).item() > items:
            places = frame.group_by("item").agg(pl.col(column).n_unique().alias("places"))
            torn = places.filter(pl.col("places") > 1).select(pl.col("item").cast(pl.String)).to_series().sort()
            raise EvidenceError(f"{where}: the item {torn[0]} stands in more than one {column}")


def by_signal(frame: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Return each signal's rows; where they stand together, as read from a file, without copying them."""
    runs = frame["signal"].to_physical().rle().struct.unnest()
    starts = runs["len"].cum_sum() - runs["len"]
    names = frame["signal"].gather(starts).cast(pl.String).to_list()
    if len(set(names)) < len(names):
        return {str(key[0]): part for key, part in frame.partition_by("signal", as_dict=True).items()}
    return {name: frame.slice(start, size) for name, start, size in zip(names, starts, runs["len"], strict=True)}


def gate_pairs(frame: pl.DataFrame, signal: str) -> PairedTable:
    """Return a signal's observations by item, both models side by side, in order of appearance.

    Draws and raters of one item and model are averaged by weight: they are not independent, and the unit is
    the cluster.
    """
    rows = frame.filter(pl.col("signal") == signal)
    _, first, sorted_place = np.unique(rows["item"].to_physical(), return_index=True, return_inverse=True)
    appearance = np.argsort(first)
    place = np.argsort(appearance)[sorted_place]
    role, weight, value = rows["role"], rows["weight"].to_numpy(), rows["value"].to_numpy()

    def mean_of(name: str) -> NDArray[np.float64]:
        """Return one model's mean value by weight; NaN (0 / 0) where it has none."""
        own = np.where((role == name).to_numpy(), weight, 0.0)
        with np.errstate(invalid="ignore"):
            mean: NDArray[np.float64] = np.bincount(place, own * value) / np.bincount(place, own)
        return mean

    shown = first[appearance]
    items, clusters, use_cases = (rows[name].gather(shown) for name in ("item", "cluster", "use_case"))
    return PairedTable(items, clusters, use_cases, mean_of("baseline"), mean_of("candidate"))


def digest(frame: pl.DataFrame) -> str:
    """Return the SHA-256 of observations, whatever their order, file format and times."""
    columns = ["signal", "role", "item", "cluster", "draw", "value", "weight", "use_case", "rater"]
    plain = frame.select(pl.col(name).cast(pl.String) if SCHEMA[name] == WORDS else pl.col(name) for name in columns)
    text = plain.sort(columns).write_csv()
    return hashlib.sha256(text.encode()).hexdigest()
