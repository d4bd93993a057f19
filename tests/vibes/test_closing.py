"""A session closed: ears, notes, severe alarms, and what the gate says of simulated raters."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import norm
from starlette.testclient import TestClient

from conftest import Command
from seatrial.evidence.vibes.app import make_app
from seatrial.evidence.vibes.closing import close_session
from seatrial.evidence.vibes.observations import observations_of
from seatrial.evidence.vibes.planning import Wanted, new_session
from seatrial.evidence.vibes.raters import moved
from seatrial.evidence.vibes.store import SessionStore
from seatrial.observations import read_observations
from seatrial.stats.detection import signal_detection


def _database(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'vibe.db'}"


def _said(**more: Any) -> dict[str, Any]:
    return {"note": "", "off_left": 0, "off_right": 0, "preference": 0, "seconds": 1.0, "done": True, **more}


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
