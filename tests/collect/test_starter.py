"""Trying a judge on the suites' graded answers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conftest import Endpoint, by_rates, grading
from seatrial.collect import ResponseStore
from seatrial.collect.judging import Judges
from seatrial.collect.starter import (
    HARMFUL_FROM,
    MOST_CALLS,
    Tried,
    has_rubric,
    most_calls,
    obeyed,
    planned_trials,
    try_judge,
)
from seatrial.errors import ModelError
from seatrial.instruments.injections import injections
from seatrial.instruments.may_gate import STARTER_DISCOUNT, judged_by_record
from seatrial.instruments.measure import FEWEST
from seatrial.policy import JudgeSpec, ModelSpec
from seatrial.suites import Suite, find_suites, load_suite

SUITES = [load_suite(folder) for folder in find_suites().values()]
PRAISE, PUSHBACK = (next(suite for suite in SUITES if suite.name == name) for name in ("unearned-praise", "pushback"))
INJECTED = {" ".join(one.text.split()): one for one in injections()}


def _specs(endpoint: Endpoint, **more: object) -> dict[str, JudgeSpec]:
    model = ModelSpec(model="openai-compatible/judge", base_url=endpoint.url)
    made = {"strict": JudgeSpec.model_validate({"model": model, **more})}
    return made | (
        {"second": JudgeSpec(model=model.model_copy(update={"model": "openai-compatible/b"}))} if more else {}
    )


async def _try(
    endpoint: Endpoint, suites: list[Suite], most: int = 600, folder: Path | None = None, **more: object
) -> tuple[Tried, int]:
    """Return what trying the judge came to, and the calls that it took."""
    specs = _specs(endpoint, **more)
    trials, _ = planned_trials(suites, most, bool(more.get("beside")))
    before = endpoint.count
    if folder is None:
        async with Judges(specs, {}, most) as judges:
            return await try_judge(judges, "strict", trials), endpoint.count - before
    with ResponseStore(folder) as store:
        async with Judges(specs, {}, most, store) as judges:
            return await try_judge(judges, "strict", trials), endpoint.count - before


def test_trying_a_judge_on_all_suites_takes_at_most_2500_calls() -> None:
    """With a second model or without; every suite that a judge can grade is tried, with 20 answers a side or more."""
    for beside in (False, True):
        trials, problems = planned_trials(SUITES, MOST_CALLS, beside)
        assert most_calls(trials) <= MOST_CALLS == 2500
        assert {trial.suite.signal for trial in trials} == {suite.signal for suite in SUITES if has_rubric(suite)}
        assert not problems
        for trial in trials:
            harmful = sum(one.score >= HARMFUL_FROM for one in trial.answers)
            assert min(harmful, len(trial.answers) - harmful) >= FEWEST
            assert set(trial.part) <= set(trial.answers)
            assert {one.harmful for one in trial.part} == {True, False}


def test_fewer_suites_get_more_answers() -> None:
    """What is tried is the same every time, and uses the calls that there are."""
    (alone,), _ = planned_trials([PRAISE])
    (among,) = [trial for trial in planned_trials(SUITES)[0] if trial.suite is PRAISE]
    assert len(alone.answers) > 2 * len(among.answers)
    assert planned_trials([PRAISE]) == planned_trials([PRAISE])


def test_a_suite_with_few_graded_answers_is_not_tried() -> None:
    """Its name and the numbers are said; so are calls that are too few for any trial."""
    small = replace(PRAISE, anchors=PRAISE.anchors[:30])
    trials, problems = planned_trials([small, PUSHBACK])
    assert [trial.suite for trial in trials] == [PUSHBACK]
    assert problems == {PRAISE.signal: "it has 13 harmful and 17 harmless graded answers; a record needs 20 of each"}
    trials, problems = planned_trials([PUSHBACK], 180)
    assert trials == [] and "180 calls are too few for 1 suites" in problems[PUSHBACK.signal]
    enough = int(problems[PUSHBACK.signal].rsplit(" ", 1)[1].replace(",", ""))
    assert planned_trials([PUSHBACK], enough)[0]


@pytest.mark.slow
async def test_a_judge_earns_a_record_for_each_suite(endpoint: Endpoint) -> None:
    """Its rates come back, it may gate, and the record says that it is a starter and of which suite."""
    grading(endpoint, by_rates(0.9, 0.1))
    tried, calls = await _try(endpoint, [PRAISE, PUSHBACK])
    assert not tried.problems
    assert calls <= most_calls(planned_trials([PRAISE, PUSHBACK], 600)[0]) <= 600
    assert [record.measurements[0].signal for record in tried.records] == [PRAISE.signal, PUSHBACK.signal]
    for record in tried.records:
        (found,) = record.measurements
        assert found.starter and not found.author_written
        assert found.youden[1] < 0.8 < found.youden[2] + 0.05
        assert record.retest == 1.0  # its errors hang on the answer alone
        held = judged_by_record(record, found.signal)
        assert held.may_gate and held.slope == pytest.approx(STARTER_DISCOUNT * found.slope[1])


@pytest.mark.slow
async def test_a_killed_trial_asks_nothing_twice(endpoint: Endpoint, tmp_path: Path) -> None:
    """The same call with the same store takes no call and gives the same records."""
    grading(endpoint, by_rates(0.9, 0.1))
    first, calls = await _try(endpoint, [PUSHBACK], folder=tmp_path)
    again, more = await _try(endpoint, [PUSHBACK], folder=tmp_path)
    assert calls > 200 and more == 0
    assert [replace(one, cost=0.0) for one in first.records] == [replace(one, cost=0.0) for one in again.records]


@pytest.mark.slow
async def test_a_flawless_judge_is_not_taken_to_be_flawless(endpoint: Endpoint) -> None:
    """No bound is nearer to 1 than what so few answers cannot have shown."""
    grading(endpoint, by_rates(1.0, 0.0))
    tried, _ = await _try(endpoint, [PUSHBACK])
    (found,) = tried.records[0].measurements
    assert found.youden[0] == 1.0
    assert found.youden[1] == pytest.approx(1 - math.sqrt(2) * (1 - 0.05 ** (1 / found.clusters)), abs=0.02)
    assert found.slope[1] < found.slope[0]


@pytest.mark.slow
async def test_what_hangs_on_the_wording_and_the_model_is_part_of_the_slopes_error(endpoint: Endpoint) -> None:
    """A judge that grades otherwise in other words, or beside which another model does, knows its slope less well."""
    sure = by_rates(0.9, 0.1)
    grading(endpoint, sure)
    plain = (await _try(endpoint, [PRAISE, PUSHBACK], 1200, beside="second"))[0].records[0]
    assert [(kind, sd) for kind, _, sd in plain.spread] == [("draw", 0.0), ("wording", 0.0), ("judge", 0.0)]
    inner = endpoint.fault

    def moved(body: dict[str, object], number: int):  # type: ignore[no-untyped-def]
        unsure = body["model"] == "b" or "What to look for" in str(body["messages"])
        grading(endpoint, (lambda *_: 5) if unsure else sure)
        made = endpoint.fault(body, number)  # type: ignore[misc]
        endpoint.fault = moved
        return made

    endpoint.fault = moved
    swayed = (await _try(endpoint, [PRAISE, PUSHBACK], 1200, beside="second"))[0].records[0]
    assert inner is not None
    spread = {kind: sd for kind, _, sd in swayed.spread}
    assert spread["draw"] == 0.0 and min(spread["wording"], spread["judge"]) > 0.3
    widths = [one.measurements[0].slope[2] - one.measurements[0].slope[1] for one in (plain, swayed)]
    assert widths[1] > 2 * widths[0]
    assert "Asked in other words" in swayed.besides and "Beside a second model" in swayed.besides


Score = Callable[[str, bool, int], object]


def _obeys(text: str, harmful: bool, _: int) -> int:
    case = INJECTED.get(text)
    if case is not None:
        return 10 if case.technique.endswith("-up") else 0
    return 9 if harmful or any(text == " ".join(one.plain.split()) and not one.technique.endswith("-up")
                               for one in injections()) else 1  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    ("score", "said"),
    [
        (lambda *_: 3, "A judge that gives everything the same grade sees nothing"),
        (lambda text, harmful, n: int(harmful), "none is above 1"),
        (lambda text, harmful, n: (n * 7919) % 11, "agree too little"),
        (lambda text, harmful, n: 1 if harmful else 9, "lies below chance, so it reads harm where"),
        (_obeys, "of the answers that tell it what to grade move its grade"),
    ],
    ids=["one number", "another scale", "disagrees with itself", "fails", "obeys"],
)
async def test_a_judge_that_cannot_be_trusted_may_not_gate(endpoint: Endpoint, score: Score, said: str) -> None:
    """It has a record, which says why it may only advise."""
    grading(endpoint, score)
    tried, _ = await _try(endpoint, [PUSHBACK])
    held = judged_by_record(tried.records[0], PUSHBACK.signal)
    assert not held.may_gate
    assert said in held.why


async def test_a_judge_whose_replies_are_no_grades_has_no_record(endpoint: Endpoint) -> None:
    """Too few grades are no number, and the most frequent reason is said."""
    grading(endpoint, lambda *_: "I would rather not.")
    tried, _ = await _try(endpoint, [PUSHBACK])
    assert tried.records == []
    assert tried.problems[PUSHBACK.signal] == (
        "only 0 harmful and 0 harmless graded answers got a grade; a record needs 20 of each, most often because the "
        "judge's reply is not JSON"
    )


async def test_a_judge_that_is_down_ends_the_trial(endpoint: Endpoint) -> None:
    """Nothing is made of calls that failed."""
    specs = {"strict": JudgeSpec(model=ModelSpec(model="openai-compatible/judge", base_url="http://127.0.0.1:9/v1"))}
    trials, _ = planned_trials([PUSHBACK], 600)
    with pytest.raises(ModelError):
        async with Judges(specs, {}, 600) as judges:
            await try_judge(judges, "strict", trials)


async def test_a_paired_judge_sees_two_answers_to_one_item(endpoint: Endpoint) -> None:
    """As its gates will: both orders, for as many calls as there are answers."""
    seen: list[str] = []

    def score(body: dict[str, Any], _: int):  # type: ignore[no-untyped-def]
        seen.append(str(body["messages"]))
        made = endpoint.body(body)
        paired = "ANSWER B" in seen[-1]
        made["choices"][0]["message"]["content"] = '{"a": 9, "b": 1}' if paired else '{"score": 5}'
        from aiohttp import web

        return web.json_response(made)

    endpoint.fault = score
    tried, calls = await _try(endpoint, [PUSHBACK], paired=True)
    assert sum("ANSWER B" in one for one in seen) > 100
    assert calls <= most_calls(planned_trials([PUSHBACK], 600)[0])
    assert tried.records[0].position_bias == pytest.approx(0.8)
    assert not judged_by_record(tried.records[0], PUSHBACK.signal).may_gate


async def test_injections_that_get_no_grade_count_as_moved(endpoint: Endpoint) -> None:
    """What keeps an answer from being graded has done its work."""
    grading(endpoint, lambda text, harmful, n: "no" if text in INJECTED else 5)
    async with Judges(_specs(endpoint), {}, 600) as judges:
        share, low, high = await obeyed(judges, "strict")
    assert share > 0.9 and low < share <= high
