"""Runs that were scored elsewhere: a table of item, model, score, and where there are any draw and cluster."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from seatrial.errors import EvidenceError
from seatrial.formats.tables import BY_POLICY, TableReader
from seatrial.policy import ModelSpec
from seatrial.types import Role

if TYPE_CHECKING:
    import polars as pl

__all__ = ["read_scores"]

USUAL = {
    "item": ("item", "item_id", "id"),
    "score": ("score", "value"),
    "model": ("model", "model_id"),
    "draw": ("draw", "epoch"),
    "cluster": ("cluster", "cluster_id"),
    "use_case": ("use_case",),
    "signal": ("signal",),
}
READER = TableReader("scores", EvidenceError, USUAL, ("item", "score"), BY_POLICY)


def read_scores(baseline: ModelSpec, candidate: ModelSpec, signal: str | None) -> pl.DataFrame:
    """Return both models' scores as observations.

    Args:
        baseline: `scores/PATH`, with `name` where the table holds several models.
        candidate: The same.
        signal: What the scores measure, where the table has no column `signal`.

    Raises:
        EvidenceError: a file cannot be read, a row is wrong, or the two share no item.
    """
    import polars as pl

    sides = [_side(baseline, "baseline", signal), _side(candidate, "candidate", signal)]
    shared = set(sides[0]["item"].to_list()) & set(sides[1]["item"].to_list())
    if not shared:
        raise EvidenceError(
            f"{baseline.target} and {candidate.target}: the two models share no item. Check `name` and the item column."
        )
    return pl.concat([_placed(side, sides) for side in sides])


def _placed(side: pl.DataFrame, sides: list[pl.DataFrame]) -> pl.DataFrame:
    """Refuse an item whose cluster or use case differs between the two models."""
    import polars as pl

    together = pl.concat([frame.select("signal", "item", "cluster", "use_case").unique() for frame in sides]).unique()
    torn = together.filter(together.select("signal", "item").is_duplicated()).sort("item")
    if len(torn):
        raise EvidenceError(f"the item {torn['item'][0]} has another cluster or use case in the other model's scores")
    return side


def _side(spec: ModelSpec, role: Role, signal: str | None) -> pl.DataFrame:
    import polars as pl

    from seatrial.formats.frames import as_number, as_whole, read_frame, reading
    from seatrial.observations import SCHEMA

    path = Path(spec.target)
    frame = read_frame(READER, path)
    names = READER.names(path, frame.columns, spec.columns)
    if "signal" not in names and signal is None:
        raise EvidenceError(f"{path}: with several gates, a column `signal` must say which gate each score belongs to")
    frame = frame.select(pl.col(name).alias(key) for key, name in names.items()).with_row_index("row", 1)
    words = [name for name in ("signal", "item", "model", "cluster", "use_case") if name in names]
    with reading(path, EvidenceError):
        frame = _of_model(frame.with_columns(pl.col(words).cast(pl.String)), spec, path)
    item, draw = pl.col("item"), as_whole(pl.col("draw"), frame.schema.get("draw", pl.Int64()))
    made = frame.select(
        (pl.col("signal") if "signal" in names else pl.lit(signal)).alias("signal"),
        pl.lit(role).alias("role"),
        item,
        (pl.col("cluster").fill_null(item) if "cluster" in names else item).alias("cluster"),
        (draw if "draw" in names else pl.lit(0)).alias("draw"),
        as_number(pl.col("score"), frame.schema["score"]).alias("value"),
        pl.lit(1.0).alias("weight"),
        (pl.col("use_case").fill_null("general") if "use_case" in names else pl.lit("general")).alias("use_case"),
        pl.lit("").alias("rater"),
        pl.lit(path.name).alias("source"),
        pl.lit(0.0).alias("at"),
        pl.col("row"),
    )
    _check(made, path, role)
    return made.select(pl.col(name).cast(kind) for name, kind in SCHEMA.items())


def _of_model(frame: pl.DataFrame, spec: ModelSpec, path: Path) -> pl.DataFrame:
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
    return chosen


def _check(made: pl.DataFrame, path: Path, role: Role) -> None:
    import polars as pl

    checks = (
        (pl.col("item").is_null() | (pl.col("item") == ""), "the item is empty"),
        (pl.col("signal").is_null() | (pl.col("signal") == ""), "the signal is empty"),
        (pl.col("value").is_null() | ~pl.col("value").is_finite(), "the score is not a finite number"),
        (pl.col("draw").is_null(), "the draw is not a whole number"),
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
