"""Plain tables of scores: CSV, JSON Lines, JSON or Parquet, one row an answer, of one model or of several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from seatrial.errors import EvidenceError
from seatrial.formats.tables import BY_OPTION, DRAW, TableReader
from seatrial.runs.numbers import NO_SCORE
from seatrial.runs.recorded_run import RecordedRun

if TYPE_CHECKING:
    import polars as pl

__all__ = ["USUAL", "read_table"]

USUAL = {
    "item": ("item", "item_id", "id", "question_id", "sample_id", "doc_id"),
    "score": ("score", "value"),
    "metric": ("metric", "signal", "scorer"),
    "model": ("model", "model_id", "model_name"),
    "task": ("task", "task_name", "benchmark"),
    "draw": DRAW,
    "cluster": ("cluster", "cluster_id", "group", "group_id"),
    "use_case": ("use_case",),
}
READER = TableReader("scores", EvidenceError, USUAL, ("item",), BY_OPTION)


def read_table(path: Path, columns: Mapping[str, str], scores: Sequence[str] = ()) -> list[RecordedRun]:
    """Return the runs in a table: one for each model and task that it names.

    Args:
        path: The file.
        columns: What a column holds, a key of `USUAL` → its name, where it has another than a usual one.
        scores: Columns that hold a score each, where it is not in a column `score`.

    Raises:
        EvidenceError: it cannot be read, or which column holds the item or the score cannot be told.
    """
    import polars as pl

    from seatrial.formats.frames import as_draw, as_name, read_frame

    frame = read_frame(READER, path)
    names = READER.names(path, frame.columns, columns)
    told = READER.told(path, names, columns)
    chosen = _scores(path, frame, names, scores, told)
    rows, unread = len(frame), {}
    words = {
        what: as_name(pl.col(name), frame.schema[name]).alias(f"_{what}")
        for what, name in names.items()
        if what not in ("score", "draw")
    }
    frame = frame.with_columns(words.values())
    if "draw" in names:
        frame = frame.with_columns(as_draw(frame[names["draw"]]).alias("_draw"))
    if nameless := frame["_item"].null_count():
        unread["a row without an item's name"] = nameless
        frame = frame.filter(pl.col("_item").is_not_null())
    long = pl.concat([_long(frame, column, names, title) for column, title in chosen.items()])
    runs = []
    for (model, task), part in sorted(long.partition_by("model", "task", as_dict=True).items()):
        made = part.drop("model", "task")
        runs.append(
            RecordedRun(path, "a table", str(task), str(model), made, told=tuple(told), unread=unread, rows=rows)
        )
    return runs


def _scores(
    path: Path, frame: pl.DataFrame, names: Mapping[str, str], asked: Sequence[str], told: list[str]
) -> dict[str, str]:
    """Return each column that holds a score → what the score is called; nothing where another column says it."""
    strange = [name for name in asked if name not in frame.columns]
    if strange:
        raise EvidenceError(f"{path}: no column {strange[0]!r}; it has {', '.join(frame.columns)}")
    if asked:
        return {name: name for name in asked}
    if "score" in names:
        return {names["score"]: "" if "metric" in names else names["score"]}
    free = [name for name in frame.columns if name not in names.values() and _numbers(frame[name])]
    if len(free) != 1:
        held = ", ".join(free) or "none of its columns holds numbers"
        raise EvidenceError(f"{path}: no column `score`; name the columns that hold one with --score NAME: {held}")
    told.append(f"{path.name}: read {free[0]!r} as the score, the only column of numbers.")
    return {free[0]: free[0]}


def _numbers(column: pl.Series) -> bool:
    """Return whether all cells that are not blank are numbers."""
    import polars as pl

    from seatrial.formats.frames import as_number

    made = column.to_frame("cell").select(as_number(pl.col("cell"), column.dtype)).to_series()
    return made.null_count() == column.null_count() < len(column)


def _long(frame: pl.DataFrame, column: str, names: Mapping[str, str], title: str) -> pl.DataFrame:
    """Return one column's scores, with the columns of `RunScores` and the model and the task."""
    import polars as pl

    from seatrial.formats.frames import as_number

    def held(what: str, default: pl.Expr) -> pl.Expr:
        return (pl.col(f"_{what}").fill_null(default) if what in names else default).alias(what)

    value = as_number(pl.col(column), frame.schema[column])
    number = pl.when(value.is_finite()).then(value)
    text = pl.col(column).cast(pl.String, strict=False)
    blank = text.is_null() | text.str.strip_chars().str.to_lowercase().is_in(["", "nan", "none", "null"])
    item = pl.col("_item")
    made = frame.select(
        held("metric", pl.lit("")) if not title else pl.lit(title).alias("metric"),
        item.alias("item"),
        (pl.col("_draw") if "draw" in names else pl.lit(0, pl.Int64)).alias("draw"),
        number.alias("value"),
        pl.when(number.is_not_null())
        .then(pl.lit(""))
        .when(blank)
        .then(pl.lit(NO_SCORE))
        .otherwise(pl.lit("not a number: '") + text.str.slice(0, 38) + pl.lit("'"))
        .alias("reason"),
        held("cluster", item),
        held("use_case", pl.lit("general")),
        pl.lit("").alias("digest"),
        held("model", pl.lit("")),
        held("task", pl.lit("")),
    )
    return made.rename({"metric": "score"})
