"""The ledger finds whatever was done to it."""

from __future__ import annotations

import errno
import hashlib
import itertools
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import pytest

from seatrial.errors import LedgerError
from seatrial.ledger import Entry, Ledger, ledger_for
from seatrial.ledger.chain import Kind


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """A ledger with five decisions."""
    ledger = Ledger(tmp_path / "ledger.jsonl")
    for number in range(5):
        ledger.append("decision", "ann", {"decision": "hold", "number": number})
    return ledger


def lines(ledger: Ledger) -> list[str]:
    """The ledger's lines."""
    return ledger.path.read_text().splitlines()


def rewrite(ledger: Ledger, new: list[str]) -> None:
    """Replace the ledger's lines."""
    ledger.path.write_text("".join(line + "\n" for line in new))


def test_an_untouched_ledger_verifies(ledger: Ledger) -> None:
    """Entries come back in order, each naming the hash before it."""
    entries = ledger.verify()
    assert [entry.body["number"] for entry in entries] == [0, 1, 2, 3, 4]
    assert [entry.previous for entry in entries[1:]] == [entry.hash for entry in entries[:-1]]


@pytest.mark.parametrize("line", range(5))
def test_an_edited_entry_is_found(ledger: Ledger, line: int) -> None:
    """Changing one word of any entry names that line."""
    new = lines(ledger)
    new[line] = new[line].replace('"hold"', '"launch"')
    rewrite(ledger, new)
    with pytest.raises(LedgerError, match=rf"jsonl:{line + 1}: entry {line + 1} was edited"):
        ledger.verify()


@pytest.mark.parametrize("line", range(5))
def test_an_edited_entry_with_a_mended_hash_is_found(ledger: Ledger, line: int) -> None:
    """An editor who also mends the entry's own hash breaks the chain or the head."""
    entry = ledger.entries()[line]
    forged = {**json.loads(lines(ledger)[line]), "author": "eve"}
    forged["hash"] = replace(entry, author="eve").recomputed()
    new = lines(ledger)
    new[line] = json.dumps(forged)
    rewrite(ledger, new)
    with pytest.raises(LedgerError):
        ledger.verify()


def test_dropping_moving_or_doubling_entries_is_found(ledger: Ledger) -> None:
    """Of all selections and orders of the lines, and with any line twice, only the original one verifies."""
    original = lines(ledger)[:4]
    rewrite(ledger, original)
    ledger.head.write_text(f"4 {ledger.entries()[-1].hash}\n")
    assert len(ledger.verify()) == 4
    kept = [chosen for size in range(5) for chosen in itertools.permutations(original, size)]
    kept += [(*original[:place], line, *original[place:]) for place in range(5) for line in original]
    for chosen in kept:
        if list(chosen) != original:
            rewrite(ledger, list(chosen))
            with pytest.raises(LedgerError):
                ledger.verify()


def test_what_does_not_follow_is_named(ledger: Ledger) -> None:
    """The message names the line at which an entry was dropped, inserted or moved, and the entry that stands there."""
    original = lines(ledger)
    for new, line, entry in (
        ([*original[:1], *original[2:]], 2, 3),
        ([*original[:3], original[0], *original[3:]], 4, 1),
        (original[1:], 1, 2),
    ):
        rewrite(ledger, new)
        with pytest.raises(LedgerError, match=rf"jsonl:{line}: entry {entry} does not follow the one before it"):
            ledger.verify()


def _forged(entry: Entry, **change: Any) -> Entry:
    """An entry with another content, and the hash that this content should have."""
    made = replace(entry, **change)
    return replace(made, hash=made.recomputed())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"number": 7}, "does not follow"),
        ({"previous": "0" * 64}, "does not follow"),
        ({"author": "eve"}, "head: does not"),
    ],
)
def test_a_last_entry_forged_with_its_hash_is_found(ledger: Ledger, change: dict[str, Any], message: str) -> None:
    """Its number, the hash before it and the head file each hold it."""
    last = _forged(ledger.entries()[-1], **change)
    rewrite(ledger, [*lines(ledger)[:-1], json.dumps(asdict(last))])
    with pytest.raises(LedgerError, match=message):
        ledger.verify()


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("kind", ["decision", "waiver"])
def test_entries_forged_past_the_head_are_found(ledger: Ledger, count: int, kind: Kind) -> None:
    """A whole, well-chained line that the head did not announce is named, and nothing is added after it."""
    for _ in range(count):
        last = ledger.entries()[-1]
        new = _forged(last, number=last.number + 1, previous=last.hash, author="eve", kind=kind)
        rewrite(ledger, [*lines(ledger), json.dumps(asdict(new))])
    for use in (ledger.verify, ledger.ready, lambda: ledger.append("decision", "ann", {})):
        with pytest.raises(
            LedgerError, match=r"jsonl:6: entry 6 was not announced in ledger\.head: it was added by hand"
        ):
            use()
    assert len(lines(ledger)) == 5 + count


@pytest.mark.parametrize("entries", [1, 2])
def test_a_ledger_without_its_head_is_refused(tmp_path: Path, entries: int) -> None:
    """The head is written before the first entry, so a ledger without one was made or shortened by hand."""
    ledger = Ledger(tmp_path / "ledger.jsonl")
    for _ in range(entries):
        ledger.append("decision", "ann", {})
    ledger.head.unlink()
    with pytest.raises(LedgerError, match="missing, so entries cut off the end would go unnoticed"):
        ledger.verify()


def _states(ledger: Ledger, monkeypatch: pytest.MonkeyPatch, body: dict[str, Any]) -> list[tuple[bytes, bytes]]:
    """Append an entry and return ledger and head as they were before each of its three writes, and at the end."""
    seen = []

    def look() -> None:
        seen.append(tuple(path.read_bytes() if path.exists() else b"" for path in (ledger.path, ledger.head)))

    real = os.fsync

    def watched(descriptor: int) -> None:
        look()
        real(descriptor)

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", watched)
        ledger.append("decision", "ann", body)
    look()
    return seen  # type: ignore[return-value]


@pytest.mark.parametrize("before", [0, 1, 5])
def test_an_entry_is_announced_before_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: int
) -> None:
    """First the head names the entry to come, then the entry is written, then the head ends with it."""
    ledger = Ledger(tmp_path / "ledger.jsonl")
    for number in range(before):
        ledger.append("decision", "ann", {"number": number})
    earlier = ledger.path.read_bytes() if before else b""
    states = _states(ledger, monkeypatch, {})
    entry = ledger.entries()[-1]
    line = (lines(ledger)[-1] + "\n").encode()
    plain = f"{before} {entry.previous}\n".encode()
    announced = plain + f"{before + 1} {entry.hash}\n".encode()
    assert states == [
        (earlier, plain if before else b""),
        (earlier + line, announced),
        (earlier + line, announced),
        (earlier + line, f"{before + 1} {entry.hash}\n".encode()),
    ]


@pytest.mark.parametrize("before", [0, 1, 5])
@pytest.mark.parametrize("written", ["nothing", "a part", "all but its end", "all"])
def test_a_crash_anywhere_in_an_entry_is_survived(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: int, written: str
) -> None:
    """What was announced may be there, in part, or not; it is read alike, settled, and the next entry follows."""
    ledger = Ledger(tmp_path / "ledger.jsonl")
    for number in range(before):
        ledger.append("decision", "ann", {"number": number})
    whole = ledger.path.read_bytes() if before else b""
    (_, _), (all_of_it, announced), *_ = _states(ledger, monkeypatch, {"number": before})
    line = all_of_it[len(whole) :]
    part = {"nothing": b"", "a part": line[:40], "all but its end": line[:-1], "all": line}[written]
    ledger.path.write_bytes(whole + part)
    ledger.head.write_bytes(announced)
    there = before + written.startswith("all")
    assert len(ledger.verify()) == there
    assert ledger.head.read_bytes() == announced, "reading writes nothing"
    assert len(ledger.ready()) == there
    if there:
        assert ledger.head.read_text() == f"{there} {ledger.entries()[-1].hash}\n"
    assert ledger.append("decision", "ann", {}).number == there + 1 == len(ledger.verify())


def test_only_what_was_announced_may_stand_past_the_head(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a crash another entry in the announced one's place, or one more after it, is found."""
    before = lines(ledger)
    (_, _), (_, announced), *_ = _states(ledger, monkeypatch, {"decision": "block"})
    entry = ledger.entries()[-1]
    other = _forged(entry, body={"decision": "launch"})
    more = _forged(entry, number=7, previous=entry.hash)
    for forged in ([other], [entry, more]):
        rewrite(ledger, [*before, *(json.dumps(asdict(one)) for one in forged)])
        ledger.head.write_bytes(announced)
        with pytest.raises(LedgerError, match="entry 6 was not announced"):
            ledger.verify()


def test_a_ledger_is_ready_where_an_entry_could_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It gives the entries and changes nothing; a file that cannot be written ends it before anything is spent."""
    ledger = Ledger(tmp_path / "reviews" / "ledger.jsonl")
    assert ledger.ready() == []
    assert not ledger.path.exists()
    made = ledger.append("decision", "ann", {})
    before = ledger.path.read_bytes(), ledger.head.read_bytes(), ledger.head.stat().st_ino
    assert ledger.ready() == [made]
    assert (ledger.path.read_bytes(), ledger.head.read_bytes(), ledger.head.stat().st_ino) == before
    real = Path.open

    def refused(path: Path, mode: str = "r", *rest: Any, **named: Any) -> Any:
        if path == ledger.path and mode == "a":
            raise OSError(errno.EACCES, "Permission denied")
        return real(path, mode, *rest, **named)

    monkeypatch.setattr(Path, "open", refused)
    with pytest.raises(LedgerError, match=r"jsonl: cannot be written: Permission denied\. Give another place"):
        ledger.ready()


def test_an_entry_that_another_process_writes_meanwhile_is_no_fault(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Head and entries are read at different moments; where the head moved in between they are read again."""
    real, writers = Ledger.entries, [Ledger(ledger.path), Ledger(ledger.path)]

    def entries(self: Ledger) -> list[Entry]:
        if self is ledger and writers:
            writers.pop().append("decision", "bo", {})
        return real(self)

    monkeypatch.setattr(Ledger, "entries", entries)
    assert len(ledger.verify()) == 7


def test_an_entry_is_what_was_recorded(tmp_path: Path) -> None:
    """Number, time, kind, author and body come back from the file, chained from zeros, with a hash of all of them."""
    ledger = Ledger(tmp_path / "ledger.jsonl")
    before = datetime.now(UTC).replace(microsecond=0)
    made = [ledger.append("waiver", "Zoë", {"reason": "it’s fine"}), ledger.append("training", "bo", {"n": [1, None]})]
    assert ledger.verify() == ledger.entries() == made
    first, second = made
    assert (first.number, first.kind, first.author, first.body) == (1, "waiver", "Zoë", {"reason": "it’s fine"})
    assert (second.number, second.kind, second.author, second.body) == (2, "training", "bo", {"n": [1, None]})
    assert (first.previous, second.previous) == ("0" * 64, first.hash)
    assert before <= datetime.fromisoformat(first.at) <= datetime.now(UTC)
    assert first.at.endswith("+00:00") and len(first.at) == 25


def test_the_format_of_the_files_is_kept(tmp_path: Path) -> None:
    """Ledgers of earlier versions verify: a line is JSON in UTF-8 with sorted keys, its hash SHA-256 of the rest."""
    ledger = Ledger(tmp_path / "ledger.jsonl")
    entry = ledger.append("decision", "Zoë", {"b": "’", "a": 1})
    rest = (
        f'{{"at":"{entry.at}","author":"Zoë","body":{{"a":1,"b":"’"}},"kind":"decision","number":1,'
        f'"previous":"{"0" * 64}"}}'
    )
    assert entry.hash == hashlib.sha256(rest.encode()).hexdigest()
    line = rest.replace(',"kind"', f',"hash":"{entry.hash}","kind"')
    assert ledger.path.read_bytes() == f"{line}\n".encode()
    assert (tmp_path / "ledger.head").read_text() == f"1 {entry.hash}\n"
    assert sorted(path.name for path in tmp_path.iterdir()) in (
        ["ledger.head", "ledger.jsonl"],
        ["ledger.head", "ledger.jsonl", "ledger.lock"],
    )


@pytest.mark.parametrize(
    "torn", ['{"at":"2026', '{"at":"2026-05-01T00:00:00+00:00","body":{"x":"\xc3', '{"at":' * 100_000]
)
def test_an_entry_cut_short_by_a_crash_is_mended(ledger: Ledger, torn: str) -> None:
    """Nobody was told that it was recorded: it is no entry, and the next one takes its place."""
    ledger.path.write_bytes(ledger.path.read_bytes() + torn.encode("latin-1"))
    assert ledger.cut_short == torn.encode("latin-1")
    assert len(ledger.verify()) == 5
    assert ledger.append("decision", "ann", {}).number == 6
    assert (ledger.cut_short, len(ledger.verify())) == (b"", 6)


def test_an_entry_that_was_recorded_is_not_taken_for_a_crash(ledger: Ledger) -> None:
    """The head knows that it was there: cutting it short is dropping it."""
    ledger.path.write_bytes(ledger.path.read_bytes()[:-20])
    with pytest.raises(LedgerError, match="1 entries were dropped from the end"):
        ledger.verify()
    with pytest.raises(LedgerError, match="dropped"):
        ledger.append("decision", "ann", {})


@pytest.mark.parametrize(
    "change",
    [
        {"number": 6.0},
        {"number": "6"},
        {"number": True},
        {"at": None},
        {"author": 7},
        {"body": []},
        {"kind": "note"},
        {"previous": None},
        {"hash": 1},
        {"more": ""},
    ],
)
def test_a_line_with_a_field_of_another_type_is_no_entry(ledger: Ledger, change: dict[str, Any]) -> None:
    """What this program would not have written is refused with its line, before any hash is looked at."""
    last = json.loads(lines(ledger)[-1])
    rewrite(ledger, [*lines(ledger)[:-1], json.dumps(last | change)])
    with pytest.raises(LedgerError, match=r"ledger\.jsonl:5: not a ledger entry"):
        ledger.verify()


@pytest.mark.parametrize("torn", ["{}", "[]", "null", '"text"', '{"number":6}', '{"at":"2026\n'])
def test_a_last_line_that_is_no_entry_is_named(ledger: Ledger, torn: str) -> None:
    """Part of an entry, or something else, at the end is reported with its line, and nothing is added after it."""
    ledger.path.write_text(ledger.path.read_text() + torn)
    with pytest.raises(LedgerError, match=r"ledger\.jsonl:6: not a ledger entry\. Restore the file from a copy\."):
        ledger.verify()
    with pytest.raises(LedgerError, match="not a ledger entry"):
        ledger.append("decision", "ann", {})


def test_a_last_line_without_its_end_is_survived(ledger: Ledger) -> None:
    """Where only the line feed of the last entry was lost, the next entry starts on a line of its own."""
    ledger.path.write_text(ledger.path.read_text().removesuffix("\n"))
    assert ledger.append("decision", "ann", {}).number == 6
    assert len(ledger.verify()) == 6


def test_a_number_that_is_none_is_an_edit(ledger: Ledger) -> None:
    """NaN, which no entry can hold, is reported as an edit of its line."""
    rewrite(ledger, [line.replace('"number":2}', '"number":NaN}') for line in lines(ledger)])
    with pytest.raises(LedgerError, match=r"jsonl:3: entry 3 was edited"):
        ledger.verify()


def test_a_ledger_that_is_not_there_is_empty(tmp_path: Path) -> None:
    """Before the first decision there is nothing to verify, and nothing is made."""
    assert Ledger(tmp_path / "deep" / "ledger.jsonl").verify() == []
    assert list(tmp_path.iterdir()) == []
    assert Ledger(tmp_path / "very" / "deep" / "ledger.jsonl").append("decision", "ann", {}).number == 1
    assert Ledger(tmp_path / "very" / "deep" / "ledger.jsonl").append("decision", "ann", {}).number == 2


def test_a_head_without_a_ledger_tells_that_it_was_deleted(ledger: Ledger) -> None:
    """The whole file gone is five entries dropped."""
    ledger.path.unlink()
    with pytest.raises(LedgerError, match="5 entries were dropped from the end"):
        ledger.verify()


@pytest.mark.parametrize("head", ["0 x", "0 " + "0" * 64, "-1 x", "² x", "1 x"])
def test_a_head_of_no_entry_is_refused(tmp_path: Path, head: str) -> None:
    """A head that counts no entry, before any or after the first, ends in a message."""
    ledger = Ledger(tmp_path / "ledger.jsonl")
    ledger.head.write_text(head)
    with pytest.raises(LedgerError):
        ledger.verify()
    ledger.head.unlink()
    entry = ledger.append("decision", "ann", {})
    ledger.head.write_text(head.replace("x", entry.hash) if head[0] != "1" else head)
    with pytest.raises(LedgerError):
        ledger.verify()


def test_what_cannot_be_written_is_not_recorded(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full is a message that says so, with the file's name, and leaves the ledger as it was."""

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", full)
        with pytest.raises(
            LedgerError, match=r"jsonl: cannot be written: the disk is full\. .*again\. Nothing was recorded"
        ):
            ledger.append("decision", "ann", {})
        empty = Ledger(ledger.path.with_name("other.jsonl"))
        with pytest.raises(LedgerError, match="cannot be written"):
            empty.append("decision", "ann", {})
    assert len(ledger.verify()) == 5
    assert not empty.head.exists()
    assert ledger.append("decision", "ann", {}).number == 6
    assert empty.verify() == []
    assert empty.append("decision", "ann", {}).number == 1


def test_what_cannot_be_read_back_is_not_written(ledger: Ledger) -> None:
    """NaN is no JSON: an entry that holds it is refused before anything is written."""
    before = ledger.path.read_bytes()
    with pytest.raises(ValueError, match="not JSON compliant"):
        ledger.append("decision", "ann", {"number": float("nan")})
    assert ledger.path.read_bytes() == before


@pytest.mark.parametrize("name", ["f\udcff", "\ud800", "a\0b", "\u2028\x85"])
def test_a_name_of_any_bytes_is_recorded(tmp_path: Path, name: str) -> None:
    """Names of people and folders come from systems where they are bytes: they are read back as they were."""
    ledger = Ledger(tmp_path / "ledger.jsonl")
    made = [ledger.append("decision", name, {"folder": name, name: [name]}) for _ in range(2)]
    assert ledger.verify() == made
    ledger.path.read_bytes().decode("utf-8")


def test_two_halves_of_a_letter_are_read_back_as_the_letter(tmp_path: Path) -> None:
    """JSON joins them, so the chain is over the letter, and goes on behind it."""
    ledger = Ledger(tmp_path / "ledger.jsonl")
    ledger.append("decision", "\ud83d" + "\ude00", {"\ud83d" + "\ude00": 1})
    ledger.append("decision", "ann", {})
    assert [(entry.author, entry.body) for entry in ledger.verify()] == [("\U0001f600", {"\U0001f600": 1}), ("ann", {})]


def test_the_kinds_of_entries_are_part_of_the_format() -> None:
    """What earlier ledgers hold stays a kind."""
    assert get_args(Kind) == ("decision", "waiver", "forecast", "training", "check")


def test_entries_cut_off_the_end_are_found(ledger: Ledger) -> None:
    """The head file knows how many entries there were."""
    rewrite(ledger, lines(ledger)[:3])
    with pytest.raises(LedgerError, match="2 entries were dropped from the end"):
        ledger.verify()


def test_a_missing_head_is_no_pass(ledger: Ledger) -> None:
    """Without the head a shortened ledger could not be told from a whole one."""
    ledger.head.unlink()
    with pytest.raises(LedgerError, match="missing"):
        ledger.verify()


@pytest.mark.parametrize(
    "text",
    ["", "\n", "x", "5", "x abc", "7 abc", "5 a b", "\udcff"]
    + [
        "9" * 5_000 + " " + "0" * 64,
        "2 " + "0" * 64,
        "5 " + "0" * 64,
        "0 " + "0" * 64,
        "05 " + "0" * 64,
        "5 " + "A" * 64,
        "7 " + "0" * 64,
    ]
    + ["\n".join(f"{number} " + "0" * 64 for number in numbers) for numbers in ((4, 6), (5, 5), (6, 5), (5, 6, 7))]
    + ["garbage\n0 " + "0" * 64, "0 " + "0" * 64 + "\ngarbage", "garbage\ngarbage"],
)
def test_a_broken_head_is_found(ledger: Ledger, text: str) -> None:
    """A head that names no such entry is refused, and named itself."""
    ledger.head.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(
        LedgerError,
        match=r"ledger\.head: (not a head file\. Restore|does not match|cannot be read)|2 entries were dropped",
    ):
        ledger.verify()


def test_nothing_is_added_to_a_broken_chain(ledger: Ledger) -> None:
    """Appending verifies first."""
    rewrite(ledger, [*lines(ledger)[:2], "not json"])
    with pytest.raises(LedgerError, match=r"jsonl:3: not a ledger entry"):
        ledger.append("decision", "ann", {})
    assert len(lines(ledger)) == 3


APPEND = """
import sys
from pathlib import Path
from seatrial.ledger import Ledger
for number in range(10):
    Ledger(Path(sys.argv[1])).append("decision", sys.argv[2], {"number": number})
"""


def test_processes_that_append_at_once_do_not_fork_the_chain(tmp_path: Path) -> None:
    """Three processes append thirty entries to one chain."""
    path = tmp_path / "ledger.jsonl"
    workers = [subprocess.Popen([sys.executable, "-c", APPEND, str(path), name]) for name in ("a", "b", "c")]
    assert [worker.wait() for worker in workers] == [0, 0, 0]
    assert len(Ledger(path).verify()) == 30


HOLD = """
import sys
from pathlib import Path
from seatrial.ledger import Ledger
with Ledger(Path(sys.argv[1]))._locked():
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.mark.parametrize("killed", [False, True])
def test_an_append_waits_for_another_process(tmp_path: Path, killed: bool) -> None:
    """While another process is at the ledger nothing is written; once that has gone on or was killed, it is."""
    ledger = Ledger(tmp_path / "ledger.jsonl")
    command = [sys.executable, "-c", HOLD, str(ledger.path)]
    with (
        ThreadPoolExecutor(1) as pool,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other,
    ):
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        appending = pool.submit(ledger.append, "decision", "ann", {})
        with pytest.raises(TimeoutError):
            appending.result(timeout=0.3)
        assert ledger.entries() == []
        if killed:
            other.kill()
        else:
            other.communicate("\n")
        assert appending.result().number == 1


def test_the_ledger_stands_beside_the_reviews(tmp_path: Path) -> None:
    """All reviews of one folder share one ledger."""
    assert ledger_for(tmp_path / "reviews" / "one").path == tmp_path / "reviews" / "ledger.jsonl"


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    """The message says that nothing was recorded or why the lock failed."""
    (tmp_path / "file").write_text("")
    with pytest.raises(LedgerError, match="cannot be locked"):
        Ledger(tmp_path / "file" / "ledger.jsonl").append("decision", "ann", {})


def test_bytes_that_are_no_text_are_an_error(tmp_path: Path) -> None:
    """A ledger that is not UTF-8 is reported by name."""
    (tmp_path / "ledger.jsonl").write_bytes(b"\xff\xfe")
    with pytest.raises(LedgerError, match="cannot be read"):
        Ledger(tmp_path / "ledger.jsonl").verify()


@pytest.mark.parametrize("torn", [b"", b'{"at":"2026'])
def test_a_full_disk_after_a_crash_leaves_a_whole_ledger(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, torn: bytes
) -> None:
    """What a crash tore off may be gone then, but nothing else is, and nothing is put in its place."""
    whole = ledger.path.read_bytes()
    ledger.path.write_bytes(whole + torn)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", full)
        with pytest.raises(LedgerError, match=r"the disk is full.*Nothing was recorded\."):
            ledger.append("decision", "me", {})
    assert ledger.path.read_bytes() == whole
    assert ledger.append("decision", "me", {}).number == len(ledger.verify())


def test_what_cannot_be_taken_back_is_not_called_unrecorded(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where even cutting the file fails, the message does not say that nothing was recorded."""

    def fails(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", fails)
        patched.setattr("os.truncate", fails)
        with pytest.raises(LedgerError, match="A part of the entry may stand at its end"):
            ledger.append("decision", "me", {})


@pytest.mark.parametrize("first", [1, 2])
def test_a_head_that_cannot_be_put_back_does_no_harm(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, first: int
) -> None:
    """Where the head cannot be written from its first or second time on, the entry is taken back; the next follows."""
    whole, real, calls = ledger.path.read_bytes(), os.replace, itertools.count(1)

    def fails(*given: Any) -> None:
        if next(calls) >= first:
            raise OSError(errno.EIO, "Input/output error")
        real(*given)

    with monkeypatch.context() as patched:
        patched.setattr("os.replace", fails)
        with pytest.raises(LedgerError, match=r"Input/output error\. Nothing was recorded\."):
            ledger.append("waiver", "me", {})
    assert ledger.path.read_bytes() == whole
    assert ledger.append("decision", "me", {}).number == len(ledger.verify()) == 6


@pytest.mark.parametrize("before", [0, 5])
@pytest.mark.parametrize(("call", "which"), [("os.replace", 1), ("os.fsync", 2), ("os.replace", 2)])
def test_whichever_write_fails_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, which: int, before: int
) -> None:
    """The announcement, the entry or the head at the end: ledger and head are as before, and nothing is announced."""
    ledger = Ledger(tmp_path / "ledger.jsonl")
    for _ in range(before):
        ledger.append("decision", "ann", {})
    names = (ledger.path, ledger.head)
    whole = [path.read_bytes() if path.exists() else b"" for path in names]
    real, calls = getattr(os, call.partition(".")[2]), itertools.count(1)

    def fails(*given: Any) -> None:
        if next(calls) == which:
            raise OSError(errno.EIO, "Input/output error")
        real(*given)

    with monkeypatch.context() as patched:
        patched.setattr(call, fails)
        with pytest.raises(
            LedgerError, match=r"jsonl: cannot be written: .*Input/output error\. Nothing was recorded\."
        ):
            ledger.append("waiver", "me", {})
    assert [path.read_bytes() if path.exists() else b"" for path in names] == whole
    assert len(ledger.verify()) == before
