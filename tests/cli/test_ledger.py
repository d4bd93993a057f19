"""`seatrial ledger`: list, show, verify, waive."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conftest import Command, enter
from ledgers import edit
from results import BLOCK, LAUNCH
from seatrial.ledger import Ledger, ledger_for
from seatrial.ledger.chain import KEY_VARIABLE
from seatrial.report import save_result

UNTIL = "2999-12-31"


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """A ledger of three entries where the commands look for it."""
    made = Ledger(tmp_path / "reviews" / "ledger.db")
    for number in range(3):
        made.append("decision", "ana", {"status": "hold", "policy_name": f"p{number}", "folder": f"reviews/{number}"})
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A finished review that blocks on two gates, and in which a third was demoted."""
    made = tmp_path / "reviews" / "coach"
    made.mkdir(parents=True)
    save_result(BLOCK, made)
    return made


@pytest.mark.slow
def test_entries_are_listed_shown_and_verified(seatrial: Command, ledger: Ledger) -> None:
    """Oldest first for people, whole for machines; the number picks one; the last hash is told."""
    rows = seatrial("ledger", "list").out.splitlines()
    assert [row.split()[0] for row in rows] == ["no", "1", "2", "3"]
    listed = json.loads(seatrial("ledger", "list", "--json").out)
    assert [entry["hash"] for entry in listed] == [entry.hash for entry in ledger.entries()]
    assert json.loads(seatrial("ledger", "show", 2).out) == listed[1]
    verified = json.loads(seatrial("ledger", "verify", "--json").out)
    reviews = {"same": [], "not_covered": [], "absent": ["reviews/0", "reviews/1", "reviews/2"]}
    assert verified == {
        "entries": 3,
        "intact": True,
        "hash": listed[-1]["hash"],
        "remarks": [],
        "reviews": reviews,
        "signers": {"entries": {}, "unsigned": [1, 2, 3], "checked": False},
        "anchors": 0,
    }
    assert f"3 entries, chain intact, last hash {listed[-1]['hash'][:16]}." in seatrial("ledger", "verify").out


def test_what_is_odd_about_an_intact_ledger_is_said(seatrial: Command, ledger: Ledger) -> None:
    """A waiver that never holds is told beside the number of entries."""
    ledger.append("waiver", "ann", {"expires": "soon"})
    done = seatrial("ledger", "verify")
    assert done.code == 0
    assert done.out.splitlines()[0].startswith("4 entries, chain intact")
    assert "Entry 4 is a waiver with a field missing, unknown or malformed: it never holds." in done.out


def test_verifying_compares_the_reviews_files(seatrial: Command, folder: Path) -> None:
    """It says which reviews it compared and which it could not; a changed file ends in a message and exit code 2."""
    for name in ("second", "early"):
        (folder.parent / name).mkdir()
        save_result(LAUNCH, folder.parent / name)
    enter(folder)
    ledger_for(folder).append("decision", "ann", {"folder": "gone"})
    said = " ".join(seatrial("ledger", "verify").out.split())
    assert "1 review compared, whose files are what its entry covers: coach." in said
    assert "2 reviews whose files no entry covers, so whether they were changed cannot be told: early, second." in said
    assert "1 review whose folder is not here, so nothing was compared: gone." in said
    (folder / "evidence.json").write_text("{}")
    done = seatrial("ledger", "verify")
    assert (done.code, done.out) == (2, "")
    assert "coach/evidence.json: was changed: it is no longer what entry 1 of the ledger rests on." in done.err


def test_an_edited_review_is_neither_reported_nor_waived(seatrial: Command, folder: Path) -> None:
    """A decision that was changed by hand is not written into a report, and no waiver is entered on it."""
    enter(folder)
    assert seatrial("report", folder).code == 0
    before = (folder / "decision.json").read_bytes()
    evidence = folder / "evidence.json"
    evidence.write_text(evidence.read_text(encoding="utf-8").replace('"block"', '"launch"'), encoding="utf-8")
    for words in (["report", folder], _waive(folder, "behavior/unearned-praise")):
        done = seatrial(*words)
        assert (done.code, done.out) == (2, "")
        assert "evidence.json: was changed" in done.err
    assert (folder / "decision.json").read_bytes() == before
    assert len(ledger_for(folder).verify()) == 1


def test_a_report_names_its_entry_or_says_that_nothing_covers_it(seatrial: Command, folder: Path) -> None:
    """All files name the entry; without one, stderr and the page say that changes could not be told."""
    done = seatrial("report", folder)
    assert (done.code, "no entry of the ledger covers this review's files" in done.err) == (0, True)
    assert "<dd>no entry</dd>" in (folder / "report.html").read_text(encoding="utf-8")
    early = ledger_for(folder).append("decision", "ann", {"folder": "coach"})
    assert "no entry of the ledger covers" in seatrial("report", folder).err
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert f"entry 1, <code>{early.hash}</code>; it covers none of the review's files" in page
    entry = enter(folder)
    done = seatrial("report", folder, "--json")
    assert done.err == ""
    assert json.loads(done.out)["ledger"] == {"entry": 2, "hash": entry.hash, "covers_files": True}
    assert f"entry 2, <code>{entry.hash}</code></dd>" in (folder / "report.html").read_text(encoding="utf-8")
    assert f"ledger entry 2 `{entry.hash[:12]}`" in (folder / "summary.md").read_text(encoding="utf-8")


def test_an_older_copy_of_the_ledger_is_noticed(seatrial: Command, folder: Path) -> None:
    """Put back to an earlier day it lacks the entry that the report names."""
    enter(folder)
    ledger = ledger_for(folder)
    assert ledger.path
    copy = ledger.path.read_bytes()
    enter(folder)
    seatrial("report", folder)
    ledger.path.write_bytes(copy)
    for words in (["report", folder], ["ledger", "verify"], _waive(folder, "behavior/unearned-praise")):
        done = seatrial(*words)
        assert (done.code, "decision.json: names entry 2 with the hash" in done.err) == (2, True), words


@pytest.mark.parametrize("words", [("list",), ("show", 1), ("verify",)])
def test_an_edited_ledger_is_read_by_no_command(seatrial: Command, ledger: Ledger, words: tuple[object, ...]) -> None:
    """Whatever reads the ledger finds the edit, names the line, and shows nothing of it."""
    edit(ledger, lambda content: content.replace('"p1"', '"p9"'))
    done = seatrial("ledger", *words)
    assert (done.code, done.out) == (2, "")
    assert "ledger.db:2: entry 2 was edited" in done.err


@pytest.mark.parametrize("words", [("list",), ("show", 1), ("verify",)])
def test_a_ledger_that_is_not_there_is_no_empty_one(seatrial: Command, words: tuple[object, ...]) -> None:
    """Looking at the wrong place says so."""
    done = seatrial("ledger", *words, "--ledger", "elsewhere.db")
    assert (done.code, done.out) == (2, "")
    assert "elsewhere.db: no ledger here; name it with --ledger" in done.err


def test_an_entry_that_is_not_there(seatrial: Command, ledger: Ledger) -> None:
    """The message says which is the last."""
    assert "there is no entry 4; the last is 3" in seatrial("ledger", "show", 4).err
    assert seatrial("ledger", "show", 0).code == 2


def test_a_key_signs_and_whoever_trusts_it_verifies(
    seatrial: Command, ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Signed entries are counted, checked against the keys that are trusted, and come out as envelopes."""
    made = seatrial("ledger", "key", "ann.pem")
    assert (made.code, "Give ann.pem.pub to whoever verifies" in made.out) == (0, True), made.err
    monkeypatch.setenv(KEY_VARIABLE, str(tmp_path / "ann.pem"))
    ledger.append("decision", "ann", {})
    said = seatrial("ledger", "verify").out
    assert "1 entry that name the key" in said and "No signature was checked" in said
    said = seatrial("ledger", "verify", "--trust", "ann.pem.pub").out
    assert "1 entry signed by" in said and "Nobody signed the first 3" in said
    assert json.loads(seatrial("ledger", "show", 4, "--envelope").out)["signatures"]
    monkeypatch.delenv(KEY_VARIABLE)
    ledger.append("decision", "eve", {})
    done = seatrial("ledger", "verify", "--trust", "ann.pem.pub")
    assert (done.code, "entry 5 is not signed" in done.err) == (2, True)


def test_an_anchor_elsewhere_finds_an_older_copy(seatrial: Command, ledger: Ledger, tmp_path: Path) -> None:
    """The copy verifies by itself, and is refused beside the anchor."""
    assert ledger.path
    copy = ledger.path.read_bytes()
    ledger.append("decision", "ann", {})
    done = seatrial("ledger", "anchor", "anchors.txt", "--json")
    assert json.loads(done.out)["number"] == 4
    assert "1 anchor holds." in seatrial("ledger", "verify", "--anchor", "anchors.txt").out
    ledger.path.write_bytes(copy)
    assert seatrial("ledger", "verify").code == 0
    done = seatrial("ledger", "verify", "--anchor", "anchors.txt")
    assert (done.code, "ends at entry 3, and anchors.txt holds that there were 4" in done.err) == (2, True)


def _waive(folder: Path, gate: str, **changes: str) -> list[object]:
    words = {"person": "A. Name", "reason": "known, fix ships soon", "expires": UNTIL, **changes}
    return ["ledger", "waive", folder, "--gate", gate, *[part for name in words for part in (f"--{name}", words[name])]]


@pytest.mark.slow
def test_a_launch_under_waivers_takes_all_of_them(seatrial: Command, folder: Path) -> None:
    """Two of three gates waived leave the block; all of them, the demoted one too, make a launch under a waiver."""
    first = seatrial(*_waive(folder, "behavior/unearned-praise"))
    assert first.code == 1
    assert f"Waived: Unearned praise, by A. Name, until {UNTIL}: known, fix ships soon" in " ".join(first.out.split())
    assert seatrial(*_waive(folder, "safety/unsafe-compliance")).code == 1
    second = seatrial(*_waive(folder, "vibe/off"), "--json")
    decision = json.loads(second.out)
    assert (second.code, decision["decision"], decision["status"], len(decision["waivers"])) == (
        4,
        "block",
        "waived",
        3,
    )
    assert "Launch, waived" in (folder / "summary.md").read_text(encoding="utf-8")
    assert "A waiver is an override, not an approval." in (folder / "report.html").read_text(encoding="utf-8")
    rows = seatrial("ledger", "list").out
    assert rows.count("waiver") == 3
    assert f"behavior/unearned-praise of 111111111111 until {UNTIL}: known, fix" in " ".join(rows.split())


@pytest.mark.parametrize(
    ("gate", "changes", "words"),
    [
        (
            "behavior/over-refusal",
            {},
            "does not stand in the way of this launch; gates that do: behavior/unearned-praise",
        ),
        ("behavior/verbosity", {}, "does not stand in the way"),
        ("behavior/unearned-praise", {"person": " "}, "needs the name of the person"),
        ("behavior/unearned-praise", {"reason": "why"}, "needs its reason in words"),
        ("behavior/unearned-praise", {"expires": "soon"}, "is not a date; write it as YYYY-MM-DD"),
        ("behavior/unearned-praise", {"expires": "2020-01-01"}, "lies in the past"),
    ],
)
def test_a_waiver_that_says_too_little_is_not_entered(
    seatrial: Command, folder: Path, gate: str, changes: dict[str, str], words: str
) -> None:
    """Without a gate in the way, a person, a reason and an end to come, nothing is written."""
    done = seatrial(*_waive(folder, gate, **changes))
    assert (done.code, words in done.err) == (2, True), done.err
    assert not (folder.parent / "ledger.db").exists()


def test_a_waiver_whose_reports_cannot_be_written_is_said_to_be_entered(seatrial: Command, folder: Path) -> None:
    """The message says what was recorded and how to go on; the same command enters it no second time."""
    (folder / "summary.md").mkdir()
    for _ in range(2):
        done = seatrial(*_waive(folder, "behavior/unearned-praise"))
        assert (done.code, done.out) == (2, "")
        assert "summary.md: cannot be written: " in done.err
        assert f"The waiver is in the ledger all the same; `seatrial report {folder}` writes the reports." in done.err
        assert len(ledger_for(folder).verify()) == 1


def test_a_launch_has_nothing_to_waive(seatrial: Command, tmp_path: Path) -> None:
    """Where every gate passes there is nothing to override."""
    save_result(LAUNCH, tmp_path)
    assert "gates that do: none" in seatrial(*_waive(tmp_path, "behavior/unearned-praise")).err
