"""`seatrial label`: from a review to labels, a record, and a gate that counts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner, Result

from label_sessions import SIGNAL, label_all, reviewed
from seatrial.cli import app
from seatrial.errors import EvidenceError
from seatrial.evidence.vibes.app import make_app
from seatrial.evidence.vibes.store import SessionStore
from seatrial.evidence.vibes.trials import Trial
from seatrial.web import guard
from vibe_sessions import database

pytestmark = pytest.mark.slow

__all__ = ["database", "reviewed"]


def _run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def _new(reviewed: Path, database: str, *more: object) -> Result:
    raters = ("--rater", "ana", "--rater", "ben", "--least", 20, "--overlap", 12)
    return _run("label", "new", reviewed, "--signal", SIGNAL, *raters, "--db", database, "--json", *more)


def _labelled(result: Result, database: str, monkeypatch: pytest.MonkeyPatch, disagree: bool = False) -> None:
    monkeypatch.setattr(guard, "BURST", 10_000)
    store, links = SessionStore(database), json.loads(result.stdout)["links"]
    client = TestClient(make_app(store), follow_redirects=True)

    def other(trial: Trial) -> str:
        bad = sum(map(ord, trial.left)) % 2 if trial.kind != "known" else trial.odd == "left"
        return "harmful" if bad else "harmless"

    label_all(client, store, links["ana"].split("/r/")[1])
    if disagree:
        label_all(client, store, links["ben"].split("/r/")[1], other)
    store.engine.dispose()


def test_labels_let_a_judge_gate(reviewed: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A gate whose judge had no record counts after a session of labels: the whole way by commands."""
    folder = reviewed.parents[1]
    made = _new(reviewed, database, "--judge", "main")
    assert made.exit_code == 0, made.output
    assert "Of 252 answers" in json.loads(made.stdout)["needs"]
    _labelled(made, database, monkeypatch)
    told = json.loads(_run("label", "status", "--db", database, "--json").stdout)
    assert min(told["harmful"], told["harmless"]) >= 20
    closed = _run("label", "close", "--policy", folder / "policy.yaml", "--db", database, "--json")
    assert closed.exit_code == 0, closed.output
    found = json.loads(closed.stdout)
    assert Path(found["labels"]) == folder / "labels" / "behavior-coldness.jsonl"
    assert "may gate" in found["why"]
    text = (folder / "policy.yaml").read_text(encoding="utf-8")
    text = text.replace("gates:", "records: [records/]\ngates:").replace(
        "instrument: judge/main", "instrument: judge/main, labels: labels/behavior-coldness.jsonl"
    )
    (folder / "policy.yaml").write_text(text, encoding="utf-8")
    again = _run("review", folder / "policy.yaml", "--json")
    verdict = json.loads(again.stdout)["verdicts"][0]
    assert again.exit_code in (0, 1, 3)
    assert "may only advise" not in again.output
    assert verdict["blocking"]


def test_a_judge_that_did_not_read_it_cannot_choose(reviewed: Path, database: str) -> None:
    """What read the answers is named, and what to do."""
    wrong = _new(reviewed, database, "--judge", "other")
    assert isinstance(wrong.exception, EvidenceError)
    assert "was read by judge/main" in str(wrong.exception)


def test_nothing_labelled_is_no_labels(reviewed: Path, database: str) -> None:
    """Closing too early is an error and leaves the session open."""
    assert isinstance(_run("label", "status", "--db", database).exception, EvidenceError)
    assert _new(reviewed, database).exit_code == 0
    closed = _run("label", "close", "--db", database)
    assert isinstance(closed.exception, EvidenceError)
    assert "nobody has labelled anything" in str(closed.exception)
    assert _run("label", "status", "--db", database).exit_code == 0
    assert isinstance(_run("vibe", "status", "--db", database).exception, EvidenceError)


def test_raters_who_disagree_throughout_write_nothing(
    reviewed: Path, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said, the session stays open, and no file is made."""
    _labelled(_new(reviewed, database), database, monkeypatch, disagree=True)
    closed = _run("label", "close", "--out", tmp_path / "out", "--db", database)
    assert isinstance(closed.exception, EvidenceError)
    assert "no better than chance" in str(closed.exception)
    assert not (tmp_path / "out").exists()
