"""Where two values differ: figures by more than rounding, words at all."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import polars as pl

__all__ = ["ABSOLUTE", "RELATIVE", "differences", "observation_differences"]

RELATIVE, ABSOLUTE = 1e-6, 1e-9
"""Figures that are nearer are the same: another machine may round otherwise."""
KEYS = ["signal", "role", "item", "draw", "rater"]
COMPARED = ["cluster", "use_case"]
WORDS = ("held", "made again")


def differences(held: Any, made: Any, where: str = "", words: tuple[str, str] = WORDS) -> Iterator[str]:
    """Yield where what a review holds differs from what was made again, as `place: held, made again`.

    Args:
        held: What the review holds; dataclasses, mappings, sequences and plain values.
        made: What was made again.
        where: The place of both.
        words: What is said of either.
    """
    if is_dataclass(held) and type(held) is type(made):
        for field in fields(held):
            yield from differences(getattr(held, field.name), getattr(made, field.name), _of(where, field.name), words)
    elif isinstance(held, Mapping) and isinstance(made, Mapping):
        for name in dict.fromkeys([*held, *made]):
            yield from differences(held.get(name, NOTHING), made.get(name, NOTHING), _of(where, str(name)), words)
    elif isinstance(held, list | tuple) and isinstance(made, list | tuple):
        if len(held) != len(made):
            yield f"{where}: {len(held)} {words[0]}, {len(made)} {words[1]}"
        for place, (one, other) in enumerate(zip(held, made, strict=False)):
            yield from differences(one, other, _of(where, _name(one, place)), words)
    elif not _same(held, made):
        yield f"{where}: {_shown(held)} {words[0]}, {_shown(made)} {words[1]}"


class _Nothing:
    """Stands for what is not there."""

    def __repr__(self) -> str:
        return "nothing"


NOTHING = _Nothing()


def _of(where: str, name: str) -> str:
    return f"{where} {name}".strip()


def _name(value: Any, place: int) -> str:
    """Return what tells one of several: a gate's signal, a claim's label, or its place."""
    return str(
        getattr(value, "signal", "") or getattr(value, "label", "") or getattr(value, "measure", "") or place + 1
    )


def _same(held: Any, made: Any) -> bool:
    numbers = all(isinstance(one, int | float) and not isinstance(one, bool) for one in (held, made))
    if numbers and math.isnan(held) and math.isnan(made):
        return True
    return math.isclose(held, made, rel_tol=RELATIVE, abs_tol=ABSOLUTE) if numbers else held == made


def _shown(value: Any) -> str:
    return f"{value:.9g}" if isinstance(value, float) else f"{value!r:.120}"


def observation_differences(held: pl.DataFrame, made: pl.DataFrame) -> list[str]:
    """Return which observations differ, a line each: the signal, whose answer, the item, the draw and both values.

    Args:
        held: The review's.
        made: Those that were made again.
    """
    sides = [
        frame.select(
            *(pl.col(name).cast(pl.String) for name in ("signal", "role", "item", "rater", "cluster", "use_case")),
            pl.col("draw"),
            pl.col("value"),
            pl.col("weight"),
        )
        for frame in (held, made)
    ]
    both = sides[0].join(sides[1], on=KEYS, how="full", suffix="_made", coalesce=True)
    near = [
        ((pl.col(name) - pl.col(f"{name}_made")).abs() <= ABSOLUTE + RELATIVE * pl.col(name).abs())
        | (pl.col(name).is_nan() & pl.col(f"{name}_made").is_nan())
        for name in ("value", "weight")
    ]
    same = [*near, *(pl.col(name) == pl.col(f"{name}_made") for name in COMPARED)]
    odd = both.filter(~pl.all_horizontal(same).fill_null(False)).sort(KEYS)
    return [_line(row) for row in odd.iter_rows(named=True)]


def _line(row: Mapping[str, Any]) -> str:
    rater = f", {row['rater']}" if row["rater"] else ""
    where = f"{row['signal']}, {row['role']}, item {row['item']}, draw {row['draw']}{rater}"
    if row["value_made"] is None:
        return f"{where}: {_shown(row['value'])} held, and no answer gives it"
    if row["value"] is None:
        return f"{where}: {_shown(row['value_made'])} made again, and the review does not hold it"
    parts = [name for name in ("value", "weight", *COMPARED) if not _same(row[name], row[f"{name}_made"])]
    return f"{where}: " + "; ".join(
        f"{name} {_shown(row[name])} held, {_shown(row[f'{name}_made'])} made again" for name in parts
    )
