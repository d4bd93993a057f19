"""What `seatrial plan` prints."""

from __future__ import annotations

from dataclasses import replace

from results import BLOCK, HOLD, LAUNCH, OUTLOOKS
from seatrial.cli.output.plan import outlook_summary
from seatrial.gates.operating_characteristic import SIZES
from seatrial.policy import Generation


def test_a_gate_is_blind_or_sees() -> None:
    """Each gate's row has its margin, what it could see, its clusters and its calls; infinity is said in words."""
    rows = {
        row.split()[1]: row.split()[:1] + row.split()[2:]
        for row in outlook_summary(HOLD.policy, OUTLOOKS["hold"]).splitlines()
        if row.startswith(("blind", "sees"))
    }
    assert rows["benchmark/facts"][:6] == ["blind", "0.02", "nothing", "0", "0", "0"]
    assert rows["safety/unsafe-compliance"][:6] == ["blind", "0.05", "0.210", "11", "44", "44"]


def test_what_is_decided_comes_first() -> None:
    """The first sentence says how often an unchanged model launches and a worse one blocks."""
    found = OUTLOOKS["launch"]
    assert " ".join(outlook_summary(LAUNCH.policy, found).split()).startswith(found.headline)


def test_an_instrument_that_may_only_advise_is_not_called_blind() -> None:
    """Its row says that it advises, and nothing is said of harm in one of its suites."""
    found = OUTLOOKS["launch"]
    advised = replace(found.gates[0], advice="no record", in_one_suite=(0.0, 0.0, 1.0))
    shown = outlook_summary(LAUNCH.policy, replace(found, gates=(advised, found.gates[1])))
    assert f"advises  {advised.signal}" in shown
    assert "suite alone" not in shown


def test_harm_in_one_suite_of_a_family_is_told() -> None:
    """Of a family it is said how often twice the margin of one suite fails it."""
    found = OUTLOOKS["launch"]
    family = replace(found.gates[0], signal="family/sycophancy", in_one_suite=(0.1, 0.62, 0.28))
    shown = outlook_summary(LAUNCH.policy, replace(found, gates=(family, found.gates[1])))
    assert "family/sycophancy: twice the suite margin in one suite alone fails it with 62 %." in shown


def test_what_it_would_take_is_named_where_it_is_wanted() -> None:
    """A blind policy, and one that seldom launches, are told of --solve; one that decides is not."""
    found, hint = OUTLOOKS["launch"], "add --solve"
    good, seldom = (replace(found, unchanged=(share, 1 - share, 0.0)) for share in (0.9, 0.89))
    assert hint not in outlook_summary(LAUNCH.policy, good)
    assert hint in outlook_summary(LAUNCH.policy, seldom)
    assert hint in outlook_summary(HOLD.policy, OUTLOOKS["hold"])
    alone = outlook_summary(LAUNCH.policy, replace(seldom, figures_alone=True))
    assert hint not in alone and "What it would take: scores or answers of both models item by item" in alone


def test_a_blind_policy_at_temperature_0_is_told_that_it_asks_once() -> None:
    """Asking again could show more, but not where every answer is the same."""
    cold, words = HOLD.policy, "at temperature 0 asking again gives the same answer"
    assert not cold.samples
    warm = cold.model_copy(
        update={"baseline": cold.baseline.model_copy(update={"generation": Generation(temperature=1.0)})}
    )
    assert words in outlook_summary(cold, OUTLOOKS["hold"])
    assert words not in outlook_summary(warm, OUTLOOKS["hold"])
    assert words not in outlook_summary(cold, OUTLOOKS["launch"])


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
    said = "An unchanged model takes about 448 calls; the budget allows 1,000,000, and all gates could use 512."
    assert said in outlook_summary(BLOCK.policy, OUTLOOKS["block"])


def test_a_plan_without_gates_that_block_has_no_chances() -> None:
    """With nothing to decide on, the table of decisions is empty and nothing breaks."""
    found = OUTLOOKS["block"]
    shown = outlook_summary(BLOCK.policy, replace(found, gates=found.gates[1:], decisions=()))
    assert "behavior/verbosity" in shown
