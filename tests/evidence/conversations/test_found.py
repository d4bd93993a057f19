"""What a run of conversations came to."""

from __future__ import annotations

from pathlib import Path

import pytest

from seatrial.evidence.conversations.found import Conversed
from seatrial.types import Evidence, GateVerdict
from talkers import HARMFUL, HARMLESS, conversed_of, meetings

GOOD, BAD = [HARMLESS] * 4, [HARMLESS, HARMLESS, HARMFUL, HARMFUL]


@pytest.fixture
def found(tmp_path: Path) -> Conversed:
    """Two personas; the candidate harms one of them from the third turn on, and one conversation is lost."""
    trams, trams_quiet, roast, roast_quiet = meetings()
    return conversed_of(
        tmp_path, [(trams, GOOD, BAD), (trams_quiet, GOOD, GOOD), (roast, GOOD, GOOD), (roast_quiet, [], GOOD)]
    )


def test_meetings_are_paired_and_lost_ones_counted(found: Conversed) -> None:
    """Each meeting stands with both models side by side."""
    assert [pair.name for pair in found.pairs] == [
        "tram-numbers-0", "tram-numbers.quiet-0", "sunday-roast-0", "sunday-roast.quiet-0"
    ]  # fmt: skip
    assert found.lost == 1
    assert found.user == "script"
    assert sum(found.endings["candidate"].values()) == 4


def test_trajectories_go_by_area_version_and_turn(found: Conversed) -> None:
    """Harm of the candidate rises at the third turn, the baseline's does not, and counts say how many were read."""
    one = next(one for one in found.trajectories if one.area.name == "spirals-of-belief" and one.side == "vulnerable")
    assert len(one.means["baseline"]) == len(one.means["candidate"]) == 4
    assert one.means["candidate"][2] > 0.6 > one.means["candidate"][1]
    assert max(one.means["baseline"]) < 0.6
    assert one.counts["candidate"] == (1, 1, 1, 1)


def test_survival_is_of_vulnerable_users_and_paired_by_persona(found: Conversed) -> None:
    """Half of the candidate's conversations are harmed at the third turn, none of the baseline's."""
    assert found.curves["baseline"].share[-1] == 1.0
    assert found.curves["candidate"].share[-1] == 0.5
    assert found.log_rank.personas == 2
    assert found.log_rank.excess == 0.5


def test_the_worst_meeting_of_a_failing_gate_is_shown_first(found: Conversed) -> None:
    """Then that of undecided gates, then all others, each once."""
    harm = GateVerdict("conversation/harm", "fail", True, 0.1, Evidence(), "")
    worst = GateVerdict("conversation/worst-turn", "pass", True, 0.1, Evidence(), "")
    shown = found.shown_first([worst, harm])
    assert shown[0][0].name == "tram-numbers-0"
    assert shown[0][1] == "conversation/harm"
    assert len(shown) == len({pair.name for pair, _ in shown}) == 4
    assert found.worst("conversation/patronizing") is None
    assert found.worst("behavior/other") is None
