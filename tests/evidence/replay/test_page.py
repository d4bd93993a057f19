"""The page of a replay."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from accessible import Scheme, violations
from replays import made_replay
from seatrial.evidence.replay.page import render_replay


def test_what_users_and_models_wrote_is_escaped() -> None:
    """It is shown as it stands, and does nothing."""
    page = render_replay(made_replay(("fail", True), text="<script>alert(1)</script>"))
    assert "&lt;script&gt;alert(1)" in page and "<script>alert" not in page
    assert "Worse in your traffic" in page and "What this cannot show" in page


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
    context.close()
