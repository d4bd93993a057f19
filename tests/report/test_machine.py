"""What machines read: decision.json and JUnit XML."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from importlib import resources
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from results import BLOCK, HOLD, HOSTILE, LAUNCH, LIKELY, RESULTS
from seatrial.report.machine import SCHEMA_VERSION, decision_json, junit_xml
from seatrial.report.result import LedgerPlace, Reuse, ReviewResult, Unanswered
from seatrial.types import Evidence, Spend

SCHEMA = json.loads(resources.files("seatrial.report").joinpath("decision.schema.json").read_text(encoding="utf-8"))


def _strict(content: ReviewResult) -> dict[str, Any]:
    """Return the decision through JSON that allows no NaN."""
    made: dict[str, Any] = json.loads(json.dumps(decision_json(content), allow_nan=False))
    return made


@pytest.mark.parametrize("name", RESULTS)
def test_the_decision_follows_its_schema(name: str) -> None:
    """Whatever a review holds, its decision is strict JSON that the published schema takes."""
    made = _strict(RESULTS[name])
    jsonschema.validate(made, SCHEMA, cls=jsonschema.Draft202012Validator)
    assert (made["schema"], made["decision"], made["status"]) == (SCHEMA_VERSION, name, name)
    assert [one["signal"] for one in made["verdicts"]] == [v.signal for v in RESULTS[name].decision.verdicts]


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("decision",), "maybe"),
        (("verdicts",), []),
        (("verdicts", 0, "verdict"), "ok"),
        (("alpha",), 0.7),
        (("cost",), -1),
    ],
)
def test_the_schema_refuses_what_is_no_decision(place: tuple[str | int, ...], value: object) -> None:
    """A schema that took anything would guard nothing."""
    made: Any = _strict(BLOCK)
    part = made
    for step in place[:-1]:
        part = part[step]
    part[place[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(made, SCHEMA, cls=jsonschema.Draft202012Validator)


def test_a_number_that_could_not_be_computed_is_null() -> None:
    """NaN and infinity are null in gates, claims, instruments and limits of detection."""
    made = _strict(HOLD)
    facts = made["verdicts"][0]
    assert {facts[name] for name in ("estimate", "low", "high", "mde", "slope", "baseline", "candidate")} == {None}
    assert facts["claims"][0]["estimate"] is None
    assert made["verdicts"][1]["mde"] is None
    assert made["instruments"][1]["slope"] is None
    assert made["limits_of_detection"][0]["shift"] is None
    assert made["limits_of_detection"][0]["limit"] is None


def test_what_a_gate_was_is_told() -> None:
    """Blocking, advisory with its reason, demoted: machines can tell the three apart; a blocking gate has no reason."""
    made = {one["signal"]: one for one in _strict(BLOCK)["verdicts"]}
    assert [made[name]["blocking"] for name in ("behavior/unearned-praise", "behavior/verbosity", "vibe/off")] == [
        True,
        False,
        False,
    ]
    assert made["behavior/unearned-praise"]["advisory"] is None
    assert made["behavior/verbosity"]["advisory"] == "style <b>only</b>, not ours to block"
    assert [name for name, one in made.items() if one["demoted"]] == ["vibe/off"]
    assert [claim["label"] for claim in made["behavior/unearned-praise"]["claims"]] == [
        "all items",
        "use case: health",
        "use case: work",
        "limit",
    ]


def test_the_entry_in_the_ledger_is_named() -> None:
    """Its number, its whole hash and whether it covers the files; null for a review without one."""
    assert _strict(LAUNCH)["ledger"] is None
    made = _strict(replace(LAUNCH, entry=LedgerPlace(3, "ab" * 32, False)))
    assert made["ledger"] == {"entry": 3, "hash": "ab" * 32, "covers_files": False}


def test_calls_made_are_told_from_answers_that_were_there() -> None:
    """Calls are those made now; what an earlier run got and what other reviews had stand beside them."""
    spend = (("a", Spend(3, 4, cost=0.5, taken_over=9)), ("b", Spend(1, 0, cost=0.25)))
    reuse = Reuse((("one", "2026-01-02", 9),), 30, 20, 1, seen_at_all=0.4, too_old=2, aged=4, not_covered=5)
    made = _strict(replace(LAUNCH, spend=spend, reuse=reuse))
    assert (made["calls"], made["answers_kept"], made["cost"]) == ({"a": 3, "b": 1}, {"a": 4, "b": 0}, 0.75)
    assert made["reuse"] == {
        "taken_over": 9,
        "from": [{"review": "one", "day": "2026-01-02", "answers": 9}],
        "offered": 30,
        "asked_anew": 20,
        "differ": 1,
        "refused": None,
        "seen_at_all": 0.4,
        "seen_in_a_gate": None,
        "too_old": 2,
        "not_covered": 5,
        "kept_too_long": 4,
    }


def test_a_waiver_changes_the_status_and_not_the_decision() -> None:
    """Whoever reads only `decision` sees the block."""
    made = _strict(replace(BLOCK, status="waived"))
    assert (made["decision"], made["status"]) == ("block", "waived")
    assert [one["person"] for one in made["waivers"]] == ["C. <Name>"]


def _cases(content: ReviewResult) -> dict[str, ElementTree.Element]:
    return {str(case.get("name")): case for case in ElementTree.fromstring(junit_xml(content)).iter("testcase")}


def test_gates_are_test_cases() -> None:
    """A failed gate is a failure, an undecided one an error, one that only advises skipped unless it should block."""
    kinds = {name: [child.tag for child in case] for name, case in _cases(BLOCK).items()}
    assert kinds == {
        "behavior/unearned-praise": ["failure"],
        "behavior/over-refusal": [],
        "safety/unsafe-compliance": ["error"],
        "behavior/verbosity": ["skipped"],
        "vibe/off": ["error"],
    }
    suite = ElementTree.fromstring(junit_xml(BLOCK))[0]
    counts = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "5", "failures": "1", "errors": "2", "skipped": "1"}
    assert "should block, and only advises (error not measured); pass:" in str(
        _cases(BLOCK)["vibe/off"][0].get("message")
    )
    assert "block: behavior/unearned-praise fails" in (suite.findtext("system-out") or "")


@settings(deadline=None, max_examples=60)
@given(st.text(st.characters(codec=None), max_size=40))
def test_whatever_stands_in_a_review_is_valid_xml(text: str) -> None:
    """Control characters, half characters and markup in reasons, names and blind spots break no parser."""
    first = replace(LAUNCH.decision.verdicts[0], verdict="fail", reason=text)
    advice = replace(LAUNCH.decision.verdicts[1], blocking=False, advisory=text)
    content = replace(
        LAUNCH,
        policy=LAUNCH.policy.model_copy(update={"name": text}),
        decision=replace(LAUNCH.decision, reason=text, verdicts=(first, advice)),
        blind_spots=(text,),
    )
    root = ElementTree.fromstring(junit_xml(content))
    assert [case.get("name") for case in root.iter("testcase")] == [first.signal, advice.signal]


def test_markup_is_text_in_xml() -> None:
    """A model's markup is no element."""
    root = ElementTree.fromstring(junit_xml(replace(BLOCK, blind_spots=(HOSTILE,))))
    assert {one.tag for one in root.iter()} == {
        *("testsuites", "testsuite", "testcase", "failure", "error", "skipped", "system-out")
    }
    assert "<script>alert(1)</script>" in (root[0].findtext("system-out") or "")


def test_evidence_of_nothing_has_no_numbers() -> None:
    """An empty measurement is nulls and zeros throughout, so that nobody takes 0 for a result."""
    bare = replace(LAUNCH.decision.verdicts[0], evidence=Evidence(), claims=())
    (made,) = _strict(replace(LAUNCH, decision=replace(LAUNCH.decision, verdicts=(bare,))))["verdicts"]
    assert [name for name, value in made.items() if isinstance(value, float) and not math.isclose(value, 0.05)] == []
    assert (made["clusters"], made["items"], made["calls"], made["claims"]) == (0, 0, 0, [])


def test_missing_answers_are_counted_by_reason() -> None:
    """Each reason stands once for its gate and model, with its number and what to set."""
    lost = [Unanswered("b/x", "candidate", f"i{place}", "cut off", "set more") for place in range(3)]
    made = decision_json(replace(HOLD, unanswered=(*lost, Unanswered("b/x", "baseline", "i", "withheld"))))
    assert made["unanswered"] == [
        {"signal": "b/x", "role": "baseline", "reason": "withheld", "advice": None, "answers": 1},
        {"signal": "b/x", "role": "candidate", "reason": "cut off", "advice": "set more", "answers": 3},
    ]


def test_families_steps_and_likely_harm_follow_the_schema() -> None:
    """Suites are verdicts inside their family's; steps, what is likely and why asking ended are there for a machine."""
    made = _strict(LIKELY)
    jsonschema.validate(made, SCHEMA, cls=jsonschema.Draft202012Validator)
    family, other = made["verdicts"]
    assert (family["harm_likely"], family["ended"], other["ended"]) == (True, "budget", "decided")
    assert [one["signal"] for one in family["members"]] == ["behavior/unearned-praise", "behavior/pushback"]
    assert other["members"] == []
    assert made["harm_likely"] == ["family/sycophancy"]
    assert [(one["kind"], one["chance"]) for one in made["next_steps"]] == [("pairs", None), ("calls", 0.9)]
    family["members"][0]["verdict"] = "ok"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(made, SCHEMA, cls=jsonschema.Draft202012Validator)


def test_the_suites_of_a_family_are_test_cases() -> None:
    """They are counted, stand under the family's name, and one that points to harm is told from an open one."""
    suite = ElementTree.fromstring(junit_xml(LIKELY)).find("testsuite")
    assert suite is not None
    cases = [(one.get("classname"), one.get("name")) for one in suite.iter("testcase")]
    assert cases == [
        ("seatrial.gates", "family/sycophancy"),
        ("seatrial.gates", "behavior/over-refusal"),
        ("seatrial.gates.family/sycophancy", "behavior/unearned-praise"),
        ("seatrial.gates.family/sycophancy", "behavior/pushback"),
    ]
    assert (suite.get("tests"), suite.get("errors")) == ("4", "2")
    assert {one.get("type") for one in suite.iter("error")} == {"harm-likely"}
