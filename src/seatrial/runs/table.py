"""Plain tables of scores: CSV, JSON Lines, JSON or Parquet, one row an answer, of one model or of several."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from seatrial.errors import EvidenceError
from seatrial.formats.tables import BY_OPTION, DRAW, TableReader, as_word
from seatrial.runs.directions import harmful_end
from seatrial.runs.inspect_log import GROUPS
from seatrial.runs.numbers import NO_SCORE
from seatrial.runs.recorded_run import Fact, RecordedRun
from seatrial.runs.wording import how_many

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
    "cluster": GROUPS,
    "use_case": ("use_case",),
    "question": ("question",),
}
QUESTIONS = ("prompt", "input", "question_text")
"""Columns in which a question stands too, where only one of them is there."""
UNNAMED = ("item", "model", "task", "metric")
"""What every row must have a name of, where any has."""
ARTICLES = {"item": "an item", "model": "a model", "task": "a task", "metric": "a metric"}
NOTHING = "nothing"
SHOWN = 5
"""Columns and rows that a message names."""
READER = TableReader("scores", EvidenceError, USUAL, ("item",), f"{BY_OPTION} (in a policy `columns`)")


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

    broken: list[str] = []
    frame = _filled(path, read_frame(READER, path, broken), broken)
    names = READER.names(path, frame.columns, columns)
    told = READER.told(path, names, columns)
    asked = [name for name in frame.columns if name.casefold() in QUESTIONS and name not in names.values()]
    if "question" not in names and len(asked) == 1:
        names["question"] = asked[0]
    names = {what: name for what, name in names.items() if what == "item" or frame[name].null_count() < len(frame)}
    frame = _in_words(frame, {*names.values(), *scores})
    chosen = _scores(path, frame, names, scores, told)
    rows, unread = len(frame) + len(broken), Counter[str]()
    if broken:
        unread["a row that is not whole"] = len(broken)
        told.append(f"{len(broken):,} of {rows:,} rows were not read; the first: {broken[0]}.")
    words = {
        what: as_name(pl.col(name), frame.schema[name]).alias(f"_{what}")
        for what, name in names.items()
        if what not in ("score", "draw")
    }
    frame = frame.with_columns(words.values()).with_columns(_whole(pl.col("_item")))
    if "draw" in names:
        frame = frame.with_columns(as_draw(frame[names["draw"]]).alias("_draw"))
    frame = frame.with_row_index("_row", 1)
    frame = _with_names(path, frame, names, unread)
    frame = _questions(path, frame, names, told)
    for column in chosen:
        if (strange := _strange(frame[column])) not in ("", NOTHING):
            advice = "such scores are missing until they are written as numbers"
            told.append(f"{path.name}: {column} holds {strange}, which is no number: {advice}.")
    frame = _numbered(path, frame, names, chosen, told)
    long = pl.concat([_long(frame, column, names, title) for column, title in chosen.items()])
    runs = []
    for (model, task), part in sorted(long.partition_by("model", "task", as_dict=True).items()):
        made = part.drop("model", "task")
        facts: dict[Fact, str] = {"task": str(task)} if task else {}
        runs.append(
            RecordedRun(path, "a table", str(task), str(model), made, facts, told=tuple(told), unread=unread, rows=rows)
        )
    return runs


def _filled(path: Path, frame: pl.DataFrame, broken: Sequence[str]) -> pl.DataFrame:
    """Return a table as it is.

    Raises:
        EvidenceError: it has no row.
    """
    if frame.is_empty():
        first = f"; the first that is not whole: {broken[0]}" if broken else ""
        raise EvidenceError(f"{path}: no row is in it{first}")
    return frame


def _in_words(frame: pl.DataFrame, read: Collection[str]) -> pl.DataFrame:
    """Return a table whose lists and records are JSON where a column of them is read, and are no column elsewhere."""
    import polars as pl

    strange = (pl.Binary, pl.Object, pl.Duration)
    nested = [name for name, kind in frame.schema.items() if kind.is_nested() or kind in strange]
    held = [
        pl.Series(name, [None if one is None else as_word(one) for one in frame[name].to_list()], pl.String)
        for name in nested
        if name in read
    ]
    made = frame.with_columns(held)
    return made.drop([name for name in nested if name not in {one.name for one in held}])


def _whole(item: pl.Expr) -> pl.Expr:
    """Return ids without the fraction that a program gave all of them, in whose column a number was missing."""
    import polars as pl

    fraction = item.str.contains(r"^\d+\.0$").all()
    return pl.when(fraction).then(item.str.strip_suffix(".0")).otherwise(item).alias("_item")


def _with_names(path: Path, frame: pl.DataFrame, names: Mapping[str, str], unread: Counter[str]) -> pl.DataFrame:
    """Return the rows that name all that others name; the rest belongs to nobody and is counted.

    Raises:
        EvidenceError: none does.
    """
    import polars as pl

    for what in UNNAMED:
        if what not in names:
            continue
        nameless = frame.filter(pl.col(f"_{what}").is_null())["_row"]
        if len(nameless):
            unread[f"a row without the name of {ARTICLES[what]}, the first in row {nameless[0]}"] = len(nameless)
            frame = frame.filter(pl.col(f"_{what}").is_not_null())
    if frame.is_empty():
        raise EvidenceError(
            f"{path}: no row is left: {'; '.join(unread)}. Fill in what is blank, or name other columns"
        )
    return frame


def _questions(path: Path, frame: pl.DataFrame, names: Mapping[str, str], told: list[str]) -> pl.DataFrame:
    """Return the rows with a digest of each one's question, where every item is asked one and the same."""
    import polars as pl

    digest = pl.lit("")
    if "question" in names:
        asked = frame.select("_item", "_question").unique()
        if asked["_item"].is_duplicated().any():
            told.append(
                f"{path.name}: {names['question']!r} differs within an item: items were told apart by their ids."
            )
        else:
            question = pl.col("_question")
            digest = pl.when(question.is_not_null()).then(question.hash(seed=0).cast(pl.String)).otherwise(digest)
    return frame.with_columns(digest.alias("_digest"))


def _scores(
    path: Path, frame: pl.DataFrame, names: Mapping[str, str], asked: Sequence[str], told: list[str]
) -> dict[str, str]:
    """Return each column that holds a score → what the score is called; nothing where another column says it."""
    strange = [name for name in asked if name not in frame.columns]
    if strange:
        raise EvidenceError(f"{path}: no column {strange[0]!r}; it has {', '.join(frame.columns)}")
    if asked:
        return {name: name for name in asked}
    free = [name for name in frame.columns if name and name not in names.values()]
    if "score" in names:
        if known := [name for name in free if harmful_end(name) is not None]:
            told.append(
                f"{path.name}: {names['score']!r} is the score; not read as one: {', '.join(known)}. Name all that are "
                "meant with --score."
            )
        return {names["score"]: "" if "metric" in names else names["score"]}
    other = {name: _strange(frame[name]) for name in free}
    numbers = [name for name in free if not other[name]]
    found = [name for name in free if name in numbers or harmful_end(name) is not None]
    how = "the only column of numbers" if numbers else "known by its name"
    if len(found) != 1:
        held = ", ".join(found) or "; ".join(["none of its columns holds numbers alone", *_shown(other)])
        advice = "name the columns that hold one with --score NAME (in a policy `scores`)"
        raise EvidenceError(f"{path}: no column `score`; {advice}: {held}")
    told.append(f"{path.name}: read {found[0]!r} as the score, {how}.")
    return {found[0]: found[0]}


def _shown(strange: Mapping[str, str]) -> list[str]:
    """Return what stands in the first few columns instead of numbers."""
    return [f"{name} holds {what}" for name, what in list(strange.items())[:SHOWN]]


def _strange(column: pl.Series) -> str:
    """Return the first cell that is no number, with its row; empty where all that are not blank are numbers."""
    import polars as pl

    from seatrial.formats.frames import as_number

    number = as_number(pl.col("cell"), column.dtype).alias("number")
    cells = column.to_frame("cell").with_row_index("row", 1).filter(pl.col("cell").is_not_null()).with_columns(number)
    other = cells.filter(pl.col("number").is_null())
    if other.is_empty():
        return "" if len(cells) else NOTHING
    return f"{str(other['cell'][0])!r:.40} in row {other['row'][0]}"


def _numbered(
    path: Path, frame: pl.DataFrame, names: Mapping[str, str], scores: Mapping[str, str], told: list[str]
) -> pl.DataFrame:
    """Return the rows each with its draw; of rows of one item that no column numbers their order is taken, and said.

    Raises:
        EvidenceError: two rows are one draw of one item, or a column seems to tell rows apart and nobody said how.
    """
    import polars as pl

    keys = [f"_{what}" for what in ("model", "task", "metric", "item", "draw") if what in names]
    twice = frame.filter(pl.struct(keys).is_duplicated())
    if twice.is_empty():
        return frame if "draw" in names else frame.with_columns(pl.lit(0, pl.Int64).alias("_draw"))
    first = twice.filter(
        pl.struct(keys) == pl.struct(pl.lit(twice[key][0], twice.schema[key]).alias(key) for key in keys)
    )
    where = f"{path}: rows {', '.join(str(row) for row in first['_row'][:SHOWN])}"
    item = twice["_item"][0]
    if "draw" in names:
        raise EvidenceError(f"{where}: item {item!r} stands {len(first)} times with one {names['draw']}; leave one")
    most = frame.group_by(keys).len()["len"].max()
    free = [name for name in frame.columns if not name.startswith("_") and name not in {*names.values(), *scores}]
    for name in free:
        if frame[name].n_unique() == most and not frame.select(pl.struct(*keys, name).is_duplicated().any()).item():
            raise EvidenceError(
                f"{where}: item {item!r} stands {len(first)} times, and {name!r} tells its rows apart. Say what it "
                f"holds: --column draw={name} for further answers, --column metric={name} for another reading of one"
            )
    count = twice["_item"].n_unique()
    told.append(
        f"{path.name}: {how_many(count, 'item')} {'stands' if count == 1 else 'stand'} several times, and no column "
        "numbers their rows: read as draws, in their order."
    )
    return frame.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).over(keys).alias("_draw"))


def _long(frame: pl.DataFrame, column: str, names: Mapping[str, str], title: str) -> pl.DataFrame:
    """Return one column's scores, with the columns of `RunScores` and the model and the task."""
    import polars as pl

    from seatrial.formats.frames import as_number, as_text

    def held(what: str, default: pl.Expr) -> pl.Expr:
        return (pl.col(f"_{what}").fill_null(default) if what in names else default).alias(what)

    value = as_number(pl.col(column), frame.schema[column])
    number = pl.when(value.is_finite()).then(value)
    text = as_text(pl.col(column), frame.schema[column])
    blank = text.is_null() | text.str.strip_chars().str.to_lowercase().is_in(["", "nan", "none", "null"])
    item = pl.col("_item")
    made = frame.select(
        held("metric", pl.lit("")) if not title else pl.lit(title).alias("metric"),
        item.alias("item"),
        pl.col("_draw").alias("draw"),
        number.alias("value"),
        pl.when(number.is_not_null())
        .then(pl.lit(""))
        .when(blank)
        .then(pl.lit(NO_SCORE))
        .otherwise(pl.lit("not a number: '") + text.str.slice(0, 38) + pl.lit("'"))
        .alias("reason"),
        held("cluster", item),
        held("use_case", pl.lit("general")),
        pl.col("_digest").alias("digest"),
        held("model", pl.lit("")),
        held("task", pl.lit("")),
    )
    return made.rename({"metric": "score"})
