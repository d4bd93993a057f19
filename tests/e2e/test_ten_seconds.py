"""The report of the policy that `seatrial init` writes, as a busy reader meets it: short, in order, legible."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from benchmarks import decides
from playwright.sync_api import Browser

from accessible import violations
from conftest import chromium
from seatrial.collect import Ask
from seatrial.gates.verdicts import decide
from seatrial.report import ReviewResult, write_reports
from seatrial.review.findings.compose import compose
from seatrial.review.rounds import Rounds
from seatrial.types import Response, Spend

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CALLS = 2_000
"""So few that gates stay open: a hold has the longest report."""
WORDS = 1_200
LENGTH = "That is a fair thing to ask, and there is more than one way to look at it. " * 8
"""What the simulated models say: about 130 words."""


@pytest.fixture(scope="module")
def content() -> ReviewResult:
    """A review of two unchanged simulated models under the default policy, whose budget ends too early."""
    kept: list[Rounds] = []

    class Kept(Rounds):
        def __init__(self, *given: Any) -> None:
            super().__init__(*given)
            kept.append(self)

    plain, answered = decides.default_policy(), decides._answer
    policy = plain.model_copy(update={"budget": plain.budget.model_copy(update={"calls": CALLS})})

    def talkative(ask: Ask, *given: Any) -> Response:
        made = answered(ask, *given)
        return replace(made, text=f"{LENGTH}{ask.request.item.id}.") if made.text == "said" else made

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(decides, "Rounds", Kept)
        patched.setattr(decides, "default_policy", lambda: policy)
        patched.setattr(decides, "_answer", talkative)
        decides.reviewed(decides.WORLDS[0], 3)
    (rounds,) = kept
    at = "2026-01-02T03:04:05+00:00"
    decision = decide(rounds.finish())
    spend = {"baseline": Spend(CALLS // 2), "candidate": Spend(CALLS // 2)}
    return compose(policy, rounds, decision, rounds.all_observations(), spend, (), at, at, "ana")


@pytest.fixture(scope="module")
def folder(content: ReviewResult, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where its report lies."""
    made = tmp_path_factory.mktemp("review")
    write_reports(content, made)
    return made


@pytest.fixture(scope="module")
def browser(folder: Path) -> Iterator[Browser]:
    """Debian's Chromium; opened after the review, since each needs the event loop for itself."""
    with chromium() as opened:
        yield opened


def test_ten_seconds_are_enough(folder: Path, browser: Browser) -> None:
    """Few words before a click, and decision, reason, picture and next step in that order, the picture at once."""
    for width, height, screens in ((1440, 900, 1), (390, 844, 2)):
        page = browser.new_page(viewport={"width": width, "height": height})
        page.goto((folder / "report.html").as_uri())
        assert len(page.inner_text("body").split()) <= WORDS
        places = [page.locator(one).first.bounding_box() for one in ("h1", ".reason", ".forest", ".next")]
        tops = [place["y"] for place in places if place is not None]
        assert len(tops) == 4
        assert tops == sorted(tops)
        row = page.locator(".forest .gate").first.bounding_box()
        assert row is not None
        assert row["y"] + row["height"] <= screens * height
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_is_legible(folder: Path, browser: Browser, scheme: str) -> None:
    """Every text, also what is folded, has the contrast that WCAG AA asks for on what lies behind it; so says axe."""
    page = browser.new_page(viewport={"width": 1440, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    page.goto((folder / "report.html").as_uri())
    assert violations(page) == []
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert page.evaluate(_FAINT) == []
    page.add_style_tag(content=".lede { color: #888 !important; background: #999 }")
    assert page.evaluate(_FAINT) != []
    page.close()


_FAINT = """() => {
  const parts = color => (color.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const over = (top, under) => {
    const share = top.length > 3 ? top[3] : 1;
    return [0, 1, 2].map(i => share * top[i] + (1 - share) * under[i]);
  };
  const linear = part => part / 255 <= .04045 ? part / 255 / 12.92 : ((part / 255 + .055) / 1.055) ** 2.4;
  const light = color => [.2126, .7152, .0722].reduce((sum, share, i) => sum + share * linear(color[i]), 0);
  const behind = one => {
    const layers = [];
    for (let at = one; at; at = at.parentElement) layers.unshift(parts(getComputedStyle(at).backgroundColor));
    return layers.reduce((under, top) => over(top, under), [255, 255, 255]);
  };
  const found = new Set();
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const one = node.parentElement, style = getComputedStyle(one);
    if (!node.data.trim() || !one.getClientRects().length) continue;
    const ground = behind(one), ink = over(parts(style.color), ground);
    const [low, high] = [light(ink), light(ground)].sort((a, b) => a - b);
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    if ((high + .05) / (low + .05) < (large ? 3 : 4.5)) found.add(`${one.tagName} ${node.data.trim().slice(0, 30)}`);
  }
  return [...found];
}"""


def test_the_summary_is_short_before_its_fold(folder: Path) -> None:
    """A comment on a pull request takes at most 25 lines before what is folded."""
    lines = (folder / "summary.md").read_text(encoding="utf-8").splitlines()
    fold = next(place for place, line in enumerate(lines) if line.startswith("<details>"))
    assert fold < 25
    assert len(lines) > 40
