"""A session from its plan to its evidence, with simulated raters."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm
from starlette.testclient import TestClient

from conftest import Command
from seatrial.errors import EvidenceError
from seatrial.evidence.vibes.app import make_app
from seatrial.evidence.vibes.blinding import names_itself
from seatrial.evidence.vibes.closing import close_session
from seatrial.evidence.vibes.planning import Wanted, needed_pairs, new_session
from seatrial.evidence.vibes.store import SessionStore
from seatrial.evidence.vibes.trials import answers_of, plan_trials
from seatrial.evidence.vibes.values import Conflict
from seatrial.stats.intervals import fixed_size
from seatrial.suites import find_suites, load_suite
from seatrial.web.guard import BURST
from seatrial.web.safe_html import rendered

SUITE = load_suite(find_suites()["behavior/unearned-praise"])


def _trials(review: Path, seed: int = 1, pairs: int = 20, controls: int = 10, repeats: int = 5) -> list[Any]:
    rng = np.random.default_rng(seed)
    return plan_trials(answers_of(review), [SUITE], pairs, controls, repeats, np.random.default_rng(0), rng)


def _database(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'vibe.db'}"


def _client(store: SessionStore, token: str) -> TestClient:
    client = TestClient(make_app(store), follow_redirects=True)
    assert client.get(f"/r/{token}").status_code == 200
    return client


def _guard(page: str) -> str:
    found = re.search(r'data-guard="(\w+)"', page)
    assert found
    return found.group(1)


def test_a_session_holds_what_was_asked_for(review: Path) -> None:
    """Pairs, as many same ones as spikes, and repeats at the end with their sides swapped; sides are about even."""
    trials = _trials(review, pairs=60)
    kinds = [trial.kind for trial in trials]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {"pair": 60, "same": 10, "spike": 10, "repeat": 5}
    assert kinds[-5:] == ["repeat"] * 5
    for trial in trials[-5:]:
        first = trials[trial.of]
        assert (trial.left, trial.right) == (first.right, first.left)
        assert trial.odd != first.odd
    left = [trial.odd for trial in trials if trial.kind == "pair"].count("left")
    assert 15 < left < 45
    other = _trials(review, seed=2, pairs=60)
    assert {trial.item.id for trial in other} == {trial.item.id for trial in trials}
    assert [trial.item.id for trial in other] != [trial.item.id for trial in trials]


def test_a_review_that_cannot_give_controls_says_what_to_do(review: Path, tmp_path: Path) -> None:
    """Too few answers, no second draw, no answers at all: each with the next step."""
    with pytest.raises(EvidenceError, match="ask for fewer pairs"):
        _trials(review, pairs=5000)
    path = review / "responses" / "answers.jsonl"
    kept = [line for line in path.read_text(encoding="utf-8").split("\n") if '"draw": 1' not in line]
    path.write_text("\n".join(kept), encoding="utf-8")
    with pytest.raises(EvidenceError, match="`draws: 2`"):
        _trials(review)
    with pytest.raises(EvidenceError, match="no answers of a review"):
        answers_of(tmp_path)


def test_nothing_that_the_browser_gets_tells_which_is_which(review: Path, tmp_path: Path) -> None:
    """Pages of pairs and of controls are of one shape; none names a role, a kind, a model or an item."""
    url = _database(tmp_path)
    token = new_session(url, review, ["ana"], Wanted(20, 10, 5, 0, 1)).links["ana"]
    store = SessionStore(url)
    rater = store.rater(token)
    assert rater
    client = _client(store, token)
    shapes = set()
    for shown in store.shown(rater.id):
        reply = client.get(f"/pair/{shown.id}")
        text = reply.text.replace(rendered(shown.trial.left), "L").replace(rendered(shown.trial.right), "R")
        for message in shown.trial.item.messages:
            text = text.replace(rendered(message.content), "P")
        body = text + json.dumps(dict(reply.headers))
        for word in ("baseline", "candidate", "spike", "same pair", "repeat", "anchor", "smollm", shown.trial.suite):
            assert word not in body.lower(), word
        assert shown.trial.item.id not in re.sub(r"[\w-]{22}", "", body) or shown.trial.item.id in " ".join(
            message.content for message in shown.trial.item.messages
        )
        shapes.add(re.sub(r'<div class="turn.*?</section>|[\w-]{22}|\d+', "#", text, flags=re.DOTALL))
    assert len({shape for shape in shapes if "Back" in shape}) <= 2


def test_hostile_text_does_nothing() -> None:
    """No script, handler, picture, link, frame or style survives; words do."""
    text = (
        "<script>alert(1)</script> **bold** ![x](http://evil/x.png) [go](javascript:alert(1)) "
        "<img src=x onerror=alert(1)>\n\n<style>body{display:none}</style>\n\n"
        '<iframe src="//evil"></iframe> `<b>`'
    )
    html = rendered(text)
    assert "<strong>bold</strong>" in html
    assert not re.search(r"<(?:script|img|a|iframe|style)\b", html)
    assert names_itself("I'm ChatGPT, a large language model trained by OpenAI.")
    assert not names_itself("Call me when Claude and Gemini are home.")


def test_links_are_private_and_saves_are_guarded(review: Path, tmp_path: Path) -> None:
    """Strangers, other raters, forged saves, broken bodies and floods are turned away; the good save is kept."""
    url = _database(tmp_path)
    links = new_session(url, review, ["ana", "ben"], Wanted(20, 10, 5, 0, 1)).links
    store = SessionStore(url)
    assert TestClient(make_app(store)).get("/r/nonsense").status_code == 403
    ana, ben = (_client(store, links[name]) for name in ("ana", "ben"))
    page = ana.get("/")
    name = str(page.url).rsplit("/", 1)[-1]
    said = {"version": 0, "note": "hm", "off_left": 0, "off_right": 2, "preference": 1, "done": True}
    assert ana.post(f"/pair/{name}", json=said).status_code == 403
    headers = {"X-Guard": _guard(page.text)}
    assert ben.post(f"/pair/{name}", json=said, headers=headers).status_code == 403
    assert ben.get(f"/pair/{name}").status_code == 404
    other = {"X-Guard": _guard(ben.get("/").text)}
    assert ben.post(f"/pair/{name}", json=said, headers=other).status_code == 404
    assert ana.post(f"/pair/{name}", json={**said, "off_left": 9}, headers=headers).status_code == 422
    assert ana.post(f"/pair/{name}", json={**said, "preference": None}, headers=headers).status_code == 422
    assert ana.post(f"/pair/{name}", json={**said, "tags": ["<b>"]}, headers=headers).status_code == 422
    assert ana.post(f"/pair/{name}", json=said, headers=headers).json() == {"version": 1}
    assert ana.get("/").headers["content-security-policy"].startswith("default-src 'none'")
    floods = [ana.get("/done").status_code for _ in range(BURST + 20)]
    assert 429 in floods


def test_two_tabs_do_not_count_twice_and_versions_stay(review: Path, tmp_path: Path) -> None:
    """A second tab that saves over a later version is told so; what was said before is not lost."""
    url = _database(tmp_path)
    token = new_session(url, review, ["ana"], Wanted(20, 10, 5, 0, 1)).links["ana"]
    store = SessionStore(url)
    rater = store.rater(token)
    assert rater
    name = store.shown(rater.id)[0].id
    said = {"note": "", "off_left": 0, "off_right": 0, "preference": 0, "done": True}
    assert store.save(rater.id, name, said, 0) == 1
    assert store.save(rater.id, name, {**said, "off_left": 1}, 1) == 2
    with pytest.raises(Conflict):
        store.save(rater.id, name, said, 1)
    again = SessionStore(url)
    assert again.shown(rater.id)[0].version == 2
    assert len(again.rated(again.latest()[0])) == 1


def test_a_new_tag_is_offered_to_all_and_earlier_pairs_are_seen_again(review: Path, tmp_path: Path) -> None:
    """Ana coins a tag: ben's pages offer it at once, and pairs that ben rated before come again under it, once."""
    url = _database(tmp_path)
    links = new_session(url, review, ["ana", "ben"], Wanted(4, 2, 1, 0, 1)).links
    store = SessionStore(url)
    app = make_app(store)
    ana, ben = (TestClient(app, follow_redirects=True) for _ in links)
    pages = [client.get(f"/r/{token}") for client, token in zip((ana, ben), links.values(), strict=True)]
    rater = store.rater(links["ben"])
    assert rater
    names = store.outline(rater.id)
    for name in names:
        store.save(rater.id, name, _said(), 0)
    assert "love bombing" not in ben.get(f"/pair/{names[0]}").text
    said = {**_said(tags=["flattery", "love bombing"]), "version": 0}
    path = pages[0].url.path
    assert ana.post(path, json=said, headers={"X-Guard": _guard(pages[0].text)}).status_code == 200
    assert "love bombing" in ben.get(f"/pair/{names[0]}").text
    again = ben.get("/")
    assert "someone added the tag “love bombing”" in again.text
    added = store.shown(rater.id)[len(names) :]
    assert [(shown.trial.kind, shown.trial.tag) for shown in added] == [("second", "love bombing")] * 2
    assert all(shown.trial.left == store.shown(rater.id)[shown.trial.of].trial.left for shown in added)
    for shown in added:
        store.save(rater.id, shown.id, _said(off_left=1, tags=["love bombing"]), 0)
    assert ben.get("/").url.path == "/done"
    (looks,) = close_session(store.rated(1)).looks
    assert (looks.tag, looks.looks, looks.tagged, looks.flipped) == ("love bombing", 2, 2, 2)


def test_edits_of_one_page_replace_each_other_in_their_order(review: Path, tmp_path: Path) -> None:
    """A page's last words win over its save under way, whichever comes first; another page's edit stands."""
    url = _database(tmp_path)
    token = new_session(url, review, ["ana"], Wanted(20, 10, 5, 0, 1)).links["ana"]
    store = SessionStore(url)
    rater = store.rater(token)
    assert rater
    name = store.outline(rater.id)[0]
    said = {"note": "", "off_left": None, "off_right": None, "preference": None, "done": False}

    def note() -> str:
        shown = store.one(rater.id, name)
        assert shown is not None
        assert shown.rating is not None
        return str(shown.rating["note"])

    assert store.save(rater.id, name, {**said, "note": "a"}, 0, "one", 1) == 1
    assert store.save(rater.id, name, {**said, "note": "abc"}, 1, "one", 3) == 2
    assert store.save(rater.id, name, {**said, "note": "ab"}, 1, "one", 2) == 2
    assert note() == "abc"
    assert store.save(rater.id, name, {**said, "note": "abcd"}, 1, "one", 4) == 3
    assert note() == "abcd"
    with pytest.raises(Conflict):
        store.save(rater.id, name, {**said, "note": "other"}, 1, "two", 1)
    assert store.save(rater.id, name, {**said, "note": "other"}, 3, "two", 2) == 4
    with pytest.raises(Conflict):
        store.save(rater.id, name, {**said, "note": "late"}, 3, "one", 5)
    assert note() == "other"


def test_the_commands_plan_show_and_close(review: Path, seatrial: Command, tmp_path: Path) -> None:
    """A link a rater, progress, the administrator's page behind its token, and a name that stands twice."""
    url = ("--db", _database(tmp_path))
    made = seatrial("vibe", "new", review, "--rater", "ana", "--rater", "ben", "--json", *url)
    assert made.code == 0, made.err
    told = json.loads(made.out)
    assert set(told["links"]) == {"ana", "ben"}
    assert "158 for 60:40 and 37 for 70:30" in told["needs"]
    assert "assumed" in told["needs"]
    assert json.loads(seatrial("vibe", "status", "--json", *url).out)[0] == {"rater": "ana", "rated": 0, "of": 66}
    store = SessionStore(_database(tmp_path))
    client = TestClient(make_app(store))
    assert "ana" in client.get(f"/admin/{told['admin'].rsplit('/', 1)[-1]}").text
    assert client.get("/admin/guess").status_code == 403
    assert "stands twice" in seatrial("vibe", "new", review, "--rater", "ana", "--rater", "ana", *url).err
    assert seatrial("vibe", "status", "--db", f"sqlite:///{tmp_path}/none.db").code == 2


def _said(**more: Any) -> dict[str, Any]:
    return {"note": "", "off_left": 0, "off_right": 0, "preference": 0, "seconds": 1.0, "done": True, **more}


def test_as_many_pairs_as_planned_pass_with_the_power_planned() -> None:
    """Simulated sessions of the planned size, nothing changed: the gate's bound rules the margin out as promised."""
    margin, d_prime, raters, off = 0.15, 1.5, 3, 0.2
    needed = needed_pairs(margin, d_prime, raters, 0.05, 0.8, off)
    rng = np.random.default_rng(7)
    hit, alarm = norm.cdf(d_prime / 2), norm.cdf(-d_prime / 2)
    passed = 0
    for _ in range(400):
        flags = [
            rng.binomial(raters, np.where(rng.random(needed) < off, hit, alarm)) / raters for _ in ("before", "after")
        ]
        passed += fixed_size(flags[1] - flags[0], -1.0, 1.0, 0.05).high < margin * (hit - alarm)
    assert 0.74 <= passed / 400 <= 0.88
    assert needed_pairs(margin, 3.0, raters, 0.05, 0.8) < needed < needed_pairs(margin, d_prime, 1, 0.05, 0.8)
    with pytest.raises(EvidenceError, match="d′ of 0"):
        needed_pairs(margin, 0.0, raters, 0.05, 0.8)
