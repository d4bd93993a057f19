"""What other tools are given and what is counted of what they say; none of them is installed here."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks import drift_peers, peers
from benchmarks.drift import FIRST, PLANTED, World
from benchmarks.drift_peers import GOLDEN, READ, ROLLING, TOOLS, WORLDS, Row, Said
from benchmarks.peers import Peer
from benchmarks.sections import drift as section

from seatrial.drift import Answered, Drift

SEATRIAL, DEDRIFT, HASH, FORENSICS = TOOLS
LIST = World("a list, in a tenth", pairs=40, trait="a list", share=0.5)


def _given(monkeypatch: pytest.MonkeyPatch, findings: Sequence[str]) -> list[Mapping[str, Any]]:
    """Let every tool say these findings; returns the cases that they are given."""
    seen: list[Mapping[str, Any]] = []

    def lines_of(_: Peer, cases: Sequence[Mapping[str, Any]]) -> list[str]:
        seen.extend(cases)
        return [json.dumps({"changed": True, "findings": findings}) for _ in cases]

    monkeypatch.setattr(drift_peers, "lines_of", lines_of)
    return seen


def test_every_tool_has_a_driver_that_runs() -> None:
    """Each of a script of its own, which is Python."""
    asked = [*peers.PEERS, *(tool.peer for tool in TOOLS if tool.peer is not None)]
    assert len({(peer.package, peer.about) for peer in asked}) == len({peer.driver for peer in asked})
    for peer in asked:
        compile(peer.driver.read_text(encoding="utf-8"), peer.driver.name, "exec")


def test_all_tools_are_given_the_same_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last cycle of dedrift is the candidate's answers, the one before it the baseline's of the same pairs."""
    seen = _given(monkeypatch, [])
    made = [drift_peers.answers_of(LIST, 3)]
    for tool in (DEDRIFT, HASH, FORENSICS):
        drift_peers.said_by(tool, made)
    plain, hashed, pairs = seen
    assert len(plain["cycles"]) == GOLDEN + ROLLING + 1
    assert len({tuple(cycle) for cycle in plain["cycles"]}) == GOLDEN + ROLLING + 1
    assert (list(plain["cycles"][-2]), list(plain["cycles"][-1])) == (list(pairs["before"]), list(pairs["after"]))
    assert {**plain, "embedder": "hash"} == hashed
    compared: list[Answered] = []

    def compare_answers(pairs: Sequence[Answered]) -> Drift:
        compared.extend(pairs)
        return Drift(len(pairs), len(pairs), 2 * len(pairs), 0.05, 1.0, {}, None, (), (), 0)

    monkeypatch.setattr(drift_peers, "compare_answers", compare_answers)
    assert drift_peers.said_by(SEATRIAL, made) == [Said(False, ())]
    assert [pair.baseline for pair in compared] == [(text,) for text in pairs["before"]]
    assert [pair.candidate for pair in compared] == [(text,) for text in pairs["after"]]


@pytest.mark.parametrize("trait", sorted(FORENSICS.names))
def test_the_patterns_see_what_is_planted(trait: str) -> None:
    """What stands in for feedback-forensics' model prefers every answer with the trait, by a trait that names it."""
    plain = "The tide turns twice a day. Nobody asked the moon about it."
    having = PLANTED[trait][1](plain, np.random.default_rng(1))
    named = [name for name in READ if any(one in name for one in FORENSICS.names[trait])]
    counts = {name: [sign * len(re.findall(found, text, re.M)) for text in (plain, having)] for name, (sign, found) in
              READ.items()}  # fmt: skip
    assert any(counts[name][1] > counts[name][0] for name in named)


@pytest.mark.parametrize(("place", "found"), [(FIRST - 1, 3), (FIRST, 0)])
def test_only_the_first_findings_count(monkeypatch: pytest.MonkeyPatch, place: int, found: int) -> None:
    """A planted trait that comes later is not found, though the tool says that something changed."""
    findings = [f"other {number} (+0.10)" for number in range(place)]
    _given(monkeypatch, [*findings, "has more structured formatting (+0.10)"])
    row = drift_peers._part((FORENSICS, LIST, 0, 3))
    assert row == Row(FORENSICS.name, LIST.name, 3, 3, found, {"other 0": 3})


def test_seatrial_names_what_is_planted() -> None:
    """Asked in this process, with its own findings."""
    row = drift_peers._part((SEATRIAL, replace(LIST, name="a list, in half"), 0, 1))
    assert (row.changed, row.found, row.first) == (1, 1, {"has a list": 1})


def test_a_tool_that_is_not_here_is_named_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """And no row stands for it; the others are measured."""

    def environment(peer: Peer) -> Path:
        if peer.package == "dedrift":
            raise RuntimeError("dedrift cannot be installed: no network")
        return Path(sys.executable)

    rows = [Row(tool.name, world.name, 1) for tool in TOOLS for world in WORLDS]
    monkeypatch.setattr(drift_peers, "environment", environment)
    monkeypatch.setattr(drift_peers, "on_real_answers", lambda without: [])
    monkeypatch.setattr(
        drift_peers, "measured", lambda quick, without: [row for row in rows if row.tool not in without]
    )
    text = "\n".join(section.SECTIONS["drift-peers"](False))
    assert f"{DEDRIFT.name} is not measured: dedrift cannot be installed: no network" in text
    assert f"| {DEDRIFT.name} |" not in text
    assert text.count(f"| {FORENSICS.name} |") == len(WORLDS)


def test_traits_asked_about_too_seldom_share_a_row() -> None:
    """With all their comparisons; the model with itself and the tools asked more often keep theirs."""
    rows = [Row(tool.name, world.name, 1, 1) for tool in (HASH, FORENSICS) for world in WORLDS]
    found = section._few_together(rows, {tool.name: tool for tool in TOOLS})
    assert found[:2] == [Row(HASH.name, WORLDS[0].name, 1, 1), Row(HASH.name, section.TOGETHER, 6, 6)]
    assert found[2:] == rows[len(WORLDS) :]


def test_a_driver_that_stops_is_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is one that says less than it was asked; what it said on stderr is told."""
    monkeypatch.setattr(peers, "DRIVERS", tmp_path)
    monkeypatch.setattr(peers, "environment", lambda peer: sys.executable)
    peer = Peer("some-tool", "1", about="answers")
    driver = tmp_path / "some_tool_answers.py"
    driver.write_text("import sys\nfor line in sys.stdin: print(len(line.strip()))", encoding="utf-8")
    assert peers.lines_of(peer, [{}, {"a": 1}]) == ["2", "8"]
    driver.write_text("import sys\nprint(1)\nsys.exit('it broke')", encoding="utf-8")
    with pytest.raises(RuntimeError, match="some-tool stopped after 1 cases: it broke"):
        peers.lines_of(peer, [{}, {}])
