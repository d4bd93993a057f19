"""The team's pages in Chromium, on a phone and a desk, light and dark: what is seen, what is entered, who gets in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from accessible import LOOKS, violations
from seatrial.evidence.vibes.planning import Wanted, new_session
from team_server import NAMES, WORDS, Team, team_of
from vibe_sessions import review

__all__ = ["review"]

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PAGES = (
    *("/team", "/team/reviews", "/team/reviews/support-next", "/team/reviews/support-warm", "/team/reviews/coding-3"),
    *("/team/incidents", "/team/forecasts", "/team/sessions", "/team/people", "/team/reviews/gone"),
)


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    """A server over a simulated history of twelve releases."""
    with team_of(tmp_path_factory.mktemp("pages"), releases=12) as served:
        yield served


def _come_in(page: Page, team: Team, role: str) -> Page:
    """Open the link that `serve token` printed."""
    page.goto(f"{team.url}/login#{team.tokens[role]}")
    page.wait_for_url(re.compile("/team"))
    return page


def _page(browser: Browser, width: int = 390, **more: str) -> Page:
    return browser.new_context(viewport={"width": width, "height": 800}, **more).new_page()  # type: ignore[arg-type]


def test_every_page_fits_and_is_accessible(team: Team, browser: Browser) -> None:
    """Axe finds nothing, folded or not, and none is wider than its screen; no script or style is refused."""
    for scheme, width in LOOKS:
        context = browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True, reduced_motion="reduce"
        )
        page = context.new_page()
        page.goto(f"{team.url}/login")
        assert violations(page) == [], ("login", scheme, width)
        _come_in(page, team, "admin")
        for path in PAGES:
            page.goto(team.url + path)
            for _ in range(2):
                assert violations(page) == [], (path, scheme, width)
                assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
                page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        context.close()


def test_nothing_on_a_page_is_refused_by_its_own_policy(team: Team, browser: Browser) -> None:
    """No error in the console, of any page, for who may do everything."""
    page, wrong = _page(browser, 1440), []
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    _come_in(page, team, "admin")
    for path in PAGES[:-1]:
        page.goto(team.url + path)
    assert wrong == []
    page.context.close()


@pytest.mark.parametrize("width", [390, 1440])
def test_the_first_screen_says_it(team: Team, browser: Browser, width: int) -> None:
    """Before anybody scrolls: what is open, what users have, and what waits."""
    page = _come_in(_page(browser, width), team, "viewer")
    for words in ("open incident", "What users have now", "2026-10", "Waits for a person's word", "assistant-next"):
        box = page.get_by_text(words).first.bounding_box()
        assert box is not None and box["y"] + box["height"] <= 800, words
    assert page.locator(".trend").count() == 7
    assert page.locator(".trend .incident").count() == 2
    page.context.close()


def test_a_link_lets_in_and_leaves_no_token_behind(team: Team, browser: Browser) -> None:
    """The address shows none, the server is sent none, a script reads no cookie; a wrong token is told in words."""
    page, asked = _page(browser), []
    page.on("request", lambda request: asked.append(request.url))
    _come_in(page, team, "viewer")
    assert not [url for url in asked if team.tokens["viewer"][:16] in url.partition("#")[0]]
    assert page.evaluate("document.cookie") == "" and "#" not in page.url
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/login")
    page.get_by_label("Your token").fill("0123456789abcdef.wrong")
    page.get_by_role("button", name="Log in").click()
    page.get_by_text("this token opens nothing").wait_for()
    page.goto(f"{team.url}/team")
    assert page.url.endswith("/login")
    page.context.close()


@pytest.mark.parametrize("width", [390, 1440])
def test_a_review_is_signed_and_refusals_are_shown(team: Team, browser: Browser, width: int) -> None:
    """What was typed stays where it was refused; what was entered is said on the page that follows, with its entry."""
    page = _come_in(_page(browser, width), team, "approver")
    page.get_by_role("link", name="assistant-next").first.click()
    page.get_by_role("heading", name="Launch", exact=True).wait_for()
    if not page.locator("#q-behavior").is_visible():
        page.get_by_text("Sign: approve how").click()
    for name in ("behavior", "experts", "blind-spots"):
        page.locator(f"#q-{name}").fill(" " * 9 if name == "experts" else WORDS)
    page.get_by_role("button", name="Sign as").click()
    page.get_by_text("an answer in words to").wait_for()
    assert page.locator("#q-behavior").input_value() == WORDS
    page.locator("#q-experts").fill(f"{WORDS}, {width}")
    page.get_by_role("button", name="Sign as").click()
    page.locator("#said").get_by_text("You approved the behavior of").wait_for()
    assert page.get_by_text(f"{NAMES['approver']} signed it; it may be released until").is_visible()
    entry = team.ledger.verify()[-1]
    assert (entry.kind, entry.body["answers"]["experts"]) == ("sign-off", f"{WORDS}, {width}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.context.close()


def test_harm_is_entered_and_marked_in_the_trend(team: Team, browser: Browser) -> None:
    """From a phone: the incident, the roll-back, and the marks on the first page."""
    page = _come_in(_page(browser), team, "approver")
    page.goto(f"{team.url}/team/incidents")
    page.get_by_text("Harm was found").click()
    page.get_by_label("In which release").select_option("2026-09")
    page.get_by_label("In which behavior").fill("behavior/over-refusal")
    page.get_by_label("What was found").fill("refuses to talk of knitting")
    page.get_by_role("button", name="Enter as").first.click()
    page.locator("#said").get_by_text("Incident of 2026-09 entered").wait_for()
    page.goto(f"{team.url}/team")
    trend = page.locator(".trend").filter(has_text="Over refusal")
    assert trend.locator(".incident").count() == 1
    assert "refuses to talk of knitting" in (trend.locator("svg").get_attribute("aria-label") or "")
    page.context.close()


def test_a_report_is_read_and_can_do_nothing(team: Team, browser: Browser) -> None:
    """Even one that somebody put a script into: it runs nothing, and the page before is a step back."""
    report = team.ledger.folder / "support-warm" / "report.html"
    held = report.read_text(encoding="utf-8")
    script = '<script>document.title = "ran"; fetch("/api/home")</script><img src="/team/x.png">'
    report.write_text(held.replace("<body>", f"<body>{script}"), encoding="utf-8")
    page, asked = _page(browser, 1440), []
    _come_in(page, team, "viewer")
    page.goto(f"{team.url}/team/reviews/support-warm")
    page.on("response", lambda response: asked.append(response.url))
    page.get_by_role("link", name="The whole report").click()
    page.get_by_role("heading", name="Block").first.wait_for()
    assert page.title() != "ran" and page.evaluate("location.origin + '|' + self.origin").endswith("|null")
    assert [url.rpartition("/")[2] for url in asked] == ["report.html"]
    page.go_back()
    page.get_by_role("heading", name="Block").first.wait_for()
    report.write_text(held, encoding="utf-8")
    page.context.close()


def test_a_rater_goes_from_the_teams_page_to_the_pairs(team: Team, browser: Browser, review: Path) -> None:
    """One application: the rater's own session, a button, the first pair; and no review on the way."""
    url = str(team.store.engine.url)
    link = new_session(url, review, [NAMES["rater"], "ben"], Wanted(4, 2, 1, 0)).links[NAMES["rater"]]
    page = _come_in(_page(browser), team, "rater")
    assert page.url.endswith("/team/sessions")
    assert page.get_by_text("ben").count() == 0
    assert violations_of(page) == []
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url("**/pair/*")
    assert page.locator("#note").is_visible()
    page.goto(f"{team.url}/r/{link}")
    page.get_by_text("not valid any more").wait_for()
    page.goto(f"{team.url}/team/reviews")
    assert "as rater you may not do this" in page.content()
    viewer = _come_in(_page(browser), team, "viewer")
    viewer.goto(f"{team.url}/team/sessions")
    assert viewer.get_by_text("ben").is_visible() and viewer.get_by_role("button", name="Go on").count() == 0
    for one in (page, viewer):
        one.context.close()


def violations_of(page: Page) -> list[str]:
    """Return what does not fit on a page."""
    wide = page.evaluate("document.documentElement.scrollWidth") > page.evaluate("window.innerWidth")
    return ["too wide"] if wide else []
