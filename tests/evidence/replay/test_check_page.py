"""The page of a checked forecast."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from playwright.sync_api import Browser

from accessible import LOOKS, violations
from replays import made_check
from seatrial.evidence.replay.check import over_all
from seatrial.evidence.replay.check_page import render_check
from seatrial.evidence.replay.traffic import Counted

DROPPED = Counted(dropped=Counter({"a turn is no text": 7}), first={"a turn is no text": "log.jsonl:9"})


def test_it_says_whether_the_forecast_holds_and_what_was_left_out() -> None:
    """Each rate foretold and found, the traffic, the rows that were left out; foreign text is escaped."""
    made = made_check((0.1, 0.3), (0.1, 0.1))
    made = replace(made, forecast=replace(made.forecast, candidate="<script>alert(1)</script>"))
    page = render_check(made, over_all([]), DROPPED)
    assert "Other rates than were foretold" in page and "1 of 2 forecasts agree" in page
    assert "&lt;script&gt;alert(1)" in page and "<script>alert" not in page
    assert "7 left out: a turn is no text" in page and "log.jsonl:9" in page
    assert page.index("Behavior 0</strong>") < page.index("Behavior 1</strong>"), "what does not agree comes first"
    assert "10 % [8, 12]" in page and "30 % [24, 36]" in page


@pytest.mark.browser
@pytest.mark.slow
def test_it_fits_and_is_accessible(browser: Browser) -> None:
    """Axe finds nothing, nothing runs over the edge, and the outcome stands on the first screen."""
    pages = [made_check((0.1, 0.3), (0.02, 0.02)), made_check((0.1, 0.1), moved=True), made_check()]
    for scheme, width in LOOKS:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True)
        page = context.new_page()
        for made in pages:
            page.set_content(render_check(made, over_all([]), DROPPED))
            assert violations(page) == [], (scheme, width)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            if made.found:
                box = page.get_by_role("img").first.bounding_box()
                assert box is not None and box["y"] < 900
        context.close()
