"""One gate while it is asked: what is asked, what came back, and what it shows at each look."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import polars as pl
import pytest

import seatrial.gates.weigh as weigh
from seatrial.collect import Ask
from seatrial.gates.claims import claims
from seatrial.gates.plan import GatePlan, Source
from seatrial.gates.summary_figures import summary_claims
from seatrial.gates.weigh import at_look, evidence
from seatrial.instruments import declared_signal
from seatrial.instruments.may_gate import UNKNOWN, standing
from seatrial.observations import to_frame
from seatrial.policy import Gate, SignalSpec
from seatrial.review.gate_run import GateRun
from seatrial.stats.instruments import EXACT
from seatrial.stats.running_bound import RunningBound
from seatrial.stats.spending import Looks
from seatrial.suites import find_suites, load_suite
from seatrial.types import ROLES, Evidence, Item, Look, Message, Observation, Request, Response, Role

NAME = "behavior/x"
SIGNAL = declared_signal(NAME, SignalSpec(column="score"))
ALPHA = 0.05
NAN = float("nan")


def _item(name: str, cluster: str = "", use_case: str = "general") -> Item:
    return Item(name, "s", (Message("user", name),), use_case=use_case, cluster=cluster or f"c-{name}")


def _plan(clusters: Sequence[Sequence[Item]], source: Source = "live", *, depth: int = 1, **gate: object) -> GatePlan:
    made = Gate.model_validate({"signal": NAME, "margin": 0.1, **gate})
    known = standing(SIGNAL.instrument, NAME, {})
    return GatePlan(
        made,
        SIGNAL,
        source,
        tuple(map(tuple, clusters)),
        max_tokens=33,
        top_logprobs=4,
        standing=known,
        depth=depth,
        most=len(clusters) * depth,
    )


def _singles(count: int) -> list[list[Item]]:
    return [[_item(f"i{place}")] for place in range(count)]


def _answer(item: str, score: float | str, draw: int = 0) -> Response:
    return Response(item, "s", draw, f"answer to {item}", labels=(("score", str(score)),))


def _answered(run: GateRun, scores: Mapping[Role, Mapping[str, float]]) -> GateRun:
    for role, given in scores.items():
        for item, score in given.items():
            run.responses[role].append(_answer(item, score))
            run.calls += 1
    return run


def _whole(count: int = 30, source: Source = "live") -> GateRun:
    """A gate whose clusters were all asked and answered, the candidate a little worse."""
    run = GateRun(_plan(_singles(count), source))
    run.asks(count)
    rng = np.random.default_rng(1)
    before = {f"i{place}": float(rng.random()) for place in range(count)}
    after = {name: min(1.0, value + 0.1 * float(rng.random())) for name, value in before.items()}
    return _answered(run, {"baseline": before, "candidate": after})


def test_a_gate_begins_with_nothing() -> None:
    """Before the first question nothing is asked, answered or found, and all clusters remain."""
    run, other = GateRun(_plan(_singles(3))), GateRun(_plan(_singles(3)))
    assert (run.asked, run.places, run.calls, run.looks) == (0, 0, 0, Looks())
    assert (run.brought, run.failures, run.found, run.path) == (None, [], [], [])
    assert run.responses == {"baseline": [], "candidate": []}
    assert (run.signal, run.remaining) == (NAME, 3)
    run.responses["baseline"].append(_answer("i0", 1))
    assert other.responses == {"baseline": [], "candidate": []}


def test_the_next_clusters_are_asked_of_both_models() -> None:
    """Each request is there twice, baseline first; what was asked is not asked again, and clusters stay whole."""
    first, second, third = [_item("a1", "a"), _item("a2", "a")], [_item("b1", "b")], [_item("c1", "c")]
    run = GateRun(_plan([first, second, third]))
    asks = run.asks(1)
    assert asks == [Ask(role, Request(item, 0, 33, 4)) for item in first for role in ROLES]
    assert (run.asked, run.remaining) == (1, 2)
    again = run.asks(2)
    assert [(ask.role, ask.request.item.id, ask.request.draw) for ask in again] == [
        (role, item, 0) for item in ("b1", "c1") for role in ROLES
    ]
    assert (run.asked, run.remaining) == (3, 0)
    assert run.asks(0) == []


def test_all_clusters_are_asked_before_one_is_asked_again() -> None:
    """A gate may be asked to its depth; clusters count once as asked, and calls are those of the next places."""
    run = GateRun(_plan([[_item("a1", "a"), _item("a2", "a")], [_item("b1", "b")]], depth=3))
    assert (run.most, run.remaining) == (6, 6)
    assert [run.next_calls(places) for places in range(7)] == [0, 4, 6, 10, 12, 16, 18]
    assert len(run.asks(3)) == 10
    assert (run.asked, run.places, run.remaining) == (2, 3, 3)
    assert [run.next_calls(places) for places in range(4)] == [0, 2, 6, 8]
    assert [(ask.request.item.id, ask.request.draw) for ask in run.asks(2)[::2]] == [("b1", 1), ("a1", 2), ("a2", 2)]


def test_one_cluster_alone_costs_its_calls_each_time() -> None:
    """A suite of one cluster is asked on from its end to its beginning as larger ones are."""
    run = GateRun(_plan([[_item("a1", "a"), _item("a2", "a")]], depth=3))
    assert [run.next_calls(places) for places in range(4)] == [0, 4, 8, 12]


def test_a_model_on_file_costs_no_call() -> None:
    """Where one side is recorded, the next places cost the other's answers alone."""
    plan = replace(
        _plan([[_item("a1", "a"), _item("a2", "a")], [_item("b1", "b")]], depth=2), recorded={"baseline": {}}
    )
    assert [GateRun(plan).next_calls(places) for places in range(5)] == [0, 2, 3, 5, 6]


@pytest.mark.parametrize(
    ("source", "clusters", "depth", "method"),
    [
        ("live", 501, 1, "betting"),
        ("live", 500, 1, "looks"),
        ("live", 300, 2, "looks"),
        ("recorded", 501, 1, "fixed"),
        ("evidence", 501, 1, "fixed"),
    ],
)
def test_only_what_is_asked_in_rounds_is_looked_at(source: Source, clusters: int, depth: int, method: str) -> None:
    """Recorded answers and brought observations were there at once; many clusters asked once are bet on."""
    run = GateRun(_plan(_singles(clusters), source, depth=depth))
    assert run.method == method
    assert run.most == clusters * (depth if source == "live" else 1)


SHOT = Looks((0.3, 0.6))


@pytest.mark.parametrize("looks", [None, SHOT])
def test_a_look_weighs_what_is_there(looks: Looks | None) -> None:
    """The evidence of each claim is that of the observations so far, in the order in which clusters were asked."""
    run = _whole()
    run.plan = replace(run.plan, gate=Gate(signal=NAME, margin=0.1, limit=0.9))
    run.look(ALPHA, 1, looks)
    order = [f"c-i{place}" for place in range(30)]
    expected = claims(run.plan.gate, SIGNAL, run.table()[0], order)
    assert [claim.statement for claim, _ in run.found] == [claim.statement for claim in expected]
    for (claim, found), wanted in zip(run.found, expected, strict=True):
        assert np.array_equal(claim.seen, wanted.seen)
        weighed = evidence(wanted, "fixed", ALPHA) if looks is None else at_look(wanted, ALPHA, EXACT, looks, None)
        assert repr(found) == repr(weighed)
    whole = run.found[0][1]
    assert run.path == [Look(60, 30, whole.estimate, whole.low, whole.high)]
    assert run.looks == (looks or Looks())
    assert whole.clusters == 30
    assert 0.0 < whole.estimate < 0.1


def test_what_a_look_found_is_kept_by_the_next() -> None:
    """Bounds of a claim draw in from look to look, each claim's by itself; only when asked is one weighed again."""
    run = _whole()
    run.look(ALPHA, 1, Looks((0.9,)))
    first = run.found[0][1]
    run.look(ALPHA, 1, Looks((0.9,), final=True))
    assert run.found[0][1] is first
    run.look(ALPHA, 1, Looks((0.9,), final=True), again=True)
    last = run.found[0][1]
    assert last.high < first.high
    assert len(run.path) == 2
    run.look(ALPHA, 1, Looks((0.9, 0.91)), again=True)
    assert (run.found[0][1].high, run.found[0][1].low) == (last.high, last.low)


def test_a_gate_that_is_bet_on_bets_on() -> None:
    """Looked at again and again it stands where it would if all had been bet at once, and never widens."""
    rng = np.random.default_rng(3)
    scores = {f"i{place}": float(rng.random()) for place in range(501)}
    run, bounds = GateRun(_plan(_singles(501))), []
    for count in (24, 60, 61, 200, 240):
        names = [f"i{place}" for place in range(run.asked, run.asked + count)][: run.remaining]
        run.asks(len(names))
        _answered(run, {"baseline": dict.fromkeys(names, 0.5), "candidate": {name: scores[name] for name in names}})
        run.look(ALPHA, 3)
        bounds.append((run.found[0][1].high, -run.found[0][1].low))
    assert run.asked == 501
    assert bounds == sorted(bounds, reverse=True)
    claim, found = run.found[0]
    at_once = evidence(claim, "betting", ALPHA, EXACT, 3)
    assert (found.low, found.high) == pytest.approx((at_once.low, at_once.high), abs=1e-3)
    assert (found.e_value, found.p_value) == pytest.approx((at_once.e_value, at_once.p_value))


def test_the_order_is_that_of_the_questions() -> None:
    """Clusters are bet on as they were asked, not as their answers came in."""
    clusters = [[_item(f"order-{place}")] for place in range(8)]
    scores = {f"order-{place}": place / 10 for place in range(8)}
    run = GateRun(_plan(clusters))
    run.asks(8)
    backwards = dict(reversed(scores.items()))
    _answered(run, {"baseline": dict.fromkeys(backwards, 0.0), "candidate": backwards})
    run.look(ALPHA)
    assert run.found[0][0].seen.tolist() == pytest.approx(list(scores.values()))
    table, order = run.table()
    assert order == [f"c-order-{place}" for place in range(8)]
    assert table.items.to_list() == [f"order-{place}" for place in reversed(range(8))]


def test_a_look_at_the_same_answers_changes_nothing() -> None:
    """Without a new call nothing is weighed again; with one, the new answer counts and the path grows."""
    run = _whole(6)
    run.look(ALPHA)
    found, observed = run.found, run.observations
    run.look(ALPHA)
    assert run.found is found
    assert run.observations is observed
    assert len(run.path) == 1
    run.responses["candidate"].append(_answer("i0", 1.0, draw=1))
    run.calls += 1
    run.look(ALPHA)
    assert [look.calls for look in run.path] == [12, 13]
    assert run.found is not found
    assert len(run.observations) == len(observed) + 1
    run.look(ALPHA)
    assert len(run.path) == 2


def test_observations_before_a_look_are_those_so_far() -> None:
    """Both models' answers are observed with the signal's name, and kept until the next look."""
    run = GateRun(_plan(_singles(2)))
    run.asks(2)
    _answered(run, {"baseline": {"i0": 0.25}, "candidate": {"i0": 0.5, "i1": 0.75}})
    rows = run.observations.select("signal", "role", "item", "cluster", "value").rows()
    assert rows == [
        (NAME, "baseline", "i0", "c-i0", 0.25),
        (NAME, "candidate", "i0", "c-i0", 0.5),
        (NAME, "candidate", "i1", "c-i1", 0.75),
    ]
    assert run.observations is run.observations
    _answered(run, {"baseline": {"i1": 0.0}})
    assert len(run.observations) == 3
    run.look(ALPHA)
    assert len(run.observations) == 4


def _rows(run: GateRun) -> list[tuple[Any, ...]]:
    return sorted(run.observations.drop("at").rows())


@pytest.mark.parametrize("order", ["in order", "backwards", "one side first"])
@pytest.mark.parametrize("contrast", [False, True])
def test_looking_often_observes_what_looking_once_does(order: str, contrast: bool) -> None:
    """However answers come in, and however often they were looked at, each is observed once."""
    sides = ("for", "against")
    items = [
        replace(_item(f"k{n}-{side}", f"k{n}"), contrast=f"k{n}" if contrast else "", variant=side if contrast else "")
        for n in range(2)
        for side in sides
    ]
    plan = _plan([items[place : place + 2] for place in range(0, 4, 2)], depth=2)
    if contrast:
        plan = replace(plan, signal=replace(SIGNAL, contrast=sides, bounds=(-1.0, 1.0)))
    rng = np.random.default_rng(5)
    given = [
        (role, _answer(item.id, round(float(rng.random()), 2), draw))
        for draw in (0, 1)
        for item in items
        for role in ROLES
    ]
    if order == "backwards":
        given.reverse()
    elif order == "one side first":
        given.sort(key=lambda one: (one[0], one[1].item.endswith("for")))
    often, once = GateRun(plan), GateRun(plan)
    for run in (often, once):
        run.asks(4)
    for role, answer in given:
        often.responses[role].append(answer)
        once.responses[role].append(answer)
        often.calls += 1
        often.look(ALPHA)
    once.calls = len(given)
    once.look(ALPHA)
    assert _rows(often) == _rows(once)
    assert len(_rows(once)) == (8 if contrast else 16)
    assert len(often.path) == 16
    assert repr(often.found) == repr(once.found)


@pytest.mark.parametrize("clusters", [40, 501])
def test_grades_that_come_late_count_once_they_are_there(clusters: int) -> None:
    """What could not be read at one look is read at the next, as if it had been there, and nothing is read twice."""
    grades: dict[str, float] = {}

    @dataclass(frozen=True)
    class Graded:
        """Reads what was graded so far."""

        name: str = "labels/graded"
        needs: Literal["text"] = "text"
        bounds: tuple[float, float] = (0.0, 1.0)
        about: str = ""

        def read(self, item: Item, response: Response) -> float | None:
            """Return the answer's grade, if it has one."""
            return grades.get(f"{response.item} {response.text}")

    plan = _plan(_singles(clusters))
    plan = replace(plan, signal=replace(SIGNAL, instrument=Graded()))
    late, prompt = GateRun(plan), GateRun(plan)
    rng = np.random.default_rng(7)
    for run in (late, prompt):
        run.asks(clusters)
        for role in ROLES:
            run.responses[role] += [Response(item.id, "s", 0, role) for item in plan.items]
        run.calls = 2 * clusters
    everything = {f"{item.id} {role}": float(rng.random()) for item in plan.items for role in ROLES}
    named = list(everything)
    for known in (named[::3], named[: clusters // 2], named):
        grades.update({name: everything[name] for name in known})
        late.look(ALPHA, again=True)
    assert late.found[0][1].missing == 0
    prompt.look(ALPHA)
    assert _rows(late) == _rows(prompt)
    for (_, found), (_, wanted) in zip(late.found, prompt.found, strict=True):
        assert (found.estimate, found.clusters, found.missing) == pytest.approx(
            (wanted.estimate, wanted.clusters, wanted.missing)
        )
        assert (found.low, found.high) == pytest.approx((wanted.low, wanted.high), abs=1e-3)


def test_what_a_look_has_read_is_not_read_again() -> None:
    """Findings about a gate take the readings that its look was made of: a reading may be slow."""
    read: list[str] = []

    @dataclass(frozen=True)
    class Counting:
        """Notes each answer that it reads."""

        name: str = "labels/counted"
        needs: Literal["text"] = "text"
        bounds: tuple[float, float] = (0.0, 1.0)
        about: str = ""

        def read(self, item: Item, response: Response) -> float:
            """Return the same for each."""
            read.append(f"{item.id} {response.text}")
            return 0.5

    run = GateRun(replace(_plan(_singles(4)), signal=replace(SIGNAL, instrument=Counting())))
    run.asks(4)
    for role in ROLES:
        run.responses[role] += [Response(item.id, "s", 0, role) for item in run.plan.items]
    run.calls = 8
    run.look(ALPHA)
    assert [run.read(run.responses[role]) for role in ROLES] == [[0.5] * 4] * 2
    assert len(read) == len(set(read)) == 8


def test_an_item_that_nobody_answered_stays_as_unknown() -> None:
    """Live, an asked item without an answer counts as missing, in its place; one not asked yet does not."""
    clusters = [[_item("a1", "a", "law"), _item("a2", "a", "law")], [_item("b1", "b", "work")], [_item("c1", "c")]]
    run = GateRun(_plan(clusters))
    run.asks(2)
    _answered(run, {"baseline": {"a1": 0.5}, "candidate": {"a1": 0.5}})
    table, order = run.table()
    assert order == ["a", "b", "c"]
    assert table.items.to_list() == ["a1", "a2", "b1"]
    assert table.clusters.to_list() == ["a", "a", "b"]
    assert table.use_cases.to_list() == ["law", "law", "work"]
    assert table.baseline.tolist()[0] == 0.5
    assert np.isnan(table.baseline[1:]).all() and np.isnan(table.candidate[1:]).all()
    run.look(ALPHA)
    claim, found = run.found[0]
    assert (found.missing, found.clusters) == (2, 1)
    assert claim.worst.tolist() == [0.5, 1.0]
    assert claim.best.tolist() == [-0.5, -1.0]


def test_an_unread_answer_is_as_good_as_none() -> None:
    """An answer that the instrument cannot read leaves its item missing on that model."""
    run = GateRun(_plan(_singles(2)))
    run.asks(2)
    _answered(run, {"baseline": {"i0": 0.5, "i1": 0.5}, "candidate": {"i0": 0.5}})
    run.responses["candidate"].append(_answer("i1", ""))
    run.calls += 1
    run.look(ALPHA)
    assert (run.found[0][1].missing, run.found[0][1].items) == (1, 1)


def test_contrasts_are_units() -> None:
    """Of a contrast whose sides nobody answered, one unit is missing, under the contrast's name."""
    sides = [
        replace(_item(f"k{number}-{side}", f"c{number}"), contrast=f"k{number}", variant=side)
        for number in range(2)
        for side in ("for", "against")
    ]
    plan = _plan([sides[:2], sides[2:]])
    run = GateRun(replace(plan, signal=replace(SIGNAL, contrast=("for", "against"), bounds=(-1.0, 1.0))))
    run.asks(2)
    scores = {"k0-for": 0.75, "k0-against": 0.25}
    _answered(run, {"baseline": scores, "candidate": scores})
    table, _ = run.table()
    assert table.items.to_list() == ["k0", "k1"]
    assert table.baseline.tolist()[0] == table.candidate.tolist()[0] == 0.5
    assert math.isnan(table.baseline[1])


def test_a_recorded_item_that_neither_file_answers_is_no_part() -> None:
    """Recorded answers are what they are: an item without any is not missing."""
    run = GateRun(_plan(_singles(3), "recorded"))
    run.asks(3)
    _answered(run, {"baseline": {"i0": 0.5, "i1": 0.1}, "candidate": {"i0": 0.5}})
    table, order = run.table()
    assert table.items.to_list() == ["i0", "i1"]
    assert order == ["c-i0", "c-i1", "c-i2"]
    run.look(ALPHA)
    assert (run.found[0][1].missing, run.found[0][1].method) == (1, "gaffke")


@pytest.mark.parametrize("source", ["live", "recorded"])
def test_every_draw_that_was_asked_counts(source: Source) -> None:
    """A lost or unread draw is as harmful and as harmless as can be, on either model."""
    plan = _plan(_singles(3), source, depth=4)
    if source == "recorded":
        plan = replace(plan, recorded={role: {"i0": 2, "i1": 2, "i2": 1} for role in ROLES})
    run = GateRun(plan)
    run.asks(5 if source == "live" else 3)
    given: dict[Role, list[tuple[str, int, float | str]]] = {
        "baseline": [("i0", 0, 0.5), ("i0", 1, 0.5), ("i1", 0, 0.5), ("i2", 0, "")],
        "candidate": [("i0", 0, 0.5), ("i0", 1, ""), ("i1", 0, 0.5), ("i1", 1, 0.5), ("i2", 0, 0.5)],
    }
    for role, answers in given.items():
        run.responses[role] += [_answer(name, score, draw) for name, draw, score in answers]
    run.calls = 10
    table, _ = run.table()
    assert table.baseline_answered.tolist() == [1.0, 0.5, 0.0]
    assert table.candidate_answered.tolist() == [0.5, 1.0, 1.0]
    run.look(ALPHA)
    claim, found = run.found[0]
    assert claim.seen.tolist() == pytest.approx([0.0, 0.0, NAN], nan_ok=True)
    assert claim.worst.tolist() == pytest.approx([0.25, 0.25, 0.5])
    assert claim.best.tolist() == pytest.approx([-0.25, -0.25, -0.5])
    assert (found.items, found.missing) == (2, 3)


def test_a_draw_that_both_models_lost_counts_as_lost() -> None:
    """No answer tells of it; that it was asked does, of each item by itself."""
    run = GateRun(_plan(_singles(3), depth=4))
    run.asks(5)
    _answered(run, {role: {"i0": 0.5, "i1": 0.5, "i2": 0.5} for role in ROLES})
    run.calls = 10
    run.look(ALPHA)
    claim, found = run.found[0]
    assert claim.worst.tolist() == pytest.approx([0.5, 0.5, 0.0])
    assert claim.best.tolist() == pytest.approx([-0.5, -0.5, 0.0])
    assert (found.items, found.missing) == (3, 2)


def test_a_recorded_answer_that_is_read_on_neither_model_is_missing() -> None:
    """What a file holds and the instrument cannot read was asked, unlike what no file holds."""
    run = GateRun(_plan(_singles(3), "recorded"))
    run.asks(3)
    _answered(run, {"baseline": {"i0": 0.5}, "candidate": {"i0": 0.5}})
    run.responses["candidate"].append(_answer("i1", ""))
    table, _ = run.table()
    assert table.items.to_list() == ["i0", "i1"]
    run.look(ALPHA)
    assert run.found[0][1].missing == 1


def _brought(values: Mapping[Role, Sequence[float]]) -> pl.DataFrame:
    return to_frame(
        [
            Observation(NAME, role, f"q{place}", f"k{place // 2}", 0, value)
            for role, given in values.items()
            for place, value in enumerate(given)
        ]
    )


def test_brought_observations_are_taken_as_they_are() -> None:
    """Nothing is asked for them, they have no order, and each look reads them again."""
    frame = _brought({"baseline": [0.1, 0.2, 0.3, 0.4], "candidate": [0.2, 0.2, 0.5, 0.4]})
    run = GateRun(_plan([], "evidence"), frame)
    assert run.observations is frame
    table, order = run.table()
    assert order is None
    assert table.items.to_list() == ["q0", "q1", "q2", "q3"]
    run.look(ALPHA)
    run.look(ALPHA)
    assert len(run.path) == 2
    found = run.found[0][1]
    assert (found.clusters, found.items, run.path[0].calls) == (2, 4, 0)
    assert found.estimate == pytest.approx(0.075)
    assert run.remaining == 0


def test_a_gate_asked_again_and_again_is_weighed_at_the_last_look() -> None:
    """It is the newest look that tells whether there is anything new."""
    run = GateRun(_plan(_singles(3)))
    for place in range(3):
        run.asks(1)
        _answered(run, {"baseline": {f"i{place}": 0.5}, "candidate": {f"i{place}": 0.6}})
        run.look(ALPHA)
        run.look(ALPHA)
    assert [(look.calls, look.clusters) for look in run.path] == [(2, 1), (4, 2), (6, 3)]


def test_the_first_claim_carries_the_path() -> None:
    """What is judged is each claim's evidence; calls and looks stand with the claim over all items only."""
    run = _whole()
    run.plan = replace(run.plan, gate=Gate(signal=NAME, margin=0.1, limit=0.9))
    run.look(ALPHA)
    made = run.weighed("the budget was spent", "budget")
    assert made.gate is run.plan.gate
    assert (made.instrument, made.stopped, made.advice) == ("labels/score", "the budget was spent", "")
    assert (made.ended, made.members, made.standing) == ("budget", (), run.plan.standing)
    assert (run.weighed().stopped, run.weighed().ended) == ("", "")
    assert [claim.statement for claim in made.claims] == [claim.statement for claim, _ in run.found]
    first, second = (claim.evidence for claim in made.claims)
    assert (first.calls, first.path) == (60, tuple(run.path))
    assert repr(replace(first, calls=0, path=())) == repr(run.found[0][1])
    assert (second.calls, second.path) == (0, ())
    assert second is run.found[1][1]


def test_a_suite_of_a_family_and_a_use_case_are_guards() -> None:
    """What keeps harm from hiding in a mean is told from the means: all of a family's suite, the cells of a gate."""
    run = _whole()
    run.plan = replace(run.plan, gate=Gate(signal=NAME, margin=0.1, per="use_case"))
    run.look(ALPHA)
    assert [claim.guards for claim in run.weighed().claims] == [False, True]
    run.plan = replace(run.plan, family="family/f")
    assert [claim.guards for claim in run.weighed().claims] == [True, True]


def test_the_width_is_that_of_the_scale() -> None:
    """A share of a suite's scale is a part of this."""
    run = _whole(2)
    run.plan = replace(run.plan, signal=replace(SIGNAL, bounds=(-1.0, 3.0)))
    assert run.width == 4.0


def test_what_a_gate_reads_is_its_suite() -> None:
    """The answers to a suite are read by name; observations that were brought are nobody's answers."""
    suite = load_suite(find_suites()["behavior/pushback"])
    sources: tuple[Source, ...] = ("live", "recorded", "evidence")
    plans = [replace(_plan(_singles(2), source), suite=suite) for source in sources]
    assert [GateRun(plan).weighed().reads for plan in plans] == [{"pushback"}, {"pushback"}, set()]


def test_the_error_of_a_slope_is_split_over_all_claims() -> None:
    """A gate with a limit has two claims in each of which harm could be shown; both count among the review's."""
    plan = _plan(_singles(501), limit=0.9)
    plan = replace(plan, standing=replace(plan.standing, slope=0.8, slope_se=0.05))
    run, only = GateRun(plan), GateRun(plan)
    for one in (run, only):
        one.asks(501)
        _answered(one, {role: {f"i{n}": 0.3 + 0.4 * (role == "candidate") for n in range(501)} for role in ROLES})
    run.look(ALPHA, 3)
    only.look(ALPHA)
    (claim, found), _ = run.found
    assert run.method == "betting"
    slope = plan.standing.shows
    assert found.e_value == evidence(claim, "betting", ALPHA, slope, 6).e_value
    assert found.e_value != evidence(claim, "betting", ALPHA, slope, 3).e_value
    assert only.found[0][1].e_value == evidence(claim, "betting", ALPHA, slope, 2).e_value


def test_an_instrument_without_a_record_only_advises() -> None:
    """Why its instrument may not gate goes with the gate, and then it does not block."""
    run = _whole(4)
    run.plan = replace(run.plan, standing=UNKNOWN)
    assert run.weighed().advice == "Error not measured, so it may only advise."
    assert not run.weighed().blocking
    assert _whole(4).weighed().blocking


def test_a_gate_never_looked_at_claims_nothing() -> None:
    """Without a look there is no evidence to judge."""
    assert _whole(4).weighed().claims == ()


def test_what_the_run_shows_leaves_its_table_out() -> None:
    """A run is shown by what was asked and found, and made without a table of observations."""
    run = _whole(2)
    run.look(ALPHA)
    assert "_observed" not in repr(run)
    with pytest.raises(TypeError):
        GateRun(run.plan, None, _observed=run.observations)  # type: ignore[call-arg]
    assert isinstance(run.found[0][1], Evidence)


def test_a_recorded_model_gives_all_that_it_holds() -> None:
    """How often a live model is asked is the policy's; a recorded one has as many draws as it has, one where none."""
    items = [_item("a"), _item("b")]
    run = GateRun(replace(_plan([items], depth=2), recorded={"baseline": {"a": 3, "b": 0}}))
    asked = [[(one.request.item.id, one.request.draw, one.role) for one in run.asks(1)] for _ in range(2)]
    assert asked == [
        [
            ("a", 0, "baseline"), ("a", 0, "candidate"), ("a", 1, "baseline"), ("a", 2, "baseline"),
            ("b", 0, "baseline"), ("b", 0, "candidate"),
        ],
        [("a", 1, "candidate"), ("b", 1, "candidate")],
    ]  # fmt: skip


def test_only_what_is_asked_live_may_be_asked_less_than_whole() -> None:
    """Of recorded answers all count, whatever the plan would pay for; nothing there is cut short."""
    live, recorded = (replace(_plan(_singles(9), source, depth=2), most=7) for source in ("live", "recorded"))
    assert [(run.most, run.is_cut_short) for run in map(GateRun, (live, recorded))] == [(7, True), (9, False)]
    assert not GateRun(replace(live, most=18)).is_cut_short


def test_summary_figures_are_weighed_once_and_ask_nothing() -> None:
    """Nothing is asked or observed; the claims are those of the figures, and a second look changes nothing."""
    figures = {"baseline": {"mean": 0.3, "se": 0.02, "n": 500}, "candidate": {"mean": 0.35, "se": 0.02, "n": 400}}
    spec = SignalSpec.model_validate({"summary": {**figures, "source": "a model card"}})
    assert spec.summary is not None
    signal = declared_signal(NAME, spec)
    gate = Gate(signal=NAME, margin=0.1, limit=0.5)
    run = GateRun(
        GatePlan(gate, signal, "summary", standing=standing(signal.instrument, NAME, {}), summary=spec.summary)
    )
    assert (run.method, run.remaining, run.most, run.asks(0)) == ("fixed", 0, 0, [])
    run.look(0.05)
    wanted = summary_claims(gate, signal, spec.summary, 0.05)
    assert [replace(found, mde=0, e_value=0) for _, found in run.found] == [
        replace(found, mde=0, e_value=0) for _, found in wanted
    ]
    assert [claim.statement for claim, _ in run.found] == [claim.statement for claim, _ in wanted]
    assert len(run.observations) == 0
    assert not run.is_new
    run.look(0.05)
    assert len(run.path) == 1
    weighed = run.weighed()
    assert (weighed.blocking, weighed.instrument, weighed.reads) == (True, "evidence/summary", frozenset())
    assert [claim.evidence.method for claim in weighed.claims] == ["summary", "summary"]


def test_answers_are_read_by_the_gates_instrument() -> None:
    """One reading an answer, in their order; what it cannot read is None."""
    run = GateRun(_plan(_singles(3)))
    assert run.read([_answer("i2", 0.75), _answer("i0", ""), _answer("i1", 0.25)]) == [0.75, None, 0.25]


def test_bets_are_kept_from_look_to_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gate that is bet on begins one bet a side and claim, however often it is looked at."""
    begun: list[str] = []

    class Counted(RunningBound):
        def __init__(self, low: float, high: float, side: Any, alpha: float, against: float, **more: Any) -> None:
            begun.append(side)
            super().__init__(low, high, side, alpha, against, **more)

    monkeypatch.setattr(weigh, "RunningBound", Counted)
    run = GateRun(_plan(_singles(501), limit=0.9))
    for place in range(3):
        run.asks(1)
        _answered(run, {role: {f"i{place}": 0.5} for role in ROLES})
        run.look(ALPHA)
    assert run.method == "betting"
    assert sorted(begun) == ["greater", "greater", "less", "less"]
