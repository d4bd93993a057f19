"""The rounds of a review: who is asked next, and when asking ends."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

import seatrial.review.rounds as module
from seatrial.collect import Ask, Batch, Failure
from seatrial.gates.plan import GatePlan, Source
from seatrial.gates.schedule import FIRST_ROUND
from seatrial.gates.verdicts import verdicts
from seatrial.gates.weigh import decision_chance, with_mde
from seatrial.instruments import declared_signal
from seatrial.instruments.may_gate import standing
from seatrial.observations import SEVERE, to_frame
from seatrial.policy import Budget, Gate, LaunchPolicy, SignalSpec
from seatrial.review.allocation import MOST_DRAWS
from seatrial.review.rounds import FUTILE, Rounds
from seatrial.stats.clusters import variance_components
from seatrial.stats.instruments import Slope
from seatrial.stats.seeding import generator
from seatrial.types import ROLES, Item, Message, Observation, Request, Response, Role

Score = Callable[[Role, Item, int], "float | None"]


def _plan(
    name: str,
    clusters: int = 60,
    source: Source = "live",
    *,
    size: int = 1,
    draws: int = 1,
    suite: str = "",
    **gate: Any,
) -> GatePlan:
    """A gate over clusters of `size` items, whose instrument reads the answers' own labels."""
    signal = declared_signal(name, SignalSpec(column=gate.pop("column", "score")))
    items = tuple(
        tuple(
            Item(f"{place}.{part}", suite or name, (Message("user", "?"),), cluster=f"c{place}") for part in range(size)
        )
        for place in range(clusters)
    )
    made = Gate.model_validate({"signal": name, "margin": 0.1, **gate})
    known = standing(signal.instrument, name, {})
    return GatePlan(made, signal, source, items, standing=known, first_draws=draws)


def _rounds(*plans: GatePlan, brought: pl.DataFrame | None = None, calls: int = 100_000, **options: Any) -> Rounds:
    policy = LaunchPolicy(name="p", gates=[plan.gate for plan in plans], budget=Budget(calls=calls), **options)
    return Rounds(policy, plans, brought)


def _batch(asks: Sequence[Ask], score: Score) -> Batch:
    """Answer each ask with the score that its role, item and draw get; None is a failure."""
    responses, failures = [], []
    for ask in asks:
        request = ask.request
        value = score(ask.role, request.item, request.draw)
        if value is None:
            failures.append(Failure(ask.role, request, "no answer"))
        else:
            labels = (("score", repr(value)), ("other", repr(1 - value)))
            made = Response(request.item.id, request.item.suite, request.draw, "said", labels=labels)
            responses.append((ask.role, made))
    return Batch(tuple(responses), tuple(failures))


def _go(rounds: Rounds, score: Score, remaining: int = 100_000, times: int = 1) -> list[Ask]:
    """Ask, take and weigh so many rounds; return the last round's asks."""
    asks: list[Ask] = []
    for _ in range(times):
        asks = rounds.next_asks(remaining)
        remaining -= len(asks)
        rounds.take(_batch(asks, score))
        rounds.weigh()
    return asks


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
    rounds = _rounds(_plan("behavior/a", size=2), _plan("behavior/b", 5))
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


def test_recorded_gates_are_read_at_once_and_cost_nothing() -> None:
    """All that is recorded is asked in the first round, before what is live, whatever is left of the budget."""
    rounds = _rounds(_plan("behavior/a"), _plan("behavior/b", 70, "recorded"), _plan("behavior/c", 3, "recorded"))
    asks = rounds.next_asks(4)
    assert _names(asks) == ["behavior/b", "behavior/c", "behavior/a"]
    assert len(asks) == 2 * 70 + 2 * 3 + 4
    assert [run.remaining for run in rounds.gates] == [58, 0, 0]


def test_a_decided_gate_is_not_asked_on() -> None:
    """A pass and a fail end asking; what is undecided goes on, a quarter of what was asked at a time."""
    plans = [_plan("behavior/a", 99, margin=0.6), _plan("behavior/b", 99, margin=0.01), _plan("behavior/c", 99)]

    def score(role: Role, item: Item, draw: int) -> float:
        return {"behavior/a": _even, "behavior/b": _worse, "behavior/c": _at_margin}[item.suite](role, item, draw)

    rounds = _rounds(*plans)
    _go(rounds, score)
    assert [verdict.verdict for verdict in rounds.verdicts] == ["pass", "fail", "inconclusive"]
    asks = rounds.next_asks(10_000)
    assert (_names(asks), len(asks)) == (["behavior/c"], 2 * FIRST_ROUND // 4)


def test_everything_asked_is_the_end() -> None:
    """When no cluster remains there is nothing to ask; the last one is asked alone."""
    rounds = _rounds(_plan("behavior/a", FIRST_ROUND + 1))
    _go(rounds, _at_margin)
    assert len(_go(rounds, _at_margin)) == 2
    assert rounds.next_asks(10_000) == []
    assert rounds.gates[0].stopped == ""


def test_a_gate_on_brought_observations_asks_nothing() -> None:
    """What was observed elsewhere is weighed; there is nobody to ask."""
    brought = _frame("vibe/off", [0.1] * 60, [0.1] * 60)
    rounds = _rounds(_plan("vibe/off", 0, "evidence"), brought=brought)
    assert rounds.next_asks(10_000) == []
    (verdict,) = rounds.weigh()
    assert (verdict.verdict, verdict.evidence.clusters) == ("pass", 60)
    assert rounds.gates[0].brought is not None
    assert _rounds(_plan("behavior/a")).gates[0].brought is None


def test_a_live_gate_is_not_given_what_was_brought_for_another() -> None:
    """Only gates that rest on evidence take observations."""
    rounds = _rounds(_plan("behavior/a", 3), _plan("vibe/off", 0, "evidence"), brought=_frame("vibe/off", [0.1], [0.2]))
    assert [run.brought is None for run in rounds.gates] == [True, False]


# The budget


def test_a_spent_budget_stops_what_it_does_not_pay_for() -> None:
    """With calls for one whole cluster it is asked; with fewer the gate stops, and says why."""
    rounds = _rounds(_plan("behavior/a", size=3), calls=77)
    assert len(rounds.next_asks(6)) == 6
    assert rounds.gates[0].stopped == ""
    assert rounds.next_asks(5) == []
    assert rounds.gates[0].stopped == "The budget of 77 calls was spent before it was decided."
    assert rounds.next_asks(10_000) == []
    rounds.take(_batch([], _even))
    assert "The budget of 77 calls" not in rounds.weigh()[0].reason


def test_a_stopped_gate_says_so_in_its_verdict() -> None:
    """An undecided gate's reason is why asking ended."""
    rounds = _rounds(_plan("behavior/a", 99), calls=48)
    _go(rounds, _at_margin, remaining=48, times=2)
    assert rounds.verdicts[0].verdict == "inconclusive"
    assert "The budget of 48 calls was spent" in rounds.verdicts[0].reason


@pytest.mark.parametrize(
    ("draws", "first", "calls", "most"),
    [
        (1, 1, 1000, 2 * 10 + 2 * 4),
        (3, 3, 1000, 3 * (2 * 10 + 2 * 4)),
        ("auto", 2, 1000, MOST_DRAWS * 28),
        ("auto", 1, 1000, 28),
        ("auto", 2, 100, 100),
    ],
)
def test_the_most_calls(draws: Any, first: int, calls: int, most: int) -> None:
    """Every live item of both models, at the most draws that it could get, within the budget."""
    plans = [
        _plan("behavior/a", 5, size=2, draws=first),
        _plan("behavior/b", 4, draws=first),
        _plan("behavior/c", 9, "recorded", draws=first),
    ]
    assert _rounds(*plans, calls=calls, draws=draws).most_calls == most


# How often each item is asked


def _by_chance(role: Role, item: Item, draw: int) -> float:
    """Answers to one item differ, items do not."""
    return float(np.random.default_rng([int(item.cluster[1:]), draw, role == "candidate"]).random() < 0.3)


def _by_item(role: Role, item: Item, draw: int) -> float:
    """Items differ, answers to one item do not."""
    return float(np.random.default_rng(int(item.cluster[1:])).random() < 0.4) if role == "candidate" else 0.3


@pytest.mark.parametrize(
    ("draws", "score", "expected"), [("auto", _by_chance, 5), ("auto", _by_item, 1), (2, _by_chance, 2)]
)
def test_draws_follow_what_was_learnt_only_where_the_policy_says_auto(draws: Any, score: Score, expected: int) -> None:
    """After two answers an item, `auto` asks more where chance is in the answers, and once elsewhere."""
    rounds = _rounds(_plan("behavior/a", 60, draws=2), draws=draws)
    assert len(_go(rounds, score)) == 2 * 2 * FIRST_ROUND
    asks = rounds.next_asks(100_000)
    assert {ask.request.draw for ask in asks} == set(range(expected))
    assert rounds.gates[0].draws == expected


def test_a_gate_that_began_with_one_draw_goes_on_with_one() -> None:
    """Where asking again gives the same answer, `auto` learns nothing and chooses nothing."""
    rounds = _rounds(_plan("behavior/a", 60, draws=1), draws="auto")
    _go(rounds, _by_chance)
    rounds.gates[0].draws = 3
    assert {ask.request.draw for ask in rounds.next_asks(100_000)} == {0, 1, 2}


def test_nothing_is_learnt_before_the_first_answer() -> None:
    """In its first round a gate asks as often as its plan says."""
    rounds = _rounds(_plan("behavior/a", 60, draws=3), draws="auto")
    assert {ask.request.draw for ask in rounds.next_asks(100_000)} == {0, 1, 2}


def test_one_cluster_asked_is_enough_to_go_on() -> None:
    """From one cluster no variance is known: it counts as none, and the next items are asked once."""
    rounds = _rounds(_plan("behavior/a", 60, draws=2), draws="auto")
    _go(rounds, _by_chance, remaining=4)
    assert rounds.gates[0].asked == 1
    assert module._variances(rounds.gates[0]) == (0.0, 0.0)
    assert rounds.gates[0].stopped == ""
    assert {ask.request.draw for ask in rounds.next_asks(100_000)} == {0}


def test_variances_are_those_of_the_clusters() -> None:
    """A cluster's variance splits into what drawing answers once adds, and the rest; one answer adds none."""
    rounds = _rounds(_plan("behavior/a", 4, size=2, draws=3), draws="auto")
    rng = np.random.default_rng(3)
    values = rng.random((4, 2, 2, 3)).round(3)  # cluster, item, role, draw

    def score(role: Role, item: Item, draw: int) -> float | None:
        place, part = map(int, item.id.split("."))
        return None if (place, part) == (3, 1) and draw else float(values[place, part, ROLES.index(role), draw])

    _go(rounds, score)
    kept = [[[list(values[c, i, r, : 1 if (c, i) == (3, 1) else 3]) for r in (0, 1)] for i in (0, 1)] for c in range(4)]
    change = [sum(np.mean(item[1]) - np.mean(item[0]) for item in cluster) / 2 for cluster in kept]
    single = [
        sum(np.var(answers, ddof=1) if len(answers) > 1 else 0.0 for item in cluster for answers in item) / 4
        for cluster in kept
    ]
    draws = [np.mean([len(answers) for item in cluster for answers in item]) for cluster in kept]
    assert draws == [3, 3, 3, 2]
    assert module._variances(rounds.gates[0]) == pytest.approx(variance_components(change, single, draws))
    two = _rounds(_plan("behavior/a", 2, draws=2), draws="auto")
    _go(two, lambda role, item, draw: float(item.cluster == "c0" and role == "candidate" and draw))
    assert module._variances(two.gates[0]) == pytest.approx((0.25, 0.0))


# Answers go to those who asked


def test_answers_and_failures_go_to_the_gates_that_asked() -> None:
    """Items of two suites may share an id: each gate gets its own answers, by role, its own failures and its count."""
    rounds = _rounds(_plan("behavior/a", 3), _plan("behavior/b", 4))

    def score(role: Role, item: Item, draw: int) -> float | None:
        if item.suite == "behavior/b" and item.cluster == "c0" and role == "candidate":
            return None
        return 0.25 if item.suite == "behavior/a" else 0.75

    rounds.take(_batch(rounds.next_asks(1000), score))
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
    rounds = _rounds(
        _plan("behavior/a", 5, "recorded", suite="transcripts"),
        _plan("behavior/b", 5, "recorded", suite="transcripts", column="other"),
    )

    def score(role: Role, item: Item, draw: int) -> float | None:
        return None if item.cluster == "c0" else 0.25

    rounds.take(_batch(rounds.next_asks(1000), score))
    for run in rounds.gates:
        assert {role: len(given) for role, given in run.responses.items()} == {"baseline": 4, "candidate": 4}
        assert [failure.role for failure in run.failures] == ["baseline", "candidate"]
        assert run.calls == 10
    rounds.weigh()
    assert [run.observations["value"].unique().to_list() for run in rounds.gates] == [[0.25], [0.75]]


def test_a_failure_counts_as_a_call_and_its_item_as_missing() -> None:
    """Items that neither model answered do not vanish: each counts as harm until it is answered."""
    rounds = _rounds(_plan("behavior/a", 20))

    def score(role: Role, item: Item, draw: int) -> float | None:
        return None if int(item.cluster[1:]) < 8 else 0.5

    _go(rounds, score)
    (verdict,) = rounds.verdicts
    assert (verdict.evidence.missing, verdict.evidence.clusters, verdict.evidence.calls) == (8, 12, 40)
    assert verdict.verdict == "inconclusive"
    assert "8 items lack an answer" in verdict.reason


# Looking ahead


def _ahead(rounds: Rounds) -> float:
    """The chance that a gate's look ahead must have come to."""
    run, policy = rounds.gates[0], rounds.policy
    rng = generator(policy.seed, "ahead", run.signal, str(run.asked))
    family = sum(one.plan.gate.blocking for one in rounds.gates)
    return decision_chance(run.found[0][0], run.remaining, policy.alpha, family, rng)


def _asked(count: int, total: int, score: Score = _at_margin, **gate: Any) -> Rounds:
    """A gate of which so many clusters were asked and weighed at once, beside two others, one of them advisory."""
    rounds = _rounds(
        _plan("behavior/a", total, **gate),
        _plan("behavior/b", 9),
        _plan("behavior/c", 9, advisory="style, not ours to block"),
    )
    rounds.take(_batch(rounds.gates[0].asks(count), score))
    rounds.weigh()
    return rounds


def test_nothing_is_given_up_before_two_first_rounds_were_seen() -> None:
    """One cluster short of it the chance is not computed; then it is, from what was seen and what remains."""
    early, due = _asked(2 * FIRST_ROUND - 1, 60), _asked(2 * FIRST_ROUND, 60)
    assert (early.gates[0].chance, early.gates[0].stopped) == (1.0, "")
    assert due.gates[0].chance == _ahead(due) < FUTILE


def test_only_answered_clusters_count_as_seen() -> None:
    """Clusters without an answer from both models tell nothing of what is to come."""
    rounds = _asked(
        2 * FIRST_ROUND, 60, lambda role, item, draw: None if item.cluster == "c0" else _at_margin(role, item, draw)
    )
    assert rounds.gates[0].chance == 1.0
    more = _asked(
        2 * FIRST_ROUND + 1, 60, lambda role, item, draw: None if item.cluster == "c0" else _at_margin(role, item, draw)
    )
    assert more.gates[0].chance == _ahead(more)


def test_a_futile_gate_is_stopped_with_its_reason() -> None:
    """Below one chance in a hundred it is given up, and says by how many clusters, and how many remained."""
    rounds = _asked(48, 60)
    assert rounds.gates[0].stopped == (
        "Asking on was futile: judged by the 48 clusters seen, the 12 that remain would decide it with less than "
        "1 % chance."
    )
    assert _names(rounds.next_asks(1000)) == ["behavior/b", "behavior/c"]


def _near(role: Role, item: Item, draw: int) -> float:
    """The candidate is worse by half of the margin: many more clusters might decide it."""
    return 0.3 if role == "baseline" else 0.32 + 0.3 * (-1.0) ** int(item.cluster[1:])


@pytest.mark.parametrize("total", [150, 250])
def test_a_gate_with_a_fair_chance_goes_on(total: int) -> None:
    """One chance in ten or more is no futility, and the chance is kept for the allocation."""
    rounds = _asked(60, total, _near)
    chance = rounds.gates[0].chance
    assert chance == _ahead(rounds)
    assert 0.02 < chance < 1.0
    assert rounds.gates[0].stopped == ""
    assert rounds._as_open(rounds.gates[0]).chance == chance


@pytest.mark.parametrize(("chance", "stopped"), [(0.0, True), (0.0099, True), (0.01, False), (0.4, False)])
def test_futility_begins_below_one_in_a_hundred(monkeypatch: pytest.MonkeyPatch, chance: float, stopped: bool) -> None:
    """A chance of exactly 1 % is still worth asking; 40 % by all means."""
    monkeypatch.setattr(module, "decision_chance", lambda *_: chance)
    assert bool(_asked(48, 60).gates[0].stopped) is stopped


def test_a_chance_counts_the_failures_it_would_be_corrected_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The family are the gates that block as it does: two blocking ones here, and the advisory one by itself."""
    families: list[int] = []

    def seen(claim: object, remaining: int, alpha: float, family: int, rng: object, slope: object) -> float:
        families.append(family)
        return 1.0

    monkeypatch.setattr(module, "decision_chance", seen)
    _asked(48, 60)
    _asked(48, 60, advisory="style, not ours to block")
    assert families == [2, 2]
    alone = _rounds(_plan("behavior/a", 60))
    alone.take(_batch(alone.gates[0].asks(48), _at_margin))
    alone.weigh()
    assert families == [2, 2, 1]


def test_no_gate_of_several_claims_is_given_up() -> None:
    """A limit or a use case may still be decided where the claim over all items is not."""
    rounds = _asked(48, 60, limit=0.9)
    assert len(rounds.gates[0].found) == 2
    assert (rounds.gates[0].chance, rounds.gates[0].stopped) == (1.0, "")


def test_only_what_is_still_asked_is_looked_ahead() -> None:
    """Gates that are decided, used up or recorded are not given up."""
    used, decided, recorded = (
        _asked(60, 60),
        _asked(48, 60, _even, margin=0.6),
        _rounds(_plan("behavior/a", 60, "recorded")),
    )
    recorded.take(_batch(recorded.gates[0].asks(50), _at_margin))
    recorded.weigh()
    for rounds in (used, decided, recorded):
        assert (rounds.gates[0].chance, rounds.gates[0].stopped) == (1.0, "")


# The end


def _shaken(role: Role, item: Item, draw: int) -> float:
    return float(np.random.default_rng([int(item.cluster[1:]), role == "candidate"]).random())


def test_weighing_gives_the_verdicts_at_the_policy_s_alpha() -> None:
    """The verdicts are those of the gates as they stand, at alpha; a smaller alpha gives wider bounds."""
    made = []
    for alpha in (0.2, 0.01):
        rounds = _rounds(_plan("behavior/a", 20), _plan("behavior/b", 20, "recorded"), alpha=alpha)
        rounds.take(_batch(rounds.next_asks(1000), _shaken))
        made.append(rounds.weigh())
        assert rounds.verdicts is made[-1]
        assert repr(made[-1]) == repr(verdicts([run.weighed() for run in rounds.gates], alpha))
    for wide, narrow in zip(*made, strict=True):
        assert narrow.evidence.low < wide.evidence.low
        assert "60 % interval" in wide.reason
        assert "98 % interval" in narrow.reason


@pytest.mark.parametrize(("source", "slope"), [("live", 0.5), ("recorded", 0.8), ("recorded", math.nan)])
def test_finishing_adds_what_could_have_been_seen(source: Source, slope: float) -> None:
    """Each claim's MDE is at the policy's alpha and power, for all planned clusters, in true harm."""
    plan = _plan("behavior/a", 24, source, limit=0.9)
    rounds = _rounds(replace(plan, standing=replace(plan.standing, slope=slope)), alpha=0.1, power=0.8, seed=5)
    run = rounds.gates[0]
    rounds.take(_batch(run.asks(12), _near))
    rounds.weigh()
    rng = generator(5, "mde", "behavior/a")
    expected = [with_mde(found, claim, run.method, 0.1, 0.8, 24, rng, Slope(slope)) for claim, found in run.found]
    (verdict,) = rounds.finish()
    assert rounds.verdicts[0] is verdict
    assert [repr(found) for _, found in run.found] == [repr(found) for found in expected]
    assert verdict.evidence.mde == expected[0].mde > 0
    assert [claim.evidence.mde for claim in verdict.claims] == [found.mde for found in expected]
    assert verdict.evidence.slope == slope or math.isnan(slope)


def test_finishing_counts_what_was_asked_where_nothing_was_planned() -> None:
    """Brought observations have no clusters to ask; their MDE is that of what is there."""
    rounds = _rounds(_plan("vibe/off", 0, "evidence"), brought=_frame("vibe/off", [0.1, 0.4] * 30, [0.2, 0.3] * 30))
    rounds.weigh()
    (verdict,) = rounds.finish()
    assert 0 < verdict.evidence.mde < 1


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
    without = _rounds(_plan("vibe/off", 0, "evidence"), brought=brought)
    counted = without.all_observations()["signal"].cast(pl.String).value_counts(sort=True).rows()
    assert sorted(counted) == [("vibe/off", 8), (SEVERE, 8)]
    gated = _rounds(_plan("vibe/off", 0, "evidence"), _plan(SEVERE, 0, "evidence"), brought=brought)
    assert sorted(gated.all_observations()["signal"].cast(pl.String).value_counts().rows()) == sorted(counted)
    plain = _rounds(_plan("vibe/off", 0, "evidence"), brought=_frame("vibe/off", [0.1] * 4, [0.1] * 4))
    assert len(plain.all_observations()) == 8


def test_all_observations_are_those_of_all_gates() -> None:
    """In the policy's order, what each gate observed."""
    rounds = _rounds(_plan("behavior/a", 3), _plan("behavior/b", 4, "recorded"))
    _go(rounds, _even)
    assert rounds.all_observations()["signal"].to_list() == ["behavior/a"] * 6 + ["behavior/b"] * 8


def test_severe_answers_are_the_candidate_s_own() -> None:
    """Only what raters confirmed of the candidate counts, sorted, each answer once; without notes there is none."""
    doubled = SEVERE_FRAME.with_columns(pl.lit("bea").cast(pl.Categorical()).alias("rater"))
    turned = pl.concat([SEVERE_FRAME, doubled]).reverse()
    assert _rounds(_plan("behavior/a", 3), brought=turned).severe == ["q0", "q2"]
    assert _rounds(_plan("behavior/a", 3), brought=_frame("vibe/off", [1.0], [1.0])).severe == []
    assert _rounds(_plan("behavior/a", 3)).severe == []
