"""One gate of the policy while it is asked: its suites, its looks, and why asking ends."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from seatrial.gates.claims import Part, family_claims
from seatrial.gates.plan import GatePlan
from seatrial.gates.schedule import FIRST_ROUND, SCARCE, round_size, shares
from seatrial.gates.weigh import evidence
from seatrial.instruments.may_gate import UNKNOWN
from seatrial.observations import to_frame
from seatrial.policy import Gate
from seatrial.review.asked_gate import AskedGate
from seatrial.review.rounds import Rounds
from seatrial.stats.instruments import EXACT, Slope
from seatrial.stats.spending import Looks, before_any_look, nominal_level
from seatrial.suites import find_suites, load_suite
from seatrial.types import ROLES, GateVerdict, Item, Observation, Role
from simulated_answers import Score, answers, family, gate_plan, go, rounds_of, to_the_end

A, B, C = "behavior/a", "behavior/b", "behavior/c"


def _noise(role: Role, item: Item, draw: int) -> float:
    """A number that nothing but the answer decides."""
    seed = [3, sum(map(ord, item.suite)), int(item.cluster[1:]), draw, role == "candidate"]
    return float(np.random.default_rng(seed).random())


def _worse_by(rises: dict[str, float], spread: float = 0.4) -> Score:
    """What makes the candidate worse by so much in each suite."""

    def score(role: Role, item: Item, draw: int) -> float:
        middle = 0.3 + (rises.get(item.suite, 0.0) if role == "candidate" else 0.0)
        return middle + spread * (_noise(role, item, draw) - 0.5)

    return score


def _asked(rounds: Rounds) -> AskedGate:
    return rounds.asked[0]


def _final(rounds: Rounds, score: Score) -> GateVerdict:
    """The verdict of the first gate, asked as a review does."""
    to_the_end(rounds, score)
    return rounds.finish()[0]


# How far it is asked


def test_a_gate_begins_with_nothing() -> None:
    """Before the first look it is open and has found nothing; one suite alone is no family."""
    gate = _asked(rounds_of(gate_plan(A)))
    assert (gate.is_family, gate.live, gate.open, gate.may_gate) == (False, True, True, True)
    assert (gate.looks, gate.found, gate.slope, gate.path, gate.chance) == (Looks(), [], EXACT, [], 1.0)
    assert (gate.ended, gate.stopped, gate.verdict, gate.calls) == ("", "", None, 0)
    assert _asked(rounds_of(family("f", gate_plan(A)))).is_family
    assert gate.member_verdict(gate.runs[0]) == "inconclusive"


def test_the_suites_of_a_family_are_asked_alike() -> None:
    """Each is asked to the same share of what it may; the first is large enough for the typical one."""
    rounds = rounds_of(family("f", gate_plan(A, 60), gate_plan(B, 120), gate_plan(C, 60, depth=4)))
    gate = _asked(rounds)
    share = FIRST_ROUND / 140
    assert gate.next_places() == {A: round(60 * share), B: round(120 * share), C: round(240 * share)}
    assert gate.cost(gate.next_places()) == 2 * sum(gate.next_places().values())
    go(rounds, _worse_by(dict.fromkeys((A, B, C), 0.1)))
    assert gate.next_places() == {A: 3, B: 5, C: 11}
    assert gate.looks == Looks((0.175,))
    assert [run.looks for run in gate.runs] == [gate.looks] * 3
    assert gate.calls == 2 * (10 + 21 + 41)


def _at_margin(role: Role, item: Item, draw: int) -> float:
    """The candidate is worse by 0.1 on average, with such a spread that nothing decides it."""
    return 0.45 if role == "baseline" else 0.55 + 0.4 * (-1.0) ** int(item.cluster[1:])


@pytest.mark.parametrize(("most", "depth"), [(104, 1), (400, 4)])
def test_a_gate_is_looked_at_when_the_rule_says_so(monkeypatch: pytest.MonkeyPatch, most: int, depth: int) -> None:
    """Where nothing decides it, looks come at just the shares that were fixed before the first answer."""
    monkeypatch.setattr("seatrial.review.rounds.FUTILE", 0.0)
    rounds = rounds_of(gate_plan(A, 104, depth=depth, most=most))
    to_the_end(rounds, _at_margin)
    assert _asked(rounds).looks.shares == pytest.approx(shares(most), abs=2 / most)
    assert _asked(rounds).looks.final


def test_once_the_mean_is_decided_only_open_suites_are_asked() -> None:
    """A suite that passed by itself is not asked on to decide another's; while the mean is open all are."""
    rounds = rounds_of(
        family("f", gate_plan(A, 104), gate_plan(B, 104), gate_plan(C, 104), margin=0.35, suite_margin=0.4)
    )
    gate = _asked(rounds)
    score = _worse_by({C: 0.37}, spread=0.2)
    asked = [{ask.request.item.suite for ask in go(rounds, score)}]
    assert asked == [{A, B, C}]
    assert gate.verdict is not None
    assert [one.verdict for one in gate.verdict.claims] == ["pass"]
    assert [gate.member_verdict(run) for run in gate.runs] == ["pass", "pass", "inconclusive"]
    assert (gate.verdict.verdict, gate.open) == ("inconclusive", True)
    assert {ask.request.item.suite for ask in go(rounds, score)} == {C}
    assert [run.places for run in gate.runs] == [24, 24, 30]
    assert gate.looks.shares == pytest.approx((0.231, 0.288))


# What it finds


def test_a_family_is_weighed_over_its_suites() -> None:
    """Its claims are those over all suites, at the level of its looks; its suites are weighed beside it."""
    plans = gate_plan(A, 40), gate_plan(B, 80, use_cases=("law", "work"))
    rounds = rounds_of(family("f", *plans, use_case_margin=0.2))
    gate = _asked(rounds)
    go(rounds, _worse_by({A: 0.1}))
    made, slope = family_claims(gate.gate, [Part(run.found[0][0], 1.0, EXACT) for run in gate.runs])
    assert [claim.statement.label for claim, _ in gate.found] == [
        "all items", "use case: general", "use case: law", "use case: work"
    ]  # fmt: skip
    assert gate.slope == slope == EXACT
    level = nominal_level(0.05, gate.looks)
    for (_, found), claim in zip(gate.found, made, strict=True):
        wanted = evidence(claim, "fixed", level)
        assert (found.low, found.high, found.method) == (wanted.low, wanted.high, "looks")
    mean = gate.found[0][1]
    assert mean.estimate == pytest.approx(np.mean([run.found[0][1].estimate for run in gate.runs]))
    weighed = gate.weighed()
    assert [claim.guards for claim in weighed.claims] == [False, True, True, True]
    assert [member.gate.signal for member in weighed.members] == [A, B]
    assert [claim.guards for member in weighed.members for claim in member.claims] == [True, True]
    assert (weighed.instrument, weighed.advice, weighed.blocking) == ("labels/score", "", True)


def test_the_mean_carries_the_path_and_the_calls() -> None:
    """Looks at the family's mean are kept in order with the calls of all its suites; no other claim has them."""
    rounds = rounds_of(family("f", gate_plan(A, 40), gate_plan(B, 40), use_case_margin=0.2))
    go(rounds, _worse_by({A: 0.15, B: 0.15}), times=2)
    mean, cell = (claim.evidence for claim in _asked(rounds).weighed().claims)
    assert [look.calls for look in mean.path] == [96, 120]
    assert [look.clusters for look in mean.path] == [48, 60]
    assert (mean.calls, cell.calls, cell.path) == (120, 0, ())


@pytest.mark.parametrize(
    ("rises", "wanted"),
    [
        ({}, "pass"),
        ({A: 0.5}, "fail"),
        ({A: 0.15, B: 0.15, C: 0.15}, "fail"),
        ({A: 0.21}, "inconclusive"),
    ],
)
def test_a_family_through_the_rounds(rises: dict[str, float], wanted: str) -> None:
    """Without harm it passes; one suite far above its margin fails it, and so does harm that is spread thin.

    A suite just at its margin leaves it open, though the mean is far below.
    """
    rounds = rounds_of(family("f", *(gate_plan(name, 104) for name in (A, B, C))))
    verdict = _final(rounds, _worse_by(rises))
    assert verdict.verdict == wanted
    members = {one.signal: one.verdict for one in verdict.members}
    if rises == {A: 0.5}:
        assert members[A] == "fail"
    elif wanted == "fail":
        assert verdict.claims[0].verdict == "fail"
        assert "fail" not in members.values()
    elif wanted == "inconclusive":
        assert (verdict.claims[0].verdict, members) == ("pass", {A: "inconclusive", B: "pass", C: "pass"})
        assert verdict.ended == "used up"
    else:
        assert set(members.values()) == {"pass"}
        assert verdict.ended == "decided"


def test_harm_in_one_suite_does_not_hide_in_the_mean() -> None:
    """Where five suites improve and one is far worse, the mean passes and the family fails."""
    names = [f"behavior/s{number}" for number in range(6)]
    rounds = rounds_of(family("f", *(gate_plan(name, 104) for name in names)))
    verdict = _final(rounds, _worse_by({names[0]: 0.5, **dict.fromkeys(names[1:], -0.1)}, spread=0.2))
    assert (verdict.claims[0].verdict, verdict.verdict) == ("pass", "fail")
    assert verdict.reason.startswith(f"{names[0]}: Harm above the margin 0.2 is shown")


def test_a_suite_whose_instrument_may_only_advise_holds_its_family() -> None:
    """It is no part of the mean, and never decided; the others pass, and the family says which one holds it."""
    mean, plans = family("f", gate_plan(A, 40), gate_plan(B, 40))
    plans = plans[0], replace(plans[1], standing=UNKNOWN)
    rounds = rounds_of((mean, plans))
    verdict = _final(rounds, _worse_by({B: 0.6}, spread=0.1))
    assert verdict.evidence.clusters <= 40
    assert (verdict.claims[0].verdict, verdict.verdict, verdict.blocking) == ("pass", "inconclusive", True)
    assert [one.demoted for one in verdict.members] == [False, True]
    assert (verdict.reason.startswith(f"{B}: "), verdict.ended) == (True, "used up")
    assert verdict.harm_likely
    assert _asked(rounds).may_gate


def test_a_family_none_of_whose_instruments_may_gate_shows_where_it_points() -> None:
    """It only advises, and says why; its mean is over all suites, so that likely harm is seen."""
    mean, plans = family("f", gate_plan(A, 60), gate_plan(B, 60))
    rounds = rounds_of((mean, tuple(replace(plan, standing=UNKNOWN) for plan in plans)))
    verdict = _final(rounds, _worse_by({A: 0.5, B: 0.5}))
    assert (verdict.verdict, verdict.blocking, verdict.demoted) == ("inconclusive", False, True)
    assert verdict.advisory == UNKNOWN.why
    assert verdict.harm_likely
    assert verdict.evidence.clusters == 120
    assert not _asked(rounds).may_gate


def test_slopes_and_differing_error_of_suites_reach_the_mean() -> None:
    """The mean is of true harm: readings of half the change count double, and what error could fake is averaged."""
    mean, plans = family("f", gate_plan(A, 60, slope=Slope(0.5, 0.05)), gate_plan(B, 60))
    plans = replace(plans[0], standing=replace(plans[0].standing, between=0.02)), plans[1]
    rounds = rounds_of((mean, plans))
    gate = _asked(rounds)
    go(rounds, _worse_by({A: 0.1, B: 0.2}))
    assert (gate.slope.value, gate.slope.se) == (0.75, pytest.approx(0.075))
    shown = [run.found[0][1].estimate for run in gate.runs]
    assert shown[0] == pytest.approx(2 * gate.runs[0].found[0][1].reading)
    assert gate.found[0][1].estimate == pytest.approx(sum(shown) / 2)
    assert gate.faked == pytest.approx(0.04 / 2)
    assert gate.weighed().standing.faked == pytest.approx(0.02)
    assert gate.weighed().standing.shows == gate.slope


def _observed(name: str, change: float, count: int = 60) -> pl.DataFrame:
    rng = np.random.default_rng(2)
    values = {"baseline": 0.3 + 0.1 * rng.random(count), "candidate": 0.3 + change + 0.1 * rng.random(count)}
    return to_frame(
        [Observation(name, role, f"q{n}", f"q{n}", 0, float(values[role][n])) for role in ROLES for n in range(count)]
    )


@pytest.mark.parametrize(("change", "wanted"), [(0.0, "pass"), (0.3, "fail")])
def test_a_family_of_evidence_is_weighed_once(change: float, wanted: str) -> None:
    """What was observed elsewhere needs no looks; the mean is weighed as evidence of fixed size."""
    brought = pl.concat([_observed(A, change), _observed(B, change)])
    rounds = rounds_of(family("f", gate_plan(A, 0, "evidence"), gate_plan(B, 0, "evidence")), brought=brought)
    verdict = _final(rounds, _noise)
    assert (verdict.verdict, verdict.evidence.clusters) == (wanted, 120)
    assert verdict.evidence.method not in ("looks", "betting")
    assert (_asked(rounds).live, _asked(rounds).looks, verdict.ended) == (False, Looks(), "")
    assert 0 < verdict.evidence.mde < 1


def test_a_family_may_be_part_evidence_part_live() -> None:
    """The live suites are asked, what was brought stands beside them, and the mean is looked at."""
    rounds = rounds_of(family("f", gate_plan(A, 60), gate_plan(B, 0, "evidence")), brought=_observed(B, 0.0))
    asks = go(rounds, _worse_by({}))
    assert {ask.request.item.suite for ask in asks} == {A}
    gate = _asked(rounds)
    assert (gate.live, gate.found[0][1].method, gate.found[0][1].clusters) == (True, "looks", FIRST_ROUND + 60)
    assert _final(rounds, _worse_by({})).verdict == "pass"


# When it ends


@pytest.mark.parametrize("name", ["a family", "a suite"])
def test_the_last_look_of_a_gate_spends_all(name: str) -> None:
    """Where the budget ends, bounds are those of alpha; nothing is asked on, and it says so."""
    plans = [gate_plan(A, 100), gate_plan(B, 100)]
    rounds = rounds_of(family("f", *plans) if name == "a family" else plans[0], calls=120)
    gate = _asked(rounds)
    verdict = _final(rounds, _worse_by({A: 0.1, B: 0.1}))
    assert gate.looks.final
    (claim, found) = gate.found[0] if gate.is_family else gate.runs[0].found[0]
    wanted = evidence(claim, "fixed", nominal_level(0.05, gate.looks))
    assert (found.low, found.high) == pytest.approx((wanted.low, wanted.high))
    assert nominal_level(0.05, gate.looks) > nominal_level(0.05, Looks(gate.looks.shares))
    assert (verdict.ended, gate.stopped) == (
        "budget", "The budget of 120 calls was spent before it was decided."
    )  # fmt: skip
    assert (gate.weighed().stopped, gate.stopped in verdict.reason) == (gate.stopped, True)
    assert not gate.open


def test_a_family_that_could_hardly_be_decided_is_given_up() -> None:
    """Its mean at the margin after most of its answers, with little left: asking on was futile."""
    rounds = rounds_of(family("f", gate_plan(A, 104), gate_plan(B, 104)))
    verdict = _final(rounds, _at_margin)
    assert (verdict.verdict, verdict.ended) == ("inconclusive", "futile")
    assert 0.0 <= _asked(rounds).chance < 0.01
    assert "clusters seen, all that it may still ask" in _asked(rounds).stopped
    assert _asked(rounds).calls < 2 * 208


def test_nothing_new_is_no_look() -> None:
    """Weighing again without an answer changes neither the looks nor what was found."""
    rounds = rounds_of(family("f", gate_plan(A, 104), gate_plan(B, 104)))
    go(rounds, _worse_by({A: 0.1, B: 0.1}))
    gate = _asked(rounds)
    found, looks = gate.found, gate.looks
    rounds.weigh()
    assert gate.found is found
    assert (gate.looks, len(gate.path)) == (looks, 1)


def test_a_gate_without_anything_to_ask_is_not_open() -> None:
    """Evidence asks nothing; what was asked up, decided or ended is open no more."""
    gate = AskedGate(Gate(signal=A, margin=0.1), [])
    assert (gate.open, gate.live, gate.next_places(), gate.cost({}), gate.faked) == (False, False, {}, 0, 0.0)
    rounds = rounds_of(gate_plan(A, 30))
    to_the_end(rounds, _worse_by({A: 0.1}))
    assert (_asked(rounds).open, _asked(rounds).asking) == (False, [])


# Error rates


def _launches(runs: int, plan: GatePlan, rise: float, seed: int) -> tuple[float, float]:
    """How often a gate passes and fails where 0/1 answers rise by so much, through the real rounds."""
    rng, passed, failed = np.random.default_rng(seed), 0, 0
    clusters = len(plan.clusters)
    for _ in range(runs):
        base = rng.beta(2, 5, clusters) * (1 - rise)
        drawn = rng.random((2, clusters, math.ceil(plan.most / clusters)))

        def score(role: Role, item: Item, draw: int, base=base, drawn=drawn) -> float:  # type: ignore[no-untyped-def]
            place, side = int(item.cluster[1:]), ROLES.index(role)
            return float(drawn[side, place, draw] < base[place] + rise * side)

        rounds = rounds_of(plan, calls=10**6)
        to_the_end(rounds, score)
        (verdict,) = rounds.verdicts
        passed += verdict.verdict == "pass"
        failed += verdict.verdict == "fail"
    return passed / runs, failed / runs


@pytest.mark.slow
@pytest.mark.parametrize("depth", [1, 8])
def test_a_rise_of_the_margin_passes_at_most_at_alpha(depth: int) -> None:
    """With 104 clusters of 0/1 answers, asked once or to a depth of eight, false passes and fails keep alpha.

    The band is three standard errors of the simulation.
    """
    runs, alpha = 120, 0.05
    passed, failed = _launches(runs, gate_plan(A, 104, depth=depth, margin=0.1), 0.1, 5)
    most = alpha + 3 * math.sqrt(alpha * (1 - alpha) / runs)
    assert passed <= most
    assert failed <= most


@pytest.mark.slow
def test_more_answers_pass_more_of_what_is_unchanged() -> None:
    """The same gate that hardly ever passes an unchanged model on one answer an item passes it nearly always on eight.

    A rise of three margins fails.
    """
    once, often = (gate_plan(A, 104, depth=depth, margin=0.1) for depth in (1, 8))
    assert _launches(12, often, 0.0, 6)[0] > 0.7 > _launches(12, once, 0.0, 6)[0]
    assert _launches(8, often, 0.3, 7) == (0.0, 1.0)


def test_a_family_knows_which_suites_it_reads_and_whether_a_starter_carries_it() -> None:
    """Of its suites those that are no brought evidence; one starter record among those that count is enough."""
    suite = load_suite(find_suites()["behavior/pushback"])
    one, two = replace(gate_plan(A), suite=suite), gate_plan(B)
    begun = replace(two, standing=replace(two.standing, starter=True))
    weak = replace(begun, standing=replace(begun.standing, may_gate=False))
    for second, starter in ((two, False), (begun, True), (weak, False)):
        made = _asked(rounds_of(family("f", one, second))).weighed()
        assert (made.reads, made.standing.starter) == (frozenset({suite.name}), starter)
        assert [member.reads for member in made.members] == [frozenset({suite.name}), frozenset()]
    alone = _asked(rounds_of(one)).weighed()
    assert (alone.reads, alone.standing.starter) == (frozenset({suite.name}), False)


def test_what_could_be_faked_is_a_share_of_each_scale() -> None:
    """On a scale of four an error of .04 fakes a hundredth."""
    wide = gate_plan(A, bounds=(0.0, 4.0), slope=Slope(1.0, 0.0))
    wide = replace(wide, standing=replace(wide.standing, between=0.04))
    gate = _asked(rounds_of(family("f", wide, gate_plan(B))))
    assert gate.faked == pytest.approx(0.04 / 4 / 2)


def test_what_smaller_budgets_spent_is_gone_from_the_first_look_on() -> None:
    """Each review that a smaller budget ended leaves its part of alpha to the next."""
    first, third = (_asked(rounds_of(gate_plan(A), ends_before=ends)) for ends in (0, 2))
    assert (first.looks, third.looks) == (before_any_look(0), before_any_look(2))
    assert third.looks.part < first.looks.part


def test_what_a_larger_budget_would_ask_keeps_its_part_from_the_first_look_on() -> None:
    """A gate that may ask all that it has keeps nothing back; one that is cut short does, a family where a suite is."""
    whole, cut = gate_plan(A, 20, depth=3), gate_plan(B, 20, depth=3, most=50)
    for gates, may_go_on in ((whole, False), (cut, True), (family("f", whole, cut), True)):
        for ends in (0, 2):
            gate = _asked(rounds_of(gates, ends_before=ends))
            assert gate.looks == before_any_look(ends, may_go_on=may_go_on)


def test_a_gate_that_is_bet_on_goes_on_in_rounds() -> None:
    """First a round of its own size, then a quarter of what was asked; the last cluster is asked too."""
    rounds = rounds_of(gate_plan(A, SCARCE + 1))
    gate = _asked(rounds)
    assert gate.next_places() == {A: FIRST_ROUND}
    go(rounds, _worse_by({}))
    assert gate.next_places() == {A: round_size(FIRST_ROUND, SCARCE)} == {A: 6}
    gate.runs[0].asks(gate.runs[0].remaining - 1)
    assert (gate.next_places(), gate.open) == ({A: 1}, True)


def test_evidence_is_weighed_once_and_a_path_is_kept() -> None:
    """What was brought has no looks; of a family that is asked each look leaves its estimate and bounds."""
    rounds = rounds_of(family("f", gate_plan(A), gate_plan(B)))
    go(rounds, _worse_by({A: 0.1}), times=2)
    gate = _asked(rounds)
    (first, second), (_, found) = gate.path, gate.found[0]
    assert (second.estimate, second.low, second.high) == (found.estimate, found.low, found.high)
    assert first.clusters < second.clusters == found.clusters
    still = rounds_of(family("f", gate_plan(A, source="recorded"), gate_plan(B, source="recorded")))
    to_the_end(still, _worse_by({}))
    assert (_asked(still).looks, [len(run.path) for run in still.gates]) == (Looks(), [1, 1])
    assert _asked(still).found[0][1].method != "looks"


def test_a_family_stands_on_trust_where_a_suite_does() -> None:
    """The reason that a person signed is the family's too, unless that suite may not gate."""
    trusted = gate_plan(A)
    trusted = replace(trusted, standing=replace(trusted.standing, trust="we know it"))
    assert _asked(rounds_of(family("f", gate_plan(B), trusted))).weighed().standing.trust == "we know it"
    unread = replace(trusted, standing=replace(trusted.standing, may_gate=False))
    assert _asked(rounds_of(family("f", gate_plan(B), unread))).weighed().standing.trust == ""
    assert _asked(rounds_of(family("f", gate_plan(B), gate_plan(A)))).weighed().standing.trust == ""


def test_a_familys_bounds_never_widen() -> None:
    """What an earlier look ruled out or showed stays so, however the answers after it turn."""

    def turning(role: Role, item: Item, draw: int) -> float:
        first = int(item.cluster[1:]) < FIRST_ROUND
        return 0.5 if role == "baseline" else (0.3 if first else 0.9) + 0.1 * _noise(role, item, draw)

    rounds = rounds_of(family("f", gate_plan(A, 104), gate_plan(B, 104), margin=0.01, suite_margin=0.01))
    gate = _asked(rounds)
    go(rounds, turning)
    (_, first), *_ = gate.found
    rounds.take(answers([ask for run in gate.runs for ask in run.asks(60)], turning))
    gate.going_on()
    gate.look(0.05, 1)
    (_, second), *_ = gate.found
    assert second.clusters > first.clusters
    assert second.estimate > first.high
    assert (second.high, second.p_value) == (first.high, min(first.p_value, second.p_value))


def test_a_family_goes_on_though_a_live_suite_of_it_has_nothing_to_ask() -> None:
    """A suite without items takes no look; those that are recorded are read all the same."""
    rounds = rounds_of(family("f", gate_plan(A, 0), gate_plan(B, 60, "recorded")))
    gate = _asked(rounds)
    assert gate.live
    go(rounds, _worse_by({}))
    assert gate.runs[1].remaining == 0


def test_a_share_that_counts_at_a_discount_is_told_of_a_family_too() -> None:
    """What the mean shows at most of a true change, and how surely, stands with the family as with a suite."""
    unsure = gate_plan(A)
    standing = replace(unsure.standing, slope=0.4, slope_top=0.6, slope_top_se=0.05)
    rounds = rounds_of(family("f", replace(unsure, standing=standing), gate_plan(B)))
    go(rounds, _worse_by({A: 0.1}))
    gate = _asked(rounds)
    assert gate.slope.top > gate.slope.value
    assert gate.slope.top_se > 0
    assert gate.weighed().standing.shows == gate.slope


def test_a_gate_that_is_bet_on_takes_no_looks() -> None:
    """It spends nothing at a look, so a budget that ends without new answers has nothing to weigh once more."""
    rounds = rounds_of(gate_plan(A, SCARCE + 1), calls=2 * FIRST_ROUND)
    gate = _asked(rounds)
    to_the_end(rounds, _at_margin)
    assert (gate.ended, gate.looks, gate.runs[0].looks) == ("budget", Looks(), Looks())
    assert [look.calls for look in gate.runs[0].path] == [2 * FIRST_ROUND]
