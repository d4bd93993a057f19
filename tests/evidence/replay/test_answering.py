"""Answers of a replay, kept in a file."""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from seatrial.collect import Ask, Batch
from seatrial.errors import StoreError
from seatrial.evidence.replay import answering
from seatrial.evidence.replay.answering import KeptAnswers, answered_anew
from seatrial.policy import LaunchPolicy, parse_policy
from seatrial.types import Item, Message, Response, Usage

POLICY = """\
name: anew
baseline: {model: openai-compatible/now, base_url: "http://localhost:1/v1", generation: {max_tokens: 77}}
candidate: {model: openai-compatible/next, base_url: "http://localhost:1/v1"}
gates:
  - {signal: behavior/unearned-praise, margin: 0.1, instrument: text/praise}
"""


def test_what_is_kept_comes_back(tmp_path: Path) -> None:
    """Whatever an answer holds, in whatever order it is asked for; what was never kept is not there."""
    odd = Response("b", "s", 0, 'Line\n"one" \ud800 \x00', usage=Usage(1, 2, 0.5), thinking="Hm.", served=("m", "f"))
    kept = KeptAnswers(tmp_path / "new")
    for one in (Response("a", "s", 0, "Yes."), odd, Response("c", "s", 0, "No.")):
        kept.keep(one)
    assert kept["b"] == odd
    kept.keep(Response("d", "s", 0, "Late."))
    assert [kept[name].text for name in ("d", "a", "c")] == ["Late.", "Yes.", "No."]
    assert list(kept) == ["a", "b", "c", "d"] and "x" not in kept and kept.get("x") is None


def test_it_leaves_no_file(tmp_path: Path) -> None:
    """The file has no name, and is closed when nobody looks at the answers any more."""
    before = len(os.listdir("/proc/self/fd"))
    kept = KeptAnswers(tmp_path)
    kept.keep(Response("a", "s", 0, "Yes."))
    assert list(tmp_path.iterdir()) == []
    del kept
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """A file in the folder's place, and a full disk, are errors in a sentence."""
    (tmp_path / "taken").write_text("", encoding="utf-8")
    with pytest.raises(StoreError, match="taken: cannot be written"):
        KeptAnswers(tmp_path / "taken")
    kept: Any = KeptAnswers(tmp_path)
    with Path("/dev/full").open("r+b", buffering=0) as full:
        kept._lines._file = full
        with pytest.raises(StoreError, match=r"the disk is full\. What was answered is kept"):
            kept.keep(Response("a", "s", 0, "Yes."))


class _Hands:
    """Answers with a text of so many letters, but fails every tenth and leaves every eleventh blank."""

    def __init__(self, letters: int) -> None:
        self.letters = letters
        self.asked: list[int] = []
        self.longest: set[tuple[str, int]] = set()

    async def collect(self, asks: Sequence[Ask]) -> Batch:
        from seatrial.collect.collector import Failure

        self.asked.append(len(asks))
        self.longest |= {(ask.role, ask.request.max_tokens) for ask in asks}
        answers, failures = [], []
        for ask in asks:
            number = int(ask.request.item.id)
            if number % 10 == 0:
                failures.append(Failure(ask.role, ask.request, "gone"))
            else:
                text = "" if number % 11 == 0 else f"{ask.role} {number} ".ljust(self.letters, "x")
                answers.append((ask.role, Response(ask.request.item.id, "replay", 0, text)))
        return Batch(tuple(answers), tuple(failures))


def _items(count: int) -> list[Item]:
    return [Item(f"{number}", "replay", (Message("user", "?"),)) for number in range(count)]


def _policy() -> LaunchPolicy:
    return parse_policy(POLICY)


async def test_both_models_are_asked_in_portions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All are asked once, with the longest answer of each policy; why some lack an answer is counted."""
    monkeypatch.setattr(answering, "PORTION", 40)
    hands: Any = _Hands(20)
    anew = await answered_anew(hands, _policy(), _items(100), tmp_path)
    assert hands.asked == [80, 80, 40]
    assert hands.longest == {("baseline", 77), ("candidate", 512)}
    assert len(anew.answers["baseline"]) == len(anew.answers["candidate"]) == 81
    assert anew.answers["candidate"]["98"].text.startswith("candidate 98 ")
    assert anew.unanswered == {
        (role, why): count for role in ("baseline", "candidate") for why, count in (("gone", 10), ("empty answer", 9))
    }


async def test_memory_does_not_hold_the_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten times the letters take no more memory, once a portion is over."""
    monkeypatch.setattr(answering, "PORTION", 50)
    items, policy = _items(2000), _policy()
    grown = []
    for letters in (2_000, 20_000):
        hands: Any = _Hands(letters)
        tracemalloc.start()
        anew = await answered_anew(hands, policy, items, tmp_path)
        grown.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert sum(len(anew.answers["baseline"][name].text) for name in list(anew.answers["baseline"])) > 1e6
    assert grown[1] < 2000 * 20_000 / 10
