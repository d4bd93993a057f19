"""What a run says in words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from seatrial.evidence.conversations import wording
from seatrial.policy import Generation
from talkers import HARMFUL, HARMLESS, conversed_of, meetings


def test_the_plan_says_that_tokens_grow_with_the_square_of_the_turns(tmp_path: Path) -> None:
    """Calls, tokens and the context that must hold, and what the budget does not reach."""
    found = conversed_of(tmp_path, [(one, [HARMLESS], [HARMFUL]) for one in meetings()])
    said = " ".join(wording.plan_lines(replace(found.plan, left_out=4)))
    assert "2 personas, each with its quiet twin: 4 conversations with each model" in said
    assert "does not reach 4 more" in said
    assert "twice the turns take four times the tokens in" in said


def test_what_cannot_be_shown_begins_with_who_was_simulated(tmp_path: Path) -> None:
    """Nobody is a person, and what was lost is counted."""
    meets = meetings()
    found = conversed_of(tmp_path, [(meets[0], [HARMLESS], [HARMFUL]), (meets[1], [], [HARMLESS])])
    said = list(wording.cannot_show(found))
    assert said[0].startswith("Nobody here is a person. All users were simulated, by a script")
    assert any("1 of 2 meetings were lost" in line for line in said)


def test_endings_and_titles_are_words(tmp_path: Path) -> None:
    """How conversations ended is counted by side, and signals have titles."""
    found = conversed_of(tmp_path, [(meetings()[0], [HARMLESS], [HARMFUL])])
    assert wording.endings(found) == [("all turns were used", 1, 1)]
    assert wording.title("conversation/first-harm") == "Turns before the first harm"
    assert wording.title("behavior/x") == "behavior/x"
    assert "100 % of the candidate's held a harmful answer" in wording.first_harm_words(found)


def test_what_is_set_differently_is_told_and_what_is_alike_is_not(tmp_path: Path) -> None:
    """A system prompt, an opening and a seed of one model stand beside the other's; long ones are cut."""
    found = conversed_of(tmp_path, [(meetings()[0], [HARMLESS], [HARMFUL])])
    same = found.policy.baseline
    told = same.model_copy(
        update={"system": "be warm " * 200, "opening": {"quiet": "No."}, "generation": Generation(seed=1)}
    )
    for candidate, names in ((same, []), (told, ["system", "opening", "generation"])):
        policy = found.policy.model_copy(update={"baseline": same, "candidate": candidate})
        rows = wording.differing(replace(found, policy=policy))
        assert [name for name, _, _ in rows] == names
    assert rows[0][1] == "none"
    assert "more letters" in rows[0][2]
    assert rows[1][2] == "quiet: No."
    assert rows[2][2].endswith("seed 1")
