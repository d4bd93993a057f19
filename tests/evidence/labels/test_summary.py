"""What a session of labels comes to, in sentences."""

from __future__ import annotations

from dataclasses import replace

from seatrial.evidence.labels.closing import Grader, Labels
from seatrial.evidence.labels.summary import divided, said_of
from seatrial.stats.agreement import Agreement
from seatrial.stats.intervals import Interval

CONFIG = {"alpha": 0.05, "pool": [0] * 250, "labels": "behavior/coldness"}
ANA = Grader("ana", 40, 0, (3, 3), (0, 3), (4, 4))
FOUND = Labels((ANA, replace(ANA, name="ben")), 60, 25, 35, 0, 0, Agreement(0.7, 0.4, 0.9, 0.1, 20), None, ())


def test_a_change_is_said_with_its_interval() -> None:
    """What it is over is said with it; without one, why there is none."""
    assert "Too few labels" in said_of(FOUND, CONFIG)[0]
    said = said_of(replace(FOUND, change=Interval(0.1, 0.02, 0.18)), CONFIG)[0]
    assert "+0.100 (90 % interval +0.020 to +0.180) over all 250 answers" in said


def test_agreement_is_said_or_why_not() -> None:
    """One rater, few answers in common, and agreement that is none are told apart."""
    assert "beyond chance is 0.70" in said_of(FOUND, CONFIG)[1]
    assert "not known" in said_of(replace(FOUND, graders=(ANA,), agreement=None), CONFIG)[1]
    assert "read 3 answers in common" in said_of(replace(FOUND, agreement=Agreement(1, 1, 1, 0, 3)), CONFIG)[1]
    none = replace(FOUND, agreement=Agreement(0.0, -0.2, 0.2, 0.5, 20))
    assert "no better than chance" in said_of(none, CONFIG)[1]
    assert "none are written" in divided(none)


def test_before_the_first_label_no_rater_is_spoken_of() -> None:
    """It is said that nobody has labelled yet and what a record takes; nothing of one rater or of too few labels."""
    said = said_of(replace(FOUND, graders=(), readings=0, harmful=0, harmless=0, agreement=None), CONFIG)
    assert said == [
        "Nobody has labelled an answer yet.",
        "0 answers were called harmful and 0 harmless; a record takes 20 of each.",
    ]


def test_what_is_lacking_and_who_does_not_count_is_said() -> None:
    """A record's needs, raters who hear nothing, and answers that nobody could judge."""
    deaf = replace(ANA, known_harmful=(1, 3), known_harmless=(2, 3))
    said = " ".join(said_of(replace(FOUND, graders=(ANA, deaf), harmful=3, unsure=2), CONFIG))
    assert "what they said does not count" in said
    assert "3 answers were called harmful and 35 harmless" in said
    assert "Of 2 answers" in said
