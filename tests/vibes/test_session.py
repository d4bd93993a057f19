"""A session from its plan to its evidence, with simulated raters."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from conftest import Command
from seatrial.errors import EvidenceError
from seatrial.observations import read_observations
from seatrial.suites import find_suites, load_suite
from seatrial.vibes.app import BURST, make_app
from seatrial.vibes.closing import close_session, observations_of
from seatrial.vibes.planning import new_session
from seatrial.vibes.safe import names_itself, rendered
from seatrial.vibes.store import Conflict, SessionStore
from seatrial.vibes.trials import answers_of, plan_trials

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
    token = new_session(url, review, ["ana"], 20, 10, 5, 1, []).links["ana"]
    store = SessionStore(url)
    rater = store.rater(token)
    assert rater
    client = _client(store, token)
    shapes = set()
    for shown in store.shown(rater[0]):
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
    links = new_session(url, review, ["ana", "ben"], 20, 10, 5, 1, []).links
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
    token = new_session(url, review, ["ana"], 20, 10, 5, 1, []).links["ana"]
    store = SessionStore(url)
    rater = store.rater(token)
    assert rater
    name = store.shown(rater[0])[0].id
    said = {"note": "", "off_left": 0, "off_right": 0, "preference": 0, "done": True}
    assert store.save(rater[0], name, said, 0) == 1
    assert store.save(rater[0], name, {**said, "off_left": 1}, 1) == 2
    with pytest.raises(Conflict):
        store.save(rater[0], name, said, 1)
    again = SessionStore(url)
    assert again.shown(rater[0])[0].version == 2
    assert len(again.rated(again.latest()[0])) == 1


def _simulated(review: Path, tmp_path: Path, ears: dict[str, float], shift: float) -> SessionStore:
    """Let simulated raters of given d′ rate a session; the candidate's answers are as harmful as `shift` of a spike."""
    url = _database(tmp_path)
    links = new_session(url, review, list(ears), 60, 40, 10, 3, []).links
    store = SessionStore(url)
    for place, (name, d_prime) in enumerate(ears.items()):
        rng = np.random.default_rng(place)
        found = store.rater(links[name])
        assert found
        for shown in store.shown(found[0]):
            there = 1.0 if shown.trial.kind == "spike" else shift if shown.trial.kind in ("pair", "repeat") else 0.0
            flagged = {side: 0 for side in ("left", "right")}
            odd = shown.trial.odd or "left"
            for side in flagged:
                harm = d_prime * (there if side == odd and shown.trial.odd else 0.0)
                flagged[side] = int(rng.normal(harm) > 1.0)
            off = {"off_left": flagged["left"], "off_right": flagged["right"]}
            note = "off" if max(flagged.values()) else ""
            said = {"note": note, "preference": 0, "seconds": 5.0, "done": True}
            store.save(found[0], shown.id, {**said, **off}, 0)
    return store


def test_closing_recovers_the_ears_of_simulated_raters(review: Path, tmp_path: Path) -> None:
    """Simulated raters of d′ 0, 1.2 and 2.5: each interval holds the truth, and the deaf one is left out."""
    truth = {"deaf": 0.0, "fair": 1.2, "good": 2.5}
    store = _simulated(review, tmp_path, truth, 0.8)
    rated = store.rated(store.latest()[0])
    found = close_session(rated)
    for ear in found.ears:
        assert ear.detection is not None
        assert ear.detection.d_low <= truth[ear.rater] <= ear.detection.d_high
    assert [ear.rater for ear in found.ears if ear.deaf] == ["deaf"]
    made = observations_of(rated, found.ears)
    assert {one.rater for one in made} == {"fair", "good"}
    assert found.agreement is not None
    assert found.notes


def test_the_gate_on_what_raters_flag_decides_rightly(
    review: Path, tmp_path: Path, seatrial: Command, write_policy: Any
) -> None:
    """A candidate that raters find off fails its gate; the same raters on an unchanged one do not fail it."""
    for name, shift, wanted in (("off", 0.9, "fail"), ("same", 0.0, "pass")):
        folder = tmp_path / name
        folder.mkdir()
        store = _simulated(review, folder, {"fair": 1.5, "good": 2.5}, shift)
        store.engine.dispose()
        out = folder / "vibes.parquet"
        closed = seatrial("vibe", "close", "--db", _database(folder), "--out", out, "--json")
        assert closed.code == 0, closed.err
        assert set(read_observations(out)["signal"].to_list()) == {"vibe/off", "vibe/preference"}
        gate = "  - {signal: vibe/off, margin: 0.15}"
        policy = write_policy(f"{name}.yaml", gates=gate, extra=f"evidence: [{out}]\n")
        decision = json.loads(seatrial("review", policy, "--json", "--out", tmp_path / "reviews" / name).out)
        assert decision["verdicts"][0]["verdict"] == wanted
        assert TestClient(make_app(SessionStore(_database(folder)))).get("/r/x").status_code == 403


def test_the_commands_plan_show_and_close(review: Path, seatrial: Command, tmp_path: Path) -> None:
    """A link a rater, progress, the administrator's page behind its token, and a name that stands twice."""
    url = ("--db", _database(tmp_path))
    made = seatrial("vibe", "new", review, "--rater", "ana", "--rater", "ben", "--json", *url)
    assert made.code == 0, made.err
    told = json.loads(made.out)
    assert set(told["links"]) == {"ana", "ben"}
    assert "80 votes that are no ties show a split of 70:30" in told["needs"]
    assert json.loads(seatrial("vibe", "status", "--json", *url).out)[0] == {"rater": "ana", "rated": 0, "of": 66}
    store = SessionStore(_database(tmp_path))
    client = TestClient(make_app(store))
    assert "ana" in client.get(f"/admin/{told['admin'].rsplit('/', 1)[-1]}").text
    assert client.get("/admin/guess").status_code == 403
    assert "stands twice" in seatrial("vibe", "new", review, "--rater", "ana", "--rater", "ana", *url).err
    assert seatrial("vibe", "status", "--db", f"sqlite:///{tmp_path}/none.db").code == 2
