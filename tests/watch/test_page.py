"""The page of a watch: what it says, and that nothing from outside runs on it."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from accessible import violations
from seatrial.watch.found import Seen, Served, Watch
from seatrial.watch.page import HEIGHT, WIDTH, line_of, render_watch, write_page
from seatrial.watch.shifts import Moved

HOSTILE = "<script>document.title='owned'</script>"
DAYS = tuple(f"2026-03-{day:02d}" for day in range(1, 25))
MOVED = Moved(22, 4, 0.05, 0.3, 1e-8)
QUIET = Seen("behavior/over-refusal", "Over-refusal", "high", (0.0, 1.0), 60, (0.1, 0.12) * 12, None, 4)
RISEN = Seen("behavior/praise", HOSTILE, "high", (0.0, 1.0), 60, (0.04, 0.06) * 10 + (0.3,) * 4, MOVED, 9)
SERVED = Served((("2026-03-01", ("x-1",)), ("2026-03-20", (HOSTILE,))))
CHANGED = Watch(
    "support", "openai/x", 0.05, DAYS, (0,) * 23 + (3,), 400, (RISEN, QUIET), SERVED, 12, HOSTILE, (HOSTILE,)
)


def test_the_page_says_it_in_order_and_quotes_all_from_outside() -> None:
    """Headline, reason, what to do, what the endpoint says, the days, how sure."""
    page = render_watch(CHANGED)
    assert HOSTILE not in page
    order = ["<h1>Worse:", "Since about 20 March 2026", "What to do", "says of itself", "Day by day", "How sure"]
    places = [page.index(words) for words in order]
    assert places == sorted(places)
    assert "3 of the last day's 400 questions got no answer" in page
    assert "12 earlier days are not compared, since a change was accepted" in page
    quiet = render_watch(replace(CHANGED, seen=(QUIET,), served=Served()))
    assert "What to do" not in quiet
    assert "Quiet for 24 days" in quiet


def test_the_days_are_drawn_within_the_picture() -> None:
    """Those that differ are marked, those without readings left out, and noise is not blown up."""
    line = line_of(RISEN)
    assert [differs for _, _, differs in line.points] == [False] * 19 + [True] * 5
    assert line.before is not None
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y, _ in line.points)
    calm = line_of(replace(QUIET, means=(0.001, math.nan, 0.002)))
    assert (len(calm.points), calm.before, calm.low, calm.high) == (2, None, "0", "10 of 100")
    assert len({y for _, y, _ in calm.points}) <= 2
    assert line_of(replace(QUIET, means=(math.nan,))).points == ()
    full = line_of(replace(QUIET, means=(0.0, 1.0)))
    assert (full.low, full.high) == ("0", "100 of 100")


@pytest.mark.browser
@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1440, "dark")])
def test_the_page_fits_and_runs_nothing(browser: Browser, tmp_path: Path, width: int, scheme: str) -> None:
    """On a phone and on a desk no part is wider than the screen, axe finds nothing, and a model's name is text."""
    path = write_page(CHANGED, tmp_path)
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(path.as_uri())
    assert page.title().startswith("Worse:")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert violations(page) == []
    page.close()
