"""Meetings with both models: side by side, stored, ended clearly, and the same when they are resumed."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from seatrial.collect import ResponseStore
from seatrial.errors import CallFailed, ModelError
from seatrial.evidence.conversations.conversation import Conversation, Meeting
from seatrial.evidence.conversations.conversation_policy import ConversationGate, ConversationPolicy
from seatrial.evidence.conversations.run import meetings_of, out_of_context
from seatrial.personas import find_areas, find_personas
from seatrial.policy import ModelSpec
from seatrial.types import ROLES, Request, Role
from talkers import HARMFUL, HARMLESS, InProcess, held_with, meetings


def policy(**changes: object) -> ConversationPolicy:
    """Return a policy of two models in this process."""
    gates = [ConversationGate(signal="conversation/harm", margin=0.1)]
    spec = ModelSpec(model="in/process")
    return ConversationPolicy(name="x", baseline=spec, candidate=spec, gates=gates).model_copy(update=changes)


def by_chance(request: Request) -> str:
    """Answer harmfully or not, as the conversation decides."""
    words = "|".join(message.content for message in request.item.messages) + str(request.draw)
    number = len(request.item.messages)
    return f"{HARMFUL if hashlib.sha256(words.encode()).digest()[0] < 128 else HARMLESS} ({number})"


def pair(say: object = by_chance, wait: float = 0.0) -> dict[Role, InProcess]:
    """Return two models that answer alike."""
    return {role: InProcess(role, say, wait) for role in ROLES}  # type: ignore[arg-type]


def words(talks: tuple[Conversation, ...]) -> list[tuple[str, str, list[tuple[str, str]], str]]:
    """Return what was said in each conversation, and how it ended."""
    return [(t.meeting.unit, t.role, [(one.said, one.answer.text) for one in t.turns], t.ending) for t in talks]


def test_equal_models_hold_equal_conversations(tmp_path: Path) -> None:
    """The same persona, seed and answers lead to the same lines: only an answer can part the two sides."""
    talks = held_with(tmp_path, policy(), pair(), meetings(draws=2))
    before, after = words(talks)[::2], words(talks)[1::2]
    assert [(one[0], one[2], one[3]) for one in before] == [(one[0], one[2], one[3]) for one in after]
    assert {one.ending for one in talks} <= {"ended", "turns"}


def test_a_draw_says_other_lines(tmp_path: Path) -> None:
    """The seed of a draw picks among the lines of a state."""
    talks = held_with(
        tmp_path, policy(), pair(lambda request: f"Well. {len(request.item.messages)}"), meetings(draws=4)
    )
    firsts = {one.turns[0].said for one in talks if one.meeting.unit == "tram-numbers"}
    assert len(firsts) > 1


def test_both_sides_advance_together(tmp_path: Path) -> None:
    """No model is asked for a turn before the other answered the one before."""
    models = pair(wait=0.001)
    order: list[tuple[str, int]] = []
    for role, model in models.items():
        say = model.say

        def noted(request: Request, role: str = role, say: object = say) -> str:
            order.append((role, len(request.item.messages)))
            return str(say(request))  # type: ignore[operator]

        model.say = noted
    held_with(tmp_path, policy(), models, meetings("tram-numbers")[:1])
    for first, second in zip(order[::2], order[1::2], strict=False):
        if first[1] == second[1]:
            assert {first[0], second[0]} == set(ROLES)
    sizes = [size for _, size in order]
    assert sizes == sorted(sizes)


def test_no_more_calls_are_in_flight_than_allowed(tmp_path: Path) -> None:
    """Of both models together, `in_flight` calls at once at most."""
    models = pair(wait=0.002)
    held_with(tmp_path, policy(in_flight=6), models, meetings(draws=4))
    assert sum(model.most_in_flight for model in models.values()) <= 6
    assert all(model.most_in_flight > 1 for model in models.values())


def test_a_run_killed_anywhere_resumes_to_the_same_conversations(tmp_path: Path) -> None:
    """What was answered is not asked again, and the conversations are those of a run that nobody disturbed."""
    meets = meetings(draws=2)
    whole = held_with(tmp_path / "whole", policy(), pair(), meets)
    calls = sum(len(one.turns) for one in whole)
    broken = pair()
    left = [25]

    def dies(request: Request) -> str:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return by_chance(request)

    for model in broken.values():
        model.say = dies
    with pytest.raises(KeyboardInterrupt):
        held_with(tmp_path / "cut", policy(in_flight=4), broken, meets)
    with ResponseStore(tmp_path / "cut") as store:
        kept = len(store)
    assert 25 - 4 <= kept <= 25
    again = pair()
    assert words(held_with(tmp_path / "cut", policy(), again, meets)) == words(whole)
    assert sum(len(model.asked) for model in again.values()) == calls - kept


def test_answers_of_nothing_and_answers_all_alike_end_a_conversation(tmp_path: Path) -> None:
    """Two empty answers in a row, or three of the same words, are an ending that is counted."""
    silent = held_with(tmp_path / "a", policy(), pair(lambda _: ""), meetings("tram-numbers"))
    loops = held_with(tmp_path / "b", policy(), pair(lambda _: "Tell me  more."), meetings("tram-numbers"))
    assert {(one.ending, len(one.turns), one.whole) for one in silent} == {("silent", 2, True)}
    assert {(one.ending, len(one.turns)) for one in loops} == {("loop", 3)}


def test_a_conversation_beyond_the_context_ends_clearly(tmp_path: Path) -> None:
    """A refusal for its length is an ending, however many meet it, and no sign of a model that is down."""

    def full(request: Request) -> str:
        if len(request.item.messages) > 3:
            raise CallFailed("the server refused the request (400): the request exceeds the available context size")
        return by_chance(request)

    talks = held_with(tmp_path, policy(), pair(full), meetings(draws=8))
    assert {one.ending for one in talks} == {"context"}
    assert all(len(one.turns) == 2 and one.whole for one in talks)


def test_a_failed_call_loses_its_conversation_alone(tmp_path: Path) -> None:
    """What failed for good counts as missing; a model that fails again and again ends the run."""

    def fails(request: Request) -> str:
        if request.item.variant == "quiet" and len(request.item.messages) > 1:
            raise CallFailed("no answer came")
        return by_chance(request)

    talks = held_with(tmp_path, policy(), pair(fails), meetings())
    assert {one.ending for one in talks if one.meeting.side == "quiet"} == {"failed"}
    assert all(not one.whole for one in talks if one.ending == "failed")
    assert all(one.whole for one in talks if one.meeting.side == "vulnerable")

    def down(_: Request) -> str:
        raise CallFailed("no answer came")

    with pytest.raises(ModelError, match="calls in a row failed"):
        held_with(tmp_path / "down", policy(), pair(down), meetings(draws=20))


def test_the_budget_decides_beforehand_who_talks() -> None:
    """All come once before one comes twice, no persona is parted from its twin, and the rest is counted."""
    people = find_personas(list(find_areas().values()), empty_too=True)[:4]
    each = 2 * 2 * 8
    limits = policy(turns=8, draws=3)
    limits = limits.model_copy(update={"budget": limits.budget.model_copy(update={"calls": (len(people) + 1) * each})})
    found = meetings_of(limits, people)
    assert len(found.meetings) == 2 * (len(people) + 1)
    assert found.left_out == 2 * (3 * len(people) - len(people) - 1)
    assert {one.persona.id for one in found.meetings[: 2 * len(people)]} == {one.id for one in people}
    assert all(
        first.persona is second.persona for first, second in zip(found.meetings[::2], found.meetings[1::2], strict=True)
    )


@pytest.mark.parametrize(
    ("said", "is_so"),
    [
        ("This model's maximum context length is 2048 tokens", True),
        ("the request exceeds the available context size, try increasing it", True),
        ("prompt is too long: 210000 tokens", True),
        ("the server answered 500", False),
    ],
)
def test_what_servers_say_of_a_full_context(said: str, is_so: bool) -> None:
    """Known refusals for length are told from others."""
    assert out_of_context(said) is is_so


def test_a_meeting_names_what_is_observed() -> None:
    """A persona and its quiet twin are observed under names of their own."""
    vulnerable, quiet = meetings("tram-numbers")
    assert (vulnerable.unit, quiet.unit) == ("tram-numbers", "tram-numbers.quiet")
    assert isinstance(vulnerable, Meeting)
