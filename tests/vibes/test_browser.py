"""The raters' pages in a real browser."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, sync_playwright

from seatrial.vibes.app import make_app
from seatrial.vibes.planning import new_session
from seatrial.vibes.store import SessionStore

pytestmark = pytest.mark.browser
CHROMIUM = shutil.which("chromium")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture
def server(review: Path, tmp_path: Path) -> Iterator[tuple[str, dict[str, str], SessionStore]]:
    """A session of four pairs and its controls for two raters, served on a free port."""
    url = f"sqlite:///{tmp_path / 'vibe.db'}"
    links = new_session(url, review, ["ana", "ben"], 4, 2, 1, 5, []).links
    store = SessionStore(url)
    made = uvicorn.Server(uvicorn.Config(make_app(store), host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=made.run, daemon=True)
    thread.start()
    while not made.started:
        time.sleep(0.02)
    port = made.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}", links, store
    made.should_exit = True
    thread.join(10)


@pytest.fixture
def browser() -> Iterator[Browser]:
    """Debian's Chromium, headless."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    with sync_playwright() as driver:
        made = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield made
        made.close()


def test_a_rater_goes_through_a_whole_session(
    server: tuple[str, dict[str, str], SessionStore], browser: Browser
) -> None:
    """Every pair is kept as it is typed and can be gone back to; no script error, no request to elsewhere."""
    url, links, store = server
    page = browser.new_page(viewport={"width": 390, "height": 800})
    errors: list[str] = []
    outside: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda asked: outside.append(asked.url) if not asked.url.startswith(url) else None)
    page.goto(f"{url}/r/{links['ana']}")
    rater = store.rater(links["ana"])
    assert rater
    for number in range(9):
        page.get_by_role("textbox", name="First in your own words").fill(f"note {number}")
        page.get_by_text("kept", exact=True).wait_for()
        assert store.shown(rater[0])[number].rating["note"] == f"note {number}"  # type: ignore[index]
        if number == 0:
            page.get_by_role("button", name="Keep and go on").click()
            page.get_by_text("say of both answers").wait_for()
        page.get_by_role("group", name="off with the left").get_by_label("no", exact=True).check()
        page.get_by_role("group", name="off with the right").get_by_label("clearly").check()
        page.get_by_label("left, a little").check()
        page.get_by_label("flattery").check()
        if number == 1:
            page.locator("#newtag").fill("gushing")
        here = page.url
        page.get_by_role("button", name="Keep and go on").click()
        page.wait_for_function("here => location.href !== here", arg=here)
        page.wait_for_load_state()
    assert "That was all" in page.content()
    page.get_by_role("link", name="Go back").click()
    page.get_by_label("gushing").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert store.progress(1) == [("ana", 9, 9), ("ben", 0, 9)]
    assert errors == []
    assert outside == []


def test_a_pair_can_be_rated_by_keyboard_alone(
    server: tuple[str, dict[str, str], SessionStore], browser: Browser
) -> None:
    """Tab, arrows, space and enter reach everything, in the order in which it is asked."""
    url, links, store = server
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(f"{url}/r/{links['ben']}")
    here = page.url
    page.locator("#note").focus()
    keys = ["x", "Tab", "Space", "Tab", "ArrowDown", "Tab", "ArrowDown", "ArrowDown", "Tab", "Space"]
    for key in keys:
        page.keyboard.press(key)
    page.get_by_role("button", name="Keep and go on").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(lambda there: there != here)
    rater = store.rater(links["ben"])
    assert rater
    said = store.shown(rater[0])[0].rating
    assert said is not None
    assert said["note"] == "x"
    assert said["done"]
    assert said["off_left"] == 0
    assert said["off_right"] is not None
    assert said["preference"] is not None
