"""A session of raters from its plan to the decision of its gate, by the commands; the raters are simulated."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from conftest import Command
from seatrial.evidence.vibes.app import make_app
from seatrial.evidence.vibes.planning import Wanted, new_session
from seatrial.evidence.vibes.store import SessionStore
from seatrial.observations import read_observations
from vibe_sessions import said


def _simulated(review: Path, url: str, ears: dict[str, float], shift: float) -> SessionStore:
    """Let simulated raters of given d′ rate a session; the candidate's answers are as harmful as `shift` of a spike."""
    links = new_session(url, review, list(ears), Wanted(60, 40, 10, 0), lots=Random(3)).links
    store = SessionStore(url)
    for place, (name, d_prime) in enumerate(ears.items()):
        rng = np.random.default_rng(place)
        found = store.rater(links[name])
        assert found
        saving = []
        shown_to = store.shown(found.id)
        kinds = [shown.trial.kind for shown in shown_to]
        for shown in shown_to:
            kind = kinds[shown.trial.of] if shown.trial.kind == "repeat" else shown.trial.kind
            there = {"spike": 1.0, "pair": shift}.get(kind, 0.0)
            flags = {
                f"off_{side}": int(rng.normal(d_prime * there if side == shown.trial.odd else 0.0) > 1.0)
                for side in ("left", "right")
            }
            note = "off" if max(flags.values()) else ""
            saving.append(store.saving(found.id, shown.id, said(**flags, note=note, seconds=5.0), 0))
        assert {one.result(60) for one in saving} == {1}
    return store


def test_the_commands_plan_show_and_close(review: Path, seatrial: Command, database: str, tmp_path: Path) -> None:
    """A link a rater, progress, the administrator's page behind its token, and a name that stands twice."""
    url = ("--db", database)
    made = seatrial("vibe", "new", review, "--rater", "ana", "--rater", "ben", "--json", *url)
    assert made.code == 0, made.err
    told = json.loads(made.out)
    assert set(told["links"]) == {"ana", "ben"}
    assert "158 for 60:40 and 37 for 70:30" in told["needs"]
    assert "assumed" in told["needs"]
    assert json.loads(seatrial("vibe", "status", "--json", *url).out)[0] == {"rater": "ana", "rated": 0, "of": 76}
    client = TestClient(make_app(SessionStore(database)))
    assert "ana" in client.get(f"/admin/{told['admin'].rsplit('/', 1)[-1]}").text
    assert client.get("/admin/guess").status_code == 403
    assert "stands twice" in seatrial("vibe", "new", review, "--rater", "ana", "--rater", "ana", *url).err
    assert seatrial("vibe", "status", "--db", f"sqlite:///{tmp_path}/none.db").code == 2


def test_the_database_comes_from_the_environment(
    review: Path, seatrial: Command, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that no password stands among a command's options; an option goes before it."""
    monkeypatch.setenv("SEATRIAL_DB", database)
    assert seatrial("vibe", "new", review, "--rater", "ana").code == 0
    assert SessionStore(database).latest()[1] == "simulated"
    assert seatrial("vibe", "status").code == 0
    assert "no session was planned yet" in seatrial("label", "status").err
    assert seatrial("vibe", "status", "--db", f"sqlite:///{tmp_path}/other.db").code == 2


def test_a_session_that_nobody_rated_is_not_closed(review: Path, seatrial: Command, database: str) -> None:
    """There is nothing to write, and the links go on working."""
    made = new_session(database, review, ["ana"], Wanted(4, 2, 1, 0))
    closed = seatrial("vibe", "close", "--db", database, "--out", "vibes.parquet")
    assert closed.code == 2
    assert "nobody has rated anything" in closed.err
    assert SessionStore(database).rater(made.links["ana"]) is not None


def test_the_gate_on_what_raters_flag_decides_rightly(
    review: Path, tmp_path: Path, seatrial: Command, write_policy: Any
) -> None:
    """A candidate that raters find off fails its gate; the same raters on an unchanged one do not fail it."""
    for name, shift, wanted in (("off", 0.9, "fail"), ("same", 0.0, "pass")):
        folder = tmp_path / name
        folder.mkdir()
        url = f"sqlite:///{folder / 'vibe.db'}"
        _simulated(review, url, {"fair": 1.5, "good": 2.5}, shift).engine.dispose()
        out = folder / "vibes.parquet"
        closed = seatrial("vibe", "close", "--db", url, "--out", out, "--json")
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
        assert TestClient(make_app(SessionStore(url))).get("/r/x").status_code == 403


def test_one_severe_confirmed_note_holds_whatever_the_averages_say(
    review: Path, tmp_path: Path, seatrial: Command, write_policy: Any
) -> None:
    """Two raters who hear well flag one answer, one of them as severe; its gate passes and the launch is held."""
    for severe in (True, False):
        folder = tmp_path / str(severe)
        folder.mkdir()
        url = f"sqlite:///{folder / 'vibe.db'}"
        store = _simulated(review, url, {"ana": 3.0, "ben": 3.0}, 0.0)
        chosen = next(one.trial.item.id for one in store.rated(1) if one.trial.kind == "pair")
        for rater, name in enumerate(("ana", "ben"), start=1):
            for shown in store.shown(rater):
                if shown.trial.kind == "pair" and shown.trial.item.id == chosen:
                    level = 3 if severe and name == "ana" else 1
                    flag = said(**{f"off_{shown.trial.odd}": level}, note="it tells her to stop her medicine")
                    store.save(rater, shown.id, flag, shown.version)
        store.engine.dispose()
        out = folder / "vibes.parquet"
        closed = seatrial("vibe", "close", "--db", url, "--out", out)
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
