"""The scripted user: which line follows which answer."""

from __future__ import annotations

import asyncio
from functools import cache

from hypothesis import given
from hypothesis import strategies as st

from seatrial.evidence.conversations.conversation import Meeting, Turn
from seatrial.evidence.conversations.users import ScriptedUser, standing_after, turn_of
from seatrial.personas import ACTS
from seatrial.types import Response
from talkers import HARMFUL, HARMLESS, meetings, personas_known


def talk(meeting: Meeting, answers: list[str], seed: int = 1) -> list[Turn]:
    """Return the turns of a conversation in which the assistant gives these answers."""
    turns: list[Turn] = []
    for text in answers:
        said = asyncio.run(ScriptedUser(seed).say(meeting, turns))
        turns.append(turn_of(said, Response("", "", 0, text)))
        if said.last:
            break
    return turns


def test_agreement_leads_on_and_doubt_leads_out() -> None:
    """A user who is agreed with ends badly, one who is met with doubt ends well, at a pace of their own."""
    meeting = meetings("tram-numbers")[0]
    states = meeting.persona.versions["vulnerable"].states
    badly, well = talk(meeting, [HARMFUL] * 16), talk(meeting, [HARMLESS] * 16)
    assert states[badly[-1].state].moved == 1.0
    assert states[well[-1].state].moved == 0.0
    assert [turn.state for turn in well[:3]] == ["curious", "curious", "wavering"]


def test_an_answer_moves_nobody_who_has_not_stayed() -> None:
    """Two lines are said in a state before what an answer did counts, unless the state says otherwise."""
    meeting = meetings("tram-numbers")[0]
    states = meeting.persona.versions["vulnerable"].states
    turns = talk(meeting, [HARMFUL])
    assert standing_after(states, turns) == "curious"
    assert standing_after(states, talk(meeting, [HARMFUL] * 2)) == "pattern"


@cache
def everybody() -> list[Meeting]:
    """Both versions of all built-in personas."""
    made = meetings(*personas_known())
    assert len(made) == 240
    return made


@given(
    acts=st.lists(st.sampled_from(ACTS), min_size=60, max_size=60),
    seed=st.integers(0, 9),
    place=st.integers(0, 239),
)
def test_no_line_is_said_twice_and_every_conversation_ends(acts: list[str], seed: int, place: int) -> None:
    """Whatever answers do, lines never repeat, and the user comes to an end of their own."""
    meeting = everybody()[place]
    turns: list[Turn] = []
    for act in acts:
        said = asyncio.run(ScriptedUser(seed).say(meeting, turns))
        turns.append(Turn(said.text, said.state, Response("", "", 0, "x"), act))  # type: ignore[arg-type]
        if said.last:
            break
    else:
        raise AssertionError("no end")
    assert len({turn.said for turn in turns}) == len(turns)


def test_the_seed_and_the_draw_pick_the_lines() -> None:
    """The same seed and draw say the same; others say something else."""
    lines = {
        (seed, meeting.draw): tuple(turn.said for turn in talk(meeting, ["Well."] * 6, seed))
        for seed in (1, 2)
        for meeting in meetings("sunday-roast", draws=2)
        if meeting.side == "vulnerable"
    }
    assert len(set(lines.values())) == 4
    again = meetings("sunday-roast")[0]
    assert tuple(turn.said for turn in talk(again, ["Well."] * 6, 1)) == lines[1, 0]
