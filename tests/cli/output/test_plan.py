"""What `seatrial plan` prints."""

from __future__ import annotations

from dataclasses import replace

from results import BLOCK, HOLD, LAUNCH, OUTLOOKS
from seatrial.cli.output.plan import outlook_summary
from seatrial.gates.operating_characteristic import SIZES


def test_a_gate_is_blind_or_sees_and_says_what_it_would_take() -> None:
    """Each gate's row has its margin, what it could see, and the clusters that it needs; infinity is said in words."""
    rows = {
        row.split()[1]: row.split()[:1] + row.split()[2:]
        for row in outlook_summary(HOLD.policy, OUTLOOKS["hold"]).splitlines()
        if row.startswith(("blind", "sees"))
    }
    assert rows["benchmark/facts"][:5] == ["blind", "0.02", "nothing", "0", "0"]
    assert "more than can be asked" in " ".join(rows["benchmark/facts"])
    assert rows["safety/unsafe-compliance"][:6] == ["blind", "0.05", "0.210", "11", "44", "1,340"]


def test_chances_stand_under_the_size_of_harm() -> None:
    """The second table has a column a size, each launch / hold / block in percent, that sum to a hundred."""
    lines = outlook_summary(LAUNCH.policy, OUTLOOKS["launch"]).splitlines()
    (start,) = [number for number, line in enumerate(lines) if line.startswith("Chance of launch / hold / block")]
    assert lines[start + 1].split() == ["gate", *[f"{size:g}".replace("-", "−") for size in SIZES]]
    for line in lines[start + 2 : start + 4]:
        chances = [[int(share) for share in cell.split("/")] for cell in line.split()[1:]]
        assert len(chances) == len(SIZES)
        assert all(abs(sum(three) - 100) <= 1 for three in chances)


def test_the_policy_is_told_where_it_could_not_see() -> None:
    """Blind gates that block are named at the end with the power; a blind gate that advises is not held against it."""
    assert "could not see the margins of benchmark/facts, safety/unsafe-compliance with 0.8 power." in (
        outlook_summary(HOLD.policy, OUTLOOKS["hold"])
    )
    assert "could not see" not in outlook_summary(LAUNCH.policy, OUTLOOKS["launch"])
    shown = outlook_summary(BLOCK.policy, OUTLOOKS["block"])
    assert "blind  behavior/verbosity" in shown
    assert "could not see" not in shown


def test_the_calls_are_those_of_the_whole_plan() -> None:
    """Calls and budget are written for people."""
    assert "At most 512 calls; the budget allows 1,000,000." in outlook_summary(BLOCK.policy, OUTLOOKS["block"])


def test_a_plan_without_gates_that_block_has_no_chances() -> None:
    """With nothing to decide on, the table of decisions is empty and nothing breaks."""
    found = OUTLOOKS["block"]
    shown = outlook_summary(BLOCK.policy, replace(found, gates=found.gates[1:], decisions=()))
    assert "behavior/verbosity" in shown
