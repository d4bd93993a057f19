"""The append-only store of answers."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
import tracemalloc
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import ROOT, enter
from ledgers import edit
from seatrial.collect import ResponseStore, call_key
from seatrial.collect.store import Answer
from seatrial.errors import LedgerError, StoreError
from seatrial.ledger import ledger_for
from seatrial.types import Item, Message, Request, Response, Usage

ITEM = Item("i", "s", (Message("user", "Is it?"),))
ANSWER = Response("i", "s", 0, "Yes – “ü” \ud83d", (("Yes", -0.5),), "stop", Usage(1, 2, 0.5, 0.1), (("a", "b"),))
ANSWER = replace(ANSWER, served=("gpt-x-0613", "fp_1"))


def test_an_answer_survives_reopening(tmp_path: Path) -> None:
    """What was put is got back after closing, byte for byte, even text that is no valid Unicode."""
    with ResponseStore(tmp_path) as store:
        store.put("k", "baseline", ANSWER)
    with ResponseStore(tmp_path) as store:
        assert store.get("k") == ANSWER
        assert len(store) == 1


def test_answers_are_nobody_elses_to_read(tmp_path: Path) -> None:
    """A new file is its owner's alone, and everybody's rights to an older one are taken."""
    path = tmp_path / "responses" / "answers.jsonl"
    for before, after in ((None, 0o600), (0o644, 0o640)):
        if before is not None:
            path.chmod(before)
        with ResponseStore(tmp_path) as store:
            store.put("k", "baseline", ANSWER)
        assert stat.S_IMODE(path.stat().st_mode) == after


def test_a_torn_last_line_is_dropped_and_the_rest_kept(tmp_path: Path) -> None:
    """A crash in the middle of a write costs that one answer only, and the file stays usable."""
    with ResponseStore(tmp_path) as store:
        store.put("k1", "baseline", ANSWER)
        store.put("k2", "baseline", ANSWER)
    path = tmp_path / "responses" / "answers.jsonl"
    path.write_bytes(path.read_bytes()[:-9])
    with ResponseStore(tmp_path) as store:
        assert store.get("k1") == ANSWER
        assert store.get("k2") is None
        store.put("k2", "baseline", ANSWER)
    with ResponseStore(tmp_path) as store:
        assert len(store) == 2


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    """A line that is no answer is an error with its number, not a silent loss."""
    (tmp_path / "responses").mkdir()
    (tmp_path / "responses" / "answers.jsonl").write_text('{"key": "a"}\n', encoding="utf-8")
    with pytest.raises(StoreError, match=r"answers.jsonl:1: not an answer"), ResponseStore(tmp_path):
        pass


def test_the_first_answer_to_a_call_stands(tmp_path: Path) -> None:
    """A line that is put below it, whoever wrote it, replaces nothing; only an answer taken over gives way, once."""
    said = [replace(ANSWER, text=f"This is the answer number {number}.") for number in range(4)]
    with ResponseStore(tmp_path) as store:
        store.put("k", "candidate", said[0])
        store.put("t", "baseline", said[0], Answer(said[0], datetime.now(UTC), "other"))
        store.put("t", "baseline", said[1])
    path = tmp_path / "responses" / "answers.jsonl"
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    with path.open("a", encoding="utf-8") as file:
        for line in lines:
            line["response"]["text"] = said[2].text
            file.write(json.dumps(line) + "\n")
    for _ in range(2):
        with ResponseStore(tmp_path) as store:
            assert [store.get("k"), store.get("t")] == [said[0], said[1]]
            store.put("k", "candidate", said[3])
            assert store.get("k") == said[0]


def test_an_answer_taken_over_that_gave_way_is_none_of_another_review(tmp_path: Path) -> None:
    """Once this review asked for itself, also when it is opened again, there is nothing of others to compare with."""
    with ResponseStore(tmp_path) as store:
        store.put("t", "baseline", ANSWER, Answer(ANSWER, datetime.now(UTC), "other"))
        assert store.has_others
        store.put("t", "baseline", ANSWER)
        assert not store.has_others
    with ResponseStore(tmp_path) as store:
        assert not store.has_others


@pytest.mark.parametrize("kind", ["folder", "objects"])
def test_memory_holds_no_answers(tmp_path: Path, kind: str) -> None:
    """Neither those that are put nor those that a store opens with, whether they are plain or have probabilities."""
    root: Path | str = tmp_path if kind == "folder" else f"local://{tmp_path}"
    long = Response("i", "s", 0, "a" * 100_000)
    tracemalloc.start()
    try:
        with ResponseStore(root) as store:
            for number in range(100):
                store.put(f"{number:064x}", "candidate", replace(long, first=(("a", -0.5),) * (number % 2)))
            store.flush()
            put, _ = tracemalloc.get_traced_memory()
        with ResponseStore(root) as store:
            opened, _ = tracemalloc.get_traced_memory()
            assert store.get(f"{99:064x}") == replace(long, first=(("a", -0.5),))
    finally:
        tracemalloc.stop()
    assert max(put, opened) < 3_000_000 < 100 * len(long.text)


WINDOWS = pytest.mark.skipif(sys.platform == "win32", reason="what is open cannot be removed")


@pytest.mark.parametrize("change", ["cut", "other", "no answer", pytest.param("removed", marks=WINDOWS)])
def test_an_answer_that_is_no_longer_where_it_was_is_told(tmp_path: Path, change: str) -> None:
    """Whatever else wrote to the file, no other answer is taken for it."""
    path = tmp_path / "responses" / "answers.jsonl"
    with ResponseStore(tmp_path) as store:
        store.put("k", "baseline", ANSWER)
        line = path.read_bytes()
        if change == "removed":
            path.unlink()
        else:
            path.write_bytes({"cut": line[:-9], "other": line.replace(b'"k"', b'"l"'), "no answer": b"{}\n"}[change])
        with pytest.raises(StoreError, match=r"answers.jsonl: an answer is no longer where it was. See what else"):
            store.get("k")


PLACES = [
    "key",
    "role",
    "response",
    "item",
    "suite",
    "draw",
    "text",
    "first",
    "stop",
    "usage",
    "tokens_in",
    "labels",
    "served",
]


@pytest.mark.parametrize("value", ["null", "[[]]", "{}", "NaN", "9" * 400, "[" * 50_000 + "]" * 50_000, "[[1, 2]]"])
@pytest.mark.parametrize("place", PLACES)
def test_a_line_of_odd_values_is_an_answer_or_broken(tmp_path: Path, place: str, value: str) -> None:
    """Whatever stands in a line, the review says which one it is; the same line in a review beside is not used."""
    with ResponseStore(tmp_path / "one") as store:
        store.put("k", "baseline", replace(ANSWER, text="Yes."))
    path = tmp_path / "one" / "responses" / "answers.jsonl"
    entry = json.loads(path.read_text(encoding="utf-8"))
    next(held for held in (entry, entry["response"], entry["response"]["usage"]) if place in held)[place] = "odd"
    line = json.dumps(entry).replace('"odd"', value) + "\n"
    path.write_text(line)
    try:
        with ResponseStore(tmp_path / "one") as store:
            held = store.own("k")
            assert (held is None) == (place == "key")
            if held is not None:
                assert isinstance(held.response.text, str) and held.response.usage.tokens_in >= 0
    except StoreError as error:
        assert f"{path}:1: not an answer" in str(error)
    with ResponseStore(tmp_path / "two") as store:
        assert store.taken_over("k") is None


def test_a_doubled_key_makes_a_line_no_answer(tmp_path: Path) -> None:
    """Of two texts in one line neither is the answer."""
    with ResponseStore(tmp_path) as store:
        store.put("k", "baseline", replace(ANSWER, text="Yes."))
    path = tmp_path / "responses" / "answers.jsonl"
    path.write_text(path.read_text().replace('"text":', '"text": "No.", "text":'))
    with pytest.raises(StoreError, match="not an answer"), ResponseStore(tmp_path):
        pass


def test_two_reviews_cannot_share_a_folder(tmp_path: Path) -> None:
    """A second writer is refused while the first holds the store."""
    with ResponseStore(tmp_path), pytest.raises(StoreError, match="another review"), ResponseStore(tmp_path):
        pass


HOLD = """
import sys, time
from pathlib import Path
from seatrial.collect import ResponseStore
with ResponseStore(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def test_another_process_holds_a_folder_until_it_ends(tmp_path: Path) -> None:
    """A review of another process is in the way while it runs, and is not once it was killed."""
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=env) as other:
        try:
            assert other.stdout is not None
            assert other.stdout.readline() == b"held\n"
            with pytest.raises(StoreError, match="another review"), ResponseStore(tmp_path):
                pass
        finally:
            other.kill()
    with ResponseStore(tmp_path) as store:
        store.put("k", "baseline", ANSWER)


FULL = r"the disk is full. 1 answers are kept"


def _fills(store: ResponseStore) -> None:
    """Have a store write to a disk that is full."""
    growing: Any = store._file
    growing._file.close()
    growing._file = Path("/dev/full").open("ab")  # noqa: SIM115  (the store closes it)


def test_a_full_disk_says_what_is_kept(tmp_path: Path) -> None:
    """When the disk is full the message says so, and how many answers are safe, also when the store is closed."""
    store = ResponseStore(tmp_path).__enter__()
    store.put("k1", "baseline", ANSWER)
    _fills(store)
    with pytest.raises(StoreError, match=FULL):
        store.put("k2", "baseline", ANSWER)
    with pytest.raises(StoreError, match=FULL):
        store.__exit__(None, None, None)
    with ResponseStore(tmp_path) as store:
        assert len(store) == 1


async def test_answers_of_one_turn_are_written_together(tmp_path: Path) -> None:
    """What comes in one turn of the event loop is in the file after it, and can be read before."""
    with ResponseStore(tmp_path) as store:
        for key in ("k1", "k2"):
            store.put_soon(key, "baseline", ANSWER)
        assert store.path.read_bytes() == b""
        await asyncio.sleep(0)
        assert store.path.read_bytes().count(b"\n") == 2
        store.put_soon("k3", "baseline", ANSWER)
        assert store.get("k3") == ANSWER
        store.put_soon("k4", "baseline", ANSWER)
        store.put("k5", "baseline", ANSWER)
        assert store.path.read_bytes().count(b"\n") == 5
        assert [store.get(f"k{number}") for number in range(1, 6)] == [ANSWER] * 5


async def test_a_disk_that_fills_while_nobody_waits(tmp_path: Path) -> None:
    """An answer that could not be written after its turn is told to whoever comes next, and does not count as kept."""
    store = ResponseStore(tmp_path).__enter__()
    store.put("k1", "baseline", ANSWER)
    _fills(store)
    store.put_soon("k2", "baseline", ANSWER)
    await asyncio.sleep(0)
    with pytest.raises(StoreError, match=FULL):
        store.put_soon("k3", "baseline", ANSWER)
    with pytest.raises(StoreError, match=FULL):
        store.hand_over()
    with pytest.raises(StoreError, match=FULL):
        store.__exit__(None, None, None)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """A file in the folder's place is an error in a sentence."""
    (tmp_path / "responses").write_text("", encoding="utf-8")
    with pytest.raises(StoreError, match="cannot be written"), ResponseStore(tmp_path):
        pass


def test_the_key_sees_all_that_decides_an_answer() -> None:
    """Model, role, conversation, draw and what is asked for make the key; the item's name does not."""
    base = Request(ITEM)
    keys = {
        call_key("m", "baseline", base),
        call_key("m2", "baseline", base),
        call_key("m", "candidate", base),
        call_key("m", "baseline", Request(ITEM, draw=1)),
        call_key("m", "baseline", Request(ITEM, max_tokens=1)),
        call_key("m", "baseline", Request(ITEM, top_logprobs=5)),
        call_key("m", "baseline", Request(Item("i", "s", (Message("user", "Is it not?"),)))),
    }
    assert len(keys) == 7
    assert call_key("m", "baseline", Request(Item("other", "t", ITEM.messages))) in keys


def test_it_must_be_open(tmp_path: Path) -> None:
    """Putting into a closed store, and reading what it knew, are programming errors."""
    with pytest.raises(RuntimeError):
        ResponseStore(tmp_path).put("k", "baseline", ANSWER)
    with ResponseStore(tmp_path) as store:
        store.put("k", "baseline", ANSWER)
    with pytest.raises(RuntimeError):
        store.get("k")


def test_the_file_only_grows(tmp_path: Path) -> None:
    """Putting, reopening and putting again never changes a byte that was written; the first answer of a key counts."""
    path = tmp_path / "responses" / "answers.jsonl"
    before = b""
    for number in range(4):
        with ResponseStore(tmp_path) as store:
            store.put(f"k{number % 3}", "baseline", replace(ANSWER, draw=number))
        after = path.read_bytes()
        assert after.startswith(before) and after.endswith(b"\n") and len(after) > len(before)
        before = after
    assert len(before.splitlines()) == 4
    with ResponseStore(tmp_path) as store:
        assert [answer.draw for key in ("k0", "k1", "k2") if (answer := store.get(key)) is not None] == [0, 1, 2]


@settings(deadline=None, max_examples=40)
@given(cut=st.integers(0, 400))
def test_a_cut_anywhere_costs_no_whole_line(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    """However many bytes of the end a crash leaves out, every answer whose line is whole is there when reopened."""
    folder = tmp_path_factory.mktemp("cut")
    with ResponseStore(folder) as store:
        for number in range(3):
            store.put(f"k{number}", "candidate", replace(ANSWER, draw=number))
    path = folder / "responses" / "answers.jsonl"
    content = path.read_bytes()
    kept = content[: max(0, len(content) - cut)]
    path.write_bytes(kept)
    with ResponseStore(folder) as store:
        assert len(store) == kept.count(b"\n")
    assert path.read_bytes() == kept[: kept.rfind(b"\n") + 1]


@given(
    text=st.text(st.characters(codec=None)),
    first=st.lists(st.tuples(st.text(), st.floats(allow_nan=False)), max_size=3),
)
@settings(deadline=None, max_examples=60)
def test_any_answer_is_got_back(
    tmp_path_factory: pytest.TempPathFactory, text: str, first: list[tuple[str, float]]
) -> None:
    """Line breaks of any kind, lone surrogates and probabilities of zero survive the file."""
    folder, answer = tmp_path_factory.mktemp("any"), replace(ANSWER, text=text, first=tuple(first))
    with ResponseStore(folder) as store:
        store.put("k", "baseline", answer)
    with ResponseStore(folder) as store:
        assert store.get("k") == answer


def _texts(store: ResponseStore, *keys: str) -> list[str | None]:
    return [found.response.text if (found := store.taken_over(key)) is not None else None for key in keys]


def test_every_field_of_an_answer_is_written(tmp_path: Path) -> None:
    """Under its own name, with those of its usage."""
    answer = Response("i", "s", 3, "Yes.", (("Yes", -0.5),), "length", Usage(1, 2, 3.0, 4.0))
    answer = replace(answer, labels=(("a", "b"),), thinking="hm", served=("gpt-x-0613", "fp_1"))
    with ResponseStore(tmp_path) as store:
        store.put("k", "candidate", answer)
    written = json.loads((tmp_path / "responses" / "answers.jsonl").read_text(encoding="utf-8"))["response"]
    assert written == json.loads(json.dumps(asdict(answer)))


def test_only_the_baselines_answers_are_taken_from_a_review_beside(tmp_path: Path) -> None:
    """The candidate is always asked anew; a review's own file is not one beside it."""
    with ResponseStore(tmp_path / "first") as store:
        for key, role in (("b", "baseline"), ("c", "candidate"), ("j", "judge")):
            store.put(key, role, ANSWER)
        assert store.taken_over("b") is None
        assert not store.has_others
        assert store.own("c") is not None
    enter(tmp_path / "first")
    with ResponseStore(tmp_path / "second") as store:
        assert _texts(store, "b", "c", "j") == [ANSWER.text, None, None]
        assert store.has_others
        assert store.get("b") is None
        store.put("b", "baseline", ANSWER, store.taken_over("b"))
    shutil.rmtree(tmp_path / "first")
    with ResponseStore(tmp_path / "second") as store:
        assert store.has_others, "a copy of one is here"


def test_a_broken_review_beside_does_no_harm(tmp_path: Path) -> None:
    """Torn, foreign and unreadable lines of another review are passed over; its good ones are used."""
    with ResponseStore(tmp_path / "first") as store:
        store.put("b", "baseline", ANSWER)
    path = tmp_path / "first" / "responses" / "answers.jsonl"
    path.write_bytes(b'[1]\n{"role": "baseline"}\n\xff\n\n' + path.read_bytes() + b'{"key": "t", "ro')
    path.with_name("changed.json").write_text("[]", encoding="utf-8")
    (tmp_path / "third" / "responses" / "answers.jsonl").mkdir(parents=True)
    enter(tmp_path / "first")
    with ResponseStore(tmp_path / "second") as store:
        assert _texts(store, "b", "t") == [ANSWER.text, None]
        assert store.changed_at("m") is None


PLANTED = replace(ANSWER, text="planted")


def _plant(folder: Path, *keys: str) -> None:
    """Add answers of today to a review's file by hand."""
    with ResponseStore(folder) as store:
        for key in keys:
            store.put(key, "baseline", PLANTED)


def test_only_answers_that_an_entry_covers_are_taken_over(tmp_path: Path) -> None:
    """What was added after the entry is left out, for keys that are covered and others, and is told from no answer."""
    with ResponseStore(tmp_path / "first") as store:
        store.put("covered", "baseline", ANSWER)
    enter(tmp_path / "first")
    _plant(tmp_path / "first", "covered", "added")
    with ResponseStore(tmp_path / "second") as store:
        assert _texts(store, "covered", "added", "nowhere") == [ANSWER.text, None, None]
        assert [store.not_covered(key) for key in ("added", "nowhere")] == [True, False]
    with ResponseStore(tmp_path / "third") as store:
        assert [store.not_covered(key) for key in ("added", "nowhere")] == [True, False], "asked before all else"


def test_answers_that_were_changed_or_never_entered_are_not_taken_over(tmp_path: Path) -> None:
    """One letter changed voids the file; a review without an entry, and one of an earlier version, have none."""
    for name in ("changed", "unfinished", "early"):
        with ResponseStore(tmp_path / name) as store:
            store.put(name, "baseline", ANSWER)
    enter(tmp_path / "changed")
    path = tmp_path / "changed" / "responses" / "answers.jsonl"
    path.write_bytes(path.read_bytes().replace(b"Yes", b"Yex"))
    ledger_for(tmp_path / "early").append("decision", "ann", {"folder": "early"})
    with ResponseStore(tmp_path / "now") as store:
        for name in ("changed", "unfinished", "early"):
            assert (store.taken_over(name), store.not_covered(name)) == (None, True), name


def test_nothing_is_taken_over_beside_a_broken_ledger(tmp_path: Path) -> None:
    """Without a chain that holds there is no telling what was changed."""
    _plant(tmp_path / "first", "b")
    entry = enter(tmp_path / "first")
    ledger = ledger_for(tmp_path / "first")
    edit(ledger, lambda content: content.replace(entry.at, "2020-01-01T00:00:00+00:00"))
    with ResponseStore(tmp_path / "now") as store, pytest.raises(LedgerError, match="edited"):
        store.taken_over("b")


def test_an_answer_keeps_its_day_and_the_review_that_asked(tmp_path: Path) -> None:
    """What was taken over is told from what was asked, through any number of reviews, and with the day it was given."""
    began = datetime.now(UTC)
    with ResponseStore(tmp_path / "first") as store:
        store.put("b", "baseline", ANSWER)
    enter(tmp_path / "first")
    for name in ("second", "third"):
        with ResponseStore(tmp_path / name) as store:
            found = store.taken_over("b")
            assert found is not None and found.at is not None
            assert (found.review, began <= found.at <= datetime.now(UTC)) == ("first", True)
            store.put("b", "baseline", found.response, found)
            assert (store.own("b"), store.get("b")) == (None, ANSWER)
        enter(tmp_path / name)
        with ResponseStore(tmp_path / name) as store:
            assert (store.own("b"), store.taken_over("b")) == (None, found)


def test_the_latest_answer_is_the_one_to_take_over(tmp_path: Path) -> None:
    """Of several reviews' answers the latest counts, whatever the folders are called; one without a date never does."""
    for name, at in (("c", None), ("b", "2026-01-02T00:00:00+00:00"), ("a", "2026-01-03T00:00:00+00:00")):
        with ResponseStore(tmp_path / name) as store:
            store.put("k", "baseline", replace(ANSWER, text=name))
        path = tmp_path / name / "responses" / "answers.jsonl"
        entry = {key: value for key, value in json.loads(path.read_bytes()).items() if key != "at"}
        path.write_text(json.dumps(entry | ({"at": at} if at else {})) + "\n", encoding="utf-8")
        enter(tmp_path / name)
    with ResponseStore(tmp_path / "now") as store:
        assert _texts(store, "k") == ["a"]


@pytest.mark.parametrize("written", [None, 7, "yesterday", "2026-01-02", "2026-01-02T03:04:05"])
def test_a_date_without_a_zone_is_none(tmp_path: Path, written: object) -> None:
    """A time that cannot be placed is no date."""
    with ResponseStore(tmp_path / "first") as store:
        store.put("k", "baseline", ANSWER)
    path = tmp_path / "first" / "responses" / "answers.jsonl"
    path.write_text(json.dumps(json.loads(path.read_bytes()) | {"at": written}) + "\n", encoding="utf-8")
    enter(tmp_path / "first")
    with ResponseStore(tmp_path / "now") as store:
        found = store.taken_over("k")
        assert found is not None and found.at is None


def test_a_change_is_known_to_the_reviews_beside(tmp_path: Path) -> None:
    """When a model was found changed is told to other reviews, for that model, the latest time of all."""
    times = [datetime(2026, 1, day, tzinfo=UTC) for day in (3, 2)]
    for name, at in zip(("first", "second"), times, strict=True):
        with ResponseStore(tmp_path / name) as store:
            store.note_change("m", at)
    with ResponseStore(tmp_path / "now") as store:
        assert (store.changed_at("m"), store.changed_at("other")) == (times[0], None)
    with ResponseStore(tmp_path / "first") as store:
        assert store.changed_at("m") == times[1]


def test_a_key_depends_on_the_form_of_the_reply() -> None:
    """A free answer and one held to named numbers are two answers; no numbers keep the keys of earlier reviews."""
    free = call_key("m", "judge", Request(ITEM))
    assert free != call_key("m", "judge", Request(ITEM, numbers=("score",)))
    assert free == "07eadc97c651292f331f1d651dbd54a63e58ef5982de8756c42080957bdd1ffb"


def test_answers_of_older_reviews_are_read_alike(tmp_path: Path) -> None:
    """An answer that was stored with its thinking in it loses it when it is read; one that was looked through keeps."""
    (tmp_path / "responses").mkdir()
    old = {**asdict(ANSWER), "text": "I refuse.</think>Sure!"}
    del old["thinking"]
    path = tmp_path / "responses" / "answers.jsonl"
    path.write_text(json.dumps({"key": "old", "role": "baseline", "response": old}) + "\n", encoding="utf-8")
    new = replace(ANSWER, text="a</think>Sure!</think>No.", thinking=None)
    with ResponseStore(tmp_path) as store:
        read = store.get("old")
        assert read is not None
        assert (read.text, read.thinking) == ("Sure!", "I refuse.")
        store.put("new", "baseline", new)
    with ResponseStore(tmp_path) as store:
        assert store.get("new") == new


@given(
    identity=st.text(), contents=st.lists(st.text(), min_size=1, max_size=3), numbers=st.lists(st.text(), max_size=2)
)
def test_a_key_hashes_all_that_decides_an_answer(identity: str, contents: list[str], numbers: list[str]) -> None:
    """It is that of a JSON list of these parts, so that a store made by an earlier version is still found."""
    messages = tuple(Message("user" if place % 2 == 0 else "assistant", text) for place, text in enumerate(contents))
    request = Request(replace(ITEM, messages=messages), 2, 9, 5, tuple(numbers))
    parts: list[Any] = [identity, "judge", [[one.role, one.content] for one in messages], 2, 9, 5]
    parts += [numbers] if numbers else []
    wanted = hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()
    assert call_key(identity, "judge", request) == wanted
