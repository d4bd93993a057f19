"""What calls took, how many fail in a row, and the first error of many."""

from __future__ import annotations

import pytest

from seatrial.collect.meter import FAILURES_IN_A_ROW, MOST_CUT_SHORT, Meter, first_error
from seatrial.errors import CallFailed, ModelError, SeatrialError, StoreError
from seatrial.types import Response, Spend, Usage

ANSWER = Response("i", "s", 0, "Yes.", usage=Usage(7, 3, 0.5, 0.25))


def test_an_answer_of_another_review_costs_nothing() -> None:
    """What another review paid for is counted, and its tokens and cost are not."""
    meter = Meter("m")
    meter.answered(Response("i", "s", 0, "a", usage=Usage(7, 3, 0.5, 0.25)), fresh=False, taken=True)
    assert meter.spend == Spend(taken_over=1)


def test_answers_are_added_up() -> None:
    """Tokens and cost of all answers count, asked now or found in the store; calls and finds are told apart."""
    meter = Meter("m")
    for fresh in (True, True, False):
        meter.answered(ANSWER, fresh=fresh)
    assert meter.spend == Spend(calls=2, reused=1, tokens_in=21, tokens_out=9, seconds=1.5, cost=0.75)


def test_seconds_are_those_measured_here_where_there_are_any() -> None:
    """What a caller timed goes before what the answer says of itself."""
    meter = Meter("m")
    meter.answered(ANSWER, fresh=True, seconds=2.0)
    assert meter.spend.seconds == 2.0


def _fail(meter: Meter, times: int) -> None:
    for number in range(times):
        meter.failed(CallFailed(f"refused {number}."))


def test_a_model_that_only_fails_is_down() -> None:
    """The twentieth failure in a row ends the work, with its words and what to try; those before do not."""
    meter = Meter("judge/strict", "Set `structured: false`.")
    _fail(meter, FAILURES_IN_A_ROW - 1)
    assert meter.spend == Spend(failed=FAILURES_IN_A_ROW - 1)
    words = r"^judge/strict: 20 calls in a row failed, .*refused 0\. Set `structured: false`\.$"
    with pytest.raises(ModelError, match=words):
        _fail(meter, 1)


def test_only_an_answer_made_now_ends_a_row_of_failures() -> None:
    """A model that answers is up; one whose earlier answers are found in the store may be down all the same."""
    for fresh, down in ((True, False), (False, True)):
        meter = Meter("m")
        _fail(meter, FAILURES_IN_A_ROW - 1)
        meter.answered(ANSWER, fresh=fresh)
        if down:
            with pytest.raises(ModelError):
                _fail(meter, 1)
        else:
            _fail(meter, 1)
            assert meter.spend.failed == FAILURES_IN_A_ROW


def test_the_first_error_is_no_group() -> None:
    """Whatever is wrapped in groups of groups, the sentence that a person reads is that of the first single error."""
    inner = ExceptionGroup("inner", [StoreError("the disk is full"), ModelError("later")])
    found = first_error(ExceptionGroup("outer", [inner, ValueError("last")]))
    assert isinstance(found, SeatrialError)
    assert str(found) == "the disk is full"


def _cut(thinking: str | None = None, *, first: bool = False) -> Response:
    alternatives = (("Yes", -0.1),) if first else ()
    return Response("i", "s", 0, "", alternatives, "length", thinking=thinking)


@pytest.mark.parametrize("reply", [_cut(), _cut("Let me see")], ids=["cut", "thinking"])
@pytest.mark.parametrize("fresh", [True, False])
def test_replies_without_an_answer_end_it_with_the_setting(reply: Response, fresh: bool) -> None:
    """The message says how many, of whom and what to set; those found again count, so nothing is spent before it is."""
    meter = Meter("m", whose="the candidate")
    for _ in range(MOST_CUT_SHORT - 1):
        meter.answered(reply, fresh=fresh)
    with pytest.raises(ModelError, match=r"m: 20 of 20 .*give the candidate a larger `generation: \{max_tokens"):
        meter.answered(reply, fresh=fresh)


def test_a_few_among_many_answers_end_nothing() -> None:
    """Less than one in ten is for the report: a model that now and then thinks on for ever can still be reviewed."""
    meter = Meter("m")
    for _ in range(3 * MOST_CUT_SHORT):
        for reply in (*[ANSWER] * 10, _cut()):
            meter.answered(reply, fresh=True)


@pytest.mark.parametrize(
    "reply", [_cut(first=True), Response("i", "s", 0, ""), Response("i", "s", 0, "x", stop="length")]
)
def test_what_a_longer_answer_would_not_mend_ends_nothing(reply: Response) -> None:
    """A first token with its alternatives, an empty answer that ended by itself and one cut off after text go on."""
    meter = Meter("m")
    for _ in range(3 * MOST_CUT_SHORT):
        meter.answered(reply, fresh=True)
