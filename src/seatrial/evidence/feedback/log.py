"""A feedback log, read lazily: what each usable row holds, and what is wrong with the others, counted.

Parquet is streamed and never stands in memory as a whole; of users and conversations only hashes are held. Two of a
hundred million names share a hash of 64 bits with chance 3 in 10,000, and then count as one.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from seatrial.errors import EvidenceError
from seatrial.evidence.feedback.columns import MOST, READER, Arms, arms_of, codes_of, told_columns
from seatrial.evidence.feedback.repeated import without_repeats
from seatrial.evidence.feedback.scan import scan_log
from seatrial.formats.frames import as_name, as_number, reading
from seatrial.formats.tables import as_word, listed

__all__ = ["Asked", "Fault", "Log", "collected", "read_log"]

SEED = 7
FIRST_ROWS = 100_000
"""Rows by which a column is known to hold names of thumbs or arms, before all of it is counted."""
EARLIEST = 946_684_800
"""Seconds of the first of January 2000: a log before it has a wrong clock."""
TOLERATED = 0.01
"""Share of the rows before which time may run backwards in a log that is written in order of time."""
LISTED = 5
FORMATS = ("%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S%.f")
UNITS = ((1e17, 10**9), (1e14, 10**6), (1e11, 10**3))
"""Whole numbers this large are nano-, micro- and milliseconds since 1970."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the options say of a log.

    Attributes:
        columns: What → name of its column.
        thumbs: `up=CODE`, `down=CODE`, `none=CODE`.
        baseline: Name of the baseline's arm, or empty.
        candidate: Name of the candidate's arm, or empty.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    thumbs: Sequence[str] = ()
    baseline: str = ""
    candidate: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """Rows of a log with something wrong.

    Attributes:
        what: Which rows they are: `rows without a user`.
        rows: How many.
        first: The first of them, counted from 1 without a header; 0 where that is not known.
        done: What was done about it.
    """

    what: str
    rows: int
    first: int
    done: str

    @property
    def sentence(self) -> str:
        """Return it as a sentence."""
        where = f" (the first is row {self.first:,})" if self.first else ""
        return f"{self.what.capitalize() if self.what.islower() else self.what}: {self.rows:,}{where}; {self.done}."


@dataclass(frozen=True)
class Log:
    """The usable rows of a log.

    Attributes:
        path: The file.
        names: What → its column.
        arms: What the arms are called.
        arm_rows: Name of each arm → its rows, the most first.
        rows: Rows of the file.
        frame: Usable rows: `row`, `user` and `conversation` as hashes, `arm` (0 baseline, 1 candidate), `time` in
            seconds since 1970 or null, `up`, `down`, `vote` (0 or 1), `benefit` (0 to 1 or null), `use_case`, and the
            columns of the file as they were, each with `=` before its name.
        faults: What was wrong.
        told: How it was read, in sentences.
    """

    path: Path
    names: Mapping[str, str]
    arms: Arms
    arm_rows: Mapping[str, int]
    rows: int
    frame: pl.LazyFrame
    faults: tuple[Fault, ...]
    told: tuple[str, ...]


def collected(path: Path, frame: pl.LazyFrame) -> pl.DataFrame:
    """Return what a lazy frame comes to, streamed.

    Raises:
        EvidenceError: the file is damaged.
    """
    with reading(path, EvidenceError):
        return frame.collect(engine="streaming")


def read_log(path: Path, asked: Asked) -> Log:
    """Return a log, its columns, codes and arms as told or as they can only be, its faults counted.

    Raises:
        EvidenceError: the file cannot be read, lacks a column, can be read in more than one way, or holds what is no
            benefit; says where, and what to write.
    """
    unread: list[str] = []
    raw = scan_log(path, unread)
    with reading(path, EvidenceError):
        schema = raw.collect_schema()
    names = READER.names(path, schema.names(), asked.columns)
    if not collected(path, raw.select(pl.len())).item():
        raise EvidenceError(f"{path}: holds no rows")
    arm_words = _words(path, raw, names["arm"], "arm")
    arm_rows = {word: one.rows for word, one in arm_words.items()}
    arms = arms_of(str(path), arm_rows, asked.baseline, asked.candidate)
    thumb_words = _words(path, raw, names["thumb"], "thumb", fold=True)
    counts = {word: (one.rows, one.first) for word, one in thumb_words.items()}
    codes = codes_of(str(path), names["thumb"], counts, asked.thumbs)
    flags = {
        "baseline": _is(names["arm"], schema, arm_words, (arms.baseline,)),
        "candidate": _is(names["arm"], schema, arm_words, (arms.candidate,)),
        "no_arm": ~_is(names["arm"], schema, arm_words, tuple(arm_words)),
        "up": _is(names["thumb"], schema, thumb_words, codes.up).cast(pl.UInt8),
        "down": _is(names["thumb"], schema, thumb_words, codes.down).cast(pl.UInt8),
    }
    numbered = raw.with_row_index("row", 1)
    found, faults, notes = _checked(path, _plain(numbered, schema, names, flags), names, schema)
    frame = _usable(_plain(numbered, schema, names, flags, trim=bool(found["spaces"])), found)
    if unread:
        faults.insert(0, Fault(f"Rows that cannot be read (such as {unread[0]})", len(unread), 0, "left out"))
    if "conversation" in names:
        frame, repeats = without_repeats(path, frame)
        faults += [Fault(*one) for one in repeats]
    told = [*told_columns(path.name, names, asked.columns), arms.told, codes.told, *notes]
    return Log(path, names, arms, arm_rows, found["rows"], frame, tuple(faults), tuple(one for one in told if one))


@dataclass(slots=True)
class _Word:
    """How a word is written in a column, on how many rows, and the first of these."""

    written: list[object]
    rows: int
    first: int


def _words(path: Path, raw: pl.LazyFrame, column: str, what: str, *, fold: bool = False) -> dict[str, _Word]:
    """Return the words of a column of few, in small letters if so wanted; blank cells are not counted."""
    first = collected(path, raw.head(FIRST_ROWS).select(column)).to_series()
    if first.n_unique() > MOST:
        few = listed(repr(as_word(one)) for one in first.drop_nulls().unique().sort().head(3).to_list())
        raise EvidenceError(
            f"{path}: {column!r} holds {first.n_unique():,} different {what}s in its first rows ({few}, …); name the "
            f"column of {what}s with --{what} NAME"
        )
    numbered = raw.select(pl.col(column).alias("=")).with_row_index("row", 1)
    rows = collected(path, numbered.group_by("=").agg(pl.len().alias("rows"), pl.col("row").min().alias("first")))
    found: dict[str, _Word] = {}
    for value, count, place in rows.sort("rows", "first", descending=[True, False]).iter_rows():
        if word := (as_word(value) or "").strip():
            one = found.setdefault(word.casefold() if fold else word, _Word([], 0, place))
            one.written.append(value)
            one.rows, one.first = one.rows + count, min(one.first, place)
    return found


def _is(column: str, schema: pl.Schema, words: Mapping[str, _Word], wanted: Sequence[str]) -> pl.Expr:
    """Return whether a cell is one of the words wanted; never null."""
    written = [value for word in wanted if word in words for value in words[word].written]
    if not written:
        return pl.lit(False)
    return pl.col(f"={column}").is_in(pl.Series(written, dtype=schema[column]).implode()).fill_null(False)


def _plain(
    raw: pl.LazyFrame, schema: pl.Schema, names: Mapping[str, str], flags: Mapping[str, pl.Expr], *, trim: bool = True
) -> pl.LazyFrame:
    """Return all rows, each cell as what it is; what rows are chosen by comes first, and what takes long last.

    With `trim` users are told apart without the spaces around their names.
    """
    frame = raw.select("row", *(pl.col(name).alias(f"={name}") for name in schema.names()))
    frame = frame.with_columns(_id(names["user"], schema, trim).alias("user"))
    frame = frame.with_columns((pl.col("user").is_null() | (pl.col("user") == "")).alias("no_user"))
    frame = frame.with_columns(one.alias(name) for name, one in flags.items())
    arm = pl.when("baseline").then(0).when("candidate").then(1).cast(pl.Int8)
    frame = frame.with_columns((pl.col("up") + pl.col("down")).alias("vote"), arm.alias("arm"))
    nothing: dict[str, pl.Expr] = {"benefit": pl.lit(None, pl.Float64), "use_case": pl.lit(None, pl.String)}
    made, given = nothing, {f"{what}_given": pl.lit(False) for what in ("benefit", "time", "voted")}
    for what in ("time", "voted"):
        made[what] = _seconds(f"={names[what]}", schema[names[what]]) if what in names else pl.lit(None, pl.Int64)
    if "benefit" in names:
        made["benefit"] = as_number(pl.col(f"={names['benefit']}"), schema[names["benefit"]]).fill_nan(None)
    given |= {f"{what}_given": _given(names[what], schema) for what in ("benefit", "time", "voted") if what in names}
    frame = frame.with_columns(one.alias(name) for name, one in {**made, **given}.items())
    if "use-case" in names:
        word = as_name(pl.col(f"={names['use-case']}"), schema[names["use-case"]])
        frame = frame.with_columns(word.fill_null("(blank)").alias("use_case"))
    frame = frame.with_columns(pl.col("user").alias("trimmed"), _hashed("user").alias("user"))
    if "conversation" not in names:
        return frame.with_columns(pl.lit(None, pl.UInt64).alias("conversation"))
    frame = frame.with_columns(_id(names["conversation"], schema).alias("conversation"))
    return frame.with_columns(_hashed("conversation").alias("conversation"))


def _id(name: str, schema: pl.Schema, trim: bool = True) -> pl.Expr:
    """Return a column of names as words, of which blank ones may be empty."""
    kind, column = schema[name], pl.col(f"={name}")
    return as_name(column, kind) if kind != pl.String else column.str.strip_chars() if trim else column


def _hashed(what: str) -> pl.Expr:
    return pl.when(pl.col(what) != "").then(pl.col(what).hash(SEED))


def _given(name: str, schema: pl.Schema) -> pl.Expr:
    kind, column = schema[name], pl.col(f"={name}")
    if kind.is_float():
        return column.is_not_nan().fill_null(False)
    if kind.is_integer() or kind.is_temporal():
        return column.is_not_null()
    return (
        (column.str.strip_chars() != "").fill_null(False) if kind == pl.String else as_name(column, kind).is_not_null()
    )


def _seconds(name: str, kind: pl.DataType) -> pl.Expr:
    """Return a column of times as whole seconds since 1970, UTC where no zone is given; null where it is none."""
    column = pl.col(name)
    if kind == pl.Date or isinstance(kind, pl.Datetime):
        made = column.cast(pl.Datetime("us")) if kind == pl.Date else column
        return made.dt.epoch("s")
    if kind.is_numeric():
        return _epoch(column.cast(pl.Float64))
    word = as_name(column, kind)
    read = [word.str.to_datetime("%+", strict=False, time_zone="UTC", time_unit="us").dt.epoch("s")]
    read += [word.str.to_datetime(one, strict=False, time_unit="us").dt.epoch("s") for one in FORMATS]
    read.append(word.str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("us")).dt.epoch("s"))
    return pl.coalesce(*read, _epoch(word.cast(pl.Float64, strict=False)))


def _epoch(number: pl.Expr) -> pl.Expr:
    made = number
    for least, parts in reversed(UNITS):
        made = pl.when(number.abs() >= least).then(number / parts).otherwise(made)
    return made.floor().cast(pl.Int64, strict=False)


def _checked(
    path: Path, plain: pl.LazyFrame, names: Mapping[str, str], schema: pl.Schema
) -> tuple[dict[str, int], list[Fault], list[str]]:
    """Return how many rows have what is wrong with them, the same as faults, and what to say."""
    row, when = pl.col("row"), pl.col("time")
    latest = _latest()
    strange = pl.col("benefit_given") & ~pl.col("benefit").is_between(0.0, 1.0).fill_null(False)
    tests = {
        "no user": pl.col("no_user"),
        "no arm": pl.col("no_arm"),
        "other arm": pl.col("arm").is_null() & ~pl.col("no_arm"),
        "no time": pl.col("time_given").not_() if "time" in names else pl.lit(False),
        "unread time": pl.col("time_given") & when.is_null(),
        "impossible time": (when < EARLIEST) | (when > latest),
        "vote before": _voted_before(),
        "benefit": strange,
        "spaces": _spaces(names["user"], schema),
    }
    sure = {name: test.fill_null(False) for name, test in tests.items()}
    sums = (one.sum().alias(name) for name, one in sure.items())
    found = collected(path, plain.select(pl.len().alias("rows"), *sums)).row(0, named=True)
    # Asked by itself: beside the others, whose rows wait for it, the whole column of users would be held.
    steps, sure["backwards"] = "backwards", (when.diff() < 0).fill_null(False)
    found[steps] = collected(path, plain.select(sure[steps].sum())).item() if "time" in names else 0
    firsts = [row.filter(one).min().alias(f"{name}:first") for name, one in sure.items() if found[name]]
    if firsts:
        found |= collected(path, plain.select(firsts)).row(0, named=True)
    if found["benefit"]:
        _refuse_benefit(path, plain, names["benefit"], strange, found["benefit"])
    if "time" in names and found["no time"] + found["unread time"] == found["rows"]:
        raise EvidenceError(
            f"{path}: no time in {names['time']!r} can be read; write them as 2026-01-31T12:00:00Z or as seconds since "
            "1970, or name another column with --time"
        )

    def fault(name: str, what: str, done: str) -> Fault:
        return Fault(what, found[name], found.get(f"{name}:first", 0), done)

    told = []
    if found[steps] > max(1, TOLERATED * found["rows"]):
        told.append("The rows do not stand in order of time, so a clock that runs backwards cannot be told.")
        found[steps] = 0
    faults = [
        fault("no user", "rows without a user", "left out"),
        fault("no arm", "rows without an arm", "left out"),
        fault("other arm", "rows of other arms", "left out"),
        fault("no time", "rows without a time", "left out of what goes by time, and counted in all else"),
        fault("unread time", "rows with a time that cannot be read", "counted as if they had none"),
        fault("impossible time", "rows from before 2000 or from the future", "counted as if they had no time"),
        fault(
            steps,
            "rows earlier than the row before them, as a clock that runs backwards writes them",
            "counted as they stand",
        ),
        fault("vote before", "rows with a vote before their conversation", "these rows were left out"),
    ]
    return found, [one for one in faults if one.rows], told


def _usable(plain: pl.LazyFrame, found: Mapping[str, int]) -> pl.LazyFrame:
    """Return the rows that can be used; of a log without faults nothing is asked again."""
    if found["no user"]:
        plain = plain.filter(~pl.col("no_user"))
    if found["no arm"] or found["other arm"]:
        plain = plain.filter(pl.col("arm").is_not_null())
    if found["vote before"]:
        plain = plain.filter(~_voted_before().fill_null(False))
    if found["impossible time"]:
        when = pl.col("time")
        plain = plain.with_columns(pl.when(when.is_between(EARLIEST, _latest())).then(when).alias("time"))
    return plain


def _voted_before() -> pl.Expr:
    return (pl.col("voted") < pl.col("time")) & (pl.col("vote") > 0)


def _spaces(name: str, schema: pl.Schema) -> pl.Expr:
    """Return whether spaces stand around a user's name; `trimmed` holds it without them."""
    return pl.col("trimmed") != pl.col(f"={name}") if schema[name] == pl.String else pl.lit(False)


def _latest() -> int:
    return int(time.time()) + 2 * 86_400


def _refuse_benefit(path: Path, plain: pl.LazyFrame, name: str, strange: pl.Expr, count: int) -> None:
    bad = collected(path, plain.filter(strange).select("row", f"={name}").head(LISTED))
    rows = ", ".join(str(one) for one in bad["row"].to_list()) + (", …" if count > LISTED else "")
    raise EvidenceError(
        f"{path}: {name!r} is no benefit from 0 to 1 in rows: {count:,} (row {rows}), e.g. {bad[f'={name}'][0]!r}; "
        "write words as 0 and 1, divide a scale by its largest value, and leave blank what nobody graded"
    )
