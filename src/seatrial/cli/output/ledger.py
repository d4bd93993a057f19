"""What `seatrial ledger` prints."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from seatrial.cli.output.tables import wrapped
from seatrial.ledger import Compared, Entry
from seatrial.ledger.reviews import review_names

if TYPE_CHECKING:
    from seatrial.ledger.signing import Signers

__all__ = ["compared_words", "ledger_rows", "verified_words"]


def ledger_rows(entries: Sequence[Entry]) -> list[tuple[str, ...]]:
    """Return the ledger's entries as rows of a table."""
    names = review_names(entries)
    return [(str(e.number), e.at, e.kind, e.author, _entry_words(e, names.get(e.number, ""))) for e in entries]


def compared_words(files: Compared) -> list[str]:
    """Return which reviews' files were compared with their entries, and which could not be."""
    one, many = ("review", "its entry covers", "folder is"), ("reviews", "their entries cover", "folders are")
    said = []
    for kind, names in (("same", files.same), ("not_covered", files.not_covered), ("absent", files.absent)):
        noun, entries, folders = one if len(names) == 1 else many
        words = {
            "same": f"compared, whose files are what {entries}",
            "not_covered": "whose files no entry covers, so whether they were changed cannot be told",
            "absent": f"whose {folders} not here, so nothing was compared",
        }
        said += [wrapped(f"{len(names)} {noun} {words[kind]}: {', '.join(names)}.")] * bool(names)
    return said


def verified_words(
    entries: Sequence[Entry], signers: Signers, anchors: int, files: Compared, remarks: Sequence[str]
) -> list[str]:
    """Return what was found to hold, in lines."""
    last = f"last hash {entries[-1].hash[:16]}" if entries else "no entry yet"
    said = [f"{len(entries)} entries, chain intact, {last}."]
    if anchors:
        said.append(f"{anchors} {'anchor holds' if anchors == 1 else 'anchors hold'}.")
    for name, count in signers.entries.items():
        held = "signed by" if signers.checked else "that name the key"
        said.append(f"{count} {'entry' if count == 1 else 'entries'} {held} {name[:16]}.")
    if signers.entries and not signers.checked:
        said.append("No signature was checked: name the public keys that you trust with --trust FILE.pub.")
    if signers.checked and signers.unsigned:
        said.append(f"Nobody signed the first {len(signers.unsigned)}, which came before the first signature.")
    return [*said, *compared_words(files), *remarks]


def _entry_words(entry: Entry, folder: str) -> str:
    body = entry.body
    if entry.kind == "waiver":
        return (
            f"{body.get('signal')} of {str(body.get('review'))[:12]} until {body.get('expires')}: {body.get('reason')}"
        )
    if entry.kind in ("sign-off", "override", "release", "incident", "roll-back"):
        return _what_came(entry, folder)
    if entry.kind == "decision":
        return f"{body.get('status')}: {body.get('policy_name')} ({folder})"
    if entry.kind == "forecast" and body.get("of") == "replay":
        return f"rates by replay: {body.get('name')}, forecast {str(body.get('forecast'))[:12]}"
    if entry.kind == "check":
        return f"of forecast {str(body.get('of'))[:12]}: {body.get('name')}, {len(body.get('behaviors', ()))} behaviors"
    if entry.kind == "forecast":
        return f"{', '.join(body.get('mixes', []))}: {body.get('name')}, forecast {str(body.get('forecast'))[:12]}"
    if entry.kind == "training":
        return f"{body.get('mix')}: {body.get('name')}, adapter {str(body.get('adapter'))[:12]}"
    return json.dumps(body)


def _what_came(entry: Entry, folder: str) -> str:
    """Return in words what came of a decision."""
    body, at = entry.body, f" ({folder})"
    if entry.kind == "sign-off":
        seen = f", having seen {', '.join(body.get('acknowledged', []))}" if body.get("acknowledged") else ""
        return f"approved {body.get('candidate')} until {body.get('until')}{seen}{at}"
    if entry.kind == "override":
        return f"against {body.get('status')}: {body.get('reason')}{at}"
    if entry.kind == "release":
        return f"{body.get('name')}: {body.get('candidate')}, on {body.get('on')} {body.get('entry')}{at}"
    if entry.kind == "incident":
        return f"of {body.get('release')}, {body.get('behavior')}: {body.get('what')}"
    answers = f", for incident {body.get('incident')}" if body.get("incident") else ""
    return f"of {body.get('release')}{answers}: {body.get('reason')}"
