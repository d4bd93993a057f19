"""What `seatrial verify` prints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from seatrial.cli.output.tables import table, wrapped
from seatrial.report.wording import HEADLINES
from seatrial.review.validity import window_of
from seatrial.review.verifying.steps import Verified

__all__ = ["verified_json", "verified_lines"]


def verified_lines(found: Verified, folder: Path) -> str:
    """Return a line a step with its result, what nothing here can show, and what it comes to."""
    rows = [
        (one.name if not place else "", one.result if not place else "", said)
        for one in found.steps
        for place, said in enumerate(one.said or ("",))
    ]
    lines = [table(("step", "result", "found"), rows)]
    if found.unseen:
        lines += ["", f"Not verified, for nothing here can show it ({len(found.unseen)}):"]
        lines += [wrapped(f"- {one}", "  ") for one in found.unseen]
    return "\n".join([*lines, "", wrapped(_outcome(found, folder))])


def _outcome(found: Verified, folder: Path) -> str:
    if not found.verified or found.standing is None:
        bad = ", ".join(one.name for one in found.steps if one.result in ("differs", "not verified"))
        return f"NOT VERIFIED: {folder}: {bad}. What is not known is no pass."
    headline = HEADLINES[found.standing.status].upper()
    if not found.holds:
        return f"VERIFIED, AND NO LONGER HOLDS: it was {headline}: {found.standing.decision.reason}"
    return f"VERIFIED: {headline}: {found.standing.decision.reason}"


def verified_json(found: Verified, folder: Path) -> dict[str, Any]:
    """Return the same for other programs."""
    entry, standing = found.entry, found.standing
    window = window_of(entry) if entry else None
    return {
        "folder": str(folder),
        "verified": found.verified,
        "holds": found.holds,
        "decision": standing.decision.outcome if standing else None,
        "status": standing.status if standing else None,
        "policy": standing.policy.digest if standing else None,
        "candidate": standing.policy.candidate.model if standing else None,
        "entry": {"number": entry.number, "hash": entry.hash, "at": entry.at, "author": entry.author}
        if entry
        else None,
        "valid": {"since": str(window.since), "until": str(window.until)} if window else None,
        "steps": [{"step": one.name, "result": one.result, "said": list(one.said)} for one in found.steps],
        "not_verified": list(found.unseen),
        "exit_code": int(found.exit_code),
    }
