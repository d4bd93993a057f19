"""What an entry covers is compared byte for byte, and what waits for an entry is moved once it is there."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from conftest import enter
from seatrial.errors import LedgerError
from seatrial.ledger import (
    Entry,
    check_answers,
    check_files,
    compare_all,
    covered_answers,
    covers,
    entry_of,
    file_hashes,
    ledger_for,
    settle_files,
)

CONTENT = {"evidence.json": b"{}", "observations.parquet": b"PAR1", "responses/answers.jsonl": b'{"key":1}\n'}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A review with the three files that an entry covers."""
    made = tmp_path / "reviews" / "one"
    (made / "responses").mkdir(parents=True)
    for name, content in CONTENT.items():
        (made / name).write_bytes(content)
    return made


def entries(folder: Path) -> list[Entry]:
    """The entries of the ledger beside a review."""
    return ledger_for(folder).verify()


def test_the_hashes_are_those_of_the_files(folder: Path) -> None:
    """SHA-256 and size of each file that is there, as `sha256sum` and `wc -c` say."""
    assert file_hashes(folder) == {
        name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in CONTENT.items()
    }
    (folder / "evidence.json").unlink()
    assert set(file_hashes(folder)) == set(CONTENT) - {"evidence.json"}
    assert file_hashes(folder / "nothing") == {}


@pytest.mark.parametrize("name", CONTENT)
@pytest.mark.parametrize(
    ("edit", "words"), [(b"", "was changed: it is no longer what"), (b"x", "was changed"), (None, "is missing, and")]
)
def test_a_changed_file_is_named_with_its_entry(folder: Path, name: str, edit: bytes | None, words: str) -> None:
    """One that is shorter, another or gone; each of them ends a command, and the others are not blamed."""
    enter(folder)
    check_files(folder, entries(folder))
    place = folder / name
    if edit is None:
        place.unlink()
    else:
        place.write_bytes(edit)
    step = "in another folder (--out)" if name.endswith("answers.jsonl") else "again"
    with pytest.raises(LedgerError) as raised:
        check_files(folder, entries(folder))
    rests = "entry 1 of the ledger rests on it" if edit is None else "entry 1 of the ledger rests on"
    assert str(raised.value).startswith(f"{place}: {words}") and "\n" not in str(raised.value)
    assert str(raised.value).endswith(f"{rests}. Restore it from a copy, or run the review {step}.")


def test_only_answers_may_grow(folder: Path) -> None:
    """A review that is run again adds answers; nothing may be added to the other files."""
    enter(folder)
    for name in CONTENT:
        before = (folder / name).read_bytes()
        (folder / name).write_bytes(before + b"\n")
        if name.endswith("answers.jsonl"):
            check_files(folder, entries(folder))
        else:
            with pytest.raises(LedgerError, match=name):
                check_files(folder, entries(folder))
        (folder / name).write_bytes(before)


def test_all_changes_are_told_at_once(folder: Path) -> None:
    """Two edited files are two lines."""
    enter(folder)
    for name in ("evidence.json", "observations.parquet"):
        (folder / name).write_bytes(b"x")
    with pytest.raises(LedgerError) as raised:
        check_files(folder, entries(folder))
    assert [line.split(": ")[0] for line in str(raised.value).splitlines()] == [
        str(folder / "evidence.json"),
        str(folder / "observations.parquet"),
    ]


def test_the_latest_decision_on_a_folder_is_its_entry(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither one on another review nor a waiver is; a folder is known by its name, also from within."""
    assert entry_of(folder, []) is None
    enter(folder)
    latest = enter(folder)
    enter(folder.parent / "two")
    ledger_for(folder).append("waiver", "ann", {"folder": "one", "files": {}})
    assert entry_of(folder, entries(folder)) == latest
    monkeypatch.chdir(folder)
    assert entry_of(Path(), entries(folder)) == latest


@pytest.mark.parametrize(
    "files",
    [
        None,
        [],
        {},
        {"evidence.json": "ab"},
        {"evidence.json": {"bytes": 2}},
        {"evidence.json": {"bytes": "2", "sha256": "ab"}},
        {"evidence.json": {"bytes": 2, "sha256": None}},
        {"evidence.json": {"bytes": 2, "sha256": "ab", "more": 1}},
        {"../evidence.json": {"bytes": 2, "sha256": "ab"}},
    ],
)
def test_an_entry_without_hashes_covers_nothing(folder: Path, files: object) -> None:
    """Entries of earlier versions, and what this program would not have written, are compared with nothing."""
    entry = ledger_for(folder).append("decision", "ann", {"folder": "one", "files": files})
    assert not covers(entry)
    check_files(folder, [entry])
    check_answers(folder, [entry])
    assert covered_answers(folder, [entry]).covered == b""
    assert not covers(None)
    assert covers(enter(folder))


def _report(folder: Path, **named: Any) -> None:
    (folder / "decision.json").write_text(json.dumps({"ledger": named}))


def test_a_report_holds_the_ledger_to_its_entry(folder: Path) -> None:
    """An older copy of the ledger, or one that was written anew, lacks the entry that a report names."""
    first, second = enter(folder), enter(folder)
    _report(folder, entry=2, hash=second.hash)
    check_files(folder, [first, second])
    check_answers(folder, [first, second])
    for number, digest, held in (
        (2, second.hash, [first]),
        (2, first.hash, [first, second]),
        (1, second.hash, [first]),
    ):
        _report(folder, entry=number, hash=digest)
        for check in (check_files, check_answers):
            with pytest.raises(
                LedgerError,
                match=rf"decision\.json: names entry {number} with the hash {digest[:16]}, which the ledger",
            ):
                check(folder, held)


@pytest.mark.parametrize("text", ["", "[]", "null", "{}", '{"ledger": null}', '{"ledger": {"entry": 9}}', "[" * 99_999])
def test_a_report_that_names_no_entry_is_compared_with_none(folder: Path, text: str) -> None:
    """Reports of earlier versions name none; where no ledger lies beside, there is nothing to compare with."""
    enter(folder)
    (folder / "decision.json").write_text(text)
    check_files(folder, entries(folder))
    _report(folder, entry=9, hash="ab")
    check_files(folder, [])


def test_a_review_goes_on_with_answers_that_its_entry_covers(folder: Path) -> None:
    """Its own answers may have grown or be gone; changed ones end it. Other files are written anew."""
    answers = folder / "responses" / "answers.jsonl"
    enter(folder)
    answers.write_bytes(CONTENT["responses/answers.jsonl"] + b'{"key":2}\n')
    (folder / "evidence.json").write_bytes(b"x")
    check_answers(folder, entries(folder))
    answers.write_bytes(b'{"key":7}\n')
    with pytest.raises(LedgerError, match=r"answers\.jsonl: was changed"):
        check_answers(folder, entries(folder))
    answers.unlink()
    check_answers(folder, entries(folder))


def test_logs_of_complete_tasks_are_covered(folder: Path) -> None:
    """A log that a complete run names is compared; one of a run that was stopped may still change."""
    for run, done in (("gsm8k-baseline-1", '{"log": "a.eval"}'), ("gsm8k-candidate-2", None), ("odd", "[" * 99_999)):
        place = folder / "tasks" / run
        place.mkdir(parents=True)
        (place / "a.eval").write_bytes(b"PK")
        if done is not None:
            (place / "done.json").write_text(done, encoding="utf-8")
    log = "tasks/gsm8k-baseline-1/a.eval"
    assert set(file_hashes(folder)) == {*CONTENT, log}
    enter(folder)
    (folder / "tasks" / "gsm8k-candidate-2" / "a.eval").write_bytes(b"PK, more")
    check_answers(folder, entries(folder))
    (folder / log).write_bytes(b"KP")
    for check in (check_files, check_answers):
        with pytest.raises(LedgerError, match=rf"{log}: was changed.*run the review in another folder \(--out\)"):
            check(folder, entries(folder))
    (folder / log).unlink()
    check_answers(folder, entries(folder))
    with pytest.raises(LedgerError, match=f"{log}: is missing"):
        check_files(folder, entries(folder))


def test_answers_are_told_by_whether_they_are_covered(folder: Path) -> None:
    """Those that came after the entry are others, and all are where one of the covered ones was changed."""
    answers, line = folder / "responses" / "answers.jsonl", CONTENT["responses/answers.jsonl"]
    assert asdict(covered_answers(folder, [])) == {"covered": b"", "others": line}
    enter(folder)
    answers.write_bytes(line + b"more\n")
    assert asdict(covered_answers(folder, entries(folder))) == {"covered": line, "others": b"more\n"}
    answers.write_bytes(line.replace(b"1", b"2") + b"more\n")
    assert asdict(covered_answers(folder, entries(folder))) == {"covered": b"", "others": answers.read_bytes()}
    answers.unlink()
    assert asdict(covered_answers(folder, entries(folder))) == {"covered": b"", "others": b""}


def test_what_waits_for_an_entry_is_covered_and_moved_by_it(folder: Path) -> None:
    """Killed before the entry, the old files count; killed after it, the new ones, which are moved when looked for."""
    enter(folder)
    waiting = folder / "evidence.json.next"
    waiting.write_bytes(b"new")
    settle_files(folder, entries(folder))
    assert (waiting.read_bytes(), (folder / "evidence.json").read_bytes()) == (b"new", b"{}")
    check_files(folder, entries(folder))
    enter(folder)
    check_files(folder, entries(folder))
    assert waiting.exists(), "comparing moves nothing"
    settle_files(folder, entries(folder))
    assert (waiting.exists(), (folder / "evidence.json").read_bytes()) == (False, b"new")
    check_files(folder, entries(folder))
    settle_files(folder, entries(folder))


def test_what_waits_hides_no_change(folder: Path) -> None:
    """Beside a file that was edited, the one that the entry covers is no excuse: it is the edited one that is read."""
    enter(folder)
    evidence = folder / "evidence.json"
    (folder / "evidence.json.next").write_bytes(evidence.read_bytes())
    evidence.write_bytes(b'{"forged": 1}')
    with pytest.raises(LedgerError, match=r"evidence\.json: was changed"):
        check_files(folder, entries(folder))
    evidence.unlink()
    check_files(folder, entries(folder))


def test_a_file_that_cannot_be_moved_or_read_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says why; where another process was faster, nothing is wrong."""
    (folder / "evidence.json.next").write_bytes(b"new")
    enter(folder)

    def fails(error: OSError) -> Any:
        def failing(*_: object) -> None:
            raise error

        return failing

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", fails(FileNotFoundError(2, "No such file")))
        settle_files(folder, entries(folder))
        patched.setattr(Path, "replace", fails(PermissionError(13, "Permission denied")))
        with pytest.raises(LedgerError, match=r"evidence\.json: cannot be written: Permission denied\. Give another"):
            settle_files(folder, entries(folder))
    known = entries(folder)
    monkeypatch.setattr(Path, "read_bytes", fails(PermissionError(13, "Permission denied")))
    with pytest.raises(LedgerError, match=r"evidence\.json\.next: cannot be read: Permission denied$"):
        file_hashes(folder)
    assert known


def test_all_reviews_beside_a_ledger_are_compared(folder: Path) -> None:
    """Each is told by whether it could be; what was changed is named for all of them."""
    ledger = ledger_for(folder)
    beside = {name: folder.parent / name for name in ("early", "never", "two", "files")}
    for name, place in beside.items():
        place.mkdir()
        if name != "files":
            (place / "evidence.json").write_bytes(b"{}")
    ledger.append("decision", "ann", {"folder": "early"})
    ledger.append("decision", "ann", {"folder": "gone"})
    ledger.append("forecast", "ann", {"folder": "no review"})
    for place in (folder, beside["two"]):
        enter(place)
    assert asdict(compare_all(ledger, entries(folder))) == {
        "same": ("one", "two"),
        "not_covered": ("early", "never"),
        "absent": ("gone",),
    }
    for place in (folder, beside["two"]):
        (place / "evidence.json").write_bytes(b"x")
    with pytest.raises(LedgerError) as raised:
        compare_all(ledger, entries(folder))
    assert len(str(raised.value).splitlines()) == 2
    (folder / "evidence.json").unlink()
    with pytest.raises(LedgerError, match=r"one.evidence\.json: is missing"):
        compare_all(ledger, entries(folder))
