"""The page of a replay."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.sync_api import Browser

from accessible import Scheme, violations
from replays import made_replay
from seatrial.evidence.replay.page import pairs_file, render_replay, render_worse
from seatrial.types import Response


def test_what_users_and_models_wrote_is_escaped() -> None:
    """It is shown as it stands, and does nothing."""
    page = render_replay(made_replay(("fail", True), text="<script>alert(1)</script>"))
    assert "&lt;script&gt;alert(1)" in page and "<script>alert" not in page
    assert "Worse in your traffic" in page and "What this cannot show" in page


def test_all_pairs_are_reached_with_productions_answer() -> None:
    """The page shows a few and leads to the others, which stand in full; no answer is made up."""
    made = made_replay(("fail", True), text="<script>alert(1)</script>")
    (one,) = made.done.found
    assert "Production" not in render_replay(made) and "All 1 of them" not in render_replay(made)
    given = {"a": Response("a", "replay", 0, "What users got.")}
    many = replace(one, worse=("a",) * 5)
    known = replace(made, done=replace(made.done, production=given, found=(many,)))
    page = render_replay(known)
    assert "What users got." in page and f'href="{pairs_file(many)}">All 5 of them' in page
    whole = render_worse(known, many)
    assert whole.count("production answered") == 5 and "What users got." in whole and "<script>alert" not in whole


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_it_fits_phone_and_desktop(browser: Browser, width: int, scheme: Scheme) -> None:
    """Nothing runs over the edge, axe finds nothing, and the outcome stands on the first screen."""
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 900}, bypass_csp=True)
    page = context.new_page()
    page.set_content(render_replay(made_replay(("fail", True), ("inconclusive", True), ("pass", False))))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    box = page.get_by_role("img").first.bounding_box()
    assert box is not None and box["y"] < 900
    assert violations(page) == []
    worse = made_replay(("fail", True))
    page.set_content(render_worse(worse, worse.done.found[0]))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert violations(page) == []
    context.close()
