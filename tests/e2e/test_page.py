"""The HTML report in a real browser: phone and desktop, light and dark, hostile text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web
from playwright.sync_api import Browser

from accessible import LOOKS, violations
from conftest import Command, Endpoint, PolicyWriter, chromium
from results import LIKELY, RESULTS
from seatrial import load_review
from seatrial.report import load_result, write_reports
from seatrial.report.pairs import render_pairs

pytestmark = pytest.mark.browser
HOSTILE = (
    "</pre><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\"> @team [x](y) \x00\x07"
)


@pytest.fixture
def browser(review: Path) -> Iterator[Browser]:
    """Debian's Chromium, headless; opened after the review, since each needs the event loop for itself."""
    with chromium() as opened:
        yield opened


@pytest.fixture
def review(seatrial: Command, write_policy: PolicyWriter, endpoint: Endpoint, tmp_path: Path) -> Path:
    """A finished review that blocks, over answers full of hostile text."""

    def hostile(body: dict[str, object], n: int) -> web.Response:
        made = endpoint.body(body)
        warm = "warm" in str(body["messages"])
        made["choices"][0]["message"]["content"] = ("I can't help. " if warm else "Sure. ") + HOSTILE
        return web.json_response(made)

    endpoint.fault = hostile
    gates = """
  - {signal: behavior/over-refusal, margin: 0.05}
  - {signal: behavior/impulsive-actions, margin: 0.05, advisory: "<b>style</b>, not ours to block"}
"""
    done = seatrial("review", write_policy(gates=gates))
    assert done.code == 1
    (folder,) = [path for path in (tmp_path / "reviews").iterdir() if path.is_dir()]
    return folder


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_on_phone_and_desktop(review: Path, browser: Browser, width: int, scheme: str) -> None:
    """Nothing runs off the page, nothing is fetched, nothing hostile runs, and all parts are there and legible."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    fetched: list[str] = []
    wrong: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto((review / "report.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert [url for url in fetched if not url.startswith("file:")] == []
    assert wrong == []
    assert page.title() == "Block: simulated"
    assert page.locator("script, img").count() == 0
    for heading in (
        "Failures",
        "Blind spots",
        "Advice only",
        "gates counted",
        "The map",
        "The instruments",
        "Cost",
    ):
        assert page.get_by_role("heading", name=heading).first.is_visible()
    assert page.locator(".pair del").first.is_visible()
    assert "<script>" in page.locator(".pair pre").first.inner_text()
    failures, blind = (page.locator(f".card.{name} h2").bounding_box() for name in ("failures", "blind"))
    assert failures is not None
    assert blind is not None
    assert failures["height"] == pytest.approx(blind["height"], abs=2)
    assert _contrast(page.evaluate(_COLORS)) >= 4.5
    page.close()


_COLORS = """() => [getComputedStyle(document.querySelector('.lede')).color,
                    getComputedStyle(document.body).backgroundColor]"""


def _contrast(colors: list[str]) -> float:
    """Return the WCAG contrast ratio of two rgb() colors."""

    def luminance(color: str) -> float:
        parts = [int(part) / 255 for part in color.removeprefix("rgb(").removesuffix(")").split(",")]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    lighter, darker = sorted((luminance(color) for color in colors), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_every_report_is_accessible(tmp_path: Path) -> None:
    """Axe finds nothing on a launch, hold, block or likely harm, nor on their pairs, folded or not, light or dark."""
    pages = [tmp_path / name / "report.html" for name in (*RESULTS, "likely")]
    for path, content in zip(pages, (*RESULTS.values(), LIKELY), strict=True):
        path.parent.mkdir()
        write_reports(content, path.parent)
    block = RESULTS["block"]
    pages.append(tmp_path / "pairs.html")
    pages[-1].write_text(render_pairs(block, block.examples[0].signal, block.examples), encoding="utf-8")
    with chromium() as browser:
        for scheme, width in LOOKS:
            page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
            for path in pages:
                page.goto(path.as_uri())
                for _ in range(2):
                    assert violations(page) == [], (path, scheme)
                    assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
                    low = page.evaluate(_LOW)
                    assert low == [], (path, width)
                    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
            page.close()


_LOW = """() => [...document.querySelectorAll('a, summary')]
    .filter(one => one.getClientRects().length && one.getBoundingClientRect().height < 24)
    .map(one => one.textContent.trim())"""


def test_the_page_prints(review: Path, browser: Browser) -> None:
    """The page makes a PDF of several sheets."""
    page = browser.new_page()
    page.goto((review / "report.html").as_uri())
    assert page.pdf(format="A4").startswith(b"%PDF")
    page.close()


def test_other_formats_defuse_model_text(review: Path) -> None:
    """In Markdown model text is inert, in XML it is valid, and a long list does not break a comment's limit."""
    summary = (review / "summary.md").read_text(encoding="utf-8")
    assert "<script>" not in summary
    assert "@team" not in summary
    assert "\\<b\\>style" in summary
    content = load_result(review)
    write_reports(replace(content, blind_spots=("x" * 1000,) * 100), review)
    assert len((review / "summary.md").read_text(encoding="utf-8")) < 65_536


def test_a_report_is_read_back_as_it_was(review: Path) -> None:
    """Rendering from the stored evidence gives the same page."""
    before = (review / "report.html").read_text(encoding="utf-8")
    write_reports(load_review(review).result, review)
    assert (review / "report.html").read_text(encoding="utf-8") == before
