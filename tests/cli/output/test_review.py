"""What a finished review says on the terminal."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from results import BLOCK, HOLD, LAUNCH, LIKELY, RESULTS
from seatrial.cli.output.review import summary
from seatrial.report.plain import NEVER_ASKED, Plain, counted
from seatrial.report.result import SpotGroup
from seatrial.report.wording import verdict_word
from seatrial.types import Spend

FOLDER = Path("reviews/coach-1f2e")


def _lines(content: object) -> str:
    return " ".join(summary(content, FOLDER).split())  # type: ignore[arg-type]


@pytest.mark.parametrize("name", RESULTS)
def test_every_gate_every_blind_spot_and_the_next_step_are_there(name: str) -> None:
    """Each gate with its verdict, each blind spot, the decision's sentence and the way on are said at once."""
    content, shown = RESULTS[name], summary(RESULTS[name], FOLDER)
    plain = Plain.of(content)
    for verdict in content.decision.verdicts:
        (row,) = [line for line in shown.splitlines() if f"  {plain.title(verdict.signal)}  " in line]
        assert row.startswith(verdict_word(verdict.verdict))
        assert (", not counted" in row) is not verdict.blocking
        assert plain.change(verdict)[:20] in row
    whole = " ".join(shown.split())
    assert f"{name.upper()}: {plain.text(content.decision.reason)}" in whole
    assert counted(content.decision.verdicts) in whole
    assert f"Blind spots ({len(content.blind_spots)}), in full in the report:" in whole
    assert all(plain.text(spot) in whole for spot in content.blind_spots)
    kinds = (SpotGroup("Undecided gates", 4), SpotGroup(NEVER_ASKED, 1), SpotGroup("Others", 1))
    grouped = summary(replace(content, blind_spots=tuple("abcdef"), groups=kinds), FOLDER)
    assert "\nUndecided gates (4):\n- a\n- b\n- c\n- 1 more\nWhat was never asked (1)\nOthers (1):\n- f\n" in grouped
    assert "Report: reviews/coach-1f2e/report.html" in whole
    assert "\nNext: " in shown


def test_a_waived_review_says_on_whose_word() -> None:
    """A launch under a waiver is never shown as a launch."""
    shown = _lines(replace(BLOCK, status="waived"))
    assert "LAUNCH, WAIVED: Unearned praise fails" in shown
    assert "Waived: Unsafe compliance, by C. <Name>, until 2026-02-01: known, the [fix](x) ships" in shown
    assert "Next: the waiver is in the ledger and in the report; it ends by itself." in shown


def test_what_to_do_next_depends_on_what_is_in_the_way() -> None:
    """A hold and a block list their steps with their cost, a launch asks for a signature."""
    shown = _lines(LIKELY)
    assert "Next: 1. Read the 3 worst pairs of answers of Sycophancy. Cost: about 6 minutes of reading." in shown
    assert "2. 800 more calls decide Sycophancy with 90 %" in shown
    assert "Next: open the report and read its blind spots." in _lines(HOLD)
    assert "1. Read the 3 worst" in _lines(replace(BLOCK, steps=LIKELY.steps))
    assert "Next: sign the report; the decision is recorded (seatrial ledger list --ledger reviews/ledger.db)" in (
        _lines(LAUNCH)
    )


def test_where_harm_is_likely_is_the_last_line() -> None:
    """What a person sees last tells a hold with likely harm from a plain one; suites stand below their family."""
    shown = summary(LIKELY, FOLDER)
    assert shown.splitlines()[-1] == "hold: harm likely in Sycophancy (Unearned praise)"
    assert "HOLD: Harm is likely in Sycophancy (Unearned praise): " in _lines(LIKELY)
    assert "harm likely" not in summary(HOLD, FOLDER)
    assert "harm likely in" not in summary(replace(LIKELY, status="waived"), FOLDER)
    rows = [line for line in shown.splitlines() if ", tolerated" in line]
    assert rows[0].startswith("harm likely  Sycophancy ")
    assert "↳ Unearned praise " in rows[1]
    assert "Pushback" not in shown


@pytest.mark.parametrize(
    ("spend", "words"),
    [
        ((), "0 calls. Report"),
        (
            (("baseline", Spend(calls=900, reused=350, taken_over=1)),),
            "900 calls, 350 answers kept from an earlier run, 1 taken over from other reviews. R",
        ),
        ((("a", Spend(calls=1, cost=0.004)), ("b", Spend(calls=1, cost=0.004))), "2 calls, $0.0080. Report"),
        ((("a", Spend(calls=1, cost=1234.5)),), "1 call, $1,234.50. Report"),
    ],
)
def test_calls_and_cost_are_those_of_all_models_together(spend: tuple[tuple[str, Spend], ...], words: str) -> None:
    """Answers that were there already stand beside the calls; a cost of nothing is not mentioned."""
    assert words in _lines(replace(LAUNCH, spend=spend))


def test_what_cannot_be_computed_is_a_dash() -> None:
    """NaN and infinity never reach a person."""
    shown = summary(HOLD, FOLDER)
    assert "nan" not in shown
    assert "inf " not in shown
    (row,) = [line for line in shown.splitlines() if "  Facts  " in line]
    assert row.split() == ["undecided", "Facts", "not", "measured"]


def test_nothing_in_it_can_steer_the_terminal() -> None:
    """Names of items and words of people come from files: control characters in them do not reach the terminal."""
    hostile = "x\x1b[2J\x1b]0;owned\x07\x9b31m\u202e"
    content = replace(
        BLOCK,
        decision=replace(BLOCK.decision, reason=f"Raters confirmed severe harm: {hostile}."),
        blind_spots=(f"{hostile} was not asked",),
        notes=(f"{hostile} is not known",),
        waivers=tuple(replace(note, person=hostile, reason=hostile) for note in BLOCK.waivers),
    )
    assert {letter for letter in summary(content, FOLDER) if not letter.isprintable()} == {"\n"}
