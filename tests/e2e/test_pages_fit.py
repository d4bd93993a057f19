"""Pages of plans, differences, doses and labels in a browser: on a phone and on a desk, light and dark."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from starlette.testclient import TestClient

from accessible import LOOKS, violations
from label_sessions import label_all, planned, policy, reviewed
from results import OUTLOOKS, RESULTS
from seatrial.drift.found import Drift, Example, Finding, Group
from seatrial.drift.page import FIRST, render_drift
from seatrial.evidence.vibes.app import make_app
from seatrial.evidence.vibes.store import SessionStore
from seatrial.gates.plan_page import render_outlook
from seatrial.policy import LaunchPolicy
from seatrial.review.dose_page import render_doses
from seatrial.review.dose_response import Curve, DoseResponse, Step
from seatrial.stats.intervals import Interval
from seatrial.types import Evidence, GateVerdict
from seatrial.web import guard

__all__ = ["policy", "reviewed"]

pytestmark = pytest.mark.browser

SAYS = Finding(
    "phrase", "says “and”", True, 0.02, 0.34, Interval(0.32, 0.2, 0.41), 0.001,
    also=("says “or”",), examples=(Example("coldness", "c1", "What now?", "Wait.", "Wait, and see."),) * 2,
)  # fmt: skip
DRIFT = Drift(
    1200, 1100, 2400, 0.05, 0.0005, {"phrase": 0.0005}, Interval(0.73, 0.7, 0.76),
    (Group("use case", "health", Interval(0.9, 0.8, 1.0), 40),), (SAYS,) * (FIRST + 3), 659, ("Of all, some.",),
)  # fmt: skip


def _doses() -> DoseResponse:
    """A gate that fails at the higher of two doses."""
    steps = []
    for dose in (0.0, 1.0):
        seen = Evidence(0.3 * dose, 0.3 * dose - 0.04, 0.3 * dose + 0.04, 40, 40, mde=0.06, method="clustered-t")
        word = "fail" if dose else "pass"
        steps.append(Step(dose, GateVerdict("behavior/praise", word, True, 0.05, seen, f"{word}.")))  # type: ignore[arg-type]
    curve = Curve("behavior/praise", 0.05, True, tuple(steps), 0.2, False)
    return DoseResponse("warmer", 0.9, ((0.0, "launch"), (1.0, "block")), (curve,))


def test_plans_differences_and_doses_fit_and_are_accessible(browser: Browser) -> None:
    """Axe finds nothing on any of them, folded or not, and none is wider than its screen."""
    pages = {
        "drift": render_drift(DRIFT, "support"),
        "no drift": render_drift(replace(DRIFT, findings=(), groups=()), "support"),
        "doses": render_doses(_doses()),
    } | {f"plan, {name}": render_outlook(RESULTS[name].policy, one) for name, one in OUTLOOKS.items()}
    for scheme, width in LOOKS:
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True)
        page = context.new_page()
        for name, content in pages.items():
            page.set_content(content)
            for _ in range(2):
                assert violations(page) == [], (name, scheme, width)
                assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, width)
                page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        context.close()


def test_what_shows_a_difference_stands_apart_from_the_next(browser: Browser) -> None:
    """Between the answers of one example and the question of the next there is room."""
    page = browser.new_page(viewport={"width": 1440, "height": 800})
    page.set_content(render_drift(DRIFT, "support"))
    answers, question = (
        page.locator(f"details[open] {one}").nth(place) for one, place in ((".sides", 0), (".user", 1))
    )
    above, below = answers.bounding_box(), question.bounding_box()
    assert above is not None
    assert below is not None
    assert below["y"] - above["y"] - above["height"] >= 12
    page.close()


@pytest.mark.slow
def test_pages_of_labels_fit_and_are_accessible(
    database: str,
    reviewed: Path,
    policy: LaunchPolicy,
    browser: Browser,
    serve: Callable[[SessionStore], AbstractContextManager[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The rater's page, and the administrator's while one rater is done and the other has not begun."""
    monkeypatch.setattr(guard, "BURST", 10_000)
    made, store = planned(database, reviewed, policy, "ana", "ben"), SessionStore(database)
    label_all(TestClient(make_app(store), follow_redirects=True), store, made.links["ana"])
    with serve(store) as url:
        for scheme, width in LOOKS:
            context = browser.new_context(
                viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True
            )
            page = context.new_page()
            for place in (f"/r/{made.links['ben']}", f"/admin/{made.admin}"):
                page.goto(url + place)
                assert violations(page) == [], (place, scheme, width)
                assert page.evaluate("document.documentElement.scrollWidth") <= width, (place, width)
            context.close()
    store.engine.dispose()
