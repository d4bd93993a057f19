"""Runs that were scored elsewhere: a table of item, model, score, and where there are any draw and cluster."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from seatrial.errors import EvidenceError
from seatrial.policy import ModelSpec
from seatrial.types import Role

if TYPE_CHECKING:
    import polars as pl

__all__ = ["read_scores"]

ALIASES: dict[str, tuple[str, ...]] = {
    "item": ("item", "item_id", "id"),
    "score": ("score", "value"),
    "model": ("model", "model_id"),
    "draw": ("draw", "epoch"),
    "cluster": ("cluster", "cluster_id"),
    "use_case": ("use_case",),
    "signal": ("signal",),
}


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

    from seatrial.observations import SCHEMA

    path = Path(spec.target)
    frame, names = _read(path), dict[str, str]()
    for key, usual in ALIASES.items():
        wanted = (spec.columns[key],) if key in spec.columns else usual
        found = next((name for name in wanted if name in frame.columns), None)
        if found is None and (key in spec.columns or key in ("item", "score")):
            raise EvidenceError(
                f"{path}: no column {wanted[0]!r}; found {', '.join(frame.columns)}. Map it with columns: {{{key}: …}}"
            )
        if found is not None:
            names[key] = found
    if "signal" not in names and signal is None:
        raise EvidenceError(f"{path}: with several gates, a column `signal` must say which gate each score belongs to")
    frame = frame.select(pl.col(name).alias(key) for key, name in names.items()).with_row_index("row", 1)
    frame = _of_model(frame, spec, path)
    made = frame.select(
        (pl.col("signal") if "signal" in names else pl.lit(signal)).cast(pl.String).alias("signal"),
        pl.lit(role).alias("role"),
        pl.col("item").cast(pl.String),
        (pl.col("cluster") if "cluster" in names else pl.col("item")).cast(pl.String).alias("cluster"),
        (pl.col("draw") if "draw" in names else pl.lit(0)).cast(pl.Int64, strict=False).alias("draw"),
        pl.col("score").cast(pl.Float64, strict=False).alias("value"),
        pl.lit(1.0).alias("weight"),
        (pl.col("use_case") if "use_case" in names else pl.lit("general")).cast(pl.String).alias("use_case"),
        pl.lit("").alias("rater"),
        pl.lit(path.name).alias("source"),
        pl.lit(0.0).alias("at"),
        pl.col("row"),
    )
    _check(made, path, role)
    return made.select(pl.col(name).cast(kind) for name, kind in SCHEMA.items())


def _read(path: Path) -> pl.DataFrame:
    import polars as pl

    try:
        if path.suffix.lower() == ".parquet":
            return pl.read_parquet(path)
        if path.suffix.lower() == ".csv":
            return pl.read_csv(path, infer_schema_length=None)
    except FileNotFoundError:
        raise EvidenceError(f"{path}: no such file") from None
    except (OSError, pl.exceptions.PolarsError) as error:
        raise EvidenceError(f"{path}: cannot be read: {error}") from error
    raise EvidenceError(f"{path}: scores come as .csv or .parquet")


def _of_model(frame: pl.DataFrame, spec: ModelSpec, path: Path) -> pl.DataFrame:
    """Return the rows of the model that `name` picks."""
    import polars as pl

    if "model" not in frame.columns:
        if spec.name is not None:
            raise EvidenceError(f"{path}: `name` is given, yet the table has no column `model`")
        return frame
    held = sorted({str(name) for name in frame["model"].to_list()})
    if spec.name is None and len(held) > 1:
        raise EvidenceError(f"{path}: holds {len(held)} models; pick one with `name`: {', '.join(held)}")
    chosen = frame.filter(pl.col("model").cast(pl.String) == (spec.name or held[0]))
    if len(chosen) == 0:
        raise EvidenceError(f"{path}: no model {spec.name!r}; it holds {', '.join(held)}")
    return chosen


def _check(made: pl.DataFrame, path: Path, role: Role) -> None:
    import polars as pl

    checks = (
        (pl.col("item").is_null() | (pl.col("item").str.len_chars() == 0), "the item is empty"),
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
