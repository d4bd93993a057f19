"""The table of observations."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seatrial.errors import EvidenceError, StoreError
from seatrial.observations import by_signal, digest, gate_pairs, read_observations, to_frame, write_observations
from seatrial.types import ROLES, Observation, Role
from tables import BLANKS, FORMATS, write_table

ROWS = [
    Observation("vibe/off", "baseline", "a", "c1", 0, 0.0, use_case="work"),
    Observation("vibe/off", "candidate", "a", "c1", 0, 1.0, use_case="work"),
    Observation("vibe/off", "candidate", "a", "c1", 1, 0.5, use_case="work", weight=3.0),
    Observation("vibe/off", "baseline", "b", "c1", 0, 0.25),
]


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".jsonl"])
def test_observations_survive_a_file(tmp_path: Path, suffix: str) -> None:
    """What is written is read back, whatever the format."""
    frame, path = to_frame(ROWS), tmp_path / f"o{suffix}"
    match suffix:
        case ".parquet":
            frame.write_parquet(path)
        case ".csv":
            frame.write_csv(path)
        case _:
            frame.write_ndjson(path)
    assert digest(read_observations(path)) == digest(frame)


def test_pairs_average_draws_by_weight_and_mark_what_is_missing() -> None:
    """An item's draws are averaged by weight; a model without an answer is NaN."""
    table = gate_pairs(to_frame(ROWS), "vibe/off")
    assert table.items.to_list() == ["a", "b"]
    assert table.candidate[0] == pytest.approx((1.0 + 3 * 0.5) / 4)
    assert np.isnan(table.candidate[1])
    assert table.with_unknown({"z": ("c9", "law")}).clusters.to_list() == ["c1", "c1", "c9"]


def test_the_digest_ignores_order() -> None:
    """The same observations in another order have the same digest; another value has another."""
    assert digest(to_frame(ROWS)) == digest(to_frame(ROWS[::-1]))
    assert digest(to_frame(ROWS)) != digest(to_frame(ROWS[1:]))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("signal,role,item\nx/y,baseline,a\n", "no column value"),
        ("signal,role,item,value,extra\nx/y,baseline,a,1,2\n", "unknown columns extra"),
        ("signal,role,item,value\nx/y,before,a,1\n", "role must be baseline or candidate, not 'before'"),
        (
            "signal,role,item,value\nx/y,baseline,a,1\nx/y,baseline,b,nan\n",
            r"not a finite number, not nan: 1 row \(2; first item: b",
        ),
        ("signal,role,item,value\nx/y,baseline,a,much\n", "value is not a number: 'much'"),
        ("signal,role,item,value,weight\nx/y,baseline,a,1,0\n", "weight must be above 0, not 0.0"),
        ("signal,role,item,value\nx/y,baseline,a,1\nx/y,baseline,a,2\n", "stand twice"),
        ("signal,role,item,value,cluster\nx/y,baseline,a,1,p\nx/y,candidate,a,2,q\n", "more than one cluster"),
    ],
)
def test_a_wrong_row_is_named(tmp_path: Path, text: str, words: str) -> None:
    """Rows that cannot be trusted are refused with their number and the first item."""
    path = tmp_path / "o.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(EvidenceError, match=words):
        read_observations(path)


def test_files_that_are_no_tables(tmp_path: Path) -> None:
    """A missing file, a strange suffix and garbage are refused in a sentence."""
    garbage = tmp_path / "o.parquet"
    garbage.write_bytes(b"no")
    for path, words in (
        (tmp_path / "no.csv", "no such file"),
        (tmp_path / "o.txt", "come as"),
        (garbage, "cannot be read"),
    ):
        with pytest.raises(EvidenceError, match=words):
            read_observations(path)


def test_an_unwritable_place(tmp_path: Path) -> None:
    """Writing into a missing folder is an error of the store."""
    with pytest.raises(StoreError, match="cannot be written"):
        write_observations(to_frame(ROWS), tmp_path / "none" / "o.parquet")


def _csv(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "o.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_absent_columns_take_their_defaults(tmp_path: Path) -> None:
    """An item is its own cluster, one draw, weight 1, a general use case, no rater, and the file is the source."""
    (row,) = read_observations(_csv(tmp_path, "signal,role,item,value\nx/y,baseline,7,1\n")).to_dicts()
    assert row == {
        "signal": "x/y",
        "role": "baseline",
        "item": "7",
        "cluster": "7",
        "draw": 0,
        "value": 1.0,
        "weight": 1.0,
        "use_case": "general",
        "rater": "",
        "source": "o.csv",
        "at": 0.0,
    }


def test_a_blank_in_an_optional_column_is_its_default(tmp_path: Path) -> None:
    """A row without a weight or a cluster is not lost beside rows that have one."""
    text = "signal,role,item,value,weight,cluster\nx/y,baseline,a,1,,\nx/y,baseline,b,1,2,c\n"
    frame = read_observations(_csv(tmp_path, text))
    assert frame["weight"].to_list() == [1.0, 2.0]
    assert frame["cluster"].to_list() == ["a", "c"]


def test_rows_count_from_one_over_the_whole_file(tmp_path: Path) -> None:
    """Signals that stand mixed are checked one by one, and yet a wrong row is named by its place in the file."""
    rows = [f"{'x/b' if number % 2 else 'x/a'},baseline,i{number},{'nan' if number == 6 else 1}" for number in range(9)]
    with pytest.raises(EvidenceError, match=r"not a finite number, not (nan|inf): 1 row \(7; first item: i6\)"):
        read_observations(_csv(tmp_path, "signal,role,item,value\n" + "\n".join(rows)))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("signal,role,item,value\n,baseline,a,1\n", "signal is missing"),
        ("signal,role,item,value\nx/y,,a,1\n", "role is missing"),
        ("signal,role,item,value\nx/y,baseline,,1\n", "item is missing"),
        ("signal,role,item,value\nx/y,baseline,a,inf\n", "value is not a finite number, not inf"),
        ("signal,role,item,value,weight\nx/y,baseline,a,1,inf\n", "weight must be above 0"),
        ("signal,role,item,value,use_case\nx/y,baseline,a,1,p\nx/y,candidate,a,2,q\n", "more than one use_case"),
        ("role,value\nbaseline,1\n", "no columns signal, item"),
    ],
)
def test_a_gap_is_never_filled_with_a_guess(tmp_path: Path, text: str, words: str) -> None:
    """What must be there and is not, or cannot be, is refused."""
    with pytest.raises(EvidenceError, match=words):
        read_observations(_csv(tmp_path, text))


def test_the_same_answer_by_two_raters_is_two_observations(tmp_path: Path) -> None:
    """Only a row whose role, item, draw and rater all stand already is doubled."""
    text = (
        "signal,role,item,value,rater,draw\nx/y,baseline,a,1,ana,0\nx/y,baseline,a,0,ben,0\n"
        "x/y,baseline,a,0,ana,1\nx/y,candidate,a,0,ana,0\nx/z,baseline,a,1,ana,0\n"
    )
    assert len(read_observations(_csv(tmp_path, text))) == 5


keys = st.tuples(
    st.sampled_from(["x/a", "x/b"]), st.sampled_from(["baseline", "candidate"]), st.integers(0, 4), st.integers(0, 2)
)


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(
    st.dictionaries(keys, st.tuples(st.floats(-1, 1), st.floats(0.1, 5)), min_size=1, max_size=20),
    st.randoms(use_true_random=False),
)
def test_pairs_are_the_means_by_weight(
    rows: dict[tuple[str, Role, int, int], tuple[float, float]], random: Random
) -> None:
    """In whatever order rows come, each model's mean by item is the plain weighted mean, and what is missing is NaN."""
    made = [
        Observation(signal, role, f"i{item}", f"c{item % 2}", draw, value, weight)
        for (signal, role, item, draw), (value, weight) in rows.items()
    ]
    random.shuffle(made)
    parts = by_signal(to_frame(made))
    assert set(parts) == {one.signal for one in made}
    assert sum(len(part) for part in parts.values()) == len(made)
    for signal, part in parts.items():
        table = gate_pairs(to_frame(made), signal)
        own = [one for one in made if one.signal == signal]
        assert table.items.to_list() == list(dict.fromkeys(one.item for one in own))
        assert set(part["signal"].to_list()) == {signal}
        for place, item in enumerate(table.items.to_list()):
            for role, column in (("baseline", table.baseline), ("candidate", table.candidate)):
                held = [(one.value, one.weight) for one in own if (one.role, one.item) == (role, item)]
                wanted = sum(v * w for v, w in held) / sum(w for _, w in held) if held else np.nan
                assert column[place] == pytest.approx(wanted, nan_ok=True)
            assert table.clusters[place] == f"c{int(item[1:]) % 2}"


def _rated(
    role: Role, item: str, draw: int = 0, value: float = 0.5, weight: float = 1.0, rater: str = ""
) -> Observation:
    return Observation("x/a", role, item, item, draw, value, weight, rater=rater)


def _shares(rows: list[Observation], asked: dict[str, int] | None = None) -> list[tuple[float, float]]:
    """Share of what was asked that came back, of either model, by item."""
    table = gate_pairs(to_frame(rows), "x/a", asked)
    return list(zip(table.baseline_answered.tolist(), table.candidate_answered.tolist(), strict=True))


def test_as_many_draws_were_asked_as_the_fullest_item_has() -> None:
    """Every item was asked as often as the one of which most draws are there, on both models together."""
    full = [_rated(role, "a", draw) for role in ROLES for draw in range(4)]
    part = [_rated("baseline", "b", 0), _rated("baseline", "b", 1), _rated("candidate", "b", 1)]
    assert _shares(full + part) == [(1.0, 1.0), (0.5, 0.25)]
    apart = [_rated("baseline", "a", 0), _rated("candidate", "a", 1)]
    assert _shares(apart) == [(0.5, 0.5)]
    assert _shares([_rated(role, item, 7) for role in ROLES for item in "ab"]) == [(1.0, 1.0)] * 2
    assert _shares([_rated("candidate", "a", 0), _rated("candidate", "a", 1)]) == [(0.0, 1.0)]


def test_what_was_asked_counts_where_it_is_known() -> None:
    """Items may have been asked differently often; more answers than were asked are no loss."""
    rows = [_rated(role, item, draw) for role in ROLES for item in "ab" for draw in range(2)]
    assert _shares(rows, {"a": 2, "b": 8}) == [(1.0, 1.0), (0.25, 0.25)]
    assert _shares([_rated(role, "a") for role in ROLES], {"a": 4}) == [(0.25, 0.25)]
    assert _shares(rows, {"a": 1}) == [(1.0, 1.0)] * 2


def test_a_number_that_was_not_given_was_asked() -> None:
    """NaN stands for an answer that was asked and did not come: it is no part of the mean, and it is lost."""
    rows = [
        _rated(role, "a", draw, math.nan if draw and role == "candidate" else 0.5) for role in ROLES for draw in (0, 1)
    ]
    assert _shares(rows) == [(1.0, 0.5)]
    assert gate_pairs(to_frame(rows), "x/a").candidate.tolist() == [0.5]
    assert _shares([_rated(role, "a", draw, math.nan if draw else 0.5) for role in ROLES for draw in (0, 1)]) == [
        (0.5, 0.5)
    ]
    assert _shares([_rated(role, "a", value=math.nan) for role in ROLES]) == [(0.0, 0.0)]


def test_raters_are_no_draws() -> None:
    """Items may have differently many raters; what one answer has fewer than the other's is lost, with its weight."""
    ana, ben = ("ana", 3.0), ("ben", 1.0)

    def by(role: Role, item: str, *raters: tuple[str, float], draw: int = 0) -> list[Observation]:
        return [_rated(role, item, draw, 0.5, weight, name) for name, weight in raters]

    assert _shares([*by("baseline", "a", ana, ben), *by("candidate", "a", ana, ben), *by("baseline", "b", ben),
                    *by("candidate", "b", ben)]) == [(1.0, 1.0)] * 2  # fmt: skip
    assert _shares([*by("baseline", "a", ana, ben), *by("candidate", "a", ben)]) == [(1.0, 0.25)]
    assert _shares([*by("baseline", "a", ana), *by("candidate", "a", ben)]) == [(1.0, 1.0)]
    twice = [*by("baseline", "a", ana, ben), *by("baseline", "a", ana, ben, draw=1), *by("candidate", "a", ana, ben)]
    assert _shares(twice) == [(1.0, 0.5)]


def test_a_lost_draw_weighs_as_on_the_other_side() -> None:
    """A draw that one model lacks has the weight of the other's; one that neither has, the mean of the others."""
    rows = [_rated("baseline", "a", 0, weight=1.0), _rated("baseline", "a", 1, weight=4.0), _rated("candidate", "a", 0)]
    assert _shares(rows) == [(1.0, 0.2)]
    assert _shares(rows, {"a": 4}) == [(0.5, 0.1)]


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(0.1, 5)), min_size=8, max_size=8),
    st.sets(st.integers(0, 7), max_size=5),
)
def test_what_is_known_and_what_is_lost_make_the_whole(answers: list[tuple[float, float]], lost: set[int]) -> None:
    """Whatever draws and ratings of the candidate are lost, the whole lies between the extremes of what is left."""
    places = [(draw, rater) for draw in range(4) for rater in ("ana", "ben")]
    rows = [
        _rated(role, "a", draw, value, weight, rater)
        for role in ROLES
        for number, ((draw, rater), (value, weight)) in enumerate(zip(places, answers, strict=True))
        if role == "baseline" or number not in lost
    ]
    table = gate_pairs(to_frame(rows), "x/a")
    (whole,), (known,), (share,) = table.baseline, table.candidate, table.candidate_answered
    held = sum(weight for number, (_, weight) in enumerate(answers) if number not in lost)
    assert share == pytest.approx(held / sum(weight for _, weight in answers))
    assert bool(share == 1.0) is (not lost)
    assert share * known - 1e-9 <= whole <= share * known + (1 - share) + 1e-9


def test_the_digest_sees_every_value_and_no_time() -> None:
    """When and from which file a number came changes no digest; who gave it, to whom and how much it counts does."""
    one = ROWS[0]
    base = digest(to_frame([one]))
    for same in (replace(one, at=9.0), replace(one, source="other.csv")):
        assert digest(to_frame([same])) == base
    others = [
        replace(one, value=0.5),
        replace(one, rater="ana"),
        replace(one, weight=2.0),
        replace(one, use_case="law"),
        replace(one, cluster="c9"),
        replace(one, draw=1),
        replace(one, item="z"),
        replace(one, role="candidate"),
        replace(one, signal="vibe/x"),
    ]
    assert len({digest(to_frame([other])) for other in others} | {base}) == len(others) + 1


def test_no_rows_are_a_table(tmp_path: Path) -> None:
    """A file with a header alone is empty evidence, not an error."""
    frame = read_observations(_csv(tmp_path, "signal,role,item,value\n"))
    assert frame.schema == to_frame([]).schema
    assert len(frame) == 0


ROW = {"signal": "x/y", "role": "baseline", "item": "a", "value": 1}


@pytest.mark.parametrize("kind", FORMATS)
def test_a_blank_is_the_default_in_every_format(tmp_path: Path, kind: str) -> None:
    """Nothing, an empty text and spaces all mean that the cell says nothing."""
    rows = [
        ROW | {"item": f"i{n}", **dict.fromkeys(("cluster", "use_case", "rater", "draw"), blank)}
        for n, blank in enumerate(BLANKS)
    ]
    frame = read_observations(write_table(tmp_path / f"o.{kind}", [*rows, ROW | {"cluster": " c ", "draw": 1}]))
    assert frame["cluster"].to_list() == ["i0", "i1", "i2", "c"]
    assert frame["use_case"].to_list() == ["general"] * 4
    assert frame["rater"].to_list() == [""] * 4
    assert frame["draw"].to_list() == [0, 0, 0, 1]


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("blank", BLANKS)
@pytest.mark.parametrize("column", ["signal", "role", "item"])
def test_a_blank_in_a_needed_column_is_refused_with_its_rows(
    tmp_path: Path, kind: str, column: str, blank: str | None
) -> None:
    """No row is dropped because nobody says what it is about."""
    rows = [ROW, ROW | {"item": "b", column: blank}, ROW | {"item": "c"}]
    with pytest.raises(EvidenceError, match=rf"{column} is missing: 1 row \(2"):
        read_observations(write_table(tmp_path / f"o.{kind}", rows))


def test_packed_names_may_be_blank_too(tmp_path: Path) -> None:
    """Names that stand in the file as categories are read by the same rules as texts."""
    frame = pl.DataFrame([ROW | {"item": f"i{n}", "cluster": blank} for n, blank in enumerate((*BLANKS, "c"))])
    names = ("signal", "role", "item", "cluster")
    frame.with_columns(pl.col(*names).cast(pl.Categorical())).write_parquet(tmp_path / "o.parquet")
    assert read_observations(tmp_path / "o.parquet")["cluster"].to_list() == ["i0", "i1", "i2", "c"]


@pytest.mark.parametrize("kind", FORMATS)
def test_a_number_is_the_word_that_it_is_written_as(tmp_path: Path, kind: str) -> None:
    """The id 7 is the id "7", whatever stands in the ten thousand rows before; zeros before it make another."""
    rows = [ROW | {"item": n} for n in range(10_000)] + [ROW | {"item": "007"}, ROW | {"item": "x"}]
    frame = read_observations(write_table(tmp_path / f"o.{kind}", rows))
    assert frame["item"].cast(str).to_list() == [*map(str, range(10_000)), "007", "x"]
    with pytest.raises(EvidenceError, match=r"value is not a number: '\w+': 1 row \(10003; first item: z\)"):
        read_observations(write_table(tmp_path / f"o.{kind}", [*rows, ROW | {"item": "z", "value": "high"}]))


def test_whole_numbers_of_any_type_are_one_id(tmp_path: Path) -> None:
    """Ids become fractions where one of them is missing elsewhere, and are ids all the same."""
    ids = [pl.Series([7], dtype=kind) for kind in (pl.Int8(), pl.UInt64(), pl.Float32(), pl.Float64())]
    for number, item in enumerate(ids):
        frame = pl.DataFrame([ROW]).with_columns(item.alias("item"))
        frame.write_parquet(tmp_path / f"{number}.parquet")
        assert read_observations(tmp_path / f"{number}.parquet")["item"].to_list() == ["7"]


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("names", [(1, 2), (0, 1), ("a", "b"), ("run 1", "2"), (1.5, 2.5)])
def test_all_draws_are_read_whatever_they_are_called(tmp_path: Path, kind: str, names: tuple[Any, Any]) -> None:
    """Repetitions may have numbers from anywhere, or names."""
    rows = [ROW | {"draw": name, "value": value} for name, value in zip(names, (0.0, 1.0), strict=True)]
    frame = read_observations(write_table(tmp_path / f"o.{kind}", rows))
    assert frame["draw"].n_unique() == 2
    assert gate_pairs(frame, "x/y").baseline.tolist() == [0.5]


@pytest.mark.parametrize("kind", FORMATS)
def test_values_not_differences_are_held_to_the_scale(tmp_path: Path, kind: str) -> None:
    """A scale of 3 to 5 is not [0, 1] because its differences fit; the message says how to declare it."""
    path = write_table(
        tmp_path / f"o.{kind}", [ROW, ROW | {"item": "b", "value": 3.5}, ROW | {"item": "c", "value": -1}]
    )
    words = r"value 3\.5 of x/y is outside \[0, 1\].*signals: \{x/y: \{bounds: .*: 2 rows \(2, 3; first item: b\)"
    with pytest.raises(EvidenceError, match=words):
        read_observations(path, {"x/y": (0.0, 1.0)})
    write_table(tmp_path / "near.csv", [ROW | {"value": 1 + 1e-12}])
    assert len(read_observations(tmp_path / "near.csv", {"x/y": (0.0, 1.0)})) == 1
    assert len(read_observations(path, {"x/y": (-1.0, 5.0), "x/z": (0.0, 1.0)})) == 3
