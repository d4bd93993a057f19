"""`seatrial vibe`: import, new, status, close."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conftest import Command
from seatrial.evidence.vibes.store import SessionStore
from seatrial.observations import read_observations
from vibe_sessions import said

HEADER = "rater,item,vote,left,right"


def _votes(tmp_path: Path) -> Path:
    """Write votes of four raters who all prefer the new model, on whichever side it stands."""
    rows = [
        f"r{rater},p{pair},{'left' if pair % 2 else 'right'},{'new,old' if pair % 2 else 'old,new'}"
        for rater in range(4)
        for pair in range(12)
    ]
    path = tmp_path / "votes.csv"
    path.write_text("\n".join([HEADER, *rows]), encoding="utf-8")
    return path


def test_votes_are_weighed_and_made_evidence(seatrial: Command, tmp_path: Path) -> None:
    """People and machines get the same counts; the file has one observation a vote and model."""
    done = seatrial("vibe", "import", _votes(tmp_path))
    assert (done.code, "48 votes by 4 raters on 12 pairs, 0 % ties." in done.out) == (0, True)
    words = ("--baseline", "old", "--candidate", "new", "--out", "votes.parquet")
    told = json.loads(seatrial("vibe", "import", "votes.csv", *words, "--json").out)
    assert (told["votes"], told["raters"], told["observations"]) == (48, 4, 96)
    frame = read_observations(tmp_path / "votes.parquet")
    assert set(frame["signal"]) == {"vibe/preference"}
    assert frame.filter(frame["role"] == "candidate")["value"].mean() == 1.0
    assert "96 observations of vibe/preference: votes.parquet" in seatrial("vibe", "import", "votes.csv", *words).out


@pytest.mark.parametrize(
    "words",
    [("--out", "x.parquet"), ("--baseline", "old", "--candidate", "new"), ("--out", "x.parquet", "--baseline", "old")],
)
def test_evidence_says_of_whom_and_where_to(seatrial: Command, tmp_path: Path, words: tuple[str, ...]) -> None:
    """Two models and a file go together; half of that is refused and nothing is written."""
    done = seatrial("vibe", "import", _votes(tmp_path), *words)
    assert (done.code, "--out, --baseline and --candidate go together" in done.err) == (2, True)
    assert not (tmp_path / "x.parquet").exists()


def _new(seatrial: Command, review: Path, database: str, *more: object) -> dict[str, Any]:
    raters = ("--rater", "ana", "--rater", "ben")
    done = seatrial("vibe", "new", review, *raters, "--pairs", 30, "--db", database, *more, "--json")
    assert done.code == 0, done.err
    told: dict[str, Any] = json.loads(done.out)
    return told


@pytest.mark.slow
def test_a_session_has_a_link_a_rater_and_says_how_far_each_is(
    seatrial: Command, review: Path, database: str, tmp_path: Path
) -> None:
    """Links begin with where the server will be reached, and are told this once; status counts from nothing."""
    told = _new(seatrial, review, database, "--url", "https://rate.example")
    assert set(told["links"]) == {"ana", "ben"}
    assert all(link.startswith("https://rate.example/r/") for link in told["links"].values())
    assert len({*told["links"].values(), told["admin"]}) == 3
    rows = json.loads(seatrial("vibe", "status", "--db", database, "--json").out)
    assert rows == [{"rater": name, "rated": 0, "of": told["trials"]} for name in ("ana", "ben")]
    shown = seatrial("vibe", "new", review, "--rater", "eve", "--pairs", 30, "--db", database).out
    assert "eve: http://127.0.0.1:8765/r/" in shown
    assert "shown this once" in shown


def test_a_session_that_nobody_rated_cannot_be_closed(seatrial: Command, review: Path, database: str) -> None:
    """Closing it would end the links for nothing."""
    _new(seatrial, review, database)
    done = seatrial("vibe", "close", "--out", "vibes.parquet", "--db", database)
    assert (done.code, "nobody has rated anything in the latest session yet" in done.err) == (2, True)


def _rate(database: str, links: dict[str, str]) -> None:
    """Let each rater hear known harm and nothing else."""
    store = SessionStore(database)
    for link in links.values():
        rater = store.rater(link.rsplit("/", 1)[-1])
        assert rater is not None
        for shown in store.shown(rater.id):
            odd = {f"off_{shown.trial.odd}": 2} if shown.trial.kind == "spike" else {}
            store.save(rater.id, shown.id, said(**odd), 0)
    store.engine.dispose()


@pytest.mark.slow
def test_closing_writes_evidence_a_page_and_a_record(
    seatrial: Command, review: Path, database: str, tmp_path: Path
) -> None:
    """Everything that a policy takes stands beside the evidence, and the command says where."""
    _rate(database, _new(seatrial, review, database, "--controls", 20)["links"])
    done = seatrial("vibe", "close", "--out", "vibes.parquet", "--db", database)
    assert done.code == 0, done.err
    frame = read_observations(tmp_path / "vibes.parquet")
    assert "vibe/off" in set(frame["signal"])
    assert set(frame.filter(frame["signal"] == "vibe/off")["value"]) == {0.0}
    assert "<html" in (tmp_path / "vibes.html").read_text(encoding="utf-8")
    assert json.loads((tmp_path / "vibes.record.json").read_text(encoding="utf-8"))["instrument"]
    assert "List vibes.parquet under `evidence:` and vibes.record.json under `records:`" in done.out
    rated = json.loads(seatrial("vibe", "status", "--db", database, "--json").out)
    assert all(row["rated"] == row["of"] for row in rated)


@pytest.mark.slow
def test_a_page_that_cannot_be_written_is_named(seatrial: Command, review: Path, database: str, tmp_path: Path) -> None:
    """A folder in the page's place ends in a sentence."""
    _rate(database, _new(seatrial, review, database)["links"])
    (tmp_path / "vibes.html").mkdir()
    done = seatrial("vibe", "close", "--out", "vibes.parquet", "--db", database)
    assert (done.code, "vibes.html: cannot be written" in done.err) == (2, True)
