"""What machines read: `decision.json` (schema in decision.schema.json) and JUnit XML for a CI's test view."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any
from xml.etree import ElementTree

from seatrial.formats.json_values import with_null
from seatrial.report.result import LedgerPlace, ReviewResult
from seatrial.types import Evidence, GateVerdict

__all__ = ["SCHEMA_VERSION", "decision_json", "junit_xml"]

SCHEMA_VERSION = "seatrial.decision/2"
NOT_XML = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def decision_json(content: ReviewResult) -> dict[str, Any]:
    """Return the decision as plain values; numbers that could not be computed are null."""
    decision = {
        "schema": SCHEMA_VERSION,
        "policy": content.policy.name,
        "baseline": content.policy.baseline.model,
        "candidate": content.policy.candidate.model,
        "decision": content.decision.outcome,
        "status": content.status,
        "reason": content.decision.reason,
        "earlier": content.history or None,
        "on_trust": [{"signal": one.signal, "reason": one.trust} for one in content.decision.on_trust],
        "on_starters": [one.signal for one in content.decision.on_starters],
        "harm_likely": [verdict.signal for verdict in content.decision.harm_likely],
        "next_steps": [
            {
                "kind": step.kind,
                "signals": list(step.signals),
                "text": step.text,
                "cost": step.cost or None,
                "assumes": step.assumes or None,
                "chance": step.chance,
            }
            for step in content.steps
        ],
        "alpha": content.policy.alpha,
        "power": content.policy.power,
        "verdicts": [_verdict(verdict) for verdict in content.decision.verdicts],
        "blind_spots": list(content.blind_spots),
        "blind_spot_kinds": [{"title": group.title, "count": group.count} for group in content.groups],
        "notes": list(content.notes),
        "at_a_glance": [
            {
                "measure": one.measure,
                "baseline": one.baseline,
                "candidate": one.candidate,
                "difference": one.difference,
                "p_value": one.p_value,
                "degenerate": list(one.degenerate),
                "unlike": one.unlike,
                "holds": one.holds,
                "said": one.said,
                "expected": one.expected or None,
            }
            for one in content.glances
        ],
        "unanswered": _unanswered(content),
        "limits_of_detection": [
            {"signal": found.signal, "limit": found.limit, "shift": found.shift, "shares": dict(found.shares)}
            for found in content.detections
        ],
        "instruments": [
            {
                "name": note.name,
                "signals": list(note.signals),
                "may_gate": note.may_gate,
                "measured": note.measured,
                "error": note.error,
                "slope": note.slope,
                "differential": note.differential,
            }
            for note in content.instruments
        ],
        "waivers": [
            {"signal": note.signal, "person": note.person, "reason": note.reason, "expires": note.expires}
            for note in content.waivers
        ],
        "calls": {role: spend.calls for role, spend in content.spend},
        "answers_kept": {role: spend.reused for role, spend in content.spend},
        "reuse": {
            "taken_over": sum(spend.taken_over for _, spend in content.spend),
            "from": [{"review": review, "day": day, "answers": count} for review, day, count in content.reuse.taken],
            "offered": content.reuse.offered,
            "asked_anew": content.reuse.asked_anew,
            "differ": content.reuse.differ,
            "refused": content.reuse.refused or None,
            "seen_at_all": content.reuse.seen_at_all,
            "seen_in_a_gate": content.reuse.seen_in_a_gate,
            "too_old": content.reuse.too_old,
            "not_covered": content.reuse.not_covered,
            "kept_too_long": content.reuse.aged,
        },
        "cost": sum(spend.cost for _, spend in content.spend),
        "started": content.started,
        "finished": content.finished,
        "ledger": _ledger(content.entry),
        "hashes": dict(content.hashes),
        "versions": dict(content.versions),
    }
    plain: dict[str, Any] = with_null(decision)
    return plain


def _ledger(entry: LedgerPlace | None) -> dict[str, Any] | None:
    if entry is None:
        return None
    until = {"holds_until": entry.until} if entry.until else {}
    return {"entry": entry.number, "hash": entry.hash, "covers_files": entry.covers, **until}


def _unanswered(content: ReviewResult) -> list[dict[str, Any]]:
    """Return how many answers are missing, by gate, model and reason."""
    counts = Counter((one.signal, one.role, one.reason, one.advice) for one in content.unanswered)
    return [
        {"signal": signal, "role": role, "reason": reason, "advice": advice or None, "answers": count}
        for (signal, role, reason, advice), count in sorted(counts.items())
    ]


def _verdict(verdict: GateVerdict) -> dict[str, Any]:
    return {
        "signal": verdict.signal,
        "verdict": verdict.verdict,
        "blocking": verdict.blocking,
        "advisory": verdict.advisory or None,
        "demoted": verdict.demoted,
        "harm_likely": verdict.harm_likely,
        "trust": verdict.trust or None,
        "starter": verdict.starter,
        "ended": verdict.ended or None,
        "margin": verdict.margin,
        **_numbers(verdict.evidence),
        "instrument": verdict.instrument,
        "reason": verdict.reason,
        "claims": [
            {
                "label": claim.label,
                "threshold": claim.threshold,
                "verdict": claim.verdict,
                **_numbers(claim.evidence),
            }
            for claim in verdict.claims
        ],
        "members": [_verdict(member) for member in verdict.members],
    }


def _numbers(found: Evidence) -> dict[str, Any]:
    return {
        "estimate": found.estimate,
        "low": found.low,
        "high": found.high,
        "mde": found.mde,
        "slope": found.slope,
        "clusters": found.clusters,
        "items": found.items,
        "missing": found.missing,
        "method": found.method,
        "calls": found.calls,
        "baseline": found.baseline,
        "candidate": found.candidate,
        "unpaired_low": found.unpaired_low,
        "unpaired_high": found.unpaired_high,
    }


def junit_xml(content: ReviewResult) -> str:
    """Return the gates as test cases: a failed one is a failure, an undecided one an error, an advisory one skipped.

    A gate that should block and whose instrument may only advise is an error, for what it asks is unknown.
    The suites of a family are test cases of a class that has the family's name.
    """
    cases = [("seatrial.gates", verdict) for verdict in content.decision.verdicts]
    cases += [(f"seatrial.gates.{gate.signal}", one) for gate in content.decision.verdicts for one in gate.members]
    verdicts = [verdict for _, verdict in cases]
    failures = sum(verdict.blocking and verdict.verdict == "fail" for verdict in verdicts)
    errors = sum(verdict.demoted or (verdict.blocking and verdict.verdict == "inconclusive") for verdict in verdicts)
    root = ElementTree.Element("testsuites")
    suite = ElementTree.SubElement(
        root,
        "testsuite",
        name=_clean(f"seatrial: {content.policy.name}"),
        tests=str(len(verdicts)),
        failures=str(failures),
        errors=str(errors),
        skipped=str(sum(not verdict.blocking and not verdict.demoted for verdict in verdicts)),
        timestamp=content.finished,
    )
    for group, verdict in cases:
        case = ElementTree.SubElement(suite, "testcase", classname=group, name=verdict.signal)
        if verdict.demoted:
            note = f"should block, and only advises ({verdict.advisory}); {verdict.verdict}: {verdict.reason}"
            ElementTree.SubElement(case, "error", type="not-counted", message=_clean(note))
        elif not verdict.blocking:
            note = f"advisory ({verdict.advisory}); {verdict.verdict}: {verdict.reason}"
            ElementTree.SubElement(case, "skipped", message=_clean(note))
        elif verdict.verdict == "fail":
            ElementTree.SubElement(case, "failure", type="fail", message=_clean(verdict.reason))
        elif verdict.verdict == "inconclusive":
            kind, said = ("harm-likely", "Harm is likely. ") if verdict.harm_likely else ("inconclusive", "")
            ElementTree.SubElement(case, "error", type=kind, message=_clean(said + verdict.reason))
    ElementTree.SubElement(suite, "system-out").text = _clean(
        f"{content.status}: {content.decision.reason}\n" + "\n".join(content.blind_spots)
    )
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _clean(text: str) -> str:
    return NOT_XML.sub("�", text)
