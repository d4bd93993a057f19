"""The rounds of a review: who is asked next, what they know after it, and when asking ends."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

import seatrial.review.rounds as module
from seatrial.collect import Ask
from seatrial.gates.plan import Source
from seatrial.gates.schedule import FIRST_ROUND
from seatrial.gates.summary_figures import summary_claims
from seatrial.gates.verdicts import open_weights, verdicts
from seatrial.gates.weigh import chance_at_end, decision_chance, evidence, with_mde, with_mde_at_end
from seatrial.observations import SEVERE, to_frame
from seatrial.policy import Figures, SummarySpec
from seatrial.review.asked_gate import AskedGate
from seatrial.review.rounds import FUTILE, Rounds
from seatrial.stats.instruments import EXACT, Slope
from seatrial.stats.seeding import generator
from seatrial.stats.spending import FOR_MORE, Looks
from seatrial.types import ROLES, Item, Observation, Request, Response, Role
from simulated_answers import Score, answers, family, gate_plan, go, rounds_of, to_the_end


def _even(role: Role, item: Item, draw: int) -> float:
    return 0.5


def _worse(role: Role, item: Item, draw: int) -> float:
    return 0.0 if role == "baseline" else 1.0


def _at_margin(role: Role, item: Item, draw: int) -> float:
    """The candidate is worse by the margin on average, with such a spread that nothing decides it."""
    return 0.3 if role == "baseline" else 0.4 + 0.3 * (-1.0) ** int(item.cluster[1:])


def _names(asks: Sequence[Ask]) -> list[str]:
    return list(dict.fromkeys(ask.request.item.suite for ask in asks))


# Who is asked


def test_the_first_round_asks_both_models_of_a_first_round_of_clusters() -> None:
    """Each gate's first clusters, whole, baseline and candidate side by side; nothing is asked twice."""
    rounds = rounds_of(gate_plan("behavior/a", size=2), gate_plan("behavior/b", 5))
    asks = rounds.next_asks(10_000)
    assert _names(asks) == ["behavior/a", "behavior/b"]
    assert len(asks) == 2 * (2 * FIRST_ROUND + 5)
    assert [ask.role for ask in asks[:2]] == list(ROLES)
    assert asks[0].request == asks[1].request == Request(rounds.gates[0].plan.items[0])
    assert [run.asked for run in rounds.gates] == [FIRST_ROUND, 5]
    assert rounds.verdicts == ()
    following = rounds.next_asks(10_000)
    assert not {ask.request.item.id for ask in following} & {
        ask.request.item.id for ask in asks if ask.request.item.suite == "behavior/a"
    }


def test_all_items_are_asked_once_before_one_is_asked_again() -> None:
    """A gate that may ask deeper goes on with second answers where the first are all there."""
    rounds = rounds_of(gate_plan("behavior/a", 20, depth=3))
    drawn = [[ask.request.draw for ask in go(rounds, _at_margin)[::2]] for _ in range(6)]
    assert drawn[0] == [0] * 20 + [1] * 4
    assert [draw for part in drawn for draw in part] == sorted(draw for part in drawn for draw in part)
    assert [len(part) for part in drawn] == [24, 6, 8, 10, 12, 0]
    assert rounds.gates[0].places == 60


def test_recorded_gates_are_read_at_once_and_cost_nothing() -> None:
    """All that is recorded is asked in the first round, before what is live, whatever is left of the budget."""
    rounds = rounds_of(
        gate_plan("behavior/a"), gate_plan("behavior/b", 70, "recorded"), gate_plan("behavior/c", 3, "recorded")
    )
    asks = rounds.next_asks(4)
    assert _names(asks) == ["behavior/b", "behavior/c", "behavior/a"]
    assert len(asks) == 2 * 70 + 2 * 3 + 4
    assert [run.remaining for run in rounds.gates] == [58, 0, 0]


def test_a_decided_gate_is_not_asked_on() -> None:
    """A pass and a fail end asking; what is undecided goes on, a quarter of what was asked at a time."""
    plans = [
        gate_plan("behavior/a", 99, margin=0.6), gate_plan("behavior/b", 99, margin=0.01), gate_plan("behavior/c", 99)
    ]  # fmt: skip

    def score(role: Role, item: Item, draw: int) -> float:
        return {"behavior/a": _even, "behavior/b": _worse, "behavior/c": _at_margin}[item.suite](role, item, draw)

    rounds = rounds_of(*plans)
    go(rounds, score)
    assert [verdict.verdict for verdict in rounds.verdicts] == ["pass", "fail", "inconclusive"]
    assert [gate.ended for gate in rounds.asked] == ["decided", "decided", ""]
    asks = rounds.next_asks(10_000)
    assert (_names(asks), len(asks)) == (["behavior/c"], 2 * FIRST_ROUND // 4)


@pytest.mark.parametrize(
    ("clusters", "depth", "at_once", "said"),
    [
        (FIRST_ROUND + 6, 1, 1, "All its 30 items were asked once."),
        (20, 2, 1, "All its 20 items were asked 2 times."),
        (20, 1, 3, "All its 20 items were asked 3 times."),
        (1, 1, 1, "Its only item was asked once."),
    ],
)
def test_everything_asked_is_the_end(clusters: int, depth: int, at_once: int, said: str) -> None:
    """When no place remains there is nothing to ask, and the gate says that its items are used up."""
    rounds = rounds_of(replace(gate_plan("behavior/a", clusters, depth=depth), at_once=at_once))
    spent = to_the_end(rounds, _at_margin)
    assert spent == 2 * clusters * depth * at_once
    (gate,) = rounds.asked
    assert (gate.ended, gate.stopped) == ("used up", said)
    assert rounds.finish()[0].ended == "used up"
    assert gate.looks.final
    assert rounds.next_asks(10_000) == []


def test_one_cluster_alone_is_told_as_often_as_it_was_asked() -> None:
    """A gate whose items all belong together says so truly of its answers, as one with many clusters does."""
    rounds = rounds_of(gate_plan("behavior/a", 1, size=2, depth=3))
    assert to_the_end(rounds, _at_margin) == 2 * 2 * 3
    assert _first(rounds).stopped == "All its 2 items were asked 3 times."


def test_a_gate_that_its_part_of_the_budget_ends_says_so() -> None:
    """Where a larger budget would let it ask on, the budget ended it, and a part of alpha is left for that."""
    rounds = rounds_of(gate_plan("behavior/a", 20, depth=3, most=50), calls=5000)
    assert to_the_end(rounds, _at_margin) == 2 * 50
    (gate,) = rounds.asked
    assert gate.stopped == "Its part of the budget of 5,000 calls was spent before it was decided."
    assert (rounds.finish()[0].ended, gate.looks.part) == ("budget", 1 - FOR_MORE)
    whole = _first(rounds_of(gate_plan("behavior/a", 20, depth=3)))
    assert (whole.looks.part, _first(rounds_of(gate_plan("behavior/a", 20, "recorded", most=10))).looks.part) == (1, 1)


def test_reviews_that_smaller_budgets_ended_have_spent_their_part() -> None:
    """What looks may still spend is less by a factor with each of them, of every gate, and the bounds say so."""
    plan = gate_plan("behavior/a", 60)
    whole, second = (rounds_of(plan, ends_before=before) for before in (0, 2))
    for rounds in (whole, second):
        to_the_end(rounds, _at_margin)
    assert [gate.looks.part for gate in (*whole.asked, *second.asked)] == [1.0, FOR_MORE**2]
    (claim, found), (_, first) = second.gates[0].found[0], whole.gates[0].found[0]
    assert found.high > first.high
    again = rounds_of(plan, alpha=0.05 * FOR_MORE**2)
    to_the_end(again, _at_margin)
    assert found.high == pytest.approx(again.gates[0].found[0][1].high)
    assert claim.seen.mean() == pytest.approx(0.1)


def _first(rounds: Rounds) -> AskedGate:
    return rounds.asked[0]


def test_a_gate_on_brought_observations_asks_nothing() -> None:
    """What was observed elsewhere is weighed; there is nobody to ask."""
    brought = _frame("vibe/off", [0.1] * 60, [0.1] * 60)
    rounds = rounds_of(gate_plan("vibe/off", 0, "evidence"), brought=brought)
    assert rounds.next_asks(10_000) == []
    (verdict,) = rounds.weigh()
    assert (verdict.verdict, verdict.evidence.clusters, verdict.ended) == ("pass", 60, "")
    assert rounds.gates[0].brought is not None
    assert rounds_of(gate_plan("behavior/a")).gates[0].brought is None


def test_a_live_gate_is_not_given_what_was_brought_for_another() -> None:
    """Only gates that rest on evidence take observations."""
    rounds = rounds_of(
        gate_plan("behavior/a", 3), gate_plan("vibe/off", 0, "evidence"), brought=_frame("vibe/off", [0.1], [0.2])
    )
    assert [run.brought is None for run in rounds.gates] == [True, False]


def test_a_policy_s_gate_has_its_own_suites() -> None:
    """Gates stand in the policy's order, a family's with its suites, whatever is planned in which order."""
    whole = family("f", gate_plan("behavior/a"), gate_plan("behavior/b"))
    rounds = rounds_of(gate_plan("behavior/x"), whole, gate_plan("behavior/y"))
    assert [gate.gate.signal for gate in rounds.asked] == ["behavior/x", "family/f", "behavior/y"]
    assert [[run.signal for run in gate.runs] for gate in rounds.asked] == [
        ["behavior/x"], ["behavior/a", "behavior/b"], ["behavior/y"]
    ]  # fmt: skip
    assert len(rounds.gates) == 4


# The budget


def test_a_spent_budget_ends_what_is_open() -> None:
    """With calls for one whole cluster it is asked and weighed a last time; then the gate says that they were spent."""
    rounds = rounds_of(gate_plan("behavior/a", size=3), calls=77)
    asks = rounds.next_asks(6)
    assert len(asks) == 6
    rounds.take(answers(asks, _at_margin))
    rounds.weigh()
    (verdict,) = rounds.finish()
    assert rounds.asked[0].looks == Looks((round(1 / 60, 3),), final=True)
    assert rounds.asked[0].stopped == "The budget of 77 calls was spent before it was decided."
    assert (verdict.verdict, verdict.ended) == ("inconclusive", "budget")
    assert rounds.next_asks(10_000) == []


def test_a_gate_that_was_never_asked_says_so() -> None:
    """A budget of one call pays for no cluster on both models, and each gate says that the budget ended it."""
    rounds = rounds_of(gate_plan("behavior/a"), gate_plan("behavior/b"), calls=1)
    assert to_the_end(rounds, _at_margin) == 0
    assert [one.ended for one in rounds.finish()] == ["budget", "budget"]
    assert rounds.asked[0].stopped == "The budget of 1 calls was spent before it was asked anything."


def test_a_stopped_gate_says_so_in_its_verdict() -> None:
    """An undecided gate's reason is why asking ended."""
    rounds = rounds_of(gate_plan("behavior/a", 99, margin=0.2), calls=60)
    assert to_the_end(rounds, _at_margin) == 60
    rounds.finish()
    assert rounds.verdicts[0].verdict == "inconclusive"
    assert "The budget of 60 calls was spent" in rounds.verdicts[0].reason


def test_the_last_look_spends_all_that_is_left() -> None:
    """Where the budget ends, the gate is weighed at alpha as if it had never been meant to ask on."""
    rounds = rounds_of(gate_plan("behavior/a", 60), calls=40)
    to_the_end(rounds, _shaken)
    ((claim, found),) = rounds.gates[0].found
    at_once = evidence(claim, "fixed", 0.05)
    assert (found.low, found.high) == pytest.approx((at_once.low, at_once.high))
    assert found.clusters == 20


def test_the_last_look_may_come_without_new_answers() -> None:
    """A budget that paid for a whole round and no more ends with that round's answers, weighed once more: here a pass.

    Only then is all spent: an earlier look at the same answers leaves the gate open.
    """
    rounds = rounds_of(gate_plan("behavior/a", 60, margin=0.14), calls=2 * FIRST_ROUND)
    go(rounds, _even)
    assert rounds.verdicts[0].verdict == "inconclusive"
    assert rounds.next_asks(0) == []
    passed = rounds.weigh()[0].evidence
    assert rounds.asked[0].looks == Looks((0.4,), final=True)
    assert repr(rounds.weigh()[0].evidence) == repr(passed)
    (verdict,) = rounds.finish()
    assert (verdict.verdict, verdict.ended) == ("pass", "decided")


def test_what_the_budget_leaves_out_cannot_pass() -> None:
    """A gate that got no call is undecided, and one that gets a last cluster is weighed as no more than that."""
    for calls in (1, 20, 23):
        rounds = rounds_of(gate_plan("behavior/a", 60, depth=50), gate_plan("behavior/b", 60), calls=calls)
        assert to_the_end(rounds, _even) <= calls
        rounds.finish()
        first, second = rounds.verdicts
        assert second.evidence.clusters <= 2
        assert (first.verdict, second.verdict) == ("inconclusive", "inconclusive")
        assert second.evidence.clusters == 0 or second.evidence.high > 0.5


def test_weighing_before_anything_was_asked_changes_nothing() -> None:
    """A look at no answers is none: what follows is weighed as without it."""
    early, late = rounds_of(gate_plan("behavior/a")), rounds_of(gate_plan("behavior/a"))
    (verdict,) = early.weigh()
    assert (verdict.verdict, early.asked[0].looks) == ("inconclusive", Looks())
    for rounds in (early, late):
        go(rounds, _shaken, times=2)
    assert early.asked[0].looks == late.asked[0].looks != Looks()
    assert repr(early.gates[0].found) == repr(late.gates[0].found)


def test_no_gate_ends_before_it_was_asked() -> None:
    """A family whose evidence is there in part is weighed before its live suite is asked, and is not given up."""
    rounds = rounds_of(
        family("f", gate_plan("behavior/a", 60), gate_plan("behavior/b", 0, "evidence")),
        brought=_frame("behavior/b", [0.3] * 60, [0.1, 0.7] * 30),
    )
    (verdict,) = rounds.weigh()
    (gate,) = rounds.asked
    assert (verdict.verdict, verdict.evidence.clusters) == ("inconclusive", 60)
    assert (gate.ended, gate.stopped, gate.chance, gate.open) == ("", "", 1.0, True)


@pytest.mark.parametrize(
    ("depth", "calls", "most"), [(1, 1000, 2 * 10 + 2 * 4), (3, 1000, 3 * 28), (32, 1000, 32 * 28), (32, 100, 100)]
)
def test_the_most_calls(depth: int, calls: int, most: int) -> None:
    """Every live item of both models, as often as it may be asked, within the budget."""
    plans = [
        gate_plan("behavior/a", 5, size=2, depth=depth),
        gate_plan("behavior/b", 4, depth=depth),
        gate_plan("behavior/c", 9, "recorded", depth=depth),
    ]
    assert rounds_of(*plans, calls=calls).most_calls == min(most, 1000)


# Answers go to those who asked


def test_answers_and_failures_go_to_the_gates_that_asked() -> None:
    """Items of two suites may share an id: each gate gets its own answers, by role, its own failures and its count."""
    rounds = rounds_of(gate_plan("behavior/a", 3), gate_plan("behavior/b", 4))

    def score(role: Role, item: Item, draw: int) -> float | None:
        if item.suite == "behavior/b" and item.cluster == "c0" and role == "candidate":
            return None
        return 0.25 if item.suite == "behavior/a" else 0.75

    rounds.take(answers(rounds.next_asks(1000), score))
    first, second = rounds.gates
    for run, value, counts in ((first, "0.25", (3, 3)), (second, "0.75", (4, 3))):
        assert tuple(len(run.responses[role]) for role in ROLES) == counts
        for role in ROLES:
            assert {dict(response.labels)["score"] for response in run.responses[role]} == {value}
            assert {response.suite for response in run.responses[role]} == {run.signal}
    assert (first.calls, second.calls) == (6, 8)
    assert first.failures == []
    assert [(one.role, one.request.item.id, one.reason) for one in second.failures] == [
        ("candidate", "0.0", "no answer")
    ]


def test_gates_that_read_the_same_recorded_answers_get_each_of_them_once() -> None:
    """Two gates over one file of transcripts each have one answer an item and model, and count one call for it."""
    rounds = rounds_of(
        gate_plan("behavior/a", 5, "recorded", suite="transcripts"),
        gate_plan("behavior/b", 5, "recorded", suite="transcripts", column="other"),
    )

    def score(role: Role, item: Item, draw: int) -> float | None:
        return None if item.cluster == "c0" else 0.25

    rounds.take(answers(rounds.next_asks(1000), score))
    for run in rounds.gates:
        assert {role: len(given) for role, given in run.responses.items()} == {"baseline": 4, "candidate": 4}
        assert [failure.role for failure in run.failures] == ["baseline", "candidate"]
        assert run.calls == 10
    rounds.weigh()
    assert [run.observations["value"].unique().to_list() for run in rounds.gates] == [[0.25], [0.75]]


def test_gates_with_one_instrument_read_an_answer_once() -> None:
    """However many gates rest on the same answers, each is read once by an instrument: a reading may be slow."""
    read: list[int] = []

    class Counting:
        name, needs, bounds, about = "labels/counted", "text", (0.0, 1.0), ""

        def read(self, item: Item, response: Response) -> float:
            read.append(id(response))
            return 0.5

    plans = [gate_plan(f"behavior/{name}", 5, "recorded", suite="transcripts") for name in "ab"]
    counting: Any = Counting()
    rounds = rounds_of(*(replace(plan, signal=replace(plan.signal, instrument=counting)) for plan in plans))
    go(rounds, _even)
    assert [len(run.observations) for run in rounds.gates] == [10, 10]
    assert len(read) == len(set(read)) == 10


def test_a_failure_counts_as_a_call_and_its_item_as_missing() -> None:
    """Items that neither model answered do not vanish: each counts as harm until it is answered."""
    rounds = rounds_of(gate_plan("behavior/a", 20))

    def score(role: Role, item: Item, draw: int) -> float | None:
        return None if int(item.cluster[1:]) < 8 else 0.5

    go(rounds, score)
    (verdict,) = rounds.verdicts
    assert (verdict.evidence.missing, verdict.evidence.clusters, verdict.evidence.calls) == (8, 12, 40)
    assert verdict.verdict == "inconclusive"
    assert "8 items lack an answer" in verdict.reason


# Looking ahead


def _ahead(rounds: Rounds, guards: int = 0) -> float:
    """The chance that a gate's look ahead must have come to."""
    run, policy = rounds.gates[0], rounds.policy
    heads = sum(one.gate.blocking == run.plan.gate.blocking for one in rounds.asked)
    if run.method == "betting":
        rng = generator(policy.seed, "ahead", run.signal, str(run.asked))
        return decision_chance(run.found[0][0], run.remaining, policy.alpha, heads, rng, run.plan.standing.shows)
    return chance_at_end(run.found[0][0], policy.alpha, 1 / heads, EXACT, rounds.asked[0].looks, len(run.plan.clusters))


def _asked(count: int, total: int, score: Score = _at_margin, **gate: Any) -> Rounds:
    """A gate of which so many clusters were asked and weighed at once, beside two others, one of them advisory."""
    rounds = rounds_of(
        gate_plan("behavior/a", total, **gate),
        gate_plan("behavior/b", 9),
        gate_plan("behavior/c", 9, advisory="style, not ours to block"),
    )
    rounds.take(answers(rounds.gates[0].asks(count), score))
    others = [ask for run in rounds.gates[1:] for ask in run.asks(1)]
    rounds.take(answers(others, score))
    for one in rounds.asked:
        one.going_on()
    rounds.weigh()
    return rounds


MANY = 501
"""Clusters with which a gate is bet on."""


@pytest.mark.parametrize("total", [60, MANY])
def test_nothing_is_given_up_before_two_first_rounds_were_seen(total: int) -> None:
    """One cluster short of it the chance is not computed; then it is, from what was seen and what remains."""
    early, due = _asked(2 * FIRST_ROUND - 1, total), _asked(2 * FIRST_ROUND, total)
    assert (early.asked[0].chance, early.asked[0].stopped) == (1.0, "")
    assert due.asked[0].chance == pytest.approx(_ahead(due))
    assert due.asked[0].chance < 1.0
    assert bool(due.asked[0].stopped) is (due.asked[0].chance < FUTILE)


def test_only_answered_clusters_count_as_seen() -> None:
    """Clusters without an answer from both models tell nothing of what is to come."""

    def score(role: Role, item: Item, draw: int) -> float | None:
        return None if item.cluster == "c0" else _at_margin(role, item, draw)

    assert _asked(2 * FIRST_ROUND, 60, score).asked[0].chance == 1.0
    more = _asked(2 * FIRST_ROUND + 1, 60, score)
    assert more.asked[0].chance == pytest.approx(_ahead(more))


def test_a_futile_gate_is_stopped_with_its_reason() -> None:
    """Below one chance in a hundred it is given up, and says by how many clusters."""
    rounds = _asked(48, 60)
    (gate, *_) = rounds.asked
    assert gate.ended == rounds.asked[0].weighed().ended == "futile"
    assert gate.stopped == (
        "Asking on was futile: judged by the 48 clusters seen, all that it may still ask would decide it with less "
        "than 1 % chance."
    )
    assert _names(rounds.next_asks(1000)) == ["behavior/b", "behavior/c"]
    assert not gate.looks.final


def _near(role: Role, item: Item, draw: int) -> float:
    """The candidate is worse by half of the margin: many more clusters might decide it."""
    return 0.3 if role == "baseline" else 0.35 + 0.3 * (-1.0) ** int(item.cluster[1:])


@pytest.mark.parametrize("total", [150, 250])
def test_a_gate_with_a_fair_chance_goes_on(total: int) -> None:
    """One chance in ten or more is no futility."""
    rounds = _asked(60, total, _near)
    chance = rounds.asked[0].chance
    assert chance == pytest.approx(_ahead(rounds))
    assert 0.1 < chance < 1.0
    assert rounds.asked[0].stopped == ""
    assert "behavior/a" in _names(rounds.next_asks(1000))


@pytest.mark.parametrize(("chance", "stopped"), [(0.0, True), (0.0099, True), (0.01, False), (0.4, False)])
@pytest.mark.parametrize(("function", "total"), [("chance_at_end", 60), ("decision_chance", MANY)])
def test_futility_begins_below_one_in_a_hundred(
    monkeypatch: pytest.MonkeyPatch, chance: float, stopped: bool, function: str, total: int
) -> None:
    """A chance of exactly 1 % is still worth asking; 40 % by all means."""
    monkeypatch.setattr(module, function, lambda *_: chance)
    assert bool(_asked(48, total).asked[0].stopped) is stopped


def test_no_gate_of_several_claims_is_given_up() -> None:
    """A limit or a use case may still be decided where the claim over all items is not."""
    rounds = _asked(48, 60, limit=0.9)
    assert len(rounds.gates[0].found) == 2
    assert (rounds.asked[0].chance, rounds.asked[0].stopped) == (1.0, "")


def test_only_what_is_still_asked_is_looked_ahead() -> None:
    """Gates that are decided, used up or recorded are not given up."""
    used, decided, recorded = _asked(60, 60), _asked(48, 60, _even, margin=0.6), _asked(50, 60, source="recorded")
    assert [rounds.asked[0].ended for rounds in (used, decided, recorded)] == ["used up", "decided", ""]
    assert [rounds.asked[0].chance for rounds in (used, decided, recorded)] == [1.0] * 3


# The end


def _shaken(role: Role, item: Item, draw: int) -> float:
    return float(np.random.default_rng([int(item.cluster[1:]), role == "candidate", draw]).random())


def test_weighing_gives_the_verdicts_at_the_policy_s_alpha() -> None:
    """The verdicts are those of the gates as they stand, at alpha; a smaller alpha gives wider bounds."""
    made = []
    for alpha in (0.2, 0.01):
        rounds = rounds_of(gate_plan("behavior/a", 20), gate_plan("behavior/b", 20, "recorded"), alpha=alpha)
        rounds.take(answers(rounds.next_asks(1000), _shaken))
        made.append(rounds.weigh())
        assert rounds.verdicts is made[-1]
        assert repr([one.claims for one in made[-1]]) == repr(
            [one.claims for one in verdicts([gate.weighed() for gate in rounds.asked], alpha)]
        )
    for wide, narrow in zip(*made, strict=True):
        assert narrow.evidence.low < wide.evidence.low
        assert "60 % interval" in wide.reason
        assert "98 % interval" in narrow.reason


@pytest.mark.parametrize(
    ("source", "clusters", "slope"),
    [("live", 24, 0.5), ("live", MANY, 0.5), ("recorded", 24, 0.8), ("recorded", 24, math.nan)],
)
def test_finishing_adds_what_could_have_been_seen(source: Source, clusters: int, slope: float) -> None:
    """Each claim's MDE is at the policy's alpha and power, for all that was planned, in true harm."""
    plan = gate_plan("behavior/a", clusters, source, limit=0.9)
    plan = replace(plan, standing=replace(plan.standing, slope=slope))
    rounds = rounds_of(plan, alpha=0.1, power=0.8, seed=5)
    run = rounds.gates[0]
    rounds.take(answers(run.asks(12), _shaken))
    rounds.asked[0].going_on()
    rounds.weigh()
    rng = generator(5, "mde", "behavior/a")
    expected = [
        with_mde_at_end(found, claim, 0.1, 0.8, run.looks, rng, Slope(slope))
        if run.method == "looks"
        else with_mde(found, claim, run.method, 0.1, 0.8, clusters, rng, Slope(slope))
        for claim, found in run.found
    ]
    (verdict,) = rounds.finish()
    assert rounds.verdicts[0] is verdict
    assert [repr(found) for _, found in run.found] == [repr(found) for found in expected]
    assert verdict.evidence.mde == expected[0].mde > 0
    assert [claim.evidence.mde for claim in verdict.claims] == [found.mde for found in expected]
    assert verdict.evidence.slope == slope or math.isnan(slope)
    assert run.looks.shares == ((0.5,) if run.method == "looks" else ())


def test_finishing_counts_what_was_asked_where_nothing_was_planned() -> None:
    """Brought observations have no clusters to ask; their MDE is that of what is there."""
    rounds = rounds_of(
        gate_plan("vibe/off", 0, "evidence"), brought=_frame("vibe/off", [0.1, 0.4] * 30, [0.2, 0.3] * 30)
    )
    rounds.weigh()
    (verdict,) = rounds.finish()
    assert 0 < verdict.evidence.mde < 1


@pytest.mark.parametrize("source", ["live", "recorded"])
def test_finishing_tells_of_a_family_what_it_could_have_seen(source: Source) -> None:
    """The mean of two suites could have seen less than either suite, and a model that lost answers hinders neither."""

    def score(role: Role, item: Item, draw: int) -> float | None:
        lost = item.suite == "behavior/a" and role == "candidate" and int(item.cluster[1:]) % 5 == 0
        return None if lost else _shaken(role, item, draw)

    rounds = rounds_of(family("f", gate_plan("behavior/a", 60, source), gate_plan("behavior/b", 60, source)), calls=150)
    to_the_end(rounds, score)
    (verdict,) = rounds.finish()
    seen = [one.evidence.mde for one in verdict.members]
    assert 0 < verdict.evidence.mde < min(seen)
    assert verdict.evidence.missing == verdict.members[0].evidence.missing > 0


def _frame(signal: str, baseline: Sequence[float], candidate: Sequence[float]) -> pl.DataFrame:
    return to_frame(
        [
            Observation(signal, role, f"q{place}", f"q{place}", 0, value)
            for role, given in zip(ROLES, (baseline, candidate), strict=True)
            for place, value in enumerate(given)
        ]
    )


SEVERE_FRAME = _frame(SEVERE, [0.0, 1.0, 0.0, 0.0], [1.0, 0.0, 0.5, 0.0])


def test_all_observations_hold_severe_notes_that_no_gate_reads() -> None:
    """What holds a launch without a gate stands with the gates' observations, once; other evidence does not."""
    brought = pl.concat([_frame("vibe/off", [0.1] * 4, [0.1] * 4), SEVERE_FRAME, _frame("vibe/else", [0.1], [0.2])])
    without = rounds_of(gate_plan("vibe/off", 0, "evidence"), brought=brought)
    counted = without.all_observations()["signal"].cast(pl.String).value_counts(sort=True).rows()
    assert sorted(counted) == [("vibe/off", 8), (SEVERE, 8)]
    gated = rounds_of(gate_plan("vibe/off", 0, "evidence"), gate_plan(SEVERE, 0, "evidence"), brought=brought)
    assert sorted(gated.all_observations()["signal"].cast(pl.String).value_counts().rows()) == sorted(counted)
    plain = rounds_of(gate_plan("vibe/off", 0, "evidence"), brought=_frame("vibe/off", [0.1] * 4, [0.1] * 4))
    assert len(plain.all_observations()) == 8


def test_all_observations_are_those_of_all_gates() -> None:
    """In the policy's order, what each gate observed."""
    rounds = rounds_of(gate_plan("behavior/a", 3), gate_plan("behavior/b", 4, "recorded"))
    go(rounds, _even)
    assert rounds.all_observations()["signal"].to_list() == ["behavior/a"] * 6 + ["behavior/b"] * 8


def test_severe_answers_are_the_candidate_s_own() -> None:
    """Only what raters confirmed of the candidate counts, sorted, each answer once; without notes there is none."""
    doubled = SEVERE_FRAME.with_columns(pl.lit("bea").cast(pl.Categorical()).alias("rater"))
    turned = pl.concat([SEVERE_FRAME, doubled]).reverse()
    assert rounds_of(gate_plan("behavior/a", 3), brought=turned).severe == ["q0", "q2"]
    assert rounds_of(gate_plan("behavior/a", 3), brought=_frame("vibe/off", [1.0], [1.0])).severe == []
    assert rounds_of(gate_plan("behavior/a", 3)).severe == []


def _above(role: Role, item: Item, draw: int) -> float:
    """The candidate is worse by a little more than the margin, and answers differ much."""
    return 0.3 if role == "baseline" else 0.43 + 0.3 * (-1.0) ** int(item.cluster[1:])


def test_what_shows_harm_is_shared_by_the_gates_that_block() -> None:
    """A gate that is bet on looks ahead as one of two that block; the one that only advises takes nothing."""
    rounds = _asked(3 * FIRST_ROUND, MANY, _above)
    assert rounds.asked[0].chance == pytest.approx(_ahead(rounds))
    alone = rounds_of(gate_plan("behavior/a", MANY))
    alone.take(answers(alone.gates[0].asks(3 * FIRST_ROUND), _above))
    alone.asked[0].going_on()
    alone.weigh()
    assert alone.asked[0].chance > rounds.asked[0].chance > 0.0


def test_a_gate_that_is_bet_on_looks_ahead_in_true_harm() -> None:
    """What its instrument shows of a true change, and how surely that is known, decides what more clusters could."""
    exact, half = (_asked(60, MANY, _above, slope=slope) for slope in (None, Slope(0.5, 0.05)))
    assert half.asked[0].chance == pytest.approx(_ahead(half))
    assert half.asked[0].chance != exact.asked[0].chance


def test_a_family_looks_ahead_by_its_mean() -> None:
    """The claim over all suites, what all of them show of a true change, and all their clusters."""
    plans = gate_plan("behavior/a", 104, slope=Slope(0.5, 0.05)), gate_plan("behavior/b", 104)
    rounds = rounds_of(family("f", *plans))
    go(rounds, _near)
    (gate,), alpha = rounds.asked, rounds.policy.alpha
    weight = open_weights([gate.weighed()], alpha)[False]
    wanted, other = (
        chance_at_end(gate.found[0][0], alpha, weight, slope, gate.looks, 208)
        for slope in (gate.slope, gate.runs[0].plan.standing.shows)
    )
    assert gate.chance == pytest.approx(wanted)
    assert abs(wanted - other) > 0.01


def test_summary_figures_are_finished_with_what_they_could_have_seen() -> None:
    """Their claims are weighed again at the policy's power: there are no clusters to find it from."""
    before, after = Figures(mean=0.3, se=0.02, n=500), Figures(mean=0.35, se=0.02, n=400)
    figures = SummarySpec(baseline=before, candidate=after, source="a model card")
    plan = replace(gate_plan("benchmark/x", 0, "summary"), summary=figures)
    rounds = rounds_of(plan, power=0.8)
    rounds.weigh()
    (verdict,) = rounds.finish()
    ((_, wanted),) = summary_claims(plan.gate, plan.signal, figures, 0.05, 0.8)
    assert 0 < wanted.mde < 1
    assert (verdict.evidence.mde, verdict.evidence.estimate) == (wanted.mde, wanted.estimate)
