"""The page of a backtest: what it says, that nothing from outside runs on it, and that it fits."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from accessible import LOOKS, violations
from histories import GATE, HOSTILE, backtested, judged
from seatrial.backtest.page import LABEL, ROOM, columns, render_backtest, write_page
from seatrial.errors import StoreError

SHORT = [
    judged(0, "clean", changes={GATE: 0.1}),
    judged(1, "incident", "block", changes={GATE: 2.0}, back=4),
    judged(2, "incident", "launch", changes={GATE: 0.2}, behavior=HOSTILE, name=HOSTILE),
    judged(3, "clean", "hold", changes={GATE: 0.3}),
    judged(4, "taken back", back=1),
    judged(5, "clean", "unknown"),
    judged(6, "too young"),
]
LONG = [judged(number, "incident" if number % 7 == 0 else "clean") for number in range(200)]


def test_releases_stand_in_order_of_time_with_room_between_them() -> None:
    """None too near the next, each within the width, labels apart; days far apart stand far apart."""
    for releases in (SHORT, LONG, [*SHORT[:2], judged(90, "clean")], SHORT[:1]):
        shown, width = columns(releases)
        places = [column.place * width / 100 for column in shown]
        assert all(after - before >= ROOM - 0.05 for before, after in pairwise(places))
        assert places[0] > 0 and places[-1] < width
        labelled = [place for place, column in zip(places, shown, strict=True) if column.label]
        assert labelled and all(after - before >= LABEL - 0.05 for before, after in pairwise(labelled))
    shown, _ = columns([*SHORT[:2], judged(90, "clean")])
    assert shown[2].place - shown[1].place > 2 * (shown[1].place - shown[0].place)


def test_the_page_says_it_in_order_and_quotes_all_from_outside() -> None:
    """Headline, releases in time, what it comes to, gates, signals, every release, how sure."""
    page = render_backtest(backtested(SHORT))
    assert HOSTILE not in page and "&lt;script&gt;" in page
    order = [
        "<h1>Too few to tell",
        "Releases in time",
        "What it comes to",
        "Its gates",
        "was worth",
        "Every release",
        "How sure",
    ]
    places = [page.index(words) for words in order]
    assert places == sorted(places)
    fates = ("incident", "clean", "taken-back", "too-young")
    assert [len(re.findall(f'<li class="{fate}"', page)) for fate in fates] == [2, 3, 1, 1]
    assert "was worth" not in render_backtest(backtested([judged(0, "clean")]))
    assert "<details>" in render_backtest(backtested(LONG)) and "<details open>" in page


def test_the_page_is_written_whole_or_says_why(tmp_path: Path) -> None:
    """A folder in its place is an error in words."""
    write_page(backtested(SHORT), tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text(encoding="utf-8").rstrip().endswith("</html>")
    with pytest.raises(StoreError):
        write_page(backtested(SHORT), tmp_path)


@pytest.mark.browser
@pytest.mark.parametrize("releases", [SHORT, LONG], ids=["seven", "two hundred"])
def test_the_page_fits_and_is_accessible(browser: Browser, releases: list[object]) -> None:
    """Axe finds nothing on it, folded or not, and it is no wider than its screen; hostile text stays text."""
    content = render_backtest(backtested(releases))  # type: ignore[arg-type]
    for scheme, width in LOOKS:
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True)
        page = context.new_page()
        page.set_content(content)
        for _ in range(2):
            assert violations(page) == [], (scheme, width)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, width
            page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert page.title() == "Backtest: stricter"
        context.close()
