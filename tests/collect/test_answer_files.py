"""Where answers are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from seatrial.collect import ResponseStore
from seatrial.collect import answer_files as files
from seatrial.collect.answer_files import Objects, Part, leave_word, part_of, word_left
from seatrial.errors import StoreError
from seatrial.types import Response

pytest.importorskip("fsspec")


def _put(root: Path | str, part: Part, *items: str) -> None:
    with ResponseStore(root, part) as store:
        for item in items:
            store.put(_key(item), "candidate", Response(item, "s", 0, f"Answer {item}."))


def _key(item: str) -> str:
    return f"{item:0>64}".replace("i", "a")


def _held(root: Path | str, part: Part) -> int:
    with ResponseStore(root, part) as store:
        return len(store)


@pytest.mark.parametrize("kind", ["folder", "objects"])
def test_each_part_knows_its_own_answers_whoever_wrote_them(tmp_path: Path, kind: str) -> None:
    """Whatever number of parts an earlier run had, each answer is known to one part of the next."""
    root: Path | str = tmp_path if kind == "folder" else f"local://{tmp_path}/bucket"
    items = [f"i{number}" for number in range(40)]
    _put(root, Part(0, 1), *items[:10])
    for number in range(2):
        _put(root, Part(number, 2), *(item for item in items[10:] if part_of(item, 2) == number))
    assert _held(root, Part(0, 1)) == 40
    held = [_held(root, Part(number, 3)) for number in range(3)]
    assert sum(held) == 40 and min(held) > 3


@pytest.mark.parametrize("kind", ["folder", "objects"])
def test_an_answer_is_read_from_where_it_is(tmp_path: Path, kind: str) -> None:
    """Its own file or another part's, in any order, and those put after the store was opened."""
    root: Path | str = tmp_path if kind == "folder" else f"local://{tmp_path}/bucket"
    items = [f"i{number}" for number in range(30)]
    for number in range(3):
        _put(root, Part(number, 3), *(item for item in items[:24] if part_of(item, 3) == number))
    with ResponseStore(root, Part(0, 1)) as store:
        for item in items[24:]:
            store.put(_key(item), "candidate", Response(item, "s", 0, f"Answer {item}."))
            for asked in reversed(items[: items.index(item) + 1]):
                found = store.get(_key(asked))
                assert found is not None
                assert (found.item, found.text) == (asked, f"Answer {asked}.")


def test_a_part_reads_no_file_that_cannot_hold_its_answers() -> None:
    """Files of other parts of as many are passed over; all others are read."""
    read = [
        name
        for name in ("answers", "answers-0000-of-0002", "answers-0001-of-0002", "answers-0001-of-0003")
        if Part(1, 2).may_read(f"{name}.jsonl") and Part(1, 2).may_read(f"{name}-20260102T030405-ab-000000.jsonl")
    ]
    assert read == ["answers", "answers-0001-of-0002", "answers-0001-of-0003"]
    assert Part(0, 1).may_read("answers-0001-of-0002.jsonl")


def test_a_store_without_parts_reads_its_own_file_alone(tmp_path: Path) -> None:
    """A review's answers are those of its file, which its entry in the ledger covers."""
    _put(tmp_path, Part(0, 2), "i1")
    with ResponseStore(tmp_path) as store:
        assert len(store) == 0


def test_answers_wait_a_second_for_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An object is made of what came within a second; what waits is kept when the store is closed or told to."""
    root, objects = f"local://{tmp_path}", tmp_path / "responses"
    with ResponseStore(root, Part(0, 1)) as store:
        for number in range(3):
            store.put(f"{number}", "candidate", Response(f"{number}", "s", 0, "Yes."))
        assert not list(objects.glob("answers*"))
        store.flush()
        assert len(list(objects.glob("answers*"))) == 1
        monkeypatch.setattr(files, "SECONDS_UNWRITTEN", 0.0)
        store.put("3", "candidate", Response("3", "s", 0, "Yes."))
        store.put("4", "candidate", Response("4", "s", 0, "Yes."))
        assert len(list(objects.glob("answers*"))) == 3
    assert _held(root, Part(0, 1)) == 5


def test_a_word_is_seen_in_the_same_place_alone(tmp_path: Path) -> None:
    """Another folder, and memory that another process does not share, do not hold it."""
    leave_word(str(tmp_path / "one"), "word")
    assert word_left(str(tmp_path / "one")) == "word"
    assert word_left(f"local://{tmp_path}/one") == "word"
    assert word_left(str(tmp_path / "two")) == ""
    assert word_left("memory://nowhere") == ""


def test_what_cannot_be_used_is_told_in_a_sentence(tmp_path: Path) -> None:
    """An address of no known kind, a file in the folder's place, and a store that fails on the way."""
    with pytest.raises(StoreError, match="Give a folder, or install it"):
        ResponseStore("nothing://x", Part(0, 1))
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StoreError, match="cannot be written"):
        leave_word(str(tmp_path / "file"), "word")
    with pytest.raises(StoreError, match="cannot be written"), ResponseStore(f"local://{tmp_path}/file", Part(0, 1)):
        pass


def test_a_store_that_fails_on_the_way_says_what_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the error of what opens the address."""

    def refuse(self: Objects) -> None:
        raise RuntimeError("the token has ended")

    store = ResponseStore(f"local://{tmp_path}", Part(0, 1))
    with pytest.raises(StoreError, match=r"the token has ended\. 1 answers are kept"), store:
        store.put("k", "candidate", Response("i", "s", 0, "Yes."))
        monkeypatch.setattr(Objects, "flush", refuse)
