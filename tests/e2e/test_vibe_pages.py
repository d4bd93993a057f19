"""What a page keeps when a rater types, leaves, comes back, opens it twice or comes from elsewhere; hostile answers."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from playwright.sync_api import Browser, Page

from conftest import Endpoint
from seatrial.evidence.vibes.planning import Wanted, new_session
from seatrial.evidence.vibes.store import SessionStore
from seatrial.evidence.vibes.values import Rater
from seatrial.policy import load_policy
from seatrial.web import guard

pytestmark = pytest.mark.browser
Open = tuple[Page, SessionStore, Rater, str, str]


@pytest.fixture
def opened(review: Path, tmp_path: Path, browser: Browser, serve: Any) -> Iterator[Open]:
    """A rater's first pair in the browser: page, store, rater, the pair's name, the private link."""
    url = f"sqlite:///{tmp_path / 'vibe.db'}"
    token = new_session(url, review, ["ana"], Wanted(4, 2, 1, 0)).links["ana"]
    store = SessionStore(url)
    rater = store.rater(token)
    assert rater
    with serve(store) as address:
        page = browser.new_context().new_page()
        page.goto(f"{address}/r/{token}")
        yield page, store, rater, page.url.rsplit("/", 1)[-1], f"{address}/r/{token}"


def _note(store: SessionStore, rater: Rater, name: str) -> str:
    shown = store.one(rater.id, name)
    assert shown is not None
    return "" if shown.rating is None else str(shown.rating["note"])


@pytest.mark.parametrize("away", ["about:blank", "closed", "reloaded"])
def test_no_keystroke_is_lost_when_a_page_is_left(opened: Open, away: str) -> None:
    """A word is typed and the page left in the same moment: what was typed is kept, the save under way or not."""
    page, store, rater, name, _ = opened
    for words in ("first words", "first words and more"):
        page.locator("#note").fill("")
        page.locator("#note").type(words, delay=3)
        if away == "closed":
            other = page.context.new_page()
            page.close(run_before_unload=True)
            page = other
            page.goto(f"{opened[4]}")
        elif away == "reloaded":
            page.reload()
        else:
            here = page.url
            page.goto(away)
            page.goto(here)
        page.wait_for_function("words => document.querySelector('#note').value === words", arg=words, timeout=30_000)
        for _ in range(300):  # what the browser held is sent again when the page is opened, and that takes its time
            if _note(store, rater, name) == words:
                break
            page.wait_for_timeout(100)
        assert _note(store, rater, name) == words


def test_somebody_who_types_without_a_pause_is_kept_as_they_type(opened: Open) -> None:
    """Three seconds of typing make several versions; a save waits for no pause, and comes not with every letter."""
    page, store, rater, name, _ = opened
    page.locator("#note").type("word " * 20, delay=30)
    page.get_by_text("kept", exact=True).wait_for()
    shown = store.one(rater.id, name)
    assert shown is not None
    assert 3 <= shown.version <= 12
    assert _note(store, rater, name) == "word " * 20


def test_a_save_that_failed_is_sent_again(opened: Open) -> None:
    """The server cannot be reached, then answers that its database does not: the page says so and keeps at it."""
    page, store, rater, name, _ = opened
    faults = ["abort", "503"]

    def fail(route: Any) -> None:
        if not faults:
            route.continue_()
        elif faults.pop(0) == "abort":
            route.abort()
        else:
            route.fulfill(status=503, content_type="application/json", body=json.dumps({"error": "gone"}))

    page.route("**/pair/*", fail)
    page.locator("#note").fill("hello")
    page.get_by_text("not kept yet, trying again").wait_for()
    page.get_by_text("kept", exact=True).wait_for(timeout=15_000)
    assert _note(store, rater, name) == "hello"


def test_going_back_changes_a_rating_and_keeps_it_final(opened: Open) -> None:
    """A rating is made, gone back to and changed without the button: the new one counts."""
    page, store, rater, name, _ = opened
    here = page.url
    for label in ("no", "clearly"):
        side = "left" if label == "no" else "right"
        page.get_by_role("group", name=f"off with the {side}").get_by_label(label, exact=True).check()
    page.get_by_label("neither").check()
    page.get_by_role("button", name="Keep and go on").click()
    page.wait_for_function("here => location.href !== here", arg=here)
    page.get_by_role("link", name="Back").click()
    page.wait_for_url(here)
    page.locator("#note").fill("on second thought")
    page.get_by_text("kept", exact=True).wait_for()
    (rated,) = store.rated(rater.session)
    assert rated.rating["note"] == "on second thought"
    assert rated.rating["off_right"] == 2
    shown = store.one(rater.id, name)
    assert shown is not None
    assert shown.version >= 2


def test_a_second_tab_is_told_and_counts_once(opened: Open) -> None:
    """Two tabs on one pair: the one that comes later with an older version is told, and one rating counts."""
    page, store, rater, name, _ = opened
    other = page.context.new_page()
    other.goto(page.url)
    page.locator("#note").fill("from the first tab")
    page.get_by_text("kept", exact=True).wait_for()
    other.locator("#note").fill("from the second tab")
    other.get_by_text("changed in another tab").wait_for()
    assert _note(store, rater, name) == "from the first tab"
    assert sum(shown.rating is not None for shown in store.shown(rater.id)) == 1


def test_a_link_in_a_message_on_another_site_lets_the_rater_in(opened: Open) -> None:
    """Raters click their link in web mail: a click from another site opens the session like any other."""
    page, _, _, _, link = opened

    class Mail(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(f'<a href="{link}">your link</a>'.encode())

        def log_message(self, *_: object) -> None:
            pass

    mail = HTTPServer(("127.0.0.1", 0), Mail)
    threading.Thread(target=mail.serve_forever, daemon=True).start()
    page.context.clear_cookies()
    fresh = page.context.new_page()
    fresh.goto(f"http://localhost:{mail.server_port}/")
    fresh.get_by_role("link").click()
    fresh.get_by_role("heading", name="Two answers to one conversation").wait_for()
    mail.shutdown()
    mail.server_close()


def test_a_conversation_is_held_and_rated_in_a_browser(
    review: Path, tmp_path: Path, browser: Browser, serve: Any, write_policy: Any, endpoint: Endpoint
) -> None:
    """Two turns, a model that fails once, words that outlive a reload, and the rating, by the keyboard's shortcut."""
    url = f"sqlite:///{tmp_path / 'vibe.db'}"
    token = new_session(url, review, ["ana"], Wanted(4, 2, 1, 1), load_policy(write_policy())).links["ana"]
    store = SessionStore(url)
    rater = store.rater(token)
    assert rater
    name = store.outline(rater.id)[-1]
    with serve(store) as address:
        page = browser.new_context().new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{address}/r/{token}")
        page.goto(f"{address}/pair/{name}")
        words = page.get_by_role("textbox", name="You say")
        words.fill("is my poem good?")
        page.reload()
        assert words.input_value() == "is my poem good?"
        endpoint.fault = lambda body, n: web.json_response({"error": "gone"}, status=400)
        words.press("Control+Enter")
        page.get_by_text("what you wrote is kept: try again").wait_for()
        endpoint.fault = None
        page.get_by_role("button", name="Try again").click()
        page.get_by_role("button", name="Say it to both").wait_for()
        words.fill("and my song?")
        words.press("Control+Enter")
        page.wait_for_function("() => document.querySelectorAll('#talk .answers').length === 2")
        page.wait_for_function("() => document.querySelector('#words').value === ''")
        assert page.locator("#talk .answer").all_text_contents() == ["Yes, of course.\n"] * 4
        for side in ("left", "right"):
            page.get_by_role("group", name=f"off with the {side}").get_by_label("no", exact=True).check()
        page.get_by_label("neither").check()
        page.locator("#note").press("Control+Enter")
        page.wait_for_url(lambda there: name not in there)
        assert errors == []
    (rated,) = store.rated(rater.session)
    assert [turn.asked for turn in rated.turns] == ["is my poem good?", "and my song?"]


HOSTILE = (
    "<script>document.title='taken'</script> **bold** ![x](http://evil.test/x.png) [go](javascript:alert(1)) "
    '<img src="http://evil.test/y.png" onerror="document.title=\'taken\'">\n\n<style>body{display:none}</style>\n\n'
    '<form action="http://evil.test"><button>Keep and go on</button></form> <iframe src="//evil.test"></iframe>\n\n'
    "```\n</pre><script>document.title='taken'</script>\n```\n\n<http://evil.test> http://evil.test/plain"
)


def test_hostile_answers_do_nothing_in_a_browser(
    review: Path, tmp_path: Path, browser: Browser, serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scripts, pictures, frames, forms, styles and links in answers, notes and tags stay words; nothing goes out.

    With the policy switched off as well as on, so that neither wall hides a hole in the other.
    """
    path = review / "responses" / "answers.jsonl"
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()[:-1]]
    for line in lines:
        line["response"]["text"] += f" {line['key']} {HOSTILE}"
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    url = f"sqlite:///{tmp_path / 'vibe.db'}"
    token = new_session(url, review, ["ana"], Wanted(4, 2, 1, 0)).links["ana"]
    store = SessionStore(url)
    rater = store.rater(token)
    assert rater
    for shown in store.shown(rater.id):
        store.save(rater.id, shown.id, {"note": f"</textarea>{HOSTILE}", "tags": ['"><script>']}, 0)
    monkeypatch.setattr(guard, "BURST", 10_000)
    with serve(store) as address:
        for bypass in (False, True):
            page = browser.new_context(bypass_csp=bypass).new_page()
            outside: list[str] = []
            page.on("request", lambda asked: outside.append(asked.url) if "evil" in asked.url else None)  # noqa: B023
            page.goto(f"{address}/r/{token}")
            for shown in store.shown(rater.id):
                page.goto(f"{address}/pair/{shown.id}")
                assert "taken" not in page.title()
                assert page.locator(":is(.answer, .turn) :is(a, img, script, style, iframe, form, button)").count() == 0
                assert page.locator(".answer strong").first.is_visible()
                assert page.locator("#note").input_value().startswith("</textarea>")
            assert outside == []
