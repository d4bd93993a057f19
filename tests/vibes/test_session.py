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
from seatrial.observations import read_observations
from seatrial.stats.detection import signal_detection
from seatrial.stats.intervals import fixed_size
from seatrial.suites import find_suites, load_suite
from seatrial.vibes.app import make_app
from seatrial.vibes.closing import close_session
from seatrial.vibes.ears import moved
from seatrial.vibes.evidence import observations_of
from seatrial.vibes.guard import BURST
from seatrial.vibes.kept import Conflict
from seatrial.vibes.planning import Wanted, needed_pairs, new_session
from seatrial.vibes.safe import names_itself, rendered
from seatrial.vibes.store import SessionStore
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


def _simulated(review: Path, tmp_path: Path, ears: dict[str, float], shift: float) -> SessionStore:
    """Let simulated raters of given d′ rate a session; the candidate's answers are as harmful as `shift` of a spike."""
    url = _database(tmp_path)
    links = new_session(url, review, list(ears), Wanted(60, 40, 10, 0, 3)).links
    store = SessionStore(url)
    for place, (name, d_prime) in enumerate(ears.items()):
        rng = np.random.default_rng(place)
        found = store.rater(links[name])
        assert found
        for shown in store.shown(found.id):
            there = 1.0 if shown.trial.kind == "spike" else shift if shown.trial.kind in ("pair", "repeat") else 0.0
            flagged = {side: 0 for side in ("left", "right")}
            odd = shown.trial.odd or "left"
            for side in flagged:
                harm = d_prime * (there if side == odd and shown.trial.odd else 0.0)
                flagged[side] = int(rng.normal(harm) > 1.0)
            off = {"off_left": flagged["left"], "off_right": flagged["right"]}
            note = "off" if max(flagged.values()) else ""
            said = {"note": note, "preference": 0, "seconds": 5.0, "done": True}
            store.save(found.id, shown.id, {**said, **off}, 0)
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
    made = observations_of(rated, found)
    assert {one.rater for one in made if one.signal != "vibe/severe"} == {"fair", "good"}
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
        assert set(read_observations(out)["signal"].to_list()) == {"vibe/off", "vibe/preference", "vibe/severe"}
        gate = "  - {signal: vibe/off, margin: 0.15}"
        policy = write_policy(
            f"{name}.yaml", gates=gate, extra=f"evidence: [{out}]\nrecords: [{out.with_suffix('.record.json')}]\n"
        )
        decision = json.loads(seatrial("review", policy, "--json", "--out", tmp_path / "reviews" / name).out)
        assert decision["verdicts"][0]["verdict"] == wanted
        assert decision["verdicts"][0]["demoted"] is False
        without = write_policy(f"{name}-without.yaml", gates=gate, extra=f"evidence: [{out}]\n")
        decision = json.loads(seatrial("review", without, "--json", "--out", tmp_path / "reviews" / f"{name}-no").out)
        assert decision["verdicts"][0]["demoted"] is True
        assert TestClient(make_app(SessionStore(_database(folder)))).get("/r/x").status_code == 403


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


def test_one_severe_confirmed_note_holds_whatever_the_averages_say(
    review: Path, tmp_path: Path, seatrial: Command, write_policy: Any
) -> None:
    """Two raters who hear well flag one answer, one of them as severe; its gate passes and the launch is held."""
    for severe in (True, False):
        folder = tmp_path / str(severe)
        folder.mkdir()
        store = _simulated(review, folder, {"ana": 3.0, "ben": 3.0}, 0.0)
        rated = store.rated(1)
        chosen = next(one.trial.item.id for one in rated if one.trial.kind == "pair")
        for name in ("ana", "ben"):
            for shown in store.shown(1 if name == "ana" else 2):
                if shown.trial.kind == "pair" and shown.trial.item.id == chosen:
                    level = 3 if severe and name == "ana" else 1
                    flag = _said(**{f"off_{shown.trial.odd}": level}, note="it tells her to stop her medicine")
                    store.save(1 if name == "ana" else 2, shown.id, flag, shown.version)
        store.engine.dispose()
        out = folder / "vibes.parquet"
        closed = seatrial("vibe", "close", "--db", _database(folder), "--out", out)
        assert closed.code == 0, closed.err
        assert ("HOLD" in closed.out) == severe
        page = out.with_suffix(".html").read_text(encoding="utf-8")
        assert "it tells her to stop her medicine" in page
        gate = "  - {signal: vibe/off, margin: 0.2}"
        extra = f"evidence: [{out}]\nrecords: [{out.with_suffix('.record.json')}]\n"
        done = seatrial("review", write_policy(f"{severe}.yaml", gates=gate, extra=extra), "--out", folder / "review")
        decision = json.loads((folder / "review" / "decision.json").read_text(encoding="utf-8"))
        assert decision["verdicts"][0]["verdict"] == "pass"
        assert decision["decision"] == ("hold" if severe else "launch")
        assert ("Raters confirmed severe harm in an answer" in done.out) == severe


def test_notes_that_say_alike_stand_together_and_the_worst_first(review: Path, tmp_path: Path) -> None:
    """Two ways to say one thing share a group; another thing does not; each names its pair."""
    url = _database(tmp_path)
    links = new_session(url, review, ["ana"], Wanted(4, 2, 1, 0, 1)).links
    store = SessionStore(url)
    rater = store.rater(links["ana"])
    assert rater
    pairs = [shown for shown in store.shown(rater.id) if shown.trial.kind == "pair"]
    words = ("it flatters the writer far too much", "too much flattery of the writer", "the recipe is wrong about salt")
    for shown, text, level in zip(pairs, words, (1, 3, 2), strict=False):
        store.save(rater.id, shown.id, _said(**{f"off_{shown.trial.odd}": level}, note=text, preference=0), 0)
    notes = close_session(store.rated(1)).notes
    assert [note.text for note in notes] == [words[1], words[0], words[2]]
    assert notes[0].group == notes[1].group != notes[2].group
    assert not any(note.confirmed for note in notes)


def test_a_criterion_that_moved_since_is_shown(review: Path, tmp_path: Path) -> None:
    """The same simulated rater, stricter in the second session: the move of the criterion is seen, and not in d′."""
    url = _database(tmp_path)
    for session, cut in enumerate((0.5, 1.7), start=1):
        token = new_session(url, review, ["ana"], Wanted(20, 60, 0, 0, session)).links["ana"]
        store = SessionStore(url)
        rater = store.rater(token)
        assert rater
        rng = np.random.default_rng(session)
        for shown in store.shown(rater.id):
            there = {
                side: 2.0 * (shown.trial.kind == "spike" and side == shown.trial.odd) for side in ("left", "right")
            }
            flags = {f"off_{side}": int(rng.normal(harm) > cut) for side, harm in there.items()}
            store.save(rater.id, shown.id, _said(**flags), 0)
    (ear,) = close_session(store.rated(2), store.of_raters(["ana"], before=2)).ears
    assert ear.since.low > 0
    assert np.isnan(close_session(store.rated(1)).ears[0].since.estimate)


def test_the_move_of_a_criterion_is_covered() -> None:
    """Simulated sessions before and after a move of 0.6: the two-sided 90 % interval holds it about that often."""
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(500):
        before, now = (
            signal_detection(
                int(rng.binomial(20, norm.sf(cut - 1.5))), 20, int(rng.binomial(40, norm.sf(cut))), 40, 0.05
            )
            for cut in (0.5, 1.1)
        )
        found = moved(before, now)
        held += found.low <= 0.6 <= found.high
    assert 0.86 <= held / 500 <= 0.97


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


def test_the_limit_of_detection_follows_the_ear(review: Path, tmp_path: Path) -> None:
    """Simulated raters who hear well see known harm at a lower share than those who hear badly."""
    limits = []
    for name, d_prime in (("bad", 1.0), ("good", 3.0)):
        folder = tmp_path / name
        folder.mkdir()
        store = _simulated(review, folder, {"one": d_prime, "two": d_prime}, 0.0)
        found = close_session(store.rated(1))
        limits.append(dict(found.detected))
        assert found.corrected is not None
        assert found.corrected[1].low <= found.corrected[0].high
    assert limits[1][0.2] > limits[0][0.2]
