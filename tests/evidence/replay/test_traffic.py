"""Files of real traffic."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from seatrial.errors import EvidenceError
from seatrial.evidence.replay.traffic import CUT, KINDS, OTHER, TWICE, Counted, conversations, traffic_files

U = {"role": "user", "content": "q"}
A = {"role": "assistant", "content": "a"}
WILD = {
    "conversation_hash": "h",
    "model": "m",
    "language": "English",
    "conversation": [{**U, "hashed_ip": "ip"}, {**A, "hashed_ip": None}],
}


def _lines(path: Path, *rows: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(one if isinstance(one, str) else f"{json.dumps(one)}\n" for one in rows), encoding="utf-8")
    return path


def test_every_row_is_taken_or_counted_with_its_reason(tmp_path: Path) -> None:
    """Nothing is lost: what is usable and what was dropped come to all rows; the first of each is named."""
    path = _lines(
        tmp_path / "log.jsonl",
        {"id": "1", "messages": [U, A]},
        {"id": "2", "messages": [U, A]},
        {"id": "1", "messages": [U, A]},
        {"messages": [A]},
        '{"messages": [{"role"\n',
        "[1]\n",
        {"id": "3", "messages": [U, {"role": "tool", "content": "x"}, A]},
    )
    counted = Counted()
    found = list(conversations(traffic_files([path]), counted))
    assert [one.id for one in found] == ["1", "2"]
    assert counted.usable == 2 and counted.rows == 7 == counted.usable + sum(counted.dropped.values())
    assert counted.dropped[TWICE] == 1 and counted.first[TWICE].endswith("log.jsonl:3")
    assert any("not JSON" in why for why in counted.dropped)


def test_many_broken_lines_are_few_reasons(tmp_path: Path) -> None:
    """Where in a line it breaks makes no reason of its own, and beyond some kinds all are one; none is lost."""
    lines = [f'{{"id": "{"x" * number}", "messages": [\n' for number in range(60)]
    counted = Counted()
    assert not list(conversations([_lines(tmp_path / "cut.jsonl", *lines)], counted))
    assert len(counted.dropped) == 1 and counted.rows == 60
    for number in range(60):
        counted.drop(f"reason {number}", f"log:{number}")
    assert len(counted.dropped) == KINDS + 1 and counted.dropped[OTHER] == 61 - KINDS
    assert counted.rows == 120 == sum(counted.dropped.values()) and counted.first[OTHER] == f"log:{KINDS - 1}"


def test_a_list_of_json_is_read_one_after_another(tmp_path: Path) -> None:
    """And an object that holds its data; where it ends in the midst, what came before is kept and the rest counted."""
    rows = [{"id": f"{number}", "messages": [U, A]} for number in range(3)]
    for name, text, held in (
        ("list.json", json.dumps(rows), 3),
        ("data.json", json.dumps({"data": rows}), 3),
        ("cut.json", json.dumps(rows)[:-20], 2),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")
        counted = Counted()
        assert len(list(conversations([tmp_path / name], counted))) == held
        assert counted.rows == 3


def test_parquet_as_wildchat_has_it(tmp_path: Path) -> None:
    """Structures within lists come out as they went in."""
    pl.DataFrame([WILD]).write_parquet(tmp_path / "w.parquet")
    counted = Counted()
    (found,) = conversations([tmp_path / "w.parquet"], counted)
    assert (found.id, found.language, found.answer, counted.users) == ("h", "English", "a", 1)


def test_one_user_in_two_files_is_one_cluster(tmp_path: Path) -> None:
    """Folders are read whole, in the order of their names."""
    for name in ("b", "a"):
        _lines(tmp_path / "log" / f"{name}.jsonl", {**WILD, "conversation_hash": name})
    found = list(conversations(traffic_files([tmp_path / "log"]), Counted()))
    assert [one.id for one in found] == ["a", "b"]
    assert len({one.cluster for one in found}) == 1


def test_traces_that_are_kept_apart_lend_their_users(tmp_path: Path) -> None:
    """They are no conversations themselves, and are not counted as dropped."""
    _lines(
        tmp_path / "x" / "observations" / "1.jsonl",
        {"id": "o", "trace_id": "t", "type": "GENERATION", "input": "q", "output": "a"},
    )
    _lines(tmp_path / "x" / "traces" / "1.jsonl", {"id": "t", "user_id": "ann", "name": "chat", "input": "q"})
    counted = Counted()
    (found,) = conversations(traffic_files([tmp_path / "x"]), counted)
    assert found.user and counted.rows == 1 and not counted.dropped


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("none.jsonl", None, "no such file"),
        ("a.txt", "x", "expected a file that ends in"),
        ("empty", "", "holds no file"),
    ],
)
def test_what_cannot_be_read_says_so(tmp_path: Path, name: str, content: str | None, said: str) -> None:
    """A path that is not there, a file of another kind, an empty folder."""
    path = tmp_path / name
    if content:
        path.write_text(content, encoding="utf-8")
    elif content == "":
        path.mkdir()
    with pytest.raises(EvidenceError, match=said):
        traffic_files([path])


def test_a_file_that_cannot_be_read_is_counted_and_the_others_are_read(tmp_path: Path) -> None:
    """It is one row, for nobody knows how many it has; what a table says before its break is taken."""
    (tmp_path / "w.parquet").write_bytes(b"PAR1")
    (tmp_path / "t.csv").write_text('a,b\n1,2\n"open,3\n', encoding="utf-8")
    _lines(tmp_path / "z.jsonl", {"id": "1", "messages": [U, A]})
    counted = Counted()
    assert len(list(conversations(traffic_files([tmp_path]), counted))) == 1
    whys = {why: place for why, place in counted.first.items() if CUT in why}
    assert sorted(Path(place).name.partition(":")[0] for place in whys.values()) == ["t.csv", "w.parquet"]
    assert not any(str(tmp_path) in why for why in whys), "a file's name makes no reason of its own"
    assert counted.rows == counted.usable + sum(counted.dropped.values())


def test_half_a_letter_stops_nothing(tmp_path: Path) -> None:
    """A log may hold halves of letters, which nothing can store: each is a question mark."""
    row = {
        "id": "a\ud800",
        "messages": [{"role": "user", "content": "half \ud83d"}, {"role": "assistant", "content": "\udfffb"}],
    }
    (found,) = conversations([_lines(tmp_path / "log.jsonl", row)], Counted())
    assert (found.id, found.messages[0].content, found.answer) == ("a?", "half ?", "?b")
    found.cluster.encode()
