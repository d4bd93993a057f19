"""A review is made again from what its folder holds, whatever it was asked of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from conftest import Endpoint, PolicyWriter, by_rates, grading
from seatrial.report import load_result, save_result
from seatrial.report.basis import Basis
from seatrial.review.verifying.verify import verify
from verified_reviews import copied, entered_anew, results, review_of


@pytest.mark.slow
def test_judges_replies_are_read_from_the_store(write_policy: PolicyWriter, endpoint: Endpoint, tmp_path: Path) -> None:
    """A judge that was tried first and then graded is read again, record and grades, with nobody to ask."""
    grading(endpoint, by_rates(0.95, 0.05))
    judge = f'{{model: openai-compatible/judge, base_url: "{endpoint.url}"}}'
    extra = f"judges: {{main: {{model: {judge}}}}}\nbudget: {{calls: 80}}"
    gates = "  - {signal: behavior/impulsive-actions, margin: 0.3, instrument: judge/main}"
    done = review_of(write_policy(candidate="plain", extra=extra, gates=gates), tmp_path / "reviews" / "one")
    found = verify(copied(tmp_path))
    assert set(results(found).values()) == {"verified"}, found.steps
    assert any("judge/main" in said for said in found.unseen)
    assert found.exit_code == done.exit_code


@pytest.mark.slow
def test_failed_calls_are_said(write_policy: PolicyWriter, endpoint: Endpoint, tmp_path: Path) -> None:
    """Calls that got no answer are made again as failures, and that they failed is said not to be verified."""

    def refused(body: dict[str, Any], number: int) -> web.Response | None:
        odd = number > 8 and number % 9 == 0
        return web.json_response({"error": {"message": "not this one"}}, status=400) if odd else None

    endpoint.fault = refused
    done = review_of(write_policy(candidate="plain", extra="budget: {calls: 120}"), tmp_path / "reviews" / "one")
    lost = len(done.result.unanswered)
    assert lost
    found = verify(copied(tmp_path))
    assert set(results(found).values()) == {"verified"}, found.steps
    assert any(f"That {lost} calls got no answer" in said for said in found.unseen)


@pytest.mark.slow
def test_answers_of_other_reviews_are_read_from_the_own_store(
    write_policy: PolicyWriter, endpoint: Endpoint, tmp_path: Path
) -> None:
    """What was taken over from another review lies in the folder too, however old it is by now."""
    review_of(write_policy(candidate="plain"), tmp_path / "reviews" / "zero")
    done = review_of(write_policy(candidate="calm"), tmp_path / "reviews" / "one")
    assert done.result.reuse.taken
    found = verify(copied(tmp_path))
    assert set(results(found).values()) == {"verified"}, found.steps
    assert any("other reviews" in said for said in found.unseen)


TASK = """
from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.scorer import includes


@task
def evens():
    samples = [Sample(id=f"s{n}", input=f"Item {n}", target="Yes") for n in range(20)]
    return Task(MemoryDataset(samples), scorer=includes())
"""


@pytest.mark.slow
def test_logs_of_tasks_are_read_from_the_folder(endpoint: Endpoint, tmp_path: Path) -> None:
    """The task is not run again, and neither its file nor Inspect's models are needed."""
    pytest.importorskip("inspect_ai")
    (tmp_path / "evens.py").write_text(TASK, encoding="utf-8")
    model = f'{{model: openai-compatible/prod, base_url: "{endpoint.url}"}}'
    policy = tmp_path / "policy.yaml"
    policy.write_text(
        f"name: p\nbaseline: {model}\ncandidate: {model}\nevidence: [{{task: evens.py}}]\n"
        "signals: {eval/evens.includes: {harmful: low}}\ngates: [{signal: eval/evens.includes, margin: 0.3}]\n",
        encoding="utf-8",
    )
    done = review_of(policy, tmp_path / "reviews" / "one")
    (tmp_path / "evens.py").unlink()
    asked = endpoint.count
    found = verify(copied(tmp_path))
    assert set(results(found).values()) == {"verified"}, found.steps
    assert (found.exit_code, endpoint.count) == (done.exit_code, asked)


@pytest.mark.slow
def test_a_larger_budget_is_made_again_with_the_looks_that_are_left(
    write_policy: PolicyWriter, endpoint: Endpoint, tmp_path: Path
) -> None:
    """A review that a smaller budget ended goes on with less of its alpha, and is verified so."""
    endpoint.seconds = 0.0
    for calls in (40, 120):
        policy = write_policy(candidate="plain", extra=f"budget: {{calls: {calls}}}")
        review_of(policy, tmp_path / "reviews" / "one")
    found = verify(copied(tmp_path))
    assert set(results(found).values()) == {"verified"}, found.steps
    assert found.standing is not None and found.standing.basis.ends_before == 1


@pytest.mark.slow
def test_evidence_that_does_not_say_how_models_were_asked_is_no_pass(live: Path) -> None:
    """What an earlier version wrote, or somebody took out, is not verified and ends in no fault."""
    kept = load_result(live)
    for basis in (Basis(), replace(kept.basis, models=())):
        save_result(replace(kept, basis=basis), live)
        entered_anew(live, lambda body: body.update(identity={}))
        assert results(verify(live))["answers → observations"] == "not verified"


@pytest.mark.slow
def test_calls_that_no_round_counted_are_not_made_twice(
    write_policy: PolicyWriter, endpoint: Endpoint, tmp_path: Path
) -> None:
    """What was asked anew of another review's answers took a part of the budget, whether or not a gate came to it."""
    review_of(write_policy(candidate="plain"), tmp_path / "reviews" / "zero")
    done = review_of(write_policy(candidate="calm", extra="budget: {calls: 44}"), tmp_path / "reviews" / "one")
    assert done.result.basis.first_calls > 20
    found = verify(copied(tmp_path))
    assert set(results(found).values()) == {"verified"}, found.steps
    kept = load_result(tmp_path / "reviews" / "one")
    folder = tmp_path / "elsewhere" / "reviews" / "one"
    save_result(replace(kept, basis=replace(kept.basis, first_calls=0, asked_first=())), folder)
    assert results(verify(folder))["answers → observations"] == "differs"
