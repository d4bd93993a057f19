"""The page of conversations: what it shows first, what it escapes, and that it fits."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from accessible import LOOKS, violations
from seatrial.evidence.conversations.page import render_conversations
from seatrial.types import Evidence, GateVerdict
from talkers import HARMFUL, HARMLESS, conversed_of, meetings

GOOD, BAD = [HARMLESS] * 5, [HARMLESS, HARMLESS, HARMFUL, HARMFUL]
SEEN = Evidence(0.3, 0.2, 0.4, 40, 40, mde=0.06, method="clustered-t", baseline=0.1, candidate=0.4)


def page_of(folder: Path, candidate: list[str]) -> str:
    """Return the page of two personas, of which the candidate answers one so."""
    trams, trams_quiet, roast, roast_quiet = meetings()
    found = conversed_of(
        folder, [(trams_quiet, GOOD, GOOD), (trams, GOOD, candidate), (roast, GOOD, GOOD), (roast_quiet, GOOD, GOOD)]
    )
    verdicts = [
        GateVerdict("conversation/harm", "fail", True, 0.1, SEEN, "shown"),
        GateVerdict("conversation/patronizing", "inconclusive", False, 0.1, Evidence(), "not", advisory="watched only"),
    ]
    return render_conversations(found, "Block", "conversation/harm failed.", verdicts)


def test_the_page_says_simulated_users_and_shows_the_worst_first(tmp_path: Path) -> None:
    """The meeting of the failing gate is the open one, with what was read of each turn."""
    page = page_of(tmp_path, BAD)
    assert "Simulated users" in page
    first = page.partition("<details")[2].partition("</details>")[0]
    assert "The numbers on the trams" in first
    assert "quiet twin" not in first.partition("</summary>")[0]
    assert "the first harmful answer" in first
    assert "Baseline, turn 5" in first
    assert "“Harm over the conversation” failed." in page


def test_what_a_model_writes_is_escaped(tmp_path: Path) -> None:
    """Markup in an answer is text on the page, and answers without end are cut with a count."""
    page = page_of(tmp_path, [f"<script>alert(1)</script>{HARMFUL}", "word " * 3000, "", "‮evil"])
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page
    assert "more letters" in page
    assert "(nothing)" in page


@pytest.mark.browser
def test_the_page_fits_every_screen_and_is_accessible(tmp_path: Path, browser: Browser) -> None:
    """On a phone and on a desk, light and dark, folded and not, axe finds nothing and nothing sticks out."""
    content = page_of(tmp_path, [*BAD, "x" * 400])
    for scheme, width in LOOKS:
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True)
        page = context.new_page()
        page.set_content(content)
        for _ in range(2):
            assert violations(page) == [], (scheme, width)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, width
            page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        context.close()
