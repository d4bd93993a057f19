"""Conversations that stand in a log more than once: found by their hashes, and counted once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from seatrial.errors import EvidenceError
from seatrial.formats.frames import reading

__all__ = ["LARGEST", "without_repeats"]

LARGEST = 20_000_000
"""Rows of repeated conversations that are held at once."""


def without_repeats(path: Path, frame: pl.LazyFrame) -> tuple[pl.LazyFrame, list[tuple[str, int, int, str]]]:
    """Return the rows with each conversation of a user once, and the faults found, as `Fault` takes them.

    Of several rows the last that has a vote counts, as of somebody who thought again; else the first. It takes over the
    last grade that one of them has. An id of
    several users is a conversation of each.

    Args:
        path: The file, for messages.
        frame: Usable rows with `row`, `user`, `conversation` (a hash or null), `time`, `vote` and `benefit`.

    Raises:
        EvidenceError: so many stand more than once that the column can hold no ids of conversations.
    """
    with reading(path, EvidenceError):
        hashes = frame.select(pl.col("conversation").drop_nulls()).collect(engine="streaming").to_series()
    numbers = hashes.to_numpy(writable=True)
    del hashes
    numbers.sort()
    again = numbers[1:][numbers[1:] == numbers[:-1]]
    del numbers
    if not len(again):
        return frame, []
    if len(again) > LARGEST:
        raise EvidenceError(
            f"{path}: {len(again):,} rows repeat the id of another row, so rows are no conversations; name the column "
            "that tells them apart with --conversation NAME"
        )
    twice = pl.Series(np.unique(again), dtype=pl.UInt64)
    repeated = pl.col("conversation").is_in(twice.implode()).fill_null(False)
    with reading(path, EvidenceError):
        held = frame.filter(repeated).collect(engine="streaming")
    keys = ["conversation", "user"]
    grade = pl.col("benefit").sort_by("row").drop_nulls().last().over(keys)
    held = held.with_columns(grade.alias("benefit"))
    order = ["conversation", "user", "time", -pl.col("row").cast(pl.Int64)]
    voted = held.filter(pl.col("vote") > 0).sort(order, nulls_last=False).unique(keys, keep="last")
    silent = held.filter(pl.col("vote") == 0).sort("row").unique(keys, keep="first")
    kept = pl.concat([voted, silent]).sort(pl.col("vote") > 0, descending=True, maintain_order=True)
    kept = kept.unique(keys, keep="first", maintain_order=True)
    found = []
    dropped = held.filter(~pl.col("row").is_in(kept["row"].implode()))
    if len(dropped):
        first = int(dropped["row"].min() or 0)  # type: ignore[arg-type]  # rows are whole numbers
        found.append(
            (
                "rows that repeat a conversation of the same user",
                len(dropped),
                first,
                "each conversation counts once, by its last vote",
            )
        )
    shared = kept.filter(pl.col("user").n_unique().over("conversation") > 1)
    if len(shared):
        first = int(shared["row"].min() or 0)  # type: ignore[arg-type]
        found.append(
            ("rows with a conversation's id that another user has too", len(shared), first, "each counts for its user")
        )
    return pl.concat([frame.filter(~repeated), kept.lazy()]), found
