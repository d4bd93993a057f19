"""The nouns."""

from __future__ import annotations

import dataclasses
import json
import math
from dataclasses import replace

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seatrial import types
from seatrial.types import BAD, ClaimVerdict, Decision, Evidence, GateVerdict, Item, Message, Request, Response

ASKED = (Message("user", "Is it?"),)


def _nouns() -> list[type]:
    made: list[type] = [getattr(types, name) for name in types.__all__]
    return [one for one in made if dataclasses.is_dataclass(one)]


@pytest.mark.parametrize("noun", _nouns(), ids=lambda noun: noun.__name__)
def test_every_noun_is_frozen_and_small(noun: type) -> None:
    """No noun can be changed after it is made, nor get attributes that it does not name."""
    assert noun.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert "__slots__" in vars(noun)


def test_an_item_that_stands_alone_is_its_own_cluster_and_contrast() -> None:
    """Without a cluster or a contrast an item takes its own id, so that nothing is counted as belonging together."""
    item = Item("a", "s", ASKED)
    assert (item.cluster, item.contrast) == ("a", "a")
    assert Item("a", "s", ASKED, cluster="c").contrast == "a"
    assert Item("a", "s", ASKED, contrast="k").cluster == "a"


def test_bad_is_no_number_that_compares() -> None:
    """A number that could not be computed is neither below nor above a margin, so it can pass nothing by accident."""
    assert math.isnan(BAD)
    assert not (BAD < 0.05 or BAD > 0.05 or BAD == BAD)


def test_evidence_of_nothing_says_nothing() -> None:
    """Evidence without a measurement is bad in every number, and counts no cluster."""
    numbers = [getattr(Evidence(), one.name) for one in dataclasses.fields(Evidence) if one.type == "float"]
    assert len(numbers) > 10
    assert all(math.isnan(number) for number in numbers)
    assert (Evidence().clusters, Evidence().items, Evidence().calls, Evidence().missing) == (0, 0, 0, 0)
    assert (Evidence().method, Evidence().path) == ("none", ())


@pytest.mark.slow
@settings(deadline=None, max_examples=25)
@given(st.lists(st.from_regex(r"[a-z]{1,6}", fullmatch=True), unique=True, min_size=1, max_size=4), st.data())
def test_the_schema_of_a_reply_takes_what_is_asked_for_and_nothing_else(names: list[str], data: st.DataObject) -> None:
    """Whole numbers from 0 to 10 under just the wanted names are valid; a name more, a name less, 11, ½ are not."""
    schema = Request(Item("a", "s", ASKED), numbers=tuple(names)).schema
    reply: dict[str, object] = {name: data.draw(st.integers(0, 10)) for name in names}
    jsonschema.validate(json.loads(json.dumps(reply)), schema)
    first = names[0]
    for wrong in (
        {**reply, "other!": 1},
        {name: value for name, value in reply.items() if name != first},
        {**reply, first: 11},
        {**reply, first: -1},
        {**reply, first: 0.5},
        {**reply, first: "5"},
    ):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema)


def test_an_answers_text_holds_no_thinking_however_it_was_made() -> None:
    """Taken off when it is made, once; what is made of it later stays as it is."""
    said = Response("i", "s", 0, "I refuse.</think>Sure!</think>No.")
    assert (said.text, said.thinking, said.no_answer) == ("Sure!</think>No.", "I refuse.", "")
    assert replace(said, draw=1) == Response("i", "s", 1, said.text, thinking=said.thinking)
    assert replace(said, draw=1).text == said.text
    both = Response("i", "s", 0, "<think>b</think>Sure!", thinking="a")
    assert (both.text, both.thinking) == ("Sure!", "a\n\nb")


def test_the_first_token_of_thinking_is_not_the_answers() -> None:
    """Alternatives of a first token that belongs to thinking, or to a withheld reply, are not read."""
    first = (("Yes", 0.0),)
    assert Response("i", "s", 0, "Yes", first, "length").first == first
    assert Response("i", "s", 0, "<think>hm</think>Yes", first).first == ()
    assert Response("i", "s", 0, "Yes", first, thinking="hm").first == ()
    assert Response("i", "s", 0, "", first, "content_filter").first == ()
    opened = Response("i", "s", 0, "<think>", (("<think>", 0.0),), "length")
    hidden = Response("i", "s", 0, "", (("<think>", -0.1), ("Yes", -2.4)), "length")
    assert [(one.first, one.no_answer) for one in (opened, hidden)] == [((), "thinking")] * 2


def test_what_a_filter_or_a_tools_call_ended_is_no_answer() -> None:
    """Its visible words are kept, and not as an answer."""
    said = Response("i", "s", 0, "Sure, first", stop="content_filter")
    assert (said.text, said.thinking, said.no_answer) == ("", "Sure, first", "filter")
    assert replace(said, item="j").no_answer == "filter"


def test_a_verdict_says_where_in_it_harm_is_likely() -> None:
    """The suites and use cases that point to harm are named, and only those; a family may do so as a whole."""
    above, below = Evidence(low=0.3, clusters=9), Evidence(low=0.1, clusters=9)
    claims = (
        ClaimVerdict("all items", 0.2, "inconclusive", above),
        ClaimVerdict("use case: health", 0.2, "inconclusive", above),
        ClaimVerdict("use case: work", 0.2, "inconclusive", below),
    )
    suites = tuple(
        GateVerdict(f"behavior/{name}", "inconclusive", True, 0.2, below, "why", harm_likely=likely)
        for name, likely in (("a", True), ("b", False))
    )
    whole = GateVerdict("family/x", "inconclusive", True, 0.1, above, "why", claims=claims, members=suites)
    assert whole.points_to == "family/x (behavior/a, use case: health)"
    assert replace(whole, members=(), claims=claims[:1]).points_to == "family/x"


def test_harm_is_likely_only_in_gates_that_are_to_block() -> None:
    """A gate that the policy made advisory is left out; one whose instrument may not block is not."""
    gate = GateVerdict("behavior/a", "inconclusive", True, 0.1, Evidence(), "why", harm_likely=True)
    demoted = replace(gate, signal="behavior/b", blocking=False, demoted=True)
    advisory = replace(gate, signal="behavior/c", blocking=False, advisory="style, not ours")
    plain = replace(gate, signal="behavior/d", harm_likely=False)
    decision = Decision("hold", "why", (gate, demoted, advisory, plain))
    assert [one.signal for one in decision.harm_likely] == ["behavior/a", "behavior/b"]
