"""Release notes: what changed in how a model behaves, by how much, and what was not measured."""

from __future__ import annotations

from collections.abc import Mapping

from seatrial.report.markdown import inert
from seatrial.report.plain import Plain, worst_first
from seatrial.report.result import ReviewResult
from seatrial.report.wording import verdict_word

__all__ = ["release_notes"]


def release_notes(content: ReviewResult, name: str, answers: Mapping[str, str]) -> str:
    """Return a draft in Markdown.

    Args:
        content: The review that the release rests on.
        name: What the release is called.
        answers: What whoever signed said: question → answer.
    """
    plain, decision = Plain.of(content), content.decision
    counted = [one for one in worst_first(decision.verdicts) if not one.demoted]
    lines = [f"# {inert(name)}", ""]
    if answers.get("behavior"):
        lines += [inert(answers["behavior"]), ""]
    lines += ["## What changed in behavior", ""]
    for one in counted:
        rates = plain.rates(one)
        words = f"{rates}; {plain.change(one)}" if rates else plain.change(one)
        aside = "" if one.blocking else ", watched only"
        word = verdict_word(one.verdict, one.harm_likely)
        lines.append(f"- **{inert(plain.title(one.signal))}**: {inert(words)} ({word}{aside})")
    if not counted:
        lines.append("- Nothing that could be measured.")
    if decision.on_trust or content.waivers:
        lines += ["", "## On whose word", ""]
        lines += [
            f"- {inert(plain.title(one.signal))} counts on trust: {inert(one.trust)}" for one in decision.on_trust
        ]
        for note in content.waivers:
            waived = f"waived by {inert(note.person)} until {note.expires}: {inert(note.reason)}"
            lines.append(f"- {inert(plain.title(note.signal))}, {waived}")
    lines += ["", "## What was not measured", ""]
    lines += [f"- {inert(plain.title(one.signal))}: {inert(one.advisory)}" for one in decision.verdicts if one.demoted]
    lines += [f"- {inert(title)} ({len(spots)})" for title, spots in content.spots_by_kind]
    if answers.get("blind-spots"):
        lines += ["", inert(answers["blind-spots"])]
    return "\n".join(lines) + "\n"
