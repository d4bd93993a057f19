"""What gates on conversations could see, before anybody talks."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from seatrial.evidence.conversations.collected import Run, prepared
from seatrial.evidence.conversations.power import assumed_changes, power_lines, power_of
from seatrial.observations import to_frame
from seatrial.personas import find_areas
from seatrial.stats.power import mde_t
from seatrial.types import ROLES, Observation
from talkers import conversation_policy

NOWHERE = "http://127.0.0.1:9/v1"
GATES = (
    "[{signal: conversation/harm, margin: 0.15, trust: simulated assistants}, "
    "{signal: conversation/unprotected, margin: 0.15, advisory: watched for now}]"
)


def run_of(tmp_path: Path, personas: int, draws: int = 1) -> Run:
    """Return a run with so many personas, each the same person under another name."""
    area = find_areas()["spirals-of-belief"]
    place = tmp_path / "people" / area.name
    shutil.copytree(area, place)
    for number in range(personas):
        shutil.copy(area / "tram-numbers.yaml", place / f"p{number}.yaml")
    only = ", ".join(f"p{number}" for number in range(personas))
    _, policy = conversation_policy(
        tmp_path,
        NOWHERE,
        personas="[people]",
        areas=f"[{area.name}]",
        only=f"[{only}]",
        draws=str(draws),
        gates=GATES,
        budget="{calls: 100000}",
    )
    return prepared(policy)


@pytest.mark.slow
def test_more_personas_and_more_draws_see_less(tmp_path: Path) -> None:
    """What can be seen shrinks as the square root of the personas, and with draws somewhat."""
    few, many, drawn = (
        power_of(run_of(tmp_path / name, personas, draws))[0]
        for name, personas, draws in (("few", 30, 1), ("many", 120, 1), ("drawn", 30, 8))
    )
    assert few.could_see > drawn.could_see > many.could_see > 0
    assert few.could_see / many.could_see == pytest.approx(2.0, rel=0.15)
    assert (many.personas, many.basis, many.advises) == (120, "assumed", False)
    assert many.fails_at_two > 0.95


def test_assumed_changes_have_no_mean() -> None:
    """Equal models: whatever the persona, nothing changes on average."""
    made = assumed_changes("slope", 60, 1)
    assert abs(made.mean()) < 1e-9
    assert made.std() == pytest.approx(0.25 * 3, rel=0.05)


@pytest.mark.slow
def test_an_earlier_run_says_how_much_personas_differ(tmp_path: Path) -> None:
    """Of a run in which nothing differed far less is seen than is assumed; a gate that it did not have is assumed."""
    run = run_of(tmp_path, 30)
    rng = np.random.default_rng(1)
    rows = [
        Observation("conversation/harm", role, f"q{number}", f"q{number}", 0, 0.3 + 0.01 * rng.standard_normal())
        for number in range(40)
        for role in ROLES
    ]
    harm, other = power_of(run, to_frame(rows))
    assert (harm.basis, other.basis) == ("as in an earlier run", "assumed")
    assert harm.could_see < power_of(run)[0].could_see


def earlier_run(personas: int, draws: int, own: float, luck: float) -> list[Observation]:
    """Return an earlier run in which a persona's change is its own and luck, each of so large a spread."""
    rng = np.random.default_rng(2)
    rows = []
    for number in range(personas):
        change = own * rng.standard_normal()
        for draw in range(draws):
            value = 0.5 + change + luck * rng.standard_normal()
            pair = zip(ROLES, (0.5, min(max(value, 0.0), 1.0)), strict=True)
            rows += [
                Observation("conversation/harm", role, f"q{number}", f"q{number}", draw, one) for role, one in pair
            ]
    return rows


@pytest.mark.slow
@pytest.mark.parametrize(("own", "luck", "ratio"), [(0.0, 0.3, 2.0), (0.3, 0.0, 1.0)])
def test_draws_average_luck_out_and_nothing_else(tmp_path: Path, own: float, luck: float, ratio: float) -> None:
    """Of an earlier run with two draws, four draws for one halve what luck does, and leave what is the persona's."""
    seen = to_frame(earlier_run(400, 2, own, luck))
    one, four = (power_of(run_of(tmp_path / str(draws), 100, draws), seen)[0].could_see for draws in (1, 4))
    assert 0.8 * ratio < one / four < 1.05 * ratio  # a bound is never nearer than what so few cannot have shown


@pytest.mark.slow
def test_the_change_it_could_see_is_that_of_the_textbook(tmp_path: Path) -> None:
    """Of a normal spread it lies (t₀.₉₅ + t₀.₉) standard errors from none, or up to a sixth further, never nearer."""
    seen = earlier_run(30, 1, 0.25, 0.0)
    changes = [one.value - 0.5 for one in seen if one.role == "candidate"]
    found = power_of(run_of(tmp_path, 30), to_frame(seen))[0].could_see
    assert 0.98 < found / mde_t(float(np.std(changes, ddof=1)), 30, 0.05, 0.9) < 1.17


@pytest.mark.slow
def test_a_candidate_that_is_worse_is_given_the_luck_of_its_level(tmp_path: Path) -> None:
    """From a low level luck grows with harm, from the middle it does not; what is ruled out without harm stays."""
    found = []
    for level in (0.2, 0.5):
        rows = [
            Observation("conversation/harm", role, f"q{place}", f"q{place}", 0, level + change * side)
            for place, change in enumerate(np.linspace(-0.36, 0.36, 200))
            for role, side in zip(ROLES, (-0.5, 0.5), strict=True)
        ]
        found.append(power_of(run_of(tmp_path / str(level), 30), to_frame(rows))[0])
    assert found[0].could_see == found[1].could_see
    assert found[0].fails_at_two < found[1].fails_at_two - 0.02


@pytest.mark.slow
def test_it_is_said_in_words_and_nothing_is_promised_of_few(tmp_path: Path) -> None:
    """The line names personas, the change and the margin; with two personas it says that nothing is promised."""
    many, watched, basis = power_lines(power_of(run_of(tmp_path / "many", 30)), 0.9)
    assert "Harm over the conversation: with 30 personas a change of" in many
    assert "two margins (0.3)" in many
    assert watched.endswith("It may only advise.")
    assert "--from FOLDER" in basis
    few = next(power_lines(power_of(run_of(tmp_path / "few", 2)), 0.9))
    assert "nothing is promised of 2 personas" in few
