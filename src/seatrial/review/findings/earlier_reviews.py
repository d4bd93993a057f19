"""What was decided of the same two models before: asking until a launch comes out is seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from seatrial.ledger import Entry
from seatrial.report import ReviewResult

__all__ = ["earlier_reviews"]

ENDED = {"launch": "launched", "hold": "held", "block": "blocked", "waived": "was waived"}
PLACES = ("First", "Second", "Third", "Fourth", "Fifth", "Sixth", "Seventh", "Eighth", "Ninth", "Tenth")


def earlier_reviews(content: ReviewResult, decisions: Sequence[Entry]) -> str:
    """Return which review of the pair this is, what the last one decided, and what changed; empty for the first.

    A review that was run again on the same evidence under the same policy is the same review.

    Args:
        content: The review, before it is in the ledger.
        decisions: Those of the ledger in its folder, which by itself is the same for the same pair.
    """
    own = dict(content.hashes).get("review", "")
    held: dict[str, Entry] = {}
    for entry in decisions:
        if _same_pair(content, entry.body):
            held[str(entry.body.get("review"))] = entry
    held.pop(own, None)
    if not held:
        return ""
    last = max(held.values(), key=lambda entry: entry.number)
    count = len(held)
    which = f"{PLACES[count]} review" if count < len(PLACES) else f"Review {count + 1}"
    status = str(last.body.get("status"))
    ended = ENDED.get(status, f"ended in {status}")
    return f"{which} of this pair: the last one ({last.at[:10]}) {ended}, and {_changed(content, last)}"


def _same_pair(content: ReviewResult, body: dict[str, Any]) -> bool:
    models = (content.policy.baseline.model, content.policy.candidate.model)
    return (body.get("baseline"), body.get("candidate")) == models


def _changed(content: ReviewResult, last: Entry) -> str:
    now, before = dict(content.hashes), last.body.get("hashes") or {}
    margins = {name: verdict.margin for name, verdict in content.decision.every_verdict.items()}
    if "margins" in last.body and last.body["margins"] != margins:
        return "the margins changed since"
    if before.get("policy") != now.get("policy"):
        return "the policy changed since"
    return "the evidence changed since"
