"""What a log comes to: sums over its users, by arm, use case, day since their first conversation, and time of day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from seatrial.evidence.feedback.log import Log, collected
from seatrial.evidence.feedback.moments import Moments, moments_by
from seatrial.evidence.feedback.sequence import votes_by_day

__all__ = ["AGES", "HOURS", "Cells", "Totals", "totals_of"]

USER = ("row", "up", "down", "vote", "benefit", "label")
CASE = ("up", "vote", "benefit", "label")
VOTES = ("up", "vote")
DAYS = ("up first", "vote first", "up later", "vote later")
AGES = ("first day", "days 2–3", "days 4–7", "after a week")
"""Days since a user's first conversation in the log."""
HOURS = ("0–6 h", "6–12 h", "12–18 h", "18–24 h")
"""Times of day, UTC."""
ROWS_AT_ONCE = 60_000_000
"""Rows whose users are summed at once; users of more rows are summed in parts, so that the memory does not grow."""
AT_ONCE = 15_000_000
"""Rows with a vote or a graded benefit that are held at once; more are read in parts of the users."""

Cells = Mapping[str, tuple[Moments, Moments]]
"""Name of a cell → the sums over the baseline's users and over the candidate's."""


@dataclass(frozen=True)
class Totals:
    """Sums over the users of each arm, those in both arms left out.

    Attributes:
        both: Users in both arms.
        people: Users of the baseline and of the candidate.
        all: Sums of `row`, `up`, `down`, `vote`, `benefit` and `label` (graded conversations) of each arm.
        cases: By use case: `up`, `vote`, `benefit`, `label`.
        ages: By `AGES`: `up`, `vote`.
        hours: By `HOURS`: the same.
        fade: `up` and `vote` of each user on their first day, and later, in one.
        days: What `votes_by_day` returns.
        span: Earliest and latest time of each arm in seconds; None where there is none.
    """

    both: int
    people: tuple[int, int]
    all: tuple[Moments, Moments]
    cases: Cells
    ages: Cells
    hours: Cells
    fade: tuple[Moments, Moments]
    days: pl.DataFrame
    span: tuple[tuple[int, int] | None, tuple[int, int] | None]


def totals_of(log: Log) -> Totals:
    """Return what a log comes to.

    Raises:
        EvidenceError: the file is damaged.
    """
    users, both = _users(log)
    spans = {arm: (low, high) for arm, low, high in _spans(users) if low is not None}
    sums = {int(str(arm)): made for (arm,), made in moments_by(users, USER, ("arm",)).items()}
    people = {arm: sums[arm].users if arm in sums else 0 for arm in (0, 1)}
    found: dict[str, dict[tuple[object, ...], Moments]] = {"cases": {}, "ages": {}, "hours": {}, "fade": {}}
    days = []
    firsts = users.select("user", "first")
    events = sum(int(one.sum("vote") + one.sum("label")) for one in sums.values())
    del users
    parts = 1 + events // AT_ONCE
    for part in range(parts):
        rows = _events(log, firsts, parts, part)
        days.append(votes_by_day(rows.filter((pl.col("vote") > 0) & pl.col("time").is_not_null())))
        for name, made in _cells(rows).items():
            for key, moments in made.items():
                found[name][key] = found[name].get(key, Moments.none(moments.names)) + moments
    added = pl.concat(days).group_by("arm", "day").agg(pl.all().sum())
    return Totals(
        both,
        (people[0], people[1]),
        (sums.get(0, Moments.none(USER)), sums.get(1, Moments.none(USER))),
        _pairs(found["cases"], CASE),
        _pairs(found["ages"], VOTES, AGES),
        _pairs(found["hours"], VOTES, HOURS),
        (found["fade"].get((0,), Moments.none(DAYS)), found["fade"].get((1,), Moments.none(DAYS))),
        added,
        (spans.get(0), spans.get(1)),
    )


def _users(log: Log) -> tuple[pl.DataFrame, int]:
    """Return a row for each user of one arm, and how many are in both; a long log is read in parts of the users."""
    parts = 1 + log.rows // ROWS_AT_ONCE
    sums = [
        pl.len().alias("row"),
        *(pl.col(name).cast(pl.UInt32).sum() for name in ("arm", "up", "down")),
        pl.col("benefit").sum(),
        pl.col("benefit").count().alias("label"),
        pl.col("time").min().alias("first"),
        pl.col("time").max().alias("last"),
    ]
    users, both = [], 0
    for part in range(parts):
        rows = log.frame.filter(pl.col("user") % parts == part) if parts > 1 else log.frame
        found = collected(log.path, rows.group_by("user").agg(sums))
        kept = found.filter((pl.col("arm") == 0) | (pl.col("arm") == pl.col("row")))
        both += len(found) - len(kept)
        users.append(kept)
    return pl.concat(users).with_columns(
        (pl.col("arm") > 0).cast(pl.Int8).alias("arm"), (pl.col("up") + pl.col("down")).alias("vote")
    ), both


def _spans(users: pl.DataFrame) -> list[tuple[int, int, int]]:
    return users.group_by("arm").agg(pl.col("first").min(), pl.col("last").max()).rows()


def _events(log: Log, firsts: pl.DataFrame, parts: int, part: int) -> pl.DataFrame:
    """Return the rows with a vote or a graded benefit, of one part of the users, those in both arms left out."""
    wanted = (pl.col("vote") > 0) | pl.col("benefit").is_not_null()
    if parts > 1:
        wanted &= pl.col("user") % parts == part
    columns = ("user", "arm", "time", "up", "vote", "benefit", "use_case")
    rows = collected(log.path, log.frame.filter(wanted).select(columns))
    return rows.join(firsts, on="user", how="inner")


def _cells(rows: pl.DataFrame) -> dict[str, dict[tuple[object, ...], Moments]]:
    label = pl.col("benefit").is_not_null().cast(pl.Float64)
    given = rows.lazy().with_columns(label.alias("label"), pl.col("benefit").fill_null(0.0))
    voted = given.filter(pl.col("time").is_not_null()).with_columns(
        ((pl.col("time") - pl.col("first")) // 86_400).alias("age"), (pl.col("time") // 3_600 % 24 // 6).alias("hour")
    )
    age = pl.col("age")
    bucket = pl.when(age < 1).then(0).when(age < 3).then(1).when(age < 7).then(2).otherwise(3)
    first = pl.col("age") < 1
    fade = [
        pl.when(first if name.endswith("first") else ~first)
        .then(pl.col(name.split()[0]))
        .otherwise(0)
        .sum()
        .alias(name)
        for name in DAYS
    ]
    return {
        "cases": _by_user(given.filter(pl.col("use_case").is_not_null()), CASE, "use_case"),
        "ages": _by_user(voted.with_columns(bucket.alias("bucket")), VOTES, "bucket"),
        "hours": _by_user(voted, VOTES, "hour"),
        "fade": moments_by(voted.group_by("user", "arm").agg(fade), DAYS, ("arm",)),
    }


def _by_user(rows: pl.LazyFrame, names: tuple[str, ...], by: str) -> dict[tuple[object, ...], Moments]:
    sums = rows.group_by("user", "arm", by).agg(pl.col(name).cast(pl.Float64).sum() for name in names)
    return moments_by(sums, names, ("arm", by))


def _pairs(
    found: Mapping[tuple[object, ...], Moments], names: tuple[str, ...], called: tuple[str, ...] = ()
) -> dict[str, tuple[Moments, Moments]]:
    """Return the sums by the name of their cell, in the order of those names."""
    none = Moments.none(names)
    keys = sorted({key for _, key in found}, key=lambda key: key if called else str(key))  # type: ignore[arg-type,return-value]
    return {
        called[int(str(key))] if called else str(key): (found.get((0, key), none), found.get((1, key), none))
        for key in keys
    }
