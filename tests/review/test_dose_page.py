"""The page of doses and responses: what it says, and that it says it in words."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from seatrial.report.axes import LEFT, RIGHT
from seatrial.review.dose_page import dose_picture, render_doses
from seatrial.review.dose_response import Curve, DoseResponse, Step, seen_from
from seatrial.types import Evidence, GateVerdict, Outcome, Verdict

HOSTILE = "<script>document.title='owned'</script>"


def _doses(alarm: bool = False, zero: bool = True) -> DoseResponse:
    """Simulated reviews at five doses: one gate sees the harm, one is too blind, one is not measured throughout."""
    doses = (0.0, 0.1, 0.25, 0.5, 1.0) if zero else (0.1, 0.5, 1.0)

    def curve(signal: str, slope: float, half: float, blocking: bool = True, unread: float = -1.0) -> Curve:
        steps = []
        for dose in doses:
            change = slope * dose + (0.3 if alarm and signal == "behavior/praise" else 0.0)
            word: Verdict = "fail" if change - half > 0.05 else "pass" if change + half < 0.05 else "inconclusive"
            made = Evidence(change, change - half, change + half, 40, 40, mde=1.4 * half, method="clustered-t")
            if dose == unread:
                made, word = Evidence(), "inconclusive"
            verdict = GateVerdict(signal, word, blocking, 0.05, made, f"{signal} at {dose:g}: {word}.")
            steps.append(Step(dose, verdict))
        seen = seen_from([(s.dose, s.verdict.evidence.estimate, s.verdict.evidence.mde) for s in steps])
        first = steps[0]
        return Curve(signal, 0.05, blocking, tuple(steps), seen, first.dose == 0.0 and first.verdict.verdict == "fail")

    curves = (
        curve("behavior/praise", 0.4, 0.04),
        curve("behavior/over-refusal", 0.01, 0.09),
        curve(f"behavior/{HOSTILE}", 0.1, 0.02, blocking=False, unread=0.25),
    )
    held: list[tuple[float, Outcome]] = []
    for place, dose in enumerate(doses):
        words = [one.steps[place].verdict.verdict for one in curves if one.blocking]
        held.append((dose, "block" if "fail" in words else "hold" if "inconclusive" in words else "launch"))
    return DoseResponse(f"warmer {HOSTILE}", 0.9, tuple(held), curves)


class _Text(HTMLParser):
    """The text of a page that a person reads, without its style sheet."""

    def __init__(self) -> None:
        super().__init__()
        self.inside: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.inside and self.inside.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if "style" not in self.inside:
            self.text.append(data)


def _read(page: str) -> str:
    parser = _Text()
    parser.feed(page)
    return re.sub(r"\s+", " ", " ".join(parser.text))


def test_names_are_escaped_and_no_number_is_nan() -> None:
    """A name that is a script stays text, and where there is no number there is a dash with its reason."""
    made = render_doses(_doses())
    assert "<script" not in made
    assert "&lt;script&gt;" in made
    text = _read(made)
    assert not re.search(r"(?<![a-z])(nan|inf)(?![a-z])", text, re.IGNORECASE)
    assert not re.search(r'="[^"]*\bnan\b', made, re.IGNORECASE)
    assert re.findall(r"— (\S+ \S+)", text)


def test_a_picture_has_a_mark_a_measured_dose() -> None:
    """Marks stand at their doses and heights; a dose without a measurement has a place and no mark."""
    found = _doses()
    first, _, last = (dose_picture(curve, found) for curve in found.curves)
    assert len(first.marks) == 5 and first.unmeasured == ()
    assert len(last.marks) == 4 and last.unmeasured == (pytest.approx(last.x.at(0.25)),)
    assert [mark.x for mark in first.marks] == pytest.approx([first.x.at(dose) for dose, _ in found.outcomes])
    assert [mark.y for mark in first.marks] == sorted((mark.y for mark in first.marks), reverse=True)
    assert first.margin == pytest.approx(first.y.at(0.05))
    assert first.seen == pytest.approx(first.x.at(found.curves[0].seen_from))
    assert math.isnan(dose_picture(found.curves[1], found).seen)
    assert all(LEFT <= mark.x <= RIGHT for mark in first.marks)
    assert [mark.kind for mark in first.marks] == [step.verdict.verdict for step in found.curves[0].steps]


def test_doses_without_room_have_no_label() -> None:
    """Labels that would lie on each other are left out; the marks are not."""
    found = _doses()
    crowded: list[tuple[float, Outcome]] = [(0.001 * place, "hold") for place in range(20)]
    picture = dose_picture(found.curves[0], replace(found, outcomes=(*crowded, (1.0, "block"))))
    assert [word for _, _, word in picture.outcomes] == ["hold", "block"]
    assert len(picture.doses) == 2
    assert len(picture.marks) == 5


def test_an_alarm_at_dose_zero_is_loud_and_none_is_said_truthfully() -> None:
    """Alarm, no alarm though no launch either, and no dose 0 at all are three different sentences."""
    loud = _read(render_doses(_doses(alarm=True)))
    assert "False alarm" in loud
    assert "Alarm at dose 0, where nothing differs: behavior/praise failed" in loud
    assert "Seen from dose 0 on" not in loud
    quiet = _read(render_doses(_doses()))
    assert "No alarm at dose 0" in quiet
    assert "But the decision there was hold : behavior/over-refusal could not rule its margin out" in quiet
    unknown = _read(render_doses(_doses(zero=False)))
    assert "Dose 0 was not reviewed , so nothing is known of false alarms." in unknown
    assert "No alarm" not in unknown


def test_a_gate_is_said_to_see_from_its_dose_on() -> None:
    """The dose that a gate sees from stands under its curve; a gate that never sees is said not to."""
    found = _doses()
    text = _read(render_doses(found))
    assert f"Seen from dose {found.curves[0].seen_from:.3g} on." in text
    assert "Not seen at any of these doses." in text
    assert "Blocked from dose 0.25" in text
    uneven = replace(found, outcomes=tuple((d, "hold" if d == 0.5 else o) for d, o in found.outcomes))
    assert "Blocked at some doses" in _read(render_doses(uneven))
    never = replace(found, outcomes=tuple((dose, "hold") for dose, _ in found.outcomes))
    assert "Never blocked" in _read(render_doses(never))
