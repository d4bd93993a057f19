"""Reviews with gates that rest on a replay."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from replays import handed_traffic
from seatrial.collect import Progress
from seatrial.errors import EvidenceError, PolicyError
from seatrial.gates.replayed import write_replay
from seatrial.instruments.may_gate import UNKNOWN
from seatrial.ledger import ledger_for
from seatrial.policy import load_policy
from seatrial.review.finished import Review, load_review
from seatrial.review.interface import plan
from seatrial.review.run import run_review

POLICY = """
name: support
evidence: [replays/support]
gates:
  - {signal: replay/unearned-praise, margin: 0.1}
"""


def _reviewed(folder: Path, text: str = POLICY) -> Review:
    (folder / "policy.yaml").write_text(text, encoding="utf-8")
    policy = load_policy(folder / "policy.yaml")
    return asyncio.run(run_review(policy, text, folder / "reviews" / "r", "tester", Progress("off")))


@pytest.fixture
def replay(tmp_path: Path) -> Path:
    """A policy's folder with a replay in which the candidate is much worse."""
    (tmp_path / "replays" / "support").mkdir(parents=True)
    write_replay(handed_traffic(0.3), tmp_path / "replays" / "support")
    return tmp_path


@pytest.mark.parametrize(("rise", "outcome"), [(0.3, "block"), (0.0, "launch"), (0.2, "hold")])
def test_a_replay_decides_a_gate(replay: Path, rise: float, outcome: str) -> None:
    """By its own interval; the report says the smallest rate that it could see, and the next step is to grade more."""
    write_replay(handed_traffic(rise), replay / "replays" / "support")
    made = _reviewed(replay)
    assert made.outcome == outcome
    (verdict,) = made.verdicts
    assert verdict.evidence.method == "replay" and verdict.instrument == "judge/main" and verdict.evidence.mde > 0
    page = (replay / "reviews" / "r" / "report.html").read_text(encoding="utf-8")
    assert "smallest rate it could see: 1 in 53" in page and "200 of 400 conversations graded" in page
    assert "Unearned praise, in traffic" in page
    assert any("1 in 53 (replay/unearned-praise)" in spot for spot in made.blind_spots)
    assert not made.result.cells, "a use case is not what was graded for"
    steps = " ".join(step.text for step in made.result.steps)
    assert ("--grade 400" in steps) is (outcome == "hold")
    again = load_review(replay / "reviews" / "r")
    assert repr(again.verdicts) == repr(made.verdicts)


def test_the_ledger_binds_the_replay(replay: Path) -> None:
    """The entry has the file's hash, and another replay is another review."""
    path = replay / "replays" / "support" / "replay.json"
    first = _reviewed(replay)
    entry = ledger_for(replay / "reviews" / "r").verify()[-1]
    held = entry.body["hashes"]
    assert held["replay support (support)"] == hashlib.sha256(path.read_bytes()).hexdigest()
    write_replay(replace(handed_traffic(0.3), of=7), path.parent)
    assert dict(_reviewed(replay).result.hashes)["review"] != dict(first.result.hashes)["review"]


def test_an_instrument_without_a_record_only_advises(replay: Path) -> None:
    """A replay says who graded, and the rule of what may gate is that of every gate; trust is said in the decision."""
    write_replay(handed_traffic(0.0, standing=UNKNOWN), replay / "replays" / "support")
    assert "may only advise" in _reviewed(replay).reason
    trusted = _reviewed(replay, POLICY.replace("margin: 0.1", "margin: 0.1, trust: a judge of known rates"))
    assert trusted.outcome == "launch-on-trust"


def test_beside_gates_of_other_evidence(replay: Path) -> None:
    """A replay and a file of observations decide together; what no gate asks for is said."""
    rows = "".join(
        f'{{"signal": "feedback/x", "role": "{role}", "item": "q{n}", "value": 0}}\n'
        for role in ("baseline", "candidate")
        for n in range(99)
    )
    (replay / "other.jsonl").write_text(rows, encoding="utf-8")
    text = POLICY.replace("[replays/support]", "[replays/support/replay.json, other.jsonl]")
    made = _reviewed(replay, f"{text}  - {{signal: feedback/x, margin: 0.2}}\n")
    assert [one.verdict for one in made.verdicts] == ["fail", "pass"]
    alone = _reviewed(replay, text.replace("replay/unearned-praise", "feedback/x"))
    assert any("looked for replay/unearned-praise too, and no gate asks" in note for note in alone.result.notes)
    assert [line for line in made.result.notes if "a replay of 400 conversations by 400 users" in line]


def test_a_replay_that_does_not_fit_is_said_in_words(replay: Path) -> None:
    """Not run yet, without the behavior, of other models, or twice; planning refuses what a review refuses."""
    (replay / "replays" / "two").mkdir()
    write_replay(handed_traffic(), replay / "replays" / "two")
    for text, said in (
        (POLICY.replace("evidence: [replays/support]", ""), "the policy names no replay"),
        (POLICY.replace("praise", "prose"), "the replay looked for replay/unearned-praise"),
        (POLICY.replace("replays/support", "replays/none"), "no such file"),
        (POLICY.replace("[replays/support]", "[replays/support, replays/two]"), "another replay has"),
        (
            'baseline: {model: openai-compatible/now, base_url: "http://127.0.0.1:1/v1"}\n'
            'candidate: {model: openai-compatible/next, base_url: "http://127.0.0.1:1/v1"}' + POLICY,
            "was made with other models",
        ),
    ):
        with pytest.raises((EvidenceError, PolicyError), match=said):
            _reviewed(replay, text)
        with pytest.raises((EvidenceError, PolicyError), match=said):
            plan(replay / "policy.yaml")
