"""Tables of rewards: what is refused, what is left out, what is said of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from seatrial.errors import EvidenceError
from seatrial.evidence.rewards.table import read_table, table_of
from tables import BLANKS, FORMATS, write_table


def _frame(prompts: int = 6, draws: int = 4, seed: int = 0) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    size = prompts * draws
    return pl.DataFrame(
        {
            "prompt": [f"p{place // draws}" for place in range(size)],
            "completion": [f"answer {place}" for place in range(size)],
            "reward/main": rng.normal(size=size),
            "reward/new": rng.normal(size=size),
            "behavior/praise": rng.random(size),
        }
    )


def test_columns_and_prompts_are_found_by_their_names() -> None:
    """Rewards and behaviors are what their prefixes say; completions stand by prompt."""
    table = table_of(_frame().sample(fraction=1.0, shuffle=True, seed=3), "t")
    assert table.signals == ("main", "new") and table.behaviors == ("praise",)
    assert table.groups.sizes.tolist() == [4] * 6
    assert not table.notes


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".jsonl"])
def test_all_kinds_of_file_are_read_alike(suffix: str, tmp_path: Path) -> None:
    """Parquet, CSV and JSONL of the same rows give the same numbers."""
    frame, path = _frame(), tmp_path / f"t{suffix}"
    writers: dict[str, Callable[[Path], object]] = {
        ".parquet": frame.write_parquet,
        ".csv": frame.write_csv,
        ".jsonl": frame.write_ndjson,
    }
    writers[suffix](path)
    np.testing.assert_allclose(read_table(path).rewards, table_of(frame, "t").rewards)


def test_a_constant_reward_is_said_to_train_nothing() -> None:
    """A column that is the same everywhere, or within every prompt, pulls nothing; the reader is told."""
    frame = _frame().with_columns(pl.col("prompt").str.slice(1).cast(pl.Float64).alias("reward/new"))
    assert any("it trains nothing" in note for note in table_of(frame, "t").notes)


def test_silence_counts_as_the_mean_of_the_prompt() -> None:
    """Where a signal is missing or NaN it is neither better nor worse than the prompt's others, and it is counted."""
    frame = _frame()
    values = frame["reward/new"].to_list()
    values[1], values[2] = None, float("nan")
    table = table_of(frame.with_columns(pl.Series("reward/new", values)), "t")
    first = table.rewards[:4, 1]
    assert first[1] == first[2] == pytest.approx((values[0] + values[3]) / 2)
    assert any("silent on 2 of 24" in note for note in table.notes)


def test_a_wild_scale_is_pointed_out() -> None:
    """A signal on a thousand times the others' scale takes over the sum; the reader is told."""
    frame = _frame().with_columns(pl.col("reward/new") * 5000)
    frame = frame.with_columns(pl.col("reward/main").alias("reward/other") * 1.1)
    assert any("times as far as the others" in note for note in table_of(frame, "t").notes)


def test_prompts_with_one_completion_are_left_out_and_counted() -> None:
    """An advantage compares several completions: a lone one cannot be used, and a table of such is refused."""
    frame = _frame()
    assert any("1 prompts have one completion" in note for note in table_of(frame[:-3], "t").notes)
    with pytest.raises(EvidenceError, match="every prompt has one completion"):
        table_of(_frame(draws=1), "t")


def test_duplicates_are_counted_and_doubled_draws_refused() -> None:
    """The same text twice counts as drawn; the same draw twice is an error in the file."""
    frame = _frame().with_columns(pl.lit("same").alias("completion"))
    assert any("stand more than once" in note for note in table_of(frame, "t").notes)
    with pytest.raises(EvidenceError, match="stand twice"):
        table_of(_frame().with_columns(pl.lit(0).alias("draw")), "t")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda frame: frame.drop("prompt"), "no column `prompt`"),
        (lambda frame: frame.rename({"reward/main": "a", "reward/new": "b"}), "which columns are rewards"),
        (lambda frame: frame.with_columns(pl.lit(float("inf")).alias("reward/new")), "no finite number"),
        (lambda frame: frame.with_columns(pl.lit("high").alias("reward/new")), "no finite number"),
        (lambda frame: frame.with_columns(pl.lit(-1e200).alias("reward/new")), r"reward/new is beyond ±1e\+100"),
        (lambda frame: frame.with_columns(pl.lit(None).cast(pl.Float64).alias("reward/new")), "empty on every row"),
    ],
)
def test_what_cannot_be_used_is_refused(change: object, words: str) -> None:
    """Each with what is wrong and what is there."""
    assert callable(change)
    with pytest.raises(EvidenceError, match=words):
        table_of(change(_frame()), "t")


def test_the_projects_instruments_read_where_there_is_no_behavior() -> None:
    """Without behavior columns the text instruments score the completions."""
    frame = _frame().drop("behavior/praise").with_columns(pl.lit("This is brilliant!").alias("completion"))
    table = table_of(frame, "t", behaviors=["text/praise"])
    assert table.behaviors == ("text/praise",) and (table.read > 0.5).all()


def test_a_blank_id_is_its_prompt(tmp_path: Path) -> None:
    """Prompts without an id are not pooled as one; a blank cluster is the prompt's own, a blank use case general."""
    first = pl.when(pl.col("prompt").is_in(["p0", "p1"]))
    blank = pl.lit(None).cast(pl.String).alias("item")
    frame = _frame().with_columns(
        blank, first.then(pl.lit("c")).alias("cluster"), first.then(pl.lit("law")).alias("use_case")
    )
    frame.write_csv(tmp_path / "t.csv")
    for table in (table_of(frame, "t"), read_table(tmp_path / "t.csv")):
        assert table.prompts == ("p0", "p1", "p2", "p3", "p4", "p5")
        assert table.clusters.tolist() == ["c", "c", "p2", "p3", "p4", "p5"]
        assert table.kinds.tolist() == ["law"] * 2 + ["general"] * 4


def test_numbers_are_named_where_no_column_says_reward(tmp_path: Path) -> None:
    """In a file of text too, the columns that hold numbers are offered, and those that hold words are not."""
    path = tmp_path / "t.csv"
    _frame().rename({"reward/main": "a", "reward/new": "b"}).with_columns(pl.lit("x").alias("c")).write_csv(path)
    with pytest.raises(EvidenceError, match=r"numbers here: a, b, behavior/praise\)"):
        read_table(path)


def _rows(**cells: Any) -> list[dict[str, Any]]:
    return [
        {"prompt": f"p{n // 3}", "completion": f"c{n}", "reward/r": n % 3 + 0.5, "behavior/b": 0.5 * (n % 2)} | cells
        for n in range(12)
    ]


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("blank", BLANKS)
def test_a_blank_is_the_default_in_every_format(tmp_path: Path, kind: str, blank: str | None) -> None:
    """A blank item is its prompt, a blank cluster the prompt's own, a use case general, a draw a new one."""
    rows = _rows(item=blank, cluster=blank, use_case=blank, draw=blank)
    table = read_table(write_table(tmp_path / f"t.{kind}", rows))
    assert table.prompts == ("p0", "p1", "p2", "p3")
    assert table.clusters.tolist() == ["p0", "p1", "p2", "p3"]
    assert table.kinds.tolist() == ["general"] * 4


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("blank", BLANKS)
def test_a_blank_prompt_is_refused_with_its_rows(tmp_path: Path, kind: str, blank: str | None) -> None:
    """Completions are not pooled because nobody says what they answer."""
    rows = [row | ({"prompt": blank} if n == 4 else {}) for n, row in enumerate(_rows())]
    with pytest.raises(EvidenceError, match=r"prompt is missing: 1 row \(5\)"):
        read_table(write_table(tmp_path / f"t.{kind}", rows))


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("column", ["prompt", "cluster", "use_case"])
def test_a_prompt_stands_in_one_place(tmp_path: Path, kind: str, column: str) -> None:
    """An item with two prompts, clusters or use cases is refused: the first one is no better than the second."""
    rows = [{"item": n // 3, "cluster": "c", "use_case": "u"} | row for n, row in enumerate(_rows())]
    rows[1] = rows[1] | {column: "other"}
    with pytest.raises(EvidenceError, match=rf"'0' stands with more than one {column}: 3 rows \(1, 2, 3\)"):
        read_table(write_table(tmp_path / f"t.{kind}", rows))


@pytest.mark.parametrize("kind", FORMATS)
def test_ids_are_words(tmp_path: Path, kind: str) -> None:
    """Zeros before a number stay, in items and in clusters: 0327 is no 327."""
    rows = [
        {"prompt": f"p{item}", "completion": f"c{n}", "reward/r": n + 0.5, "behavior/b": 0.5, "item": item}
        | {"cluster": f"0{item}"}
        for item in ("0327", "327", "01", "1") for n in range(3)
    ]  # fmt: skip
    table = read_table(write_table(tmp_path / f"t.{kind}", rows))
    assert table.prompts == ("0327", "327", "01", "1")
    assert table.clusters.tolist() == ["00327", "0327", "001", "01"]


@pytest.mark.parametrize("kind", FORMATS)
def test_draws_may_be_called_anything(tmp_path: Path, kind: str) -> None:
    """Names of draws are told apart as they are written; one that stands twice is refused."""
    rows = [row | {"draw": "abc"[n % 3]} for n, row in enumerate(_rows())]
    assert read_table(write_table(tmp_path / f"t.{kind}", rows)).groups.sizes.tolist() == [3] * 4
    with pytest.raises(EvidenceError, match=r"the same prompt and draw stand twice: 2 rows \(1, 2\)"):
        read_table(write_table(tmp_path / f"t.{kind}", [rows[0], rows[1] | {"draw": "a"}, *rows[2:]]))


def test_a_chat_as_a_prompt_is_read_in_every_format(tmp_path: Path) -> None:
    """Trainers keep prompts and completions as lists of turns: Parquet of them is read as JSON Lines of them is."""
    chat = pl.concat_list(pl.struct(role=pl.lit("user"), content=pl.col("prompt"))).alias("prompt")
    frame = _frame().with_columns(chat)
    frame.write_parquet(tmp_path / "t.parquet")
    frame.write_ndjson(tmp_path / "t.jsonl")
    first, second = (read_table(tmp_path / name) for name in ("t.parquet", "t.jsonl"))
    assert first.prompts == second.prompts
    assert len(first.prompts) == 6


def test_a_weight_beyond_all_computing_is_refused() -> None:
    """A mix is computed with numbers that do not overflow, or not at all."""
    with pytest.raises(EvidenceError, match=r"the weight 1e\+308 of new is beyond"):
        table_of(_frame(), "t").weights({"main": 1.0, "new": 1e308})
