"""What somebody with the database in hand does to a ledger, and what finds it: the chain, a key, an anchor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from conftest import Command
from ledgers import replaced
from seatrial.ledger import Entry, Ledger, Waiver
from seatrial.ledger.chain import KEY_VARIABLE
from seatrial.ledger.signing import make_key, signed

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("ledger servers")]

Entries = list[Entry]
WAIVER = asdict(Waiver("r", "behavior/x", "ann", "known, fix ships", "2999-12-31"))


def _chained(entries: Sequence[Entry], sign: Path | None = None) -> Entries:
    """Give entries the numbers and hashes that they should have in this order, and signatures if a key is given."""
    made: Entries = []
    for number, one in enumerate(entries, 1):
        before = made[-1].hash if made else "0" * 64
        moved = (number, before) != (one.number, one.previous) or one.recomputed() != one.hash
        draft = replace(one, number=number, previous=before)
        draft = replace(draft, hash=draft.recomputed())
        made.append(signed(draft, sign) if sign is not None and (moved or not one.signature) else draft)
    return made


def _with(held: Entries, place: int, **change: Any) -> Entries:
    return [*held[:place], replace(held[place], **change), *held[place + 1 :]]


def _forged(held: Entries) -> Entry:
    return replace(held[-1], kind="waiver", author="ann", body=WAIVER, signature="")


EVE = "eve.pem"
CHAIN, KEY, ANCHOR = "chain", "key", "anchor"
"""What finds it: verifying alone; with the public key that is trusted; with the anchor that was written at entry 5."""

ATTACKS: dict[str, tuple[Callable[[Entries], tuple[Entries, bool]], set[str]]] = {
    "nothing": (lambda held: (held, True), set()),
    "edit one": (lambda held: (_with(held, 2, author="eve"), False), {CHAIN, KEY, ANCHOR}),
    "edit one, mend its hash": (lambda held: (_with(held, 2, **_edited(held[2])), False), {CHAIN, KEY, ANCHOR}),
    "edit one, mend all hashes": (lambda held: (_chained(_with(held, 2, author="eve")), True), {KEY, ANCHOR}),
    "edit one, sign it anew": (lambda held: (_chained(_with(held, 2, author="eve"), Path(EVE)), True), {KEY, ANCHOR}),
    "edit one, take all signatures off": (
        lambda held: (_chained([replace(one, author="eve", signature="") for one in held]), True),
        {KEY, ANCHOR},
    ),
    "delete one": (lambda held: ([*held[:2], *held[3:]], False), {CHAIN, KEY, ANCHOR}),
    "delete one, mend all hashes": (lambda held: (_chained([*held[:2], *held[3:]]), True), {KEY, ANCHOR}),
    "reorder": (
        lambda held: ([replace(held[1], number=1), replace(held[0], number=2), *held[2:]], False),
        {CHAIN, KEY, ANCHOR},
    ),
    "reorder, mend all hashes": (lambda held: (_chained([*held[:2], held[3], held[2], held[4]]), True), {KEY, ANCHOR}),
    "truncate": (lambda held: (held[:3], False), {CHAIN, KEY, ANCHOR}),
    "truncate with the head": (lambda held: (held[:3], True), {ANCHOR}),
    "put an older copy back": (lambda held: (held[:4], True), {ANCHOR}),
    "add a waiver": (lambda held: (_chained([*held, _forged(held)]), False), {CHAIN, KEY, ANCHOR}),
    "add a waiver with the head": (lambda held: (_chained([*held, _forged(held)]), True), {KEY}),
    "put another last entry": (lambda held: ([*held[:4], _forged(held)], False), {CHAIN, KEY, ANCHOR}),
    "put another last entry with the head": (lambda held: (_chained([*held[:4], _forged(held)]), True), {KEY, ANCHOR}),
    "take a signature off": (lambda held: (_with(held, 3, signature=""), True), {KEY}),
    "empty it": (lambda held: ([], False), {CHAIN, KEY, ANCHOR}),
}


def _edited(entry: Entry) -> dict[str, Any]:
    made = replace(entry, author="eve")
    return {"author": "eve", "hash": made.recomputed()}


@pytest.fixture
def ledger(where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    """Five entries, all but the first signed, and an anchor at the last."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "reviews").mkdir()
    for name in ("ann.pem", EVE):
        make_key(tmp_path / name)
    made = Ledger(where, tmp_path)
    made.append("decision", "ann", {"number": 1})
    monkeypatch.setenv(KEY_VARIABLE, "ann.pem")
    for number in range(2, 6):
        made.append("decision", "ann", {"number": number})
    monkeypatch.delenv(KEY_VARIABLE)
    return made


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_whatever_was_done_is_found_by_what_can_find_it(
    seatrial: Command, ledger: Ledger, where: str, tmp_path: Path
) -> None:
    """Exactly by what the documentation says: the chain alone, a key, an anchor; exit code 2, and never a traceback."""
    assert seatrial("ledger", "anchor", "anchors.txt", "--ledger", where).code == 0
    held = ledger.verify()
    means = {CHAIN: (), KEY: ("--trust", "ann.pem.pub"), ANCHOR: ("--anchor", "anchors.txt")}
    for name, (attack, finds) in ATTACKS.items():
        left, with_head = attack(held)
        replaced(where, held, held[-1])
        replaced(where, left, (left or held)[-1] if with_head else None)
        for mean, words in means.items():
            done = seatrial("ledger", "verify", "--ledger", where, *words)
            assert (done.code, bool(done.err)) == ((2, True) if mean in finds else (0, False)), (name, mean, done)


def test_who_has_the_key_is_found_by_an_anchor_alone(
    seatrial: Command, ledger: Ledger, where: str, tmp_path: Path
) -> None:
    """A past that its own signer wrote anew holds for everybody who kept nothing of it."""
    assert seatrial("ledger", "anchor", "anchors.txt", "--ledger", where).code == 0
    held = ledger.verify()
    again = _chained(_with(held, 2, author="eve"), tmp_path / "ann.pem")
    replaced(where, again, again[-1])
    assert seatrial("ledger", "verify", "--ledger", where, "--trust", "ann.pem.pub").code == 0
    done = seatrial("ledger", "verify", "--ledger", where, "--anchor", "anchors.txt")
    assert (done.code, "entry 5 is not the one that anchors.txt holds" in " ".join(done.err.split())) == (2, True)
