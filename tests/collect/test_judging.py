"""Having answers graded by judges: durably, within a budget, each answer once."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from conftest import Endpoint
from seatrial.collect import ResponseStore
from seatrial.collect.judging import Judges, Task
from seatrial.errors import ModelError
from seatrial.instruments.judges import Judge, answer_key
from seatrial.instruments.records import load_records
from seatrial.policy import LaunchPolicy, parse_policy
from seatrial.suites import find_suites, load_suite
from seatrial.types import Item, Message

SUITE = load_suite(find_suites()["behavior/unearned-praise"])
ITEM, OTHER = SUITE.items[:2]


def _policy(judges: str, extra: str = "") -> LaunchPolicy:
    return parse_policy(
        "name: t\nbaseline: {model: embedded/smollm2-135m}\ncandidate: {model: embedded/smollm2-135m}\n"
        f"judges:\n{judges}\n{extra}\ngates: [{{signal: behavior/unearned-praise, margin: 0.1}}]\n"
    )


def _asked(endpoint: Endpoint, settings: str = "", extra: str = "") -> LaunchPolicy:
    """Return a policy whose judge `strict` is asked at the simulated endpoint."""
    model = f'{{model: openai-compatible/judge, base_url: "{endpoint.url}", price_in: 1000000.0}}'
    return _policy(f"  strict: {{model: {model}{settings}}}", extra)


def _replies(endpoint: Endpoint, *texts: str) -> list[dict[str, Any]]:
    """Let the endpoint reply with these texts by turns; return the list that its requests go into."""
    seen: list[dict[str, Any]] = []

    def answer(body: dict[str, Any], _: int) -> web.Response:
        made = endpoint.body(body)
        made["choices"][0]["message"]["content"] = texts[len(seen) % len(texts)]
        seen.append(body)
        return web.json_response(made)

    endpoint.fault = answer
    return seen


def _judges(policy: LaunchPolicy, **more: Any) -> Judges:
    """Return the judges of a policy, ready to be entered."""
    return Judges(policy.judges, load_records(policy.records), policy.budget.judge_calls, **more)


async def _grade(policy: LaunchPolicy, tasks: list[Task], store: ResponseStore | None = None) -> tuple[Judges, Judge]:
    async with _judges(policy, store=store) as judges:
        judge = judges.judge("strict", SUITE)
        await judges.grade(judge, tasks)
    return judges, judge


def _score(judge: Judge, text: str, item: Any = ITEM) -> float | None:
    return judge.scores.get(answer_key(item.suite, item.id, text))


def _why(judge: Judge, text: str) -> str:
    return judge.unscored[answer_key(ITEM.suite, ITEM.id, text)]


async def test_an_answer_is_graded_once(endpoint: Endpoint) -> None:
    """The same answer to the same item is asked for once, however often it comes; to another item it is another."""
    seen = _replies(endpoint, '{"score": 4}')
    tasks = [Task(ITEM, ("Fine.",)), Task(ITEM, ("Fine.",)), Task(OTHER, ("Fine.",))]
    async with _judges(_asked(endpoint)) as judges:
        judge = judges.judge("strict", SUITE)
        await judges.grade(judge, tasks)
        await judges.grade(judge, tasks)
        assert judges.judge("strict", SUITE) is judge
    assert len(seen) == 2
    assert (_score(judge, "Fine."), _score(judge, "Fine.", OTHER)) == (4.0, 4.0)
    assert judges.spend["strict"].calls == 2
    assert judges.spend["strict"].cost == 14.0


async def test_replies_are_found_again_in_the_store(endpoint: Endpoint, tmp_path: Path) -> None:
    """A review that goes on after a kill asks no judge twice, and its budget holds what it spent before."""
    seen = _replies(endpoint, '{"score": 3}')
    tasks = [Task(ITEM, (f"Answer {number}.",)) for number in range(5)]
    with ResponseStore(tmp_path) as store:
        await _grade(_asked(endpoint), tasks[:3], store)
    with ResponseStore(tmp_path) as store:
        judges, judge = await _grade(_asked(endpoint), tasks, store)
    assert len(seen) == 5
    assert (judges.spend["strict"].calls, judges.spend["strict"].reused) == (2, 3)
    assert judges.remaining == 20_000 - 5
    assert len(judge.scores) == 5


async def test_a_second_grading_is_not_the_first_read_again(endpoint: Endpoint, tmp_path: Path) -> None:
    """Draws that count from another number are asked anew, so that how much a judge wavers can be measured."""
    seen = _replies(endpoint, '{"score": 3}', '{"score": 9}')
    with ResponseStore(tmp_path) as store:
        for first, wanted in ((0, 3.0), (1, 9.0)):
            async with _judges(_asked(endpoint), store=store, first_draw=first) as judges:
                judge = judges.judge("strict", SUITE)
                await judges.grade(judge, [Task(ITEM, ("Fine.",))])
            assert _score(judge, "Fine.") == wanted
    assert [body["seed"] for body in seen] == [20250425, 20250426]


async def test_the_mean_of_the_draws_counts(endpoint: Endpoint) -> None:
    """Three draws make one score; a draw that holds none is left out of the mean."""
    _replies(endpoint, '{"score": 2}', "I would rather not say.", '{"score": 5}')
    _, judge = await _grade(_asked(endpoint, ", draws: 3"), [Task(ITEM, ("Fine.",))])
    assert _score(judge, "Fine.") == 3.5
    assert judge.unscored == {}


async def test_a_pair_is_shown_in_both_orders(endpoint: Endpoint) -> None:
    """A judge that adds two to what comes first moves neither mean, and its bias is known."""
    seen = _replies(endpoint, '{"a": 7, "b": 1}', '{"a": 3, "b": 5}')
    _, judge = await _grade(_asked(endpoint, ", paired: true"), [Task(ITEM, ("Glowing.", "Candid."))])
    asked = [body["messages"][-1]["content"] for body in seen]
    assert asked[0].index("Glowing.") < asked[0].index("Candid.")
    assert asked[1].index("Candid.") < asked[1].index("Glowing.")
    assert (_score(judge, "Glowing."), _score(judge, "Candid.")) == (6.0, 2.0)
    assert judge.position_bias == pytest.approx(0.2)


async def test_an_empty_answer_is_not_graded(endpoint: Endpoint) -> None:
    """Blank text costs no call and has a reason instead of a score."""
    seen = _replies(endpoint, '{"score": 0}')
    _, judge = await _grade(_asked(endpoint), [Task(ITEM, (" \n",))])
    assert (seen, judge.scores, _why(judge, " \n")) == ([], {}, "empty answer")


@pytest.mark.parametrize(
    "reply", ["", "7", '{"score": 11}', '{"score": "7"}', '{"score": true}', '{"grade": 7}', '{"score": 0.9}']
)
async def test_a_reply_that_holds_no_score_is_no_score(endpoint: Endpoint, reply: str) -> None:
    """What is not just a whole number from 0 to 10 under the wanted name says why, and is never taken for harmless."""
    _replies(endpoint, reply)
    _, judge = await _grade(_asked(endpoint), [Task(ITEM, ("Fine.",))])
    assert judge.scores == {}
    assert _why(judge, "Fine.")


async def test_the_budget_of_judges_is_kept(endpoint: Endpoint) -> None:
    """No call is made beyond it, and each answer that it left out says so."""
    seen = _replies(endpoint, '{"score": 1}')
    tasks = [Task(ITEM, (f"Answer {number}.",)) for number in range(6)]
    judges, judge = await _grade(_asked(endpoint, extra="budget: {judge_calls: 4}"), tasks)
    assert (len(seen), len(judge.scores), judges.remaining) == (4, 4, 0)
    assert set(judge.unscored.values()) == {"the budget for judges was spent (budget: judge_calls)"}


async def test_a_killed_review_has_no_second_budget(endpoint: Endpoint, tmp_path: Path) -> None:
    """What is stored counts once, however often it is read, and is read where nothing is left too."""
    seen = _replies(endpoint, '{"score": 1}')
    tasks = [Task(ITEM, (f"Answer {number}.",)) for number in range(6)]
    policy = _asked(endpoint, extra="budget: {judge_calls: 4}")
    for count in (3, 6, 6):
        with ResponseStore(tmp_path) as store:
            judges, judge = await _grade(policy, tasks[:count], store)
            assert len(judge.scores) == min(count, 4)
    assert (len(seen), judges.remaining) == (4, 0)


async def test_a_refused_call_is_a_reason_and_many_in_a_row_end_the_review(endpoint: Endpoint) -> None:
    """One failure is counted beside its answer; a judge that only fails is taken to be down, with what to try."""
    endpoint.fault = lambda body, n: web.Response(status=400, text="too long")
    _, judge = await _grade(_asked(endpoint), [Task(ITEM, ("Fine.",))])
    assert "too long" in _why(judge, "Fine.")
    with pytest.raises(ModelError, match=r"judge/strict: 20 calls in a row failed.*`structured: false`"):
        await _grade(_asked(endpoint), [Task(ITEM, (f"Answer {number}.",)) for number in range(30)])


@pytest.mark.parametrize("structured", [True, False])
async def test_a_provider_is_told_the_form_of_the_reply_unless_it_cannot_hold_to_one(
    endpoint: Endpoint, structured: bool
) -> None:
    """`structured: false` leaves the schema out of the request; the reply is read alike."""
    seen = _replies(endpoint, '{"score": 8}')
    _, judge = await _grade(_asked(endpoint, f", structured: {str(structured).lower()}"), [Task(ITEM, ("Fine.",))])
    assert ("response_format" in seen[0]) is structured
    assert _score(judge, "Fine.") == 8.0


def _recorded(tmp_path: Path, name: str, scores: dict[str, float]) -> Path:
    path = tmp_path / f"{name}.jsonl"
    rows = [{"item": ITEM.id, "answer": text, "score": score} for text, score in scores.items()]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


async def test_a_file_of_scores_is_looked_up(tmp_path: Path) -> None:
    """A recorded judge makes no call; an answer that its file lacks has a reason instead of a score."""
    policy = _policy(f"  strict: {{scores: {_recorded(tmp_path, 'a', {'Fine.': 6})}}}")
    judges, judge = await _grade(policy, [Task(ITEM, ("Fine.",)), Task(ITEM, ("Other.",))])
    assert (_score(judge, "Fine."), _score(judge, "Other.")) == (6.0, None)
    assert "has no score for this answer" in _why(judge, "Other.")
    assert (judges.calls(judge, 100), judges.spend) == (0, {})


async def test_a_panel_takes_what_its_members_have(tmp_path: Path) -> None:
    """The mean of two; of one where the other has none; a reason where neither has."""
    one, two = _recorded(tmp_path, "one", {"x": 2, "y": 3}), _recorded(tmp_path, "two", {"x": 6})
    policy = _policy(f"  one: {{scores: {one}}}\n  two: {{scores: {two}}}\n  strict: {{members: [one, two]}}")
    _, judge = await _grade(policy, [Task(ITEM, (text,)) for text in "xyz"])
    assert [_score(judge, text) for text in "xyz"] == [4.0, 3.0, None]
    assert [(one.name, len(one.scores)) for one in judge.members] == [("judge/one", 2), ("judge/two", 1)]
    assert _why(judge, "z") == "no judge of the panel gave a score"


def test_calls_are_foreseen() -> None:
    """A judge asks as often as it draws, a panel as often as all its members, a file never."""
    model = "{model: openai-compatible/judge, base_url: http://h/v1}"
    policy = _policy(
        f"  one: {{model: {model}, draws: 3}}\n  two: {{model: {model}}}\n  strict: {{members: [one, two]}}"
    )
    judges = _judges(policy)
    assert [judges.calls(judges.judge(name, SUITE), 10) for name in ("one", "two", "strict")] == [30, 10, 40]


async def test_answers_can_be_graded_elsewhere() -> None:
    """Members of a panel one after another, each answer once, within what is left."""
    model = "{model: openai-compatible/judge, base_url: http://127.0.0.1:1/v1}"
    policy = _policy(f"  one: {{model: {model}}}\n  two: {{model: {model}}}\n  panel: {{members: [one, two]}}")
    told: list[tuple[str, int, int]] = []

    async def elsewhere(judge: Judge, tasks: Sequence[Task], budget: int) -> int:
        told.append((judge.name, len(tasks), budget))
        judge.scores |= {task.keys[0]: 8.0 if judge.name == "judge/one" else 6.0 for task in tasks}
        return len(tasks)

    tasks = [Task(Item(f"{n}", "s", (Message("user", "?"),)), (f"Answer {n}",)) for n in range(3)]
    async with Judges(policy.judges, {}, 100, elsewhere=elsewhere) as judges:
        panel = judges.judge("panel", SUITE)
        await judges.grade(panel, tasks)
        await judges.grade(panel, tasks)
    assert told[:2] == [("judge/one", 3, 100), ("judge/two", 3, 97)]
    assert set(panel.scores.values()) == {7.0}
    assert judges.remaining == 94


def test_a_judge_that_was_never_asked_has_no_bias() -> None:
    """Without pairs in both orders the bias is unknown, not nothing."""
    assert math.isnan(Judge("judge/strict", SUITE).position_bias)


def _grader(endpoint: Endpoint, answers: tuple[int, int], anchors: dict[bool, int]) -> list[dict[str, Any]]:
    """Let the endpoint grade answers by turns, and the suite's anchors by whether they are harmful."""
    harmful = {one.text: one.score >= 8 for one in SUITE.anchors}
    seen: list[dict[str, Any]] = []

    def answer(body: dict[str, Any], _: int) -> web.Response:
        asked = body["messages"][-1]["content"]
        kind = next((bad for text, bad in harmful.items() if f"\n{text}\n" in asked), None)
        made = endpoint.body(body)
        grade = answers[len(seen) % 2] if kind is None else anchors[kind]
        made["choices"][0]["message"]["content"] = json.dumps({"score": grade})
        seen.append(body)
        return web.json_response(made)

    endpoint.fault = answer
    return seen


@pytest.mark.parametrize(
    ("answers", "anchors", "calls", "doubt"),
    [
        ((4, 6), {False: 0, True: 10}, 6, ""),
        ((0, 1), {False: 0, True: 9}, 14, ""),
        ((9, 10), {False: 1, True: 9}, 14, ""),
        ((0, 1), {False: 0, True: 1}, 14, "none is above 1"),
        ((2, 3), {False: 0, True: 5}, 14, "none is above 5"),
        ((9, 9), {False: 9, True: 10}, 14, "none is below 5"),
    ],
)
async def test_a_judge_is_doubted_only_if_anchors_do_not_show_its_scale(
    endpoint: Endpoint, answers: tuple[int, int], anchors: dict[bool, int], calls: int, doubt: str
) -> None:
    """Harmless answers get low grades from a good judge too; where theirs leave it open, known answers are graded."""
    seen = _grader(endpoint, answers, anchors)
    async with _judges(_asked(endpoint)) as judges:
        judge = judges.judge("strict", SUITE)
        await judges.grade(judge, [Task(item, ("Fine.",)) for item in SUITE.items[:6]])
        said = await judges.scale_doubt(judge)
    assert len(seen) == calls
    assert doubt in said
    assert bool(said) is bool(doubt)


async def test_a_member_of_a_panel_is_doubted_by_its_own_name(tmp_path: Path) -> None:
    """A mean with a judge that keeps to its scale does not hide one from 0 to 1, nor one that says 3 to all."""
    files = {
        "good": _recorded(tmp_path, "good", {"x": 1, "y": 9}),
        "tenth": _recorded(tmp_path, "tenth", {"x": 0.1, "y": 0.9}),
        "same": _recorded(tmp_path, "same", {"x": 3, "y": 3}),
    }
    declared = "\n".join(f"  {name}: {{scores: {path}}}" for name, path in files.items())
    policy = _policy(f"{declared}\n  strict: {{members: [good, tenth, same]}}")
    async with _judges(policy) as judges:
        judge = judges.judge("strict", SUITE)
        await judges.grade(judge, [Task(ITEM, (text,)) for text in "xy"])
        said = await judges.scale_doubt(judge)
    assert "judge/tenth: of its 2 grades none is above 1" in said
    assert "judge/same: of its 2 grades all are 3" in said
    assert "judge/good" not in said


async def test_a_judges_thinking_is_not_its_grade(endpoint: Endpoint) -> None:
    """A judge that thinks is read after its thinking; one that never leaves it gives no grade, and says what to set."""
    _replies(endpoint, '<think>{"score": 0} at first sight.</think>{"score": 8}')
    _, judge = await _grade(_asked(endpoint), [Task(ITEM, ("an answer",))])
    assert _score(judge, "an answer") == 8.0
    _replies(endpoint, '<think>{"score": 0}')
    _, judge = await _grade(_asked(endpoint), [Task(ITEM, ("an answer",))])
    assert "still thinking" in _why(judge, "an answer")
    assert "max_tokens" in judge.advice[answer_key(ITEM.suite, ITEM.id, "an answer")]


async def test_a_judge_is_shown_no_thinking(endpoint: Endpoint) -> None:
    """It grades what a user sees, and an answer keeps its grade whether its thinking came with it or not."""
    seen = _replies(endpoint, '{"score": 8}')
    _, judge = await _grade(_asked(endpoint), [Task(ITEM, ("<think>I refuse.</think>Sure!",))])
    assert "I refuse." not in json.dumps(seen)
    assert _score(judge, "Sure!") == _score(judge, "<think>I refuse.</think>Sure!") == 8.0


async def test_a_trial_costs_one_call_and_counts_for_nothing(endpoint: Endpoint) -> None:
    """One anchor is graded before the first round; no score stands in the judge, and what is no score is let pass."""
    for reply in ('{"score": 9}', "no"):
        seen = _replies(endpoint, reply)
        async with _judges(_asked(endpoint)) as judges:
            judge = judges.judge("strict", SUITE)
            await judges.try_out(judge)
        assert (len(seen), judge.scores, judge.unscored) == (1, {}, {})
