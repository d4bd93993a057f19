"""The table where all evidence meets: one row a number about one item, one model and one signal."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from seatrial.errors import EvidenceError, StoreError
from seatrial.formats.frames import Frame, as_draw, as_name, as_number, frame_of, reading, scan_frame, write_frame
from seatrial.formats.parquet import held
from seatrial.formats.tables import TableReader
from seatrial.stats.answered import answered_shares, grouped
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
    "is_outside",
    "out_of_bounds",
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

Bounds: TypeAlias = Mapping[str, tuple[float, float]]
"""Signal → the smallest and the largest value that it can have."""

EVERYTHING: Bounds = MappingProxyType({})

SEVERE = "vibe/severe"
"""A candidate's answer that one rater flagged as severe and a second flagged too; 1 holds a launch, gate or no gate."""


@dataclass(frozen=True, slots=True)
class PairedTable:
    """One row an item: what each model's answers to it were worth on average, and how much of what was asked they are.

    All fields have length (items,); names are text or packed text.

    Attributes:
        items: Names.
        clusters: The cluster of each.
        use_cases: The use case of each.
        baseline: Mean by weight of the baseline's answers in the signal's units; NaN where there is none.
        candidate: The same for the candidate.
        baseline_answered: Share of the weight of all that was asked of the baseline that came back, 0 to 1; 1 unless it
            is given, and always 0 where the mean is NaN.
        candidate_answered: The same for the candidate.
    """

    items: pl.Series
    clusters: pl.Series
    use_cases: pl.Series
    baseline: NDArray[np.float64]
    candidate: NDArray[np.float64]
    baseline_answered: NDArray[np.float64] = field(default_factory=lambda: np.ones(1))
    candidate_answered: NDArray[np.float64] = field(default_factory=lambda: np.ones(1))

    def __post_init__(self) -> None:
        """Where a model has no answer, nothing of what it was asked came back."""
        for name, mean in (("baseline_answered", self.baseline), ("candidate_answered", self.candidate)):
            object.__setattr__(self, name, np.where(np.isnan(mean), 0.0, getattr(self, name)))

    def with_unknown(self, lost: Mapping[str, tuple[str, str]]) -> PairedTable:
        """Return the table with a row of unknowns for each item of `lost`: item → (cluster, use case)."""
        means = (self.baseline, self.candidate, self.baseline_answered, self.candidate_answered)
        return PairedTable(
            _extended(self.items, list(lost)),
            _extended(self.clusters, [place[0] for place in lost.values()]),
            _extended(self.use_cases, [place[1] for place in lost.values()]),
            *(np.concatenate([mean, np.full(len(lost), np.nan)]) for mean in means),
        )


def _extended(names: pl.Series, more: Sequence[str]) -> pl.Series:
    return pl.concat([names.cast(pl.String), pl.Series(more, dtype=pl.String)])


def to_frame(observations: Sequence[Observation]) -> pl.DataFrame:
    """Return observations as a table with the columns of `SCHEMA`."""
    return pl.DataFrame({name: [getattr(one, name) for one in observations] for name in SCHEMA}, schema=SCHEMA)


def write_observations(frame: pl.DataFrame, path: Path) -> None:
    """Write a table of observations as Parquet.

    Raises:
        StoreError: the file cannot be written.
    """
    write_frame(frame, path, StoreError)


def read_observations(path: Path, bounds: Bounds = EVERYTHING) -> pl.DataFrame:
    """Return the observations in a table, checked; optional columns take their defaults where absent or blank.

    One signal after another is read, checked and packed, so that a large file never stands in memory as text;
    what `write_observations` wrote is packed already and read at once.

    Args:
        path: Parquet, CSV, JSONL or JSON.
        bounds: Signal → smallest and largest possible value, where values outside are to be refused.

    Raises:
        EvidenceError: the file cannot be read, lacks a column, or a row is wrong; rows count from 1.
    """
    with reading(path, EvidenceError):
        return _observations(scan_frame(READER, path), str(path), bounds)


def from_frame(frame: Frame, signal: str | None, where: str = "the frame", bounds: Bounds = EVERYTHING) -> pl.DataFrame:
    """Return the observations in a frame of polars or pandas, checked as those of a file are.

    Args:
        frame: One row a number; `score` may stand for `value`.
        signal: What the numbers measure, where the frame has no column `signal`.
        where: Stands for the frame in messages.
        bounds: As of `read_observations`.

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
        return _observations(table.lazy(), where, bounds)


def _observations(lines: pl.LazyFrame, where: str, bounds: Bounds) -> pl.DataFrame:
    """Return the rows of all signals, checked."""
    schema = lines.collect_schema()
    _check_columns(schema.names(), where)
    if schema["signal"] == WORDS:
        lines = lines.collect().lazy()
    elif schema["signal"] != pl.String:
        lines = lines.with_columns(pl.col("signal").cast(pl.String))
    written: dict[str, list[str | None]] = {}
    for name in lines.select(pl.col("signal").unique()).collect()["signal"].to_list():
        written.setdefault((name or "").strip(), []).append(name)
    parts = [_signal(lines, written[name], where, bounds.get(name)) for name in sorted(written)]
    return pl.concat(parts) if parts else pl.DataFrame(schema=SCHEMA)


def _signal(
    lines: pl.LazyFrame, names: list[str | None], where: str, bounds: tuple[float, float] | None
) -> pl.DataFrame:
    """Return the rows of one signal, whose name may be written with spaces around it, checked."""
    chosen = reduce(or_, (pl.col("signal").is_null() if one is None else pl.col("signal") == one for one in names))
    try:
        return _checked(held(lines.filter(chosen).collect()).with_row_index("row", 1), where, bounds)
    except EvidenceError:
        # Numbering all rows before choosing keeps the reader from skipping what it need not read, so it is done
        # only to name the wrong ones.
        return _checked(lines.with_row_index("row", 1).filter(chosen).collect(), where, bounds)


def _check_columns(columns: Sequence[str], where: str) -> None:
    missing = [name for name in REQUIRED if name not in columns]
    if missing:
        word = "column" if len(missing) == 1 else "columns"
        raise EvidenceError(f"{where}: no {word} {', '.join(missing)}; observations have {', '.join(SCHEMA)}")
    unknown = [name or "(without a name)" for name in columns if name not in SCHEMA]
    if unknown:
        raise EvidenceError(f"{where}: unknown columns {', '.join(unknown)}; observations have {', '.join(SCHEMA)}")


def _checked(frame: pl.DataFrame, where: str, bounds: tuple[float, float] | None) -> pl.DataFrame:
    """Return one signal's rows, typed and packed, or refuse the first kind of mistake with its rows."""
    frame = _typed(frame, where)
    _refuse(frame, where, ~pl.col("role").is_in(ROLES), "role must be baseline or candidate", "role")
    _refuse(frame, where, ~pl.col("value").is_finite(), "value is not a finite number", "value")
    _refuse(frame, where, ~(pl.col("weight") > 0) | ~pl.col("weight").is_finite(), "weight must be above 0", "weight")
    if bounds is not None:
        signal, outside = str(frame["signal"][0]), is_outside(bounds)
        worst = frame.filter(outside)["value"]
        _refuse(frame, where, outside, out_of_bounds("value", worst[0] if len(worst) else 0.0, signal, bounds))
    packed = frame.with_columns(pl.col(name).cast(kind) for name, kind in SCHEMA.items())
    _refuse_doubled(packed, where)
    _one_place(packed, where)
    return packed.drop("row")


def _typed(frame: pl.DataFrame, where: str) -> pl.DataFrame:
    """Return the frame with all columns of the schema, names as text; a value that does not fit is refused."""
    frame = frame.with_columns(
        _named(frame[name]) for name, kind in SCHEMA.items() if kind == WORDS and name in frame.columns
    )
    if "draw" in frame.columns:
        frame = frame.with_columns(as_draw(frame["draw"]))
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
    for name in [name for name in SCHEMA if typed[name].null_count()]:
        met = frame.filter(typed[name].is_null())[name][:1].drop_nulls()
        what = f"{name} is missing" if met.is_empty() else f"{name} is not a number: {_shown(met[0])}"
        _refuse(typed, where, pl.col(name).is_null(), what)
    return typed


def _named(column: pl.Series) -> pl.Series:
    """Return a column of names without spaces around them, null where blank; one packed so already as it stands."""
    frame = column.to_frame()
    if column.dtype == WORDS:
        held = column.unique().drop_nulls().cast(pl.String)
        if column.name in ("rater", "source") or not held.str.contains(r"^\s|\s$|^$").any():
            return column
        frame = frame.cast(pl.String)
    return frame.select(as_name(pl.col(column.name), frame.schema[column.name])).to_series()


def is_outside(bounds: tuple[float, float]) -> pl.Expr:
    """Return whether each value is outside the bounds, by more than rounding may carry it."""
    low, high = bounds
    slack = 1e-9 * (high - low)
    return ~pl.col("value").is_between(low - slack, high + slack)


def out_of_bounds(what: str, value: float, signal: str, bounds: tuple[float, float]) -> str:
    """Return what is wrong with a value outside its signal's bounds, and how to declare others."""
    return (
        f"{what} {value:g} of {signal} is outside [{bounds[0]:g}, {bounds[1]:g}]; if its scale is another, declare "
        f"it in the policy: signals: {{{signal}: {{bounds: [smallest, largest]}}}}"
    )


def _cast(name: str, wanted: pl.DataType, given: pl.DataType) -> pl.Expr:
    """Return a column in the type in which it is checked: names as text, unless they are packed already."""
    return pl.col(name) if wanted in (WORDS, pl.Int64) else as_number(pl.col(name), given)


def _shown(value: object) -> str:
    return f"{value!r:.60}"


def _refuse(frame: pl.DataFrame, where: str, wrong: pl.Expr, what: str, column: str | None = None) -> None:
    """Refuse rows for what is wrong with them, naming the first value met in `column`."""
    if not frame.select(wrong.fill_null(True).any()).item():
        return
    rows = frame.filter(wrong.fill_null(True)).sort("row")
    shown = ", ".join(str(row) for row in rows["row"][:LISTED]) + (", …" if len(rows) > LISTED else "")
    met = "" if column is None else f", not {_shown(rows[column][0])}"
    count = f"{len(rows)} {'row' if len(rows) == 1 else 'rows'}"
    raise EvidenceError(f"{where}: {what}{met}: {count} ({shown}; first item: {rows['item'][0]})")


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


def gate_pairs(frame: pl.DataFrame, signal: str, asked: Mapping[str, int] | None = None) -> PairedTable:
    """Return a signal's observations by item, both models side by side, in order of appearance.

    Draws and raters of one item and model are averaged by weight: they are not independent, and the unit is
    the cluster. A draw that was asked and is not there is known to be lost, and so is a rating that an answer has
    fewer than the other model's to the same item and draw.

    Args:
        frame: Observations; NaN is a number that was asked for and not given.
        signal: The signal.
        asked: Item → draws asked of each model. Where it is not given, as many were asked of every item as the item
            with most draws has, of both models together.
    """
    rows = frame.filter(pl.col("signal") == signal)
    _, first, sorted_place = np.unique(rows["item"].to_physical(), return_index=True, return_inverse=True)
    appearance = np.argsort(first)
    place = np.argsort(appearance)[sorted_place]
    candidate, weight, value = (
        (rows["role"] == "candidate").to_numpy(),
        rows["weight"].to_numpy(),
        rows["value"].to_numpy(),
    )
    known = ~np.isnan(value)
    own = [np.where(side & known, weight, 0.0) for side in (~candidate, candidate)]
    shown = first[appearance]
    items, clusters, use_cases = (rows[name].gather(shown) for name in ("item", "cluster", "use_case"))
    with np.errstate(invalid="ignore"):  # 0 / 0 where a model has no answer
        means = [np.bincount(place, by * np.where(known, value, 0.0)) / np.bincount(place, by) for by in own]
    answer_item, answer = grouped(place, len(items), rows["draw"].to_numpy())
    rating_answer, rating = grouped(answer, len(answer_item), rows["rater"].to_physical().to_numpy())
    if asked is None and len(rating_answer) == len(items):
        return PairedTable(items, clusters, use_cases, *means)
    ratings = np.array([np.bincount(rating, by, len(rating_answer)) for by in own], dtype=np.float64)
    draws = np.bincount(answer_item, minlength=len(items))
    if asked is None:
        draws[:] = draws.max(initial=0)
    else:
        draws = np.maximum(draws, [asked.get(name, 0) for name in items.cast(pl.String)])
    return PairedTable(items, clusters, use_cases, *means, *answered_shares(ratings, rating_answer, answer_item, draws))


def digest(frame: pl.DataFrame) -> str:
    """Return the SHA-256 of observations, whatever their order, file format and times."""
    columns = ["signal", "role", "item", "cluster", "draw", "value", "weight", "use_case", "rater"]
    plain = frame.select(pl.col(name).cast(pl.String) if SCHEMA[name] == WORDS else pl.col(name) for name in columns)
    text = plain.sort(columns).write_csv()
    return hashlib.sha256(text.encode()).hexdigest()
