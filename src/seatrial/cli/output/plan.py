"""What the commands print for a person."""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from seatrial.ledger import Entry
from seatrial.outlook import Outlook
from seatrial.policy import LaunchPolicy
from seatrial.report import ReviewContent
from seatrial.report.words import HEADLINES, could_see, interval, money, number

if TYPE_CHECKING:
    from seatrial.vibes import Crowd
    from seatrial.vibes.closing import Closing

__all__ = ["closing_summary", "coverage", "crowd_summary", "ledger_rows", "outlook_summary", "summary", "table"]

WIDTH = 100


def summary(content: ReviewContent, folder: Path) -> str:
    """Return what a finished review says on the terminal."""
    rows = [
        (
            verdict.verdict + ("" if verdict.blocking else " (advisory)"),
            verdict.signal,
            f"{number(verdict.evidence.estimate, sign=True)} {interval(verdict.evidence)}",
            f"{verdict.margin:g}",
            could_see(verdict.evidence.mde),
            str(verdict.evidence.clusters),
        )
        for verdict in content.decision.verdicts
    ]
    spent = sum(spend.calls + spend.reused for _, spend in content.spend)
    cost = sum(spend.cost for _, spend in content.spend)
    lines = [
        "",
        table(("verdict", "gate", "change of harm", "margin", "could see", "clusters"), rows),
        "",
        _wrapped(f"{HEADLINES[content.status].upper()}: {content.decision.reason}"),
        *[_wrapped(f"Waived: {n.signal} by {n.person} until {n.expires}: {n.reason}") for n in content.waivers],
        "",
        f"Blind spots ({len(content.blind_spots)}):",
        *[_wrapped(f"- {spot}", "  ") for spot in content.blind_spots],
        *[_wrapped(f"Note: {note}") for note in content.notes],
        "",
        f"{spent:,} calls{', ' + money(cost) if cost else ''}. Report: {folder / 'report.html'}",
        f"Next: {_next(content, folder)}",
    ]
    return "\n".join(lines)


def _next(content: ReviewContent, folder: Path) -> str:
    match content.status:
        case "block":
            return "open the report and read the pairs of answers that show the harm best."
        case "hold":
            empty = [v.signal for v in content.decision.verdicts if v.blocking and not v.evidence.clusters]
            if empty:
                return (
                    f"nothing was measured for {', '.join(empty)}: answer the suite's items with both models, or "
                    "name a column of your own labels under `signals:`."
                )
            return "more items or calls for the undecided gates (--budget), or wider margins if you can defend them."
        case "waived":
            return "the waiver is in the ledger and in the report; it ends by itself."
        case "launch":
            ledger = folder.parent / "ledger.jsonl"
            return f"sign the report; the decision is recorded (seatrial ledger list --ledger {ledger})."


def _wrapped(text: str, indent: str = "") -> str:
    return textwrap.fill(text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return rows in aligned columns; the last column is wrapped to the line's width."""
    cells = [list(header), *[list(row) for row in rows]]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    start = sum(widths[:-1]) + 2 * (len(widths) - 1)
    lines = []
    for row in cells:
        first = "  ".join(cell.ljust(width) for cell, width in zip(row[:-1], widths[:-1], strict=True))
        last = textwrap.wrap(row[-1], max(WIDTH - start, 40)) or [""]
        lines.append(f"{first}  {last[0]}".rstrip())
        lines += [" " * start + more for more in last[1:]]
    return "\n".join(lines)


def outlook_summary(policy: LaunchPolicy, found: Outlook) -> str:
    """Return what a policy could see, as two tables."""
    gates = [
        (
            "blind" if gate.blind else "sees",
            gate.signal,
            f"{gate.margin:g}",
            could_see(gate.mde),
            could_see(gate.mde_true),
            str(gate.clusters),
            f"{gate.calls:,}",
            "more than can be asked" if gate.needed is None else f"{gate.needed:,}",
            gate.basis,
        )
        for gate in found.gates
    ]
    header = ("", "gate", "margin", "could see", "of true harm", "clusters", "calls", "clusters it needs", "basis")
    sizes = [size for size, _ in found.decisions[0][1]] if found.decisions else []
    decisions = [
        (name, *[f"{100 * launch:.0f}/{100 * hold:.0f}/{100 * block:.0f}" for _, (launch, hold, block) in rows], "")
        for name, rows in found.decisions
    ]
    blind = [gate.signal for gate in found.gates if gate.blind and gate.blocking]
    lines = [
        table(header, gates),
        "",
        "Chance of launch / hold / block in percent, for harm of so many margins in one gate, the others unchanged:",
        table(("gate", *[f"{size:g}".replace("-", "−") for size in sizes], ""), decisions),
        "",
        f"At most {found.calls:,} calls; the budget allows {found.budget:,}.",
    ]
    if blind:
        lines.append(
            _wrapped(f"This policy could not see the margins of {', '.join(blind)} with {policy.power:g} power.")
        )
    return "\n".join(lines)


def coverage(counts: Mapping[str, Mapping[str, int]]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return the header and the rows of the map of what suites cover: a row a use case, a column a numbered suite."""
    cases = sorted({case for held in counts.values() for case in held})
    header = ("use case", *(str(number) for number in range(1, len(counts) + 1)), "suites", "items")
    rows = [
        (
            case,
            *(str(held.get(case, "·")) for held in counts.values()),
            str(sum(case in held for held in counts.values())),
            str(sum(held.get(case, 0) for held in counts.values())),
        )
        for case in cases
    ]
    rows += [("", *("" for _ in counts), "", "")]
    rows += [(f"{number}: {signal}", *("" for _ in counts), "", str(sum(held.values())))
             for number, (signal, held) in enumerate(counts.items(), 1)]  # fmt: skip
    return header, rows


def crowd_summary(found: Crowd) -> str:
    """Return what votes say of those who cast them."""
    doubtful = [worker for worker in found.workers if worker.doubtful]
    side = "the left side wins more often" if found.left.estimate > 0.5 else "the right side wins more often"
    bias = f"; {side}, whatever stands there" if found.side_bias else "; no side is favored for certain"
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
    agreement = found.alpha
    return "\n".join(
        [
            table(("rater", "votes", "ties", "left", "with the others", "90 %", "by chance", ""), rows),
            "",
            f"{found.votes:,} votes by {found.raters} raters on {found.items:,} pairs, {_percent(found.ties)} ties.",
            f"Agreement: Fleiss' kappa {found.kappa:.2f}; Krippendorff's alpha {agreement.alpha:.2f} "
            f"[{agreement.low:.2f}, {agreement.high:.2f}]; {_percent(agreement.disagreement)} of the pairs of votes on "
            "one pair differ.",
            f"Left wins {_percent(found.left.estimate)} of the votes that are no ties "
            f"[{_percent(found.left.low)}, {_percent(found.left.high)}], raters counted alike{bias}.",
            f"{len(doubtful)} raters do not surely agree with the others by more than chance.",
        ]
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
    lines = [table(header, rows), ""]
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
    lines += [
        f"{note.rater}, severity {note.severity}, {note.suite}/{note.item}: {_printable(note.text)}"
        for note in found.notes
    ]
    return "\n".join(lines)


def _printable(text: str) -> str:
    """Return a rater's words on one line and without what could steer a terminal."""
    return "".join(sign if sign.isprintable() else " " for sign in text)


def _percent(share: float) -> str:
    return "–" if math.isnan(share) else f"{100 * share:.0f} %"


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
