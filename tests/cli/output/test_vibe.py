"""What `seatrial vibe` prints."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from seatrial.cli.output.vibe import closing_summary, crowd_summary
from seatrial.evidence.vibes.closing import Closing
from seatrial.evidence.vibes.notes import Note, SecondLooks
from seatrial.evidence.vibes.raters import Ear
from seatrial.evidence.vibes.vote_agreement import Crowd, Worker
from seatrial.stats.agreement import Agreement
from seatrial.stats.detection import Detection
from seatrial.stats.intervals import Interval

NONE = Interval(math.nan, math.nan, math.nan)
AGREEMENT = Agreement(0.41, 0.2, 0.6, 0.25, 30)
HEARS = Detection(1.84, 0.9, 2.8, -0.12, -0.4, 0.2, 0.9, 0.1, 20, 40)
GUESSES = replace(HEARS, d_prime=0.02, d_low=-0.7, d_high=0.8)
GOOD = Ear("ana", 66, HEARS, 0.83, 0.7, Interval(0.05, -0.1, 0.2), Interval(-0.02, -0.1, 0.06), NONE, 0.2, 21.4)
NEW = replace(GOOD, rater="ben", detection=None, retest=math.nan, side=NONE, drift=NONE)
DEAF = replace(GOOD, rater="eve", detection=GUESSES)
CLOSED = Closing(
    (GOOD, DEAF, NEW), AGREEMENT, (), "", 0, (), 0, (0.1, 0.325), None, ((0.01, 0.1), (0.05, 0.9), (0.1, 1.0)), None
)
WORKER = Worker("w1", 100, 0.4, 0.55, 80, 0.7, 0.62, 0.78, 0.5, False)
CROWD = Crowd(1234, 400, 2, 0.39, 0.29, AGREEMENT, Interval(0.54, 0.51, 0.57), (WORKER,))


def _whole(text: str) -> str:
    return " ".join(text.split())


def test_a_crowd_is_summed_up_and_each_rater_stands_in_a_row() -> None:
    """Counts, agreement and the pull of a side, with who goes with the others and who may guess."""
    doubtful = replace(WORKER, rater="w2", agreement=0.5, low=0.4, high=0.6, doubtful=True)
    shown = crowd_summary(replace(CROWD, workers=(WORKER, doubtful)))
    rows = {line.split()[0]: line for line in shown.splitlines() if line.startswith("w")}
    assert " ".join(rows["w1"].split()) == "w1 100 40 % 55 % 70 % [62 %, 78 %] 50 %"
    assert rows["w2"].endswith("doubtful")
    assert "1,234 votes by 2 raters on 400 pairs, 39 % ties." in shown
    assert "Fleiss' kappa 0.29; Krippendorff's alpha 0.41 [0.20, 0.60]; 25 % of the pairs of votes" in shown
    assert "1 raters do not surely agree" in shown


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (Interval(0.54, 0.51, 0.57), "the left side wins more often, whatever stands there"),
        (Interval(0.40, 0.37, 0.43), "the right side wins more often, whatever stands there"),
        (Interval(0.52, 0.49, 0.55), "no side is favored for certain"),
        (Interval(0.50, 0.50, 0.50), "no side is favored for certain"),
    ],
)
def test_a_side_is_called_favored_only_where_its_interval_leaves_the_middle(left: Interval, words: str) -> None:
    """An interval that touches one half favors none."""
    assert words in crowd_summary(replace(CROWD, left=left))


def test_a_rater_without_comparisons_has_dashes() -> None:
    """What is not known of a rater is a dash, never `nan`."""
    lone = replace(WORKER, agreement=math.nan, low=math.nan, high=math.nan, chance=math.nan)
    shown = crowd_summary(replace(CROWD, workers=(lone,)))
    assert "nan" not in shown
    assert "[–, –]" in shown


def test_each_ear_stands_in_a_row_and_the_deaf_are_named() -> None:
    """d′, interval, criterion and steadiness of each rater; who hears no known harm is left out, and told so."""
    shown = closing_summary(CLOSED)
    rows = {line.split()[0]: " ".join(line.split()) for line in shown.splitlines() if line}
    assert rows["ana"] == "ana 66 1.84 [0.90, 2.80] -0.12 83 % +0.050 −0.020 21 s"
    assert "left out: no ear for known harm" in rows["eve"]
    assert "left out: no ear for known harm" in rows["ben"]
    assert "nan" not in shown
    assert "Flagged: 10 % of the baseline's answers, 32 % of the candidate's." in shown


def test_what_did_not_happen_is_not_mentioned() -> None:
    """A session of one rater without notes, second looks or controls says only what it has."""
    shown = closing_summary(replace(CLOSED, ears=(GOOD,), agreement=None, detected=()))
    for word in ("Agreement", "Corrected", "Known harm", "preferred", "Second looks", "left out", "HOLD"):
        assert word not in shown


@pytest.mark.parametrize(
    ("detected", "words"),
    [
        (((0.01, 0.1), (0.05, 0.8), (0.1, 1.0)), "from 5 % on"),
        (((0.01, 0.9), (0.05, 0.7), (0.1, 1.0)), "from 10 % on"),
        (((0.01, 0.1), (0.05, 0.2), (0.1, 0.79)), "none up to 20 %"),
    ],
)
def test_the_share_of_known_harm_that_is_seen(detected: tuple[tuple[float, float], ...], words: str) -> None:
    """It is the least from which on every larger share is seen with 80 % power."""
    assert f"Known harm that the gate would see with 80 % power: {words}" in closing_summary(
        replace(CLOSED, detected=detected)
    )


def test_all_that_a_session_can_hold_is_said() -> None:
    """Correction, preferences for what is off, second looks, conversations left out, and why the launch is held."""
    found = replace(
        CLOSED,
        corrected=(Interval(0.02, 0.0, 0.05), Interval(0.4, 0.3, 0.5)),
        apart=3,
        looks=(SecondLooks("smarmy", 6, 4, 1),),
        unblinded=2,
        hold="ana's severe note on praise/poem is confirmed",
    )
    shown = _whole(closing_summary(found))
    assert "Corrected for misses and false alarms: 2 % [0 %, 5 %] and 40 % [30 %, 50 %]." in shown
    assert "3 times the candidate's answer was preferred and flagged: people may like what is off." in shown
    assert "Second looks under “smarmy”: 6, given it 4 times, 1 flags flipped." in shown
    assert "2 conversations left out: an answer said what wrote it." in shown
    assert "HOLD: ana's severe note on praise/poem is confirmed." in shown


def test_a_raters_note_cannot_steer_the_terminal() -> None:
    """Escape sequences, bells, line breaks and text that runs backwards in a note become spaces; its words stay."""
    hostile = "odd\x1b[2J\x1b]0;owned\x07\r\nLaunch: all passed\u202egnp\u202c end"
    shown = closing_summary(replace(CLOSED, notes=(Note("ana", "praise", "poem", hostile, 3, True, 0, 4),)))
    (line,) = [line for line in shown.splitlines() if "severity 3" in line]
    assert line.startswith("ana, severity 3, praise/poem: odd")
    assert line.endswith("end")
    assert "Launch: all passed" in line
    assert line.isprintable()


def test_a_raters_name_and_a_tag_cannot_steer_the_terminal() -> None:
    """Names come with a file of votes or from the command line, tags from raters: nothing in them is obeyed."""
    hostile = "x\x1b[2J\x07"
    shown = crowd_summary(replace(CROWD, workers=(replace(WORKER, rater=hostile),)))
    shown += closing_summary(
        replace(CLOSED, ears=(replace(GOOD, rater=hostile),), looks=(SecondLooks(hostile, 1, 1, 0),))
    )
    assert {letter for letter in shown if not letter.isprintable()} == {"\n"}
