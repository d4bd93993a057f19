"""The page of a log: ten seconds first, nothing from outside as code, and fit for a phone and the dark."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from playwright.sync_api import Browser

from accessible import Scheme, violations
from seatrial.evidence.feedback.checks import Check
from seatrial.evidence.feedback.found import Feedback
from seatrial.evidence.feedback.page import render_feedback

HOSTILE = "<script>document.title='owned'</script>"
Simulate = Callable[..., pl.DataFrame]
Read = Callable[..., Feedback]


def test_the_headline_comes_first_then_picture_then_checks(harmful: Feedback) -> None:
    """In order: headline, reason, picture, checks, the silent, use cases, conversations."""
    page = render_feedback(harmful)
    order = ["<h1>Approval up, benefit down</h1>", 'class="reason"', 'id="picture"', 'id="checks"', 'id="open"']
    places = [page.index(one) for one in [*order, 'id="cases"', 'id="hearts"', 'id="when"', 'id="read"']]
    assert places == sorted(places)
    assert page.index(harmful.hearts[0].id) > page.index('id="hearts"')


def test_an_unfair_comparison_is_loud(harmful: Feedback, simulate: Simulate, read: Read) -> None:
    """What is grave stands in headline, reason and a card before any number, and no number is colored as shown."""
    unfair = replace(harmful, checks=(Check("sample ratio", "grave", "Users are missing."), *harmful.checks))
    page = render_feedback(unfair)
    assert page.index("<h1>No fair comparison") < page.index('id="checks"') < page.index('id="picture"')
    assert 'class="bar inconclusive"' in page and 'class="bar fail"' not in page
    assert 'class="bar fail"' in render_feedback(harmful)
    page = render_feedback(read(simulate(60).filter(pl.col("arm") == "baseline")))
    assert "<h1>No fair comparison</h1>" in page
    assert "Why no number here is to be trusted" in page
    assert 'id="picture"' not in page


@pytest.mark.parametrize("columns", [("use_case", "conversation", "user"), ("use_case",)])
def test_names_are_escaped_and_no_number_is_nan(simulate: Simulate, read: Read, columns: tuple[str, ...]) -> None:
    """Use cases, ids, arms and files that are scripts stay text, and where there is no number there is a dash."""
    frame = simulate(120, grades=0.05)
    frame = frame.with_columns(pl.format("{}{}", pl.col(name), pl.lit(HOSTILE)).alias(name) for name in columns)
    found = replace(read(frame), name=HOSTILE, baseline=HOSTILE, benefit_name=HOSTILE)
    page = render_feedback(found)
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert not re.search(r"\b(nan|inf)\b", page, re.IGNORECASE)


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1100])
def test_the_page_serves_everyone(
    harmful: Feedback, browser: Browser, tmp_path: Path, scheme: Scheme, width: int
) -> None:
    """No violation of axe's rules, no sideways scroll, and headline, reason and picture on the first screen."""
    path = tmp_path / "feedback.html"
    path.write_text(render_feedback(harmful), encoding="utf-8")
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 844}, bypass_csp=True)
    page = context.new_page()
    page.goto(path.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    boxes = [page.locator(one).first.bounding_box() for one in ("h1", ".reason", ".axis")]
    assert all(box is not None and box["y"] + box["height"] < 844 for box in boxes)
    found = violations(page)
    context.close()
    assert found == []
