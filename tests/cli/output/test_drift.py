"""What `seatrial drift` prints."""

from __future__ import annotations

import re
from dataclasses import replace

from results import HOSTILE
from seatrial.cli.output.drift import FINDINGS, drift_json, drift_summary
from seatrial.drift import Drift, Finding, Group
from seatrial.drift.found import Proposal
from seatrial.stats.intervals import Interval

SAYS = Finding(
    "phrase", "says “go”", True, 0.0, 0.3, Interval(0.3, 0.2, 0.4), 0.001, Interval(0.1, 0.05, 0.2), ("also",)
)
FOUND = Drift(
    1200, 1100, 2400, 0.05, 0.0005, {"phrase": 0.0005}, Interval(0.73, 0.7, 0.76),
    tuple(Group("suite", f"s{number}", Interval(0.9, 0.8, 1.0), 40) for number in range(7)),
    (SAYS,) * 15, 659, ("Read with care.",),
)  # fmt: skip


def test_the_terminal_gets_the_clearest_and_how_much_more_there_is() -> None:
    """Twelve differences and five places are printed; the rest is counted, and stands on the page."""
    shown = drift_summary(FOUND, "done/drift.html")
    assert shown.startswith("THE ANSWERS CHANGED\n")
    assert shown.count("+30 [+20, +40]") == FINDINGS
    assert "… and 3 more." in shown
    assert shown.count("suite: s") == 5
    assert re.search(r"\+30 \[\+20, \+40\]\s+\+10\s+says “go”", shown)
    assert shown.endswith("Read with care.\nPage: done/drift.html")
    none = drift_summary(replace(FOUND, findings=(), groups=(), p_value=0.5), "p")
    assert none.startswith("NO CHANGE FOUND\n")
    assert "an answer" not in none


def test_foreign_words_write_nothing_but_words() -> None:
    """Line ends and signs that turn text round do not reach the terminal."""
    hostile = replace(SAYS, words=f"says “{HOSTILE}\x1b[31m”")
    shown = drift_summary(replace(FOUND, findings=(hostile,)), "p")
    assert "\x1b" not in shown
    assert "\u202e" not in shown


def test_programs_get_numbers() -> None:
    """Every number of a finding is there, and what was not computed is null."""
    told = drift_json(replace(FOUND, findings=(SAYS, replace(SAYS, held=None)), told=None), "p")
    assert told["findings"][0]["change"] == {"estimate": 0.3, "low": 0.2, "high": 0.4}
    assert told["findings"][0]["length_and_layout_held_fixed"]["low"] == 0.05
    assert told["findings"][1]["length_and_layout_held_fixed"] is None
    assert told["candidate_picked"] is None
    assert (told["changed"], told["tried"], told["page"]) == (True, 659, "p")


def test_what_a_judge_proposed_is_listed_with_what_did_not_hold() -> None:
    """In the table of the terminal and for programs; signs that steer a terminal do not reach it."""
    shown = Proposal("praises\x1b[31m the question", 0.1, 0.9, Interval(0.8, 0.6, 0.9), 0.001, 40)
    found = replace(FOUND, proposals=(shown, Proposal("is short", 0.5, 0.5, Interval(0.0, -0.1, 0.1), 0.9, 40)))
    said = drift_summary(found, "p")
    assert re.search(r"shown +1\.0 → 9\.0 +praises", said)
    assert re.search(r"not shown +5\.0 → 5\.0 +is short", said)
    assert "\x1b" not in said
    told = drift_json(found, "p")["proposals"]
    assert [one["shown"] for one in told] == [True, False]
    assert told[0]["change"] == {"estimate": 0.8, "low": 0.6, "high": 0.9}
