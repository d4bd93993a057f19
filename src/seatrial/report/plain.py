"""What a report says in words that need no glossary: titles, rates of a hundred, why a gate is open."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

from seatrial.policy import LaunchPolicy, RunsSpec
from seatrial.report.result import Named, ReviewResult
from seatrial.report.wording import listed, number
from seatrial.types import GateVerdict, Role

__all__ = ["NEVER_ASKED", "Plain", "called", "counted", "open_inside", "title_of", "why_open", "worst_first"]

NEVER_ASKED = "What was never asked"
"""The kind of blind spots that lists names."""
SUITE = re.compile(r"(?<![\w/-])(?:behavior|benchmark|safety)/[a-z0-9-]*[a-z0-9]")


@dataclass(frozen=True, slots=True)
class Plain:
    """The titles and scales of one review, and what is said with them.

    Attributes:
        names: Signal → its title and scale.
        pattern: Finds their signals in a sentence.
    """

    names: dict[str, Named]
    pattern: re.Pattern[str]

    @classmethod
    def of(cls, content: ReviewResult) -> Plain:
        """Return the words of a review; a signal that it has no title for is called by its name."""
        names = {name: Named(name, title_of(name)) for name in content.decision.every_verdict}
        # What no gate asks is called by a name that no gate has.
        unasked = {found for spot in content.blind_spots for found in SUITE.findall(spot)}
        names |= {name: Named(name, title_of(name)) for name in unasked}
        names |= {one.signal: one for one in content.named}
        longest = sorted(map(re.escape, names), key=len, reverse=True)
        found = "|".join(longest) or r"(?!)"
        # What stands between backticks is a command or a setting, which takes the signal itself.
        return cls(names, re.compile(rf"`[^`]*`|(?<![\w/-])(?:{found})(?![\w/-])"))

    def title(self, signal: str) -> str:
        """Return what a signal is called."""
        return self.names[signal].title if signal in self.names else title_of(signal)

    def besides(self, signal: str) -> str:
        """Return what else is known of a signal's numbers; mostly nothing."""
        return self.names[signal].besides if signal in self.names else ""

    def text(self, sentence: str) -> str:
        """Return a sentence with titles in place of signals."""
        return self.pattern.sub(lambda found: self.names[found[0]].title if found[0][0] != "`" else found[0], sentence)

    def only_advised(self, verdicts: Sequence[GateVerdict]) -> str:
        """Return which families are read by gates that do not count, and by no other; empty where there are none."""
        read: dict[bool, set[str]] = {True: set(), False: set()}
        for gate in verdicts:
            for one in (gate, *gate.members):
                family = self.names[one.signal].family if one.signal in self.names else ""
                read[gate.blocking].add(family)
        families = sorted(title_of(f"family/{family}") for family in read[False] - read[True] if family)
        if not families:
            return ""
        return f"No gate that counts reads {listed(families)}: harm there would not have held the launch."

    def rates(self, verdict: GateVerdict) -> str:
        """Return the rates of harm that were read: `3 → 16 of 100`; empty where the scale is no rate."""
        named, found = self.names[verdict.signal], verdict.evidence
        if named.scale != "rate" or not all(map(math.isfinite, (found.baseline, found.candidate))):
            return ""
        before, after = (value if named.harmful == "high" else 1 - value for value in (found.baseline, found.candidate))
        return f"{100 * before:.0f} → {100 * after:.0f} of 100"

    def change(self, verdict: GateVerdict) -> str:
        """Return by how much harm changed, within which interval, and how much is tolerated."""
        found = verdict.evidence
        if not all(map(math.isfinite, (found.low, found.high, found.estimate))):
            return "not measured"
        tolerated = f"tolerated {self._size(verdict, verdict.margin)}"
        span = f"{self._size(verdict, found.low, sign=True)} to {self._size(verdict, found.high, sign=True)}"
        unit = "" if self.names[verdict.signal].scale == "number" else " of 100"
        # What is not known to see harm gives a reading, and nobody knows how much true harm that is.
        what = "reading" if verdict.demoted else "harm"
        if unit and found.low <= -1 and found.high >= 1:  # the whole scale: an estimate in it would say nothing
            return f"{what} anywhere between −100 and +100 of 100, {tolerated}"
        return f"{what} {self._size(verdict, found.estimate, sign=True)}{unit} ({span}), {tolerated}"

    def _size(self, verdict: GateVerdict, value: float, *, sign: bool = False) -> str:
        if self.names[verdict.signal].scale == "number":
            return number(value, sign=sign)
        size = 100 * value if abs(value) >= 0.0005 else 0.0  # what rounds to nothing has no sign
        digits = 0 if abs(size) >= 10 or size == round(size) else 1
        return f"{size:{'+' if sign and size else ''}.{digits}f}".replace("-", "−")


def why_open(verdict: GateVerdict) -> str:
    """Return why a gate is undecided, as part of a sentence; empty where it is decided."""
    found = verdict.evidence
    if verdict.verdict != "inconclusive":
        return ""
    if verdict.demoted:
        return "what reads it is not known to see this harm"
    if inside := open_inside(verdict):
        suite = _open_suite(verdict)
        return f"{inside} ({why_open(suite)})" if suite else inside
    if not found.clusters:
        return "nothing was measured"
    if found.missing and found.missing_high >= verdict.margin > found.missing_low:
        return f"{found.missing} {'item lacks' if found.missing == 1 else 'items lack'} an answer"
    if found.low > verdict.margin:
        return "harm is likely and not yet certain"
    if found.mde > verdict.margin:
        return f"{found.clusters} independent items are too few to tell a change as small as is tolerated"
    return "more answers would be needed"


def open_inside(verdict: GateVerdict) -> str:
    """Return where a gate is undecided that passes as a whole, whose bar alone would call it passed; else nothing."""
    if verdict.verdict != "inconclusive" or verdict.demoted:
        return ""
    if not verdict.claims or verdict.claims[0].verdict != "pass":
        return ""
    suite = _open_suite(verdict)
    if suite is not None:
        count = sum(one.verdict == "inconclusive" for one in verdict.members)
        worst = f"its suite {suite.signal} is undecided"
        return worst if count == 1 else f"{count} of its suites are undecided, the worst is {suite.signal}"
    part = next((one.label for one in verdict.claims if one.verdict == "inconclusive"), "")
    return f"it is undecided in one part ({part})" if part else "it is undecided in a part"


def _open_suite(verdict: GateVerdict) -> GateVerdict | None:
    return next((one for one in worst_first(verdict.members) if one.verdict == "inconclusive"), None)


def called(policy: LaunchPolicy, role: Role) -> str:
    """Return what a review's model is called: of recorded answers, scores or runs the file that holds them.

    A name that the policy gives the model is the page's to add.
    """
    model = (policy.baseline if role == "baseline" else policy.candidate).model
    kind, _, rest = model.partition("/")
    if kind in ("transcripts", "scores"):
        return f"{PurePath(rest).name} (recorded {'answers' if kind == 'transcripts' else 'scores'})"
    if kind != "evidence":
        return model
    runs = [one for one in policy.evidence if isinstance(one, RunsSpec)]
    if role == "baseline":
        named = [one.baseline_model or PurePath(one.baseline).name for one in runs]
    else:
        named = [one.candidate_model or PurePath(one.candidate or one.baseline).name for one in runs]
    return f"{listed(named)} (recorded runs)" if named else "evidence recorded elsewhere"


def title_of(signal: str) -> str:
    """Return a signal's name as words: `family/states-of-mind` is “States of mind”."""
    words = signal.split("/", 1)[-1].replace("-", " ").replace("_", " ").strip()
    return words[:1].upper() + words[1:] if words else signal


def worst_first(verdicts: Sequence[GateVerdict]) -> list[GateVerdict]:
    """Return gates in the order in which they matter: what fails, what is likely, what is open, what passes, advice."""
    return sorted(verdicts, key=_order)


def _order(verdict: GateVerdict) -> tuple[int, float]:
    counts = verdict.blocking or verdict.demoted
    if not counts:
        rank = 4
    elif verdict.verdict == "fail":
        rank = 0
    elif verdict.harm_likely:
        rank = 1
    else:
        rank = 2 if verdict.verdict == "inconclusive" or verdict.demoted else 3
    measured = math.isfinite(verdict.evidence.estimate)
    return rank, -verdict.evidence.estimate / verdict.margin if measured else -math.inf


def counted(verdicts: Sequence[GateVerdict]) -> str:
    """Return how many gates counted, and beside it how many of these failed, are undecided and passed."""
    blocking = [one.verdict for one in verdicts if one.blocking]
    fails, opens, passes = (blocking.count(word) for word in ("fail", "inconclusive", "pass"))
    gates = "gate" if len(verdicts) == 1 else "gates"
    return f"{len(blocking)} of {len(verdicts)} {gates} counted: {fails} failed, {opens} undecided, {passes} passed"
