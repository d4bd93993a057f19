"""A log's figures as a policy: accepted, oriented, and never a launch by themselves."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest
import yaml

from seatrial.evidence.feedback.found import Feedback
from seatrial.evidence.feedback.policy_piece import policy_piece
from seatrial.instruments.declared import declared_signal
from seatrial.policy import parse_policy

Simulate = Callable[..., pl.DataFrame]
Read = Callable[..., Feedback]


def test_the_piece_is_a_policy_with_the_logs_figures(harmful: Feedback) -> None:
    """It is accepted as it stands; means are those of the log, and each gate's harm points the right way."""
    policy = parse_policy(policy_piece(harmful, 0.03), "feedback.yaml")
    assert [gate.signal for gate in policy.gates] == list(policy.signals)
    assert {gate.margin for gate in policy.gates} == {0.03}
    assert harmful.benefit is not None and harmful.gap is not None
    for name, one in (("feedback/benefit", harmful.benefit), ("feedback/approval-benefit-gap", harmful.gap)):
        spec = policy.signals[name]
        assert spec.summary is not None
        assert spec.summary.candidate.mean == pytest.approx(one.candidate.value, abs=1e-6)
        assert spec.summary.candidate.se == pytest.approx(one.candidate.se, abs=1e-6)
        signal = declared_signal(name, spec)
        assert signal.harm(spec.summary.candidate.mean) > signal.harm(spec.summary.baseline.mean)
    spec = policy.signals["feedback/thumbs-up"]
    assert spec.summary is not None
    signal = declared_signal("feedback/thumbs-up", spec)
    assert signal.harm(spec.summary.candidate.mean) < signal.harm(spec.summary.baseline.mean)


@pytest.mark.parametrize("seed", range(4))
def test_figures_of_uneven_users_are_accepted(simulate: Simulate, read: Read, seed: int) -> None:
    """Where few users give most votes, the number of items is small enough for the standard error to be possible."""
    frame = simulate(60, seed)
    often = pl.concat([frame, *[frame.filter(pl.col("user").is_in(["u0", "u1", "u2"]))] * 6])
    often = often.with_columns(conversation=pl.int_range(pl.len()).cast(pl.String))
    policy = parse_policy(policy_piece(read(often)), "feedback.yaml")
    assert all(spec.summary is not None and spec.summary.items < 60 for spec in policy.signals.values())


def test_a_few_who_vote_often_and_unlike_the_rest_are_few_items(read: Read) -> None:
    """Five who vote ten times, always down, beside a hundred who vote once, up, are fewer items than equal voters."""
    votes = [("often", 5, 10, "down"), ("once", 100, 1, "up")]
    rows = [
        (f"{arm} {kind} {user}", arm, thumb)
        for arm in ("baseline", "candidate")
        for kind, users, each, thumb in votes
        for user in range(users)
        for _ in range(each)
    ]
    found = read(pl.DataFrame(rows, ["user", "arm", "thumb"], orient="row"))
    assert found.approval is not None
    (spec,) = parse_policy(policy_piece(found), "feedback.yaml").signals.values()
    assert spec.summary is not None
    assert 2 < spec.summary.candidate.n < found.approval.candidate.count


@pytest.mark.parametrize("thumbs", [("up", "up"), ("down", "down"), ("up", "down")])
def test_figures_without_any_spread_are_accepted(read: Read, thumbs: tuple[str, str]) -> None:
    """Users who all vote alike, all up, all down, or each of them half and half, make a policy that can be read."""
    rows = [(f"u{user}", ("baseline", "candidate")[user % 2], thumb) for user in range(40) for thumb in thumbs]
    frame = pl.DataFrame(rows, ["user", "arm", "thumb"], orient="row")
    (spec,) = parse_policy(policy_piece(read(frame)), "feedback.yaml").signals.values()
    assert spec.summary is not None
    assert spec.summary.candidate.mean == thumbs.count("up") / 2


def test_a_comparison_that_is_not_trusted_has_no_figures(simulate: Simulate, read: Read) -> None:
    """Gates without figures cannot launch; the reason stands in the file."""
    found = read(simulate(60).filter(pl.col("arm") == "baseline"))
    made = yaml.safe_load(policy_piece(found))
    assert "signals" not in made
    assert len(made["gates"]) == 3
    assert "# No figures: The arm of the candidate" in policy_piece(found)


def test_without_benefit_there_is_one_gate(simulate: Simulate, read: Read) -> None:
    """What nobody graded has no gate."""
    policy = parse_policy(policy_piece(read(simulate(200).drop("benefit"))), "feedback.yaml")
    assert [gate.signal for gate in policy.gates] == ["feedback/thumbs-up"]


def test_a_files_name_is_text(harmful: Feedback) -> None:
    """Quotation marks, colons and line feeds in a name change no key."""
    from dataclasses import replace

    odd = replace(harmful, name='a": {x\nalpha: 0.2}')
    assert parse_policy(policy_piece(odd), "feedback.yaml").alpha == 0.05
