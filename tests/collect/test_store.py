"""The append-only store of answers."""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from seatrial.collect import ResponseStore, call_key
from seatrial.errors import StoreError
from seatrial.types import Item, Message, Request, Response, Usage

ITEM = Item("i", "s", (Message("user", "Is it?"),))
ANSWER = Response("i", "s", 0, "Yes – “ü” \ud83d", (("Yes", -0.5),), "stop", Usage(1, 2, 0.5, 0.1), (("a", "b"),))


def test_an_answer_survives_reopening(tmp_path: Path) -> None:
    """What was put is got back after closing, byte for byte, even text that is no valid Unicode."""
    with ResponseStore(tmp_path) as store:
        store.put("k", "baseline", ANSWER)
    with ResponseStore(tmp_path) as store:
        assert store.get("k") == ANSWER
        assert len(store) == 1


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
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(StoreError, match="another review"), ResponseStore(tmp_path):
            pass
        other.kill()
    with ResponseStore(tmp_path) as store:
        store.put("k", "baseline", ANSWER)


def test_a_full_disk_says_what_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the disk is full the message says so, and how many answers are safe."""
    with ResponseStore(tmp_path) as store:
        store.put("k1", "baseline", ANSWER)

        class Full:
            def write(self, data: bytes) -> int:
                raise OSError(errno.ENOSPC, "No space left on device")

            def close(self) -> None: ...

        real: Any = store._file
        monkeypatch.setattr(store, "_file", Full())
        with pytest.raises(StoreError, match=r"the disk is full. 1 answers are kept"):
            store.put("k2", "baseline", ANSWER)
        real.close()


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


def test_it_must_be_open() -> None:
    """Putting into a closed store is a programming error."""
    with pytest.raises(RuntimeError):
        ResponseStore(Path("x")).put("k", "baseline", ANSWER)
