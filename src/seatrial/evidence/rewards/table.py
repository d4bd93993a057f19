"""A table of rewards: several completions of each prompt, a column a reward signal, columns of behavior.

What cannot be used is refused with its rows or left out and counted; nothing is dropped in silence.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from seatrial.errors import EvidenceError
from seatrial.formats.frames import as_draw, as_name, as_number, as_text, read_frame, reading
from seatrial.formats.tables import TableReader
from seatrial.stats.groups import Groups

__all__ = ["BEHAVIORS", "RewardTable", "read_table", "scored", "table_of"]

Array = NDArray[np.float64]
REWARD, BEHAVIOR = "reward/", "behavior/"
BEHAVIORS = (
    "linear/agreement",
    "linear/praise",
    "linear/validation",
    "linear/urging",
    "linear/caving",
    "linear/refusal",
    "text/certainty",
    "linear/warmth",
    "text/hook",
    "linear/preaching",
    "text/length",
    "text/format",
)
"""Instruments that read the completions of a table without behaviors of its own."""
PLACES = ("prompt", "completion", "cluster", "use_case", "draw", "item", "suite", "group", "row")
READER = TableReader("tables of rewards", EvidenceError, {})
LISTED = 5
LARGEST = 1e100
"""A reward beyond it is a mistake: its square is no number any more."""
WILD = 100.0
"""Times the median spread of the others from which on a signal's scale is called wild."""


@dataclass(frozen=True)
class RewardTable:
    """Completions by prompt, ready for the audit and the forecast.

    Attributes:
        signals: Names of the reward signals, K.
        behaviors: Names of the behaviors, M.
        groups: The prompts, rows of each standing together.
        prompts: Each prompt, length G.
        clusters: Cluster of each prompt, shape (G,).
        kinds: Kind of each prompt, its use case, shape (G,).
        rewards: Shape (N, K), finite; where a signal is silent stands its prompt's mean.
        read: Shape (N, M); NaN for all completions of a prompt whose behavior is not known.
        spoke: Share of the completions of which each signal speaks, shape (K,).
        notes: What was left out, filled in or looks wrong, in sentences.
        digest: SHA-256 of what was read.
    """

    signals: tuple[str, ...]
    behaviors: tuple[str, ...]
    groups: Groups
    prompts: tuple[str, ...]
    clusters: NDArray[np.str_]
    kinds: NDArray[np.str_]
    rewards: Array
    read: Array
    spoke: Array
    notes: tuple[str, ...]
    digest: str

    def weights(self, mix: dict[str, float]) -> Array:
        """Return the weight of each signal, shape (K,), 0 where the mix does not name it.

        Raises:
            EvidenceError: the mix names a signal that the table lacks.
        """
        unknown = [name for name in mix if name not in self.signals]
        if not np.isfinite(list(mix.values())).all():
            raise EvidenceError("a weight of the mix is not a finite number")
        if wild := next((name for name, weight in mix.items() if abs(weight) > LARGEST), None):
            raise EvidenceError(f"the weight {mix[wild]:g} of {wild} is beyond ±{LARGEST:g}: nothing can be computed")
        if unknown:
            raise EvidenceError(f"no column of rewards is called {unknown[0]!r}; there are {', '.join(self.signals)}")
        return np.array([mix.get(name, 0.0) for name in self.signals])


def read_table(path: Path, rewards: Sequence[str] = (), behaviors: Sequence[str] = ()) -> RewardTable:
    """Return the table in a Parquet, CSV or JSONL file, checked.

    Args:
        path: The file.
        rewards: Columns of rewards; those that begin with `reward/` by default.
        behaviors: Columns of behavior, or instruments that are to read the completions; by default the columns that
            begin with `behavior/`, or the instruments of `BEHAVIORS` where there is none.

    Raises:
        EvidenceError: the file cannot be read, lacks a column, or a value cannot be used; rows count from 1.
    """
    return table_of(read_frame(READER, path), str(path), rewards, behaviors)


def table_of(frame: pl.DataFrame, name: str, rewards: Sequence[str] = (), behaviors: Sequence[str] = ()) -> RewardTable:
    """Return a table as `read_table` does, from a frame; `name` stands for it in messages."""
    if "prompt" not in frame.columns:
        raise EvidenceError(f"{name}: no column `prompt`; there are {', '.join(frame.columns)}")
    with reading(name, EvidenceError):
        frame = frame.with_columns(
            as_name(pl.col(column), frame.schema[column])
            for column in ("item", "cluster", "use_case", "draw")
            if column in frame.columns
        ).with_columns(
            as_text(pl.col(column), frame.schema[column])
            for column in ("prompt", "completion")
            if column in frame.columns
        )
    columns = _reward_columns(frame, name, rewards)
    readable = [column for column in behaviors if column not in frame.columns]
    present = list(behaviors) or [column for column in frame.columns if column.startswith(BEHAVIOR)]
    if not present or readable:
        frame = scored(frame, name, readable or list(BEHAVIORS))
        present = list(behaviors) or list(BEHAVIORS)
    frame, notes = _together(frame.with_row_index("row", 1), name)
    groups = Groups.of(frame["group"].to_physical().to_numpy())
    given = np.column_stack([_numbers(frame, column, name) for column in columns])
    filled, silent = _filled(given, groups)
    filled = np.where(np.isnan(filled), 0.0, filled)
    signals = tuple(column.removeprefix(REWARD) for column in columns)
    notes += _silences(signals, given, silent)
    notes += _scales(signals, filled, groups)
    read, unread = _filled(np.column_stack([_numbers(frame, column, name) for column in present]), groups)
    short = tuple(column.removeprefix(BEHAVIOR) for column in present)
    notes += [
        f"{label}: {count:,} of {len(frame):,} completions have no reading"
        for label, count in zip(short, unread.sum(axis=0), strict=True)
        if count
    ]
    first = frame.gather_every(1)[groups.starts.tolist()]
    return RewardTable(
        signals,
        short,
        groups,
        tuple(first["group"].cast(pl.String).to_list()),
        _words(first, "cluster", pl.col("group")),
        _words(first, "use_case", pl.lit("general" if "use_case" in first.columns else "all prompts")),
        filled,
        read,
        1.0 - silent.mean(axis=0),
        tuple(notes),
        hashlib.sha256(filled.tobytes() + read.tobytes() + repr((signals, short)).encode()).hexdigest(),
    )


def _reward_columns(frame: pl.DataFrame, name: str, wanted: Sequence[str]) -> list[str]:
    if wanted:
        named = [column if column in frame.columns else f"{REWARD}{column}" for column in wanted]
        missing = [short for short, column in zip(wanted, named, strict=True) if column not in frame.columns]
        if missing:
            raise EvidenceError(f"{name}: no column {missing[0]!r}; there are {', '.join(frame.columns)}")
        return named
    found = [column for column in frame.columns if column.startswith(REWARD)]
    if not found:
        numeric = [column for column in frame.columns if column not in PLACES and _holds_numbers(frame[column])]
        raise EvidenceError(
            f"{name}: which columns are rewards? None begins with {REWARD!r}; name them with --reward "
            f"(numbers here: {', '.join(numeric) or 'none'})"
        )
    return found


def _together(frame: pl.DataFrame, name: str) -> tuple[pl.DataFrame, list[str]]:
    """Return the rows with those of one prompt together, prompts of one completion left out, and what to say of it."""
    keys = [pl.col(key).cast(pl.String) for key in ("item", "prompt") if key in frame.columns]
    groups = frame.select(pl.coalesce(keys)).to_series()
    # An Enum numbers the groups as they appear; a Categorical would number them by all that the process has read.
    frame = frame.with_columns(groups.cast(pl.Enum(groups.drop_nulls().unique(maintain_order=True))).alias("group"))
    _check_prompts(frame, name)
    frame = frame.sort(pl.col("group").to_physical(), maintain_order=True)
    counted = frame.with_columns(pl.len().over("group").alias("_size"))
    alone = counted.filter(pl.col("_size") == 1)
    notes = []
    if len(alone) == len(frame):
        raise EvidenceError(
            f"{name}: every prompt has one completion; an advantage compares several completions of one prompt"
        )
    if len(alone):
        notes.append(f"{len(alone):,} prompts have one completion and were left out: nothing to compare it with")
    frame = counted.filter(pl.col("_size") > 1).drop("_size")
    if frame["group"].n_unique() < 2:
        raise EvidenceError(f"{name}: one prompt with several completions; an interval needs two prompts or more")
    if "completion" in frame.columns:
        same = int(frame.select(pl.struct("group", "completion").is_duplicated().sum()).item())
        if same:
            notes.append(
                f"{same:,} of {len(frame):,} completions stand more than once at their prompt; they count as often "
                "as they were drawn"
            )
    return frame, notes


def _check_prompts(frame: pl.DataFrame, name: str) -> None:
    """Refuse a blank prompt, one that stands in two places, and two completions of one draw; a blank draw is new."""
    blank = pl.col("prompt").is_null() | (pl.col("prompt").cast(pl.String).str.strip_chars() == "")
    rows = frame.filter(blank)["row"].to_list()
    if rows:
        raise EvidenceError(f"{name}: prompt is missing: {_listed(rows)}")
    for column in ("prompt", "cluster", "use_case"):
        torn = frame.filter(pl.col(column).n_unique().over("group") > 1) if column in frame.columns else frame[:0]
        if len(torn):
            what = f"{torn['group'][0]!r} stands with more than one {column}"
            raise EvidenceError(f"{name}: {what}: {_listed(torn['row'].to_list())}")
    if "draw" in frame.columns:
        known = frame.filter(pl.col("draw").is_not_null())
        known = known.with_columns(as_draw(known["draw"]))
        doubled = known.filter(pl.struct("group", "draw").is_duplicated())
        if len(doubled):
            raise EvidenceError(f"{name}: the same prompt and draw stand twice: {_listed(doubled['row'].to_list())}")


def _listed(rows: Sequence[int]) -> str:
    shown = ", ".join(str(row) for row in sorted(rows)[:LISTED]) + (", …" if len(rows) > LISTED else "")
    return f"{len(rows)} {'row' if len(rows) == 1 else 'rows'} ({shown})"


def _plain(series: pl.Series) -> pl.Series:
    return series.to_frame("cell").select(as_number(pl.col("cell"), series.dtype)).to_series()


def _holds_numbers(series: pl.Series) -> bool:
    found = _plain(series)
    return found.null_count() == series.null_count() < len(series)


def _numbers(frame: pl.DataFrame, column: str, name: str) -> Array:
    """Return a column as numbers, NaN where it is empty.

    Raises:
        EvidenceError: a value is no number, or infinite.
    """
    series = frame[column]
    plain = _plain(series)
    wrong = (plain.is_null() & series.is_not_null()) | plain.is_infinite().fill_null(False)
    if series.dtype == pl.String:
        wrong = wrong & (series.str.strip_chars() != "").fill_null(False)
    if wrong.any():
        bad = frame.filter(wrong)
        raise EvidenceError(
            f"{name}: {column} is no finite number: {_listed(bad['row'].to_list())}, e.g. {bad[column][0]!r}"
        )
    wild = ((plain.abs() > LARGEST) & plain.is_not_nan()).fill_null(False)
    if wild.any():
        bad = frame.filter(wild)
        raise EvidenceError(
            f"{name}: {column} is beyond ±{LARGEST:g}, which nothing can be computed with: "
            f"{_listed(bad['row'].to_list())}, e.g. {bad[column][0]!r}"
        )
    return plain.fill_null(np.nan).to_numpy().astype(np.float64)


def _filled(given: Array, groups: Groups) -> tuple[Array, NDArray[np.bool_]]:
    """Return the numbers with each prompt's mean where one is missing, NaN where fewer than two are there, and which.

    A filled-in completion is neither better nor worse than its prompt's others: it pulls nothing.
    """
    missing = np.isnan(given)
    if not missing.any():
        return given, missing
    there = groups.total(~missing)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = groups.total(np.where(missing, 0.0, given)) / np.where(there > 1, there, np.nan)
    made = np.where(missing | np.isnan(groups.spread(mean)), groups.spread(mean), given)
    return made, missing


def _silences(signals: Sequence[str], given: Array, silent: NDArray[np.bool_]) -> list[str]:
    notes = []
    for place, signal in enumerate(signals):
        count = int(silent[:, place].sum())
        if count == len(given):
            raise EvidenceError(f"the reward {signal} is empty on every row; leave it out")
        if count:
            notes.append(
                f"{signal} is silent on {count:,} of {len(given):,} completions; there it counts as its prompt's mean "
                "and pulls nothing. A trainer that puts 0 there trains on something else"
            )
    return notes


def _scales(signals: Sequence[str], filled: Array, groups: Groups) -> list[str]:
    spread = np.sqrt((groups.centered(filled) ** 2).mean(axis=0))
    notes = [
        f"{signal} is the same for all completions of every prompt: whatever its weight, it trains nothing"
        for signal, size in zip(signals, spread, strict=True)
        if size <= 1e-12 * max(1.0, float(np.abs(filled).max()))
    ]
    for place, signal in enumerate(signals):
        others = np.delete(spread, place)
        others = others[others > 0]
        if len(others) and spread[place] > WILD * float(np.median(others)):
            notes.append(
                f"{signal} spreads {spread[place] / float(np.median(others)):,.0f} times as far as the others: summed "
                "before normalizing, it is nearly all of the mix"
            )
    return notes


def _words(frame: pl.DataFrame, column: str, other: pl.Expr) -> NDArray[np.str_]:
    """Return a column as words, and the other where it is blank or missing."""
    given = [pl.col(column).cast(pl.String)] if column in frame.columns else []
    words = frame.with_columns(pl.coalesce(*given, other.cast(pl.String)).alias("words"))["words"]
    return words.to_numpy().astype(np.str_)


def scored(frame: pl.DataFrame, name: str, instruments: Sequence[str]) -> pl.DataFrame:
    """Return the frame with a column for each instrument's reading of the completions, null where it has none.

    Raises:
        EvidenceError: there are no completions to read.
        PolicyError: an instrument does not exist.
    """
    from seatrial.instruments import find_instrument
    from seatrial.instruments.base import read_many
    from seatrial.types import Item, Message, Response

    if "completion" not in frame.columns:
        raise EvidenceError(
            f"{name}: no behavior: give columns that begin with {BEHAVIOR!r}, or a column `completion` to be read"
        )
    found = [find_instrument(one) for one in instruments]
    unfit = [one.name for one in found if one.needs != "text"]
    if unfit:
        raise EvidenceError(f"{name}: {unfit[0]} reads log-probabilities, which a table of completions does not hold")
    pairs = frame.select(pl.col("prompt", "completion").cast(pl.String).fill_null("")).iter_rows()
    items, responses = [], []
    for row, (prompt, completion) in enumerate(pairs):
        items.append(Item(str(row), "table", (Message("user", prompt),)))
        responses.append(Response(str(row), "table", 0, completion))
    made = [pl.Series(one.name, list(read_many(one, items, responses)), dtype=pl.Float64) for one in found]
    return frame.with_columns(made)
