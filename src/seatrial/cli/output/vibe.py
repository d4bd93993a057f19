"""What `seatrial vibe` prints."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from seatrial.cli.output.tables import table
from seatrial.errors import printable
from seatrial.report.wording import number

if TYPE_CHECKING:
    from seatrial.evidence.vibes import Crowd
    from seatrial.evidence.vibes.closing import Closing

__all__ = ["closing_summary", "crowd_summary"]


def crowd_summary(found: Crowd) -> str:
    """Return what votes say of those who cast them."""
    rows = [
        (
            worker.rater,
            str(worker.votes),
            *(_percent(share) for share in (worker.ties, worker.left, worker.agreement)),
            f"[{_percent(worker.low)}, {_percent(worker.high)}]",
            _percent(worker.chance),
            "doubtful" if worker.doubtful else "",
        )
        for worker in found.workers
    ]
    doubtful = sum(worker.doubtful for worker in found.workers)
    last = [f"{doubtful} raters do not surely agree with the others by more than chance."] if found.alpha.items else []
    return "\n".join(
        [
            table(("rater", "votes", "ties", "left", "with the others", "90 %", "by chance", ""), rows),
            "",
            f"{found.votes:,} votes by {found.raters} {'rater' if found.raters == 1 else 'raters'} on {found.items:,} "
            f"pairs, {_percent(found.ties)} ties.",
            _agreement(found),
            _sides(found),
            *last,
        ]
    )


def _agreement(found: Crowd) -> str:
    agreement = found.alpha
    if agreement.items == 0:
        why = "there is one" if found.raters == 1 else "no pair has votes of two"
        return f"Agreement: not known; it takes two raters on one pair, and {why}."
    return (
        f"Agreement: Fleiss' kappa {found.kappa:.2f}; Krippendorff's alpha {agreement.alpha:.2f} "
        f"[{agreement.low:.2f}, {agreement.high:.2f}]; {_percent(agreement.disagreement)} of the pairs of votes on "
        "one pair differ."
    )


def _sides(found: Crowd) -> str:
    if math.isnan(found.left.estimate):
        return "Nobody preferred a side: all votes are ties."
    side = "the left side wins more often" if found.left.estimate > 0.5 else "the right side wins more often"
    bias = f"; {side}, whatever stands there" if found.side_bias else "; no side is favored for certain"
    return (
        f"Left wins {_percent(found.left.estimate)} of the votes that are no ties "
        f"[{_percent(found.left.low)}, {_percent(found.left.high)}], raters counted alike{bias}."
    )


def closing_summary(found: Closing) -> str:
    """Return what a session of raters came to."""
    rows = [
        (
            ear.rater,
            str(ear.rated),
            "–" if ear.detection is None else f"{ear.detection.d_prime:.2f}",
            "–" if ear.detection is None else f"[{ear.detection.d_low:.2f}, {ear.detection.d_high:.2f}]",
            "–" if ear.detection is None else f"{ear.detection.criterion:+.2f}",
            _percent(ear.retest),
            number(ear.side.estimate, sign=True),
            number(ear.drift.estimate, sign=True),
            f"{ear.seconds:.0f} s",
            "left out: no ear for known harm" if ear.deaf else "",
        )
        for ear in found.ears
    ]
    header = ("rater", "rated", "d′", "90 %", "criterion", "as before", "side", "drift", "a pair", "")
    lines = []
    if found.agreement is not None:
        held = found.agreement
        lines.append(
            f"Agreement on what is off: Krippendorff's alpha {held.alpha:.2f} [{held.low:.2f}, {held.high:.2f}], "
            f"{_percent(held.disagreement)} of the pairs of ratings differ."
        )
    before, after = found.flagged
    lines.append(f"Flagged: {_percent(before)} of the baseline's answers, {_percent(after)} of the candidate's.")
    if found.corrected is not None:
        one, two = (f"{_percent(r.estimate)} [{_percent(r.low)}, {_percent(r.high)}]" for r in found.corrected)
        lines.append(f"Corrected for misses and false alarms: {one} and {two}.")
    if found.detected:
        seen = "none up to 20 %" if found.limit is None else f"from {_percent(found.limit)} on"
        lines.append(f"Known harm that the gate would see with 80 % power: {seen} (simulated from these ratings).")
    if found.apart:
        lines.append(
            f"{found.apart} times the candidate's answer was preferred and flagged: people may like what is off."
        )
    lines += [
        f"Second looks under “{one.tag}”: {one.looks}, given it {one.tagged} times, {one.flipped} flags flipped."
        for one in found.looks
    ]
    if found.unblinded:
        lines.append(f"{found.unblinded} conversations left out: an answer said what wrote it.")
    if found.hold:
        lines.append(f"HOLD: {found.hold}.")
    lines += [f"{note.rater}, severity {note.severity}, {note.suite}/{note.item}: {note.text}" for note in found.notes]
    return "\n".join([table(header, rows), "", *map(printable, lines)])


def _percent(share: float) -> str:
    return "–" if math.isnan(share) else f"{100 * share:.0f} %"
