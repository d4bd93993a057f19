"""Runs that were scored elsewhere: a table of item, model, score, and where there are any draw and cluster."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from seatrial.errors import EvidenceError
from seatrial.formats.tables import BY_POLICY, DRAW, TableReader
from seatrial.policy import ModelSpec
from seatrial.types import Role

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Scores", "read_scores"]

USUAL = {
    "item": ("item", "item_id", "id"),
    "score": ("score", "value"),
    "model": ("model", "model_id"),
    "draw": DRAW,
    "cluster": ("cluster", "cluster_id"),
    "use_case": ("use_case",),
    "signal": ("signal",),
}
READER = TableReader("scores", EvidenceError, USUAL, ("item", "score"), BY_POLICY)


@dataclass(frozen=True)
class Scores:
    """Both models' scores.

    Attributes:
        observations: One row a score, with the columns of observations.
        told: How the tables were read, where there was a choice, and which rows were not; in sentences.
    """

    observations: pl.DataFrame
    told: tuple[str, ...] = ()


def read_scores(
    baseline: ModelSpec,
    candidate: ModelSpec,
    signal: str | None,
    bounds: Mapping[str, tuple[float, float]] | None = None,
) -> Scores:
    """Return both models' scores as observations.

    Args:
        baseline: `scores/PATH`, with `name` where the table holds several models.
        candidate: The same.
        signal: What the scores measure, where the table has no column `signal`.
        bounds: Signal → smallest and largest possible score, where others are to be refused.

    Raises:
        EvidenceError: a file cannot be read, a row is wrong, or the two share no item.
    """
    import polars as pl

    told: list[str] = []
    both: tuple[tuple[ModelSpec, Role], ...] = ((baseline, "baseline"), (candidate, "candidate"))
    wanted = {(spec.target, spec.name) for spec, _ in both}
    sides = [_side(spec, role, signal, bounds or {}, told, wanted) for spec, role in both]
    shared = set(sides[0]["item"].to_list()) & set(sides[1]["item"].to_list())
    if not shared:
        raise EvidenceError(
            f"{baseline.target} and {candidate.target}: the two models share no item. Check `name` and the item column."
        )
    return Scores(pl.concat([_placed(side, sides) for side in sides]), tuple(dict.fromkeys(told)))


def _placed(side: pl.DataFrame, sides: list[pl.DataFrame]) -> pl.DataFrame:
    """Refuse an item whose cluster or use case differs between the two models."""
    import polars as pl

    together = pl.concat([frame.select("signal", "item", "cluster", "use_case").unique() for frame in sides]).unique()
    torn = together.filter(together.select("signal", "item").is_duplicated()).sort("item")
    if len(torn):
        raise EvidenceError(f"the item {torn['item'][0]} has another cluster or use case in the other model's scores")
    return side


def _side(
    spec: ModelSpec,
    role: Role,
    signal: str | None,
    bounds: Mapping[str, tuple[float, float]],
    told: list[str],
    wanted: Collection[tuple[str, str | None]],
) -> pl.DataFrame:
    """Return one model's scores, checked; `wanted` are the files and the names of both."""
    import polars as pl

    from seatrial.formats.frames import as_draw, as_name, as_number, read_frame, reading
    from seatrial.observations import SCHEMA

    path = Path(spec.target)
    frame = read_frame(READER, path)
    names = READER.names(path, frame.columns, spec.columns)
    if "signal" not in names and signal is None:
        raise EvidenceError(f"{path}: with several gates, a column `signal` must say which gate each score belongs to")
    told += READER.told(path, names, spec.columns)
    frame = frame.select(pl.col(name).alias(key) for key, name in names.items()).with_row_index("row", 1)
    words = [name for name in ("signal", "item", "model", "cluster", "use_case") if name in names]
    with reading(path, EvidenceError):
        if "draw" in names:
            frame = frame.with_columns(as_draw(frame["draw"]))
        frame = frame.with_columns(as_name(pl.col(name), frame.schema[name]) for name in words)
        frame = _of_model(frame, spec, path, told, wanted)
    item = pl.col("item")
    made = frame.select(
        (pl.col("signal") if "signal" in names else pl.lit(signal)).alias("signal"),
        pl.lit(role).alias("role"),
        item,
        (pl.col("cluster").fill_null(item) if "cluster" in names else item).alias("cluster"),
        (pl.col("draw") if "draw" in names else pl.lit(0)).alias("draw"),
        as_number(pl.col("score"), frame.schema["score"]).alias("value"),
        pl.lit(1.0).alias("weight"),
        (pl.col("use_case").fill_null("general") if "use_case" in names else pl.lit("general")).alias("use_case"),
        pl.lit("").alias("rater"),
        pl.lit(path.name).alias("source"),
        pl.lit(0.0).alias("at"),
        pl.col("row"),
    )
    _check(made, path, role)
    _check_bounds(made, path, role, bounds)
    return made.select(pl.col(name).cast(kind) for name, kind in SCHEMA.items())


def _of_model(
    frame: pl.DataFrame, spec: ModelSpec, path: Path, told: list[str], wanted: Collection[tuple[str, str | None]]
) -> pl.DataFrame:
    """Return the rows of the model that `name` picks."""
    import polars as pl

    if "model" not in frame.columns:
        if spec.name is not None:
            raise EvidenceError(f"{path}: `name` is given, yet the table has no column `model`")
        return frame
    unnamed = frame.filter(pl.col("model").is_null())["row"].to_list()
    if unnamed:
        raise EvidenceError(f"{path}: row {unnamed[0]}: no model is named ({len(unnamed)} such rows)")
    held = sorted(set(frame["model"].to_list()))
    if spec.name is None and len(held) > 1:
        raise EvidenceError(f"{path}: holds {len(held)} models; pick one with `name`: {', '.join(held)}")
    chosen = frame.filter(pl.col("model") == (spec.name or held[0]))
    if len(chosen) == 0:
        raise EvidenceError(f"{path}: no model {spec.name!r}; it holds {', '.join(held)}")
    others = [name for name in held if (spec.target, name) not in wanted] if spec.name else []
    if others:
        count = int(frame["model"].is_in(others).sum())
        told.append(f"{path.name}: {count:,} scores of other models were not read: {', '.join(others)}.")
    return chosen


def _check(made: pl.DataFrame, path: Path, role: Role) -> None:
    import polars as pl

    checks = (
        (pl.col("item").is_null(), "the item is empty"),
        (pl.col("signal").is_null(), "the signal is empty"),
        (pl.col("value").is_null() | ~pl.col("value").is_finite(), "the score is not a finite number"),
    )
    for wrong, what in checks:
        rows = made.filter(wrong)["row"].to_list()
        if rows:
            raise EvidenceError(f"{path}: row {rows[0]}: {what} ({len(rows)} such rows, {role})")
    doubled = made.filter(made.select("signal", "item", "draw").is_duplicated())
    if len(doubled):
        first = doubled.row(0, named=True)
        raise EvidenceError(
            f"{path}: row {first['row']}: item {first['item']}, draw {first['draw']} stands twice. Number repeated "
            "answers in a column `draw`."
        )


def _check_bounds(made: pl.DataFrame, path: Path, role: Role, bounds: Mapping[str, tuple[float, float]]) -> None:
    import polars as pl

    from seatrial.observations import is_outside, out_of_bounds

    for signal, scale in bounds.items():
        outside = made.filter(pl.col("signal") == signal, is_outside(scale))
        if len(outside):
            row, value = outside["row"][0], outside["value"][0]
            told = out_of_bounds("the score", value, signal, scale)
            raise EvidenceError(f"{path}: row {row}: {told} ({len(outside)} such rows, {role})")
