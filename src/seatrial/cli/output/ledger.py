"""What `seatrial ledger` prints."""

from __future__ import annotations

import json
from collections.abc import Sequence

from seatrial.ledger import Entry

__all__ = ["ledger_rows"]


def ledger_rows(entries: Sequence[Entry]) -> list[tuple[str, ...]]:
    """Return the ledger's entries as rows of a table."""
    return [(str(e.number), e.at, e.kind, e.author, _entry_words(e)) for e in entries]


def _entry_words(entry: Entry) -> str:
    body = entry.body
    if entry.kind == "waiver":
        return (
            f"{body.get('signal')} of {str(body.get('review'))[:12]} until {body.get('expires')}: {body.get('reason')}"
        )
    if entry.kind == "decision":
        return f"{body.get('status')}: {body.get('policy_name')} ({body.get('folder')})"
    if entry.kind == "forecast":
        return f"{', '.join(body.get('mixes', []))}: {body.get('name')}, forecast {str(body.get('forecast'))[:12]}"
    if entry.kind == "training":
        return f"{body.get('mix')}: {body.get('name')}, adapter {str(body.get('adapter'))[:12]}"
    return json.dumps(body)
