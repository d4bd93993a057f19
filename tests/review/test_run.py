"""The main job from the policy to the folder."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from aiohttp import web

from conftest import Command, Endpoint, PolicyWriter
from ledgers import edit
from seatrial.collect import Progress
from seatrial.errors import EvidenceError, LedgerError, PolicyError, StoreError
from seatrial.ledger import Ledger, ledger_for
from seatrial.observations import from_frame, read_observations
from seatrial.policy import Gate, LaunchPolicy, load_policy
from seatrial.report import load_result
from seatrial.review.apply_waivers import waive
from seatrial.review.finished import Review
from seatrial.review.run import decide_on, default_folder, plan_review, run_review

Recorded = Callable[..., Path]
LATER = (datetime.now(UTC).date() + timedelta(days=30)).isoformat()


def _run(policy: Path, folder: Path) -> Review:
    text = policy.read_text(encoding="utf-8")
    return asyncio.run(run_review(load_policy(policy), text, folder, "ann", Progress("off")))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("after", "outcome", "verdict"),
    [
        ((0.2, 0.3) * 30, "launch", "pass"),
        ((0.8, 0.9) * 30, "block", "fail"),
        ((0.2, 0.5) * 30, "hold", "inconclusive"),
    ],
)
def test_recorded_answers_become_a_decision(
    recorded: Recorded, tmp_path: Path, after: tuple[float, ...], outcome: str, verdict: str
) -> None:
    """Harm ruled out launches, harm shown blocks, what is open holds; the decision rests on all pairs of answers."""
    done = _run(recorded(after=after), tmp_path / "reviews" / "one")
    assert (done.outcome, done.status) == (outcome, outcome)
    (found,) = done.verdicts
    assert (found.verdict, found.evidence.clusters, found.evidence.missing) == (verdict, 60, 0)
    assert found.evidence.estimate == pytest.approx(np.mean(after) - 0.25)
    assert found.evidence.mde > 0


def test_a_review_is_a_folder(recorded: Recorded, tmp_path: Path) -> None:
    """Policy, observations, report and decision lie in it; the ledger beside it holds the decision with its hashes."""
    policy, folder = recorded(), tmp_path / "reviews" / "one"
    done = _run(policy, folder)
    assert (folder / "policy.yaml").read_text() == policy.read_text()
    assert len(read_observations(folder / "observations.parquet")) == 120
    assert {path.name for path in folder.iterdir()} >= {"report.html", "summary.md", "junit.xml", "decision.json"}
    assert json.loads((folder / "decision.json").read_text())["decision"] == "launch"
    assert repr(load_result(folder)) == repr(replace(done.result, entry=None))
    assert done.folder == folder
    (entry,) = Ledger(tmp_path / "reviews" / "ledger.db").verify()
    assert entry == done.entry
    assert (entry.kind, entry.author, entry.body["decision"]) == ("decision", "ann", "launch")
    assert entry.body["hashes"] == dict(done.result.hashes)
    assert done.result.author == "ann"
    assert done.result.started <= done.result.finished


@pytest.mark.slow
def test_the_same_review_is_the_same_decision(recorded: Recorded, tmp_path: Path) -> None:
    """Run again, a review has the same hashes and verdicts; with other answers its hash is another."""
    first, again = (_run(recorded(), tmp_path / "reviews" / name) for name in ("one", "two"))
    assert repr(first.result.decision) == repr(again.result.decision)
    assert first.result.hashes == again.result.hashes
    other = _run(recorded(after=(0.25, 0.3) * 30, name="other"), tmp_path / "reviews" / "three")
    assert dict(other.result.hashes)["review"] != dict(first.result.hashes)["review"]
    assert len(ledger_for(tmp_path / "reviews" / "one").verify()) == 3


@pytest.mark.slow
def test_waivers_in_force_count_when_the_review_is_run_again(recorded: Recorded, tmp_path: Path) -> None:
    """The same evidence under the same policy stands as it was waived; other evidence does not."""
    folder = tmp_path / "reviews" / "one"
    worse = (0.8, 0.9) * 30
    assert _run(recorded(after=worse), folder).status == "block"
    waive(folder, "behavior/x", "Ann", "accepted for the pilot", LATER)
    again = _run(recorded(after=worse), folder)
    assert (again.outcome, again.status) == ("block", "waived")
    assert again.entry is not None
    assert again.entry.body["status"] == "waived"
    assert _run(recorded(after=(0.9, 0.9) * 30), folder).status == "block"


def test_a_broken_ledger_ends_a_review(recorded: Recorded, tmp_path: Path) -> None:
    """Where the chain does not hold no decision is added to it, and no report is written."""
    folder = tmp_path / "reviews" / "one"
    ledger = ledger_for(folder)
    ledger.append("decision", "ann", {})
    edit(ledger, lambda content: content.replace("ann", "eve"))
    with pytest.raises(LedgerError, match="edited"):
        _run(recorded(), folder)
    assert not (folder / "decision.json").exists()


@pytest.mark.slow
def test_a_ledger_that_is_gone_is_told_of(recorded: Recorded, tmp_path: Path) -> None:
    """Deleted with its head it can be missed by the reports alone: the review that begins a new one says so, once."""
    folder = tmp_path / "reviews" / "one"
    first = _run(recorded(), folder)
    assert first.entry is not None and not any("ledger" in note for note in first.result.notes)
    ledger = ledger_for(folder)
    assert ledger.path
    ledger.path.unlink()
    again = _run(recorded(after=(0.9, 0.9) * 30), folder)
    (told,) = [note for note in again.result.notes if "entry 1 of a ledger" in note]
    assert first.entry.hash[:16] in told and told in load_result(folder).notes
    last = _run(recorded(), folder)
    assert last.entry is not None and last.entry.number == 2
    assert not any("of a ledger" in note for note in last.result.notes)


def test_a_folder_that_cannot_be_made_is_named(recorded: Recorded, tmp_path: Path) -> None:
    """A file in the way of the review's folder ends in a message."""
    (tmp_path / "reviews").write_text("")
    with pytest.raises(StoreError, match="the review's folder cannot be made"):
        _run(recorded(), tmp_path / "reviews" / "one")


def test_a_comparison_has_a_folder_of_its_own() -> None:
    """The folder is named after the policy and both models; gates and budgets may change without moving it."""
    policy = LaunchPolicy(name="My Support  Bot (v2)", gates=[Gate(signal="behavior/x", margin=0.1)])
    place = default_folder(policy, Path("reviews"))
    assert place.parent == Path("reviews")
    assert place.name.startswith("my-support-bot-v2-")
    assert default_folder(policy.model_copy(update={"gates": [], "alpha": 0.2}), Path("reviews")) == place
    other = policy.candidate.model_copy(update={"model": "evidence/other"})
    assert default_folder(policy.model_copy(update={"candidate": other}), Path("reviews")) != place
    assert default_folder(policy.model_copy(update={"baseline": other}), Path("reviews")) != place
    assert default_folder(policy.model_copy(update={"name": "???"}), Path("r")).name.startswith("review-")


@pytest.mark.slow
def test_planning_reads_no_answer(recorded: Recorded, tmp_path: Path) -> None:
    """The plan of recorded answers has their clusters; an earlier review gives the spread that it assumes otherwise."""
    policy = load_policy(recorded())
    (gate,) = plan_review(policy).gates
    assert (gate.signal, gate.clusters, gate.calls) == ("behavior/x", 60, 0)
    done = _run(recorded(), tmp_path / "reviews" / "one")
    (informed,) = plan_review(policy, done.folder).gates
    assert informed.basis != gate.basis
    assert not informed.blind
    with pytest.raises(EvidenceError):
        plan_review(policy, tmp_path / "nothing")


def test_deciding_on_what_is_there_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Observations become a decision without a folder; a gate without observations is refused."""
    monkeypatch.chdir(tmp_path)
    rows = [{"role": role, "item": f"q{n}", "value": 0.2} for role in ("baseline", "candidate") for n in range(60)]
    frame = from_frame(pl.DataFrame(rows), "vibe/off")
    policy = LaunchPolicy(name="p", gates=[Gate(signal="vibe/off", margin=0.1)])
    result = decide_on(policy, frame, "ann")
    assert (result.decision.outcome, result.mode, result.author) == ("launch", "recorded", "ann")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(PolicyError, match="behavior/x"):
        decide_on(policy.model_copy(update={"gates": [Gate(signal="behavior/x", margin=0.1)]}), frame, "ann")


GATE = "  - {signal: behavior/over-refusal, margin: 0.05}"


def _drawn(tmp_path: Path) -> pl.Series:
    (path,) = (tmp_path / "reviews").glob("*/observations.parquet")
    return pl.read_parquet(path)["draw"]


@pytest.mark.slow
def test_answers_that_differ_within_items_are_drawn_again(
    seatrial: Command, write_policy: PolicyWriter, endpoint: Endpoint, tmp_path: Path
) -> None:
    """Of sampled text all items are asked once, then again as the budget pays for, without a word in the policy."""
    rng = np.random.default_rng(0)

    def by_chance(body: dict[str, Any], _: int) -> web.Response:
        made = endpoint.body(body)
        made["choices"][0]["message"]["content"] = "I can't help with that." if rng.random() < 0.3 else "Sure: do this."
        return web.json_response(made)

    endpoint.fault = by_chance
    policy = write_policy(gates=GATE, extra="budget: {calls: 900}")
    text = policy.read_text(encoding="utf-8").replace("system:", "generation: {temperature: 1.0}, system:")
    policy.write_text(text, encoding="utf-8")
    assert seatrial("review", policy).code in (0, 1, 3)
    counts = _drawn(tmp_path).value_counts().sort("draw")
    assert counts["draw"].to_list() == [0, 1, 2, 3]
    assert counts["count"].to_list()[0] == counts["count"].to_list()[1] > counts["count"].to_list()[-1]
    assert 800 < sum(endpoint.calls.values()) <= 900


@pytest.mark.slow
def test_a_greedy_model_is_asked_once_and_looked_at(
    seatrial: Command, write_policy: PolicyWriter, tmp_path: Path
) -> None:
    """At temperature 0 nothing is drawn twice, few clusters are looked at, and a blind margin is said beforehand."""
    gate = "  - {signal: behavior/over-refusal, margin: 0.01}"
    done = seatrial("review", write_policy(gates=gate, extra="draws: auto\nbudget: {calls: 100}"))
    assert "seatrial: behavior/over-refusal cannot see its margin of 0.01" in done.err
    assert _drawn(tmp_path).max() == 0
    (path,) = (tmp_path / "reviews").glob("*/decision.json")
    (verdict,) = json.loads(path.read_text(encoding="utf-8"))["verdicts"]
    assert (verdict["method"], verdict["ended"]) == ("looks", "budget")
