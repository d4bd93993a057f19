"""Judges without a record are tried at the start of a review."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiohttp import web

from conftest import Command, Endpoint, PolicyWriter, by_rates, grading
from seatrial.collect import Progress
from seatrial.collect.judging import Judges
from seatrial.gates.plan import plan_gates
from seatrial.instruments.measure import Labelled, Source, measure_readings
from seatrial.instruments.records import Record, load_records, save_record, version_of
from seatrial.ledger import Ledger
from seatrial.models import open_models
from seatrial.policy import LaunchPolicy, load_policy
from seatrial.review.starters import lacking, with_starters
from seatrial.types import ROLES

SIGNAL = "behavior/pushback"


def _policy(write_policy: PolicyWriter, endpoint: Endpoint, more: str = "", gate: str = "", budget: str = "") -> Path:
    judge = f'{{model: {{model: openai-compatible/judge, base_url: "{endpoint.url}"}}{more}}}'
    return write_policy(
        candidate="warm",
        extra=f"judges:\n  main: {judge}\n{budget or 'budget: {calls: 2000, judge_calls: 9000}'}",
        gates=f"  - {{signal: {SIGNAL}, margin: 0.3, instrument: judge/main{gate}}}",
    )


def _answers(endpoint: Endpoint, worse: bool) -> None:
    """Let both models answer, the warm one with harm if it is worse, and let the judge see it."""
    grading(endpoint, by_rates(0.95, 0.02))
    grades = endpoint.fault
    assert grades is not None

    def answer(body: dict[str, Any], number: int) -> web.Response | None:
        graded = grades(body, number)
        if graded is not None:
            return graded
        made = endpoint.body(body)
        word = "HARM" if worse and "warm" in body["messages"][0]["content"] else "fine"
        made["choices"][0]["message"]["content"] = f"A {word} answer, of a few plain words, to question {number}."
        return web.json_response(made)

    endpoint.fault = answer


@pytest.mark.slow
@pytest.mark.parametrize(("worse", "decision", "code"), [(False, "launch", 0), (True, "block", 1)])
def test_a_review_tries_its_judge_first_and_says_so(
    seatrial: Command, write_policy: PolicyWriter, endpoint: Endpoint, worse: bool, decision: str, code: int
) -> None:
    """It says before what it takes, decides on the record, and every output names the gates that stand on it."""
    _answers(endpoint, worse)
    policy = _policy(write_policy, endpoint)
    done = seatrial("review", policy, "--out", "r", "--json")
    assert done.code == code, done.err
    assert "judge/main has no record for 1 suite. It is tried first" in done.err
    told = json.loads(done.out)
    assert (told["decision"], told["on_starters"], told["on_trust"]) == (decision, [SIGNAL], [])
    assert told["verdicts"][0]["starter"] is True
    if not worse:
        assert "tried on the suites' graded answers only (starter)" in told["reason"]
    for name in ("report.html", "summary.md"):
        first = Path("r", name).read_text(encoding="utf-8").split("<main>")[0]
        assert re.search("suites('|&#39;|’) graded answers only", first)
    assert Path("r/records", f"judge-main.{SIGNAL.replace('/', '-')}.starter.json").exists()
    calls = endpoint.count
    assert seatrial("review", policy, "--out", "r", "--json").code == code
    assert endpoint.count == calls


@pytest.mark.slow
def test_a_gate_on_trust_launches_in_words_of_its_own(
    seatrial: Command, write_policy: PolicyWriter, endpoint: Endpoint
) -> None:
    """Exit code 4, `launch-on-trust` for machines and “Launch, on trust” for people, in the ledger too."""
    import seatrial as package

    _answers(endpoint, False)
    policy = _policy(write_policy, endpoint, ", starter: false", ', trust: "we read 200 of its grades"')
    done = seatrial("review", policy, "--out", "r")
    assert done.code == 4, done.err
    assert "LAUNCH, ON TRUST:" in done.out and "we read 200 of its grades" in done.out.replace("\n", " ")
    told = json.loads(Path("r/decision.json").read_text(encoding="utf-8"))
    assert (told["decision"], told["status"]) == ("launch-on-trust", "launch-on-trust")
    assert told["on_trust"] == [{"signal": SIGNAL, "reason": "we read 200 of its grades"}]
    assert "<h1>Launch, on trust</h1>" in Path("r/report.html").read_text(encoding="utf-8")
    assert Path("r/summary.md").read_text(encoding="utf-8").startswith("## seatrial: Launch, on trust")
    (entry,) = Ledger(Path("ledger.db")).verify()
    assert entry.body["decision"] == "launch-on-trust"
    assert entry.body["on_trust"] == {SIGNAL: "we read 200 of its grades"}
    review = package.load_review("r")
    assert (review.outcome, int(review.exit_code)) == ("launch-on-trust", 4)
    assert str(review).startswith("LAUNCH, ON TRUST:")


@pytest.mark.slow
def test_without_starter_or_trust_the_review_holds(
    seatrial: Command, write_policy: PolicyWriter, endpoint: Endpoint
) -> None:
    """The switch is a setting of the judge; what nobody measured is no pass."""
    _answers(endpoint, False)
    done = seatrial("review", _policy(write_policy, endpoint, ", starter: false"), "--out", "r", "--json")
    assert done.code == 3
    assert "tried first" not in done.err
    assert json.loads(done.out)["verdicts"][0]["demoted"] is True


@pytest.mark.slow
def test_too_small_a_budget_is_said_and_holds(
    seatrial: Command, write_policy: PolicyWriter, endpoint: Endpoint
) -> None:
    """Half of `judge_calls` is left to the review; where the rest is too little, nothing is tried."""
    _answers(endpoint, False)
    policy = _policy(write_policy, endpoint, budget="budget: {calls: 2000, judge_calls: 300}")
    done = seatrial("review", policy, "--out", "r", "--json")
    assert done.code == 3
    assert f"judge/main is not tried for {SIGNAL}: 150 calls are too few" in done.err


@pytest.mark.slow
def test_only_what_blocks_and_has_no_record_is_tried(write_policy: PolicyWriter, endpoint: Endpoint) -> None:
    """A record of this version, an advisory gate, or a judge that is no model ask for no trial."""

    def found(policy: LaunchPolicy, known: dict[str, list[Record]] | None = None) -> list[str]:
        records = load_records(policy.records) | (known or {})
        judges = Judges(policy.judges, records, 100)
        models = dict(zip(ROLES, open_models(policy.baseline, policy.candidate), strict=True))
        return list(lacking(policy, plan_gates(policy, models, None, records, judges.judge), records))

    policy = load_policy(_policy(write_policy, endpoint))
    assert found(policy) == ["main"]
    from seatrial.suites import find_suites, load_suite

    judge = Judges(policy.judges, {}, 1).judge("main", load_suite(find_suites()[SIGNAL]))
    current = Record("judge/main", version_of(judge), ())
    assert found(policy, {"judge/main": [current]}) == []
    assert found(policy, {"judge/main": [replace(current, version="other")]}) == ["main"]
    assert found(load_policy(_policy(write_policy, endpoint, gate=', advisory: "watched only"'))) == []
    assert found(load_policy(_policy(write_policy, endpoint, ", starter: false"))) == []


@pytest.mark.slow
async def test_a_judge_that_gives_no_grades_is_named(
    write_policy: PolicyWriter, endpoint: Endpoint, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It stays without a record, and the gate may only advise."""
    grading(endpoint, lambda *_: "no")
    policy = load_policy(_policy(write_policy, endpoint))
    records = load_records(policy.records)
    async with Judges(policy.judges, records, 2000) as judges:
        models = dict(zip(ROLES, open_models(policy.baseline, policy.candidate), strict=True))
        plans = plan_gates(policy, models, None, records, judges.judge)
        held = await with_starters(policy, judges, plans, records, tmp_path, Progress("lines"))
    assert not held.get("judge/main")
    assert "judge/main has no record for behavior/pushback, so it may only advise" in capsys.readouterr().err


@pytest.mark.slow
def test_a_plan_says_how_its_judge_earns_a_record(
    seatrial: Command, write_policy: PolicyWriter, endpoint: Endpoint
) -> None:
    """Before any call; a judge that is not to be tried, or that has a record, is not spoken of."""
    done = seatrial("plan", _policy(write_policy, endpoint), "--html", "plan.html")
    assert "judge/main has no record for 1 suite" in done.out
    assert "seatrial judge setup judge/main" in " ".join(done.out.split())
    assert "<code>seatrial judge setup judge/main --policy …</code>" in Path("plan.html").read_text("utf-8")
    assert "came from another model" not in done.out
    assert "has no record" not in seatrial("plan", _policy(write_policy, endpoint, ", starter: false")).out
    assert endpoint.count == 0


@pytest.mark.slow
def test_a_record_of_another_version_is_told_from_none(
    seatrial: Command, write_policy: PolicyWriter, endpoint: Endpoint
) -> None:
    """A plan and a review say that a record for the suite is there and cannot count, and try the judge anew."""
    grading(endpoint, by_rates(0.95, 0.02))
    rows = [Labelled(f"answer {number}", 10.0 * (number % 2), f"c{number}") for number in range(60)]
    readings = np.array([0.9 * (number % 2) for number in range(60)])
    found = measure_readings(readings, rows, Source("earlier labels", "people", signal=SIGNAL), 5.5)
    save_record(Record("judge/main", "other", (found,)), Path("old/judge-main.json"))
    policy = _policy(write_policy, endpoint, budget="budget: {calls: 400, judge_calls: 2000}\nrecords: [old]")
    for command in ("plan", "review"):
        done = seatrial(command, policy)
        said = " ".join((done.out + done.err).split())
        assert "no record for 1 suite" in said
        assert "The record that there is came from another model, prompt, rubric or setting of the judge" in said


@pytest.mark.slow
def test_a_model_that_cannot_be_asked_is_told_before_its_judge_is_tried(
    seatrial: Command, write_policy: PolicyWriter, endpoint: Endpoint
) -> None:
    """What the server of the models refuses costs no grade."""
    refused = {"error": {"message": "'temperature' is not supported", "param": "temperature"}}
    endpoint.fault = lambda body, _: None if body["model"] == "judge" else web.json_response(refused, status=400)
    done = seatrial("review", _policy(write_policy, endpoint), "--out", "r", "--quiet")
    assert done.code == 2
    assert "'temperature' is not supported" in done.err
    assert endpoint.count <= 2
