"""Why answers are missing, and what of the replies was not read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from seatrial.instruments import Instrument, find_instrument
from seatrial.instruments.judges import LONGEST, Judge
from seatrial.report import Unanswered
from seatrial.review.findings.no_answers import graded_in_part, lacking, taken_off, unanswered
from seatrial.review.rounds import Rounds
from seatrial.suites import find_suites, load_suite
from seatrial.types import Message, Response

SUITE = load_suite(find_suites()["behavior/unearned-praise"])
Compared = Callable[..., Rounds]


def _reading(compared: Compared, instrument: str, *said: Response, source: str = "live") -> Rounds:
    """Return a gate of that instrument whose candidate replied so, item by item."""
    rounds = compared({"behavior/a": ([0.5] * len(said), [0.5] * len(said))})
    (run,) = rounds.gates
    signal = replace(run.plan.signal, instrument=find_instrument(instrument))
    run.plan = replace(run.plan, signal=signal, source=source)  # type: ignore[arg-type]
    run.responses["candidate"] = [
        replace(one, item=f"i{place}", suite="behavior/a", draw=0) for place, one in enumerate(said)
    ]
    return rounds


def _said(text: str, stop: str = "stop", thinking: str | None = None) -> Response:
    return Response("", "", 0, text, stop=stop, thinking=thinking)


@pytest.mark.parametrize(
    ("response", "reason", "advice"),
    [
        (_said("<think>I refuse"), "cut off while still thinking", "give the candidate a larger `generation: {max_tok"),
        (_said("", "length", "hm"), "cut off while still thinking", "max_tokens"),
        (_said("", "length"), "cut off at `max_tokens`", "max_tokens"),
        (_said("Sure, first", "content_filter"), "withheld by a content filter", "the candidate's endpoint"),
        (_said("Let me look", "tool_calls"), "asked for a tool", "without tools"),
        (_said(" "), "empty answer", ""),
    ],
)
def test_each_missing_answer_has_its_reason_and_what_to_set(
    compared: Compared, response: Response, reason: str, advice: str
) -> None:
    """What ended a reply before its answer is told, with the setting that would change it."""
    (run,) = _reading(compared, "text/refusal", response).gates
    (lost,) = [one for one in unanswered(run) if one.role == "candidate"]
    assert reason in lost.reason
    assert advice in lost.advice


def test_a_probe_of_a_model_that_thinks_first_says_so(compared: Compared) -> None:
    """The first token of thinking is not the answer's, and more tokens would not help."""
    thinker = Response("", "", 0, "<think>", (("<think>", 0.0),), stop="length")
    whole = Response("", "", 0, "<think>hm</think>Yes", (("<think>", 0.0),))
    (run,) = _reading(compared, "probe/affirm", thinker, whole).gates
    lost = [one for one in unanswered(run) if one.role == "candidate"]
    assert len(lost) == 2
    assert all("thinks before it answers" in one.reason and "logprobs: 0" in one.advice for one in lost)


def test_recorded_answers_can_only_be_recorded_anew(compared: Compared) -> None:
    """No setting of the review makes a recorded answer longer."""
    (run,) = _reading(compared, "text/refusal", _said("<think>hm"), source="recorded").gates
    assert "record the candidate's answers anew" in unanswered(run)[0].advice


def test_reasons_are_counted_by_gate_and_model() -> None:
    """The commonest come first with their numbers; many of them are cut short, and so is a long one."""
    lost = [Unanswered("b/x", "candidate", f"i{place}", "cut", "set more") for place in range(3)]
    lost += [Unanswered("b/x", "candidate", "i3", "withheld")]
    lost += [Unanswered("b/x", "baseline", f"i{place}", f"reason {place}" + "!" * 300) for place in range(5)]
    baseline, candidate = lacking(lost)
    assert candidate == "b/x: 4 items lack a usable answer of the candidate: 3 × cut (set more); 1 × withheld."
    assert baseline.endswith("2 for other reasons.")
    assert len(baseline) < 900


def test_an_item_lost_in_several_draws_is_one_item() -> None:
    """Draws of one item do not make it several."""
    lost = [Unanswered("b/x", "candidate", "i0", "cut")] * 3
    assert lacking(lost) == ["b/x: 1 item lacks a usable answer of the candidate: 1 × cut."]


def test_thinking_and_cut_answers_are_counted_once(compared: Compared) -> None:
    """How many replies began with thinking, and how many answers lack their end, is said of each model."""
    said = [_said("<think>hm</think>Yes."), _said("<think>hm"), _said("Yes", "length"), _said("Yes.")]
    thinking, short = taken_off(_reading(compared, "text/refusal", *said))
    assert thinking == "Thinking was taken off, and is read by nothing: 2 of 4 answers of the candidate."
    assert "1 of 4 answers of the candidate" in short
    assert taken_off(_reading(compared, "text/refusal", _said("Yes."))) == []


@pytest.mark.parametrize(
    ("judge", "said"),
    [
        (
            Judge("judge/fair", SUITE, identity="m"),
            "judge/fair graded without their middle 2 of 3 answers of the c",
        ),
        (Judge("judge/file", SUITE), ""),
        (find_instrument("text/refusal"), ""),
    ],
)
def test_answers_that_a_judge_was_not_shown_whole_are_counted(compared: Compared, judge: Instrument, said: str) -> None:
    """Beyond the letters that a judge is shown, unseen ones aside, an answer counts: of judges that read it here."""
    texts = ["x" * LONGEST, "x" * (LONGEST + 1), f"{'y' * LONGEST}{chr(0x200B) * 9}", "z" * 3 * LONGEST]
    rounds = _reading(compared, "text/refusal", *map(_said, texts[1:]))
    (run,) = rounds.gates
    run.plan = replace(run.plan, signal=replace(run.plan.signal, instrument=judge))
    found = graded_in_part(rounds)
    assert len(found) == bool(said)
    assert all(said in one and "of more than 12,000 letters it is shown the beginning" in one for one in found)
    run.responses["candidate"] = [replace(run.responses["candidate"][0], text=texts[0])]
    assert graded_in_part(rounds) == []


def test_a_turn_that_a_judge_was_not_shown_whole_counts_too(compared: Compared) -> None:
    """What stands in the middle of a long conversation's turn is not graded with either."""
    rounds = _reading(compared, "text/refusal", _said("a"), _said("b"))
    (run,) = rounds.gates
    long = replace(run.plan.items[0], messages=(Message("user", "x" * LONGEST * 2),))
    signal = replace(run.plan.signal, instrument=Judge("judge/fair", SUITE, identity="m"))
    clusters = tuple(tuple(long if one.id == long.id else one for one in held) for held in run.plan.clusters)
    run.plan = replace(run.plan, clusters=clusters, signal=signal)
    (said,) = graded_in_part(rounds)
    assert "1 of 2 answers of the candidate" in said
