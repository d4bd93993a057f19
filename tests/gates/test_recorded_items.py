"""The items of two transcripts that a gate compares."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import cast

import pytest

from seatrial.errors import EvidenceError, PolicyError
from seatrial.gates.recorded_items import check_labels, recorded_items
from seatrial.instruments import declared_signal
from seatrial.models.base import Model, RecordedModel
from seatrial.policy import SignalSpec
from seatrial.types import Item, Message, Response, Role

RUDE = SignalSpec(column="rude")
MATCH = SignalSpec(instrument="match/contains")


@dataclass
class Held:
    """What is looked at of transcripts: their items."""

    name: str
    held: tuple[Item, ...] = ()

    def items(self) -> tuple[Item, ...]:
        """What they hold."""
        return self.held


@dataclass
class Labelled(Held):
    """Transcripts whose answers carry a label."""

    labels: dict[str, str] = field(default_factory=dict)
    identity: str = ""
    live: bool = False
    logprobs: int = 0
    concurrency: int = 1

    async def ask(self, request: object) -> None:
        """Nothing is asked."""

    async def __aenter__(self) -> None:
        """Nothing to start."""

    async def __aexit__(self, *error: object) -> None:
        """Nothing to stop."""

    def answers(self, item: Item) -> tuple[Response, ...]:
        """One answer."""
        return (Response(item.id, "t", 0, "Yes.", labels=(("rude", self.labels[item.id]),)),)

    def place(self, answer: Response) -> str:
        """Its place."""
        return f"{self.name}:{answer.item}"

    def told(self) -> tuple[str, ...]:
        """Nothing to tell."""
        return ()


def _item(name: str, text: str = "", *targets: str, **labels: str) -> Item:
    return Item(name, "t", (Message("user", text or name),), targets, labels=tuple(labels.items()))


def _read(baseline: Sequence[Item], candidate: Sequence[Item], spec: SignalSpec = RUDE) -> list[Item]:
    models = {"baseline": Held("transcripts/a", tuple(baseline)), "candidate": Held("transcripts/b", tuple(candidate))}
    return recorded_items("behavior/tone", spec, cast(dict[Role, RecordedModel], models))


def test_items_of_either_file_count_and_the_baselines_row_goes_first() -> None:
    """An item that only one file holds is a missing answer, not none."""
    one, other = _item("b", n="1"), _item("b", n="2")
    a, c = _item("a", n="1"), _item("c", n="1")
    assert _read([a, one], [other, c]) == [one, c, a]
    assert _read([a, other], [one, c], SignalSpec(column="rude", where={"n": ["1"]})) == [c, a]


def test_files_that_share_nothing_or_of_which_nothing_is_selected_are_refused() -> None:
    """The message names both files, or the number of items that there were."""
    with pytest.raises(
        EvidenceError, match=r"^transcripts/a and transcripts/b share no item: none of their prompts or"
    ):
        _read([_item("a")], [_item("b")])
    with pytest.raises(PolicyError, match="signals: behavior/tone: `where` selects none of the 3 items"):
        one, two, three = (_item(name, n="1") for name in "abc")
        _read([one, two], [one, three], SignalSpec(column="rude", where={"n": ["2"]}))


def test_white_space_makes_no_other_question() -> None:
    """Spaces at the ends of a prompt, doubled ones and line ends are no difference."""
    assert len(_read([_item("a", "Say  yes \n")], [_item("a", "Say\tyes")])) == 1


def test_other_questions_are_refused_with_their_number_and_the_first_difference() -> None:
    """The first by name is shown, with both readings; an item that one file alone holds has one question."""
    same = [_item("a"), _item("d")]
    with pytest.raises(EvidenceError) as refused:
        _read([*same, _item("c", "Say c"), _item("b", "Say b")], [*same, _item("c", "Say x"), _item("b", "Say y")])
    assert str(refused.value) == (
        "2 items, first 'b', have one prompt in transcripts/a and another in transcripts/b: turn 1 reads 'Say b' and "
        "'Say y'. Answers to different questions cannot be compared: mend the prompt, or use ids that mean the same in "
        "both files, or leave such rows out with `where`."
    )
    with pytest.raises(
        EvidenceError, match=r"^the item 'b' has one prompt in transcripts/a and another in transcripts/b"
    ):
        _read([*same, _item("b", "Say b")], [*same, _item("b", "Say y")])
    assert len(_read([_item("a"), _item("b", "Say b")], [_item("a"), _item("c", "Say y")])) == 3


def test_a_row_that_is_not_selected_refuses_nothing() -> None:
    """Only what the gate reads must be the same question in both files."""
    before = [_item("a", n="1"), _item("b", "Say b", n="2")]
    after = [_item("a", n="1"), _item("b", "Say y", n="2")]
    assert _read(before, after, SignalSpec(column="rude", where={"n": ["1"]})) == [before[0]]
    with pytest.raises(EvidenceError, match="the item 'b' has one prompt"):
        _read(before, after, SignalSpec(column="rude", where={"n": ["2"]}))


def test_a_match_takes_the_accepted_answers_of_either_file() -> None:
    """Where one file alone gives them they are taken, in any order where both do; other instruments take the row."""
    before = [_item("a"), _item("b", "", "x", "y"), _item("c", "", "z")]
    after = [_item("a", "", "w"), _item("b", "", "y", "x"), _item("c"), _item("d", "", "v")]
    found = {item.id: item.targets for item in _read(before, after, MATCH)}
    assert found == {"a": ("w",), "b": ("x", "y"), "c": ("z",), "d": ("v",)}
    assert found == {item.id: item.targets for item in _read(before, after, SignalSpec(instrument="match/exact"))}
    plain = _read(before, after, SignalSpec(instrument="text/length"))
    assert [item for item in plain if item.id != "d"] == before
    assert _read([_item("a")], [_item("a")]) == [_item("a")]


def test_a_match_needs_accepted_answers_and_one_set_of_them() -> None:
    """Items without any are counted, the first named and the column told; two sets for one item are refused."""
    with pytest.raises(EvidenceError) as refused:
        _read([_item("a", "", "x"), _item("c"), _item("b")], [_item("b"), _item("c")], MATCH)
    told = (
        "signals: behavior/tone: match/contains compares answers with accepted ones, and 2 of 3 items have none, first"
    )
    assert str(refused.value).startswith(told)
    assert "a column `targets`, such as `Paris | City of Paris`" in str(refused.value)
    assert "columns: {targets: …}" in str(refused.value)
    clash = "the item 'a' accepts x | y in transcripts/a and x in transcripts/b; give the same `targets`"
    with pytest.raises(EvidenceError, match=f"^{re.escape(clash)}"):
        _read([_item("a", "", "x", "y")], [_item("a", "", "x")], MATCH)


def test_a_label_that_fits_no_number_is_told_with_its_place() -> None:
    """Labels of the chosen items are read of every model that is recorded; those of others are not looked at."""
    signal = declared_signal("behavior/tone", RUDE)
    items = [_item("a"), _item("b")]
    good = Labelled("transcripts/a", tuple(items), {"a": "1", "b": "0", "c": "odd"})
    bad = replace(good, name="transcripts/b", labels={"a": "1", "b": "odd"})
    both = cast(dict[Role, Model], {"baseline": good, "candidate": good})
    check_labels(signal, items, both)
    check_labels(signal, items, cast(dict[Role, Model], {"baseline": Held("x"), "candidate": good}))
    for models in ({"baseline": bad, "candidate": good}, {"baseline": good, "candidate": bad}):
        with pytest.raises(EvidenceError, match=r"^transcripts/b:b: "):
            check_labels(signal, items, cast(dict[Role, Model], models))
    check_labels(signal, items[:1], cast(dict[Role, Model], {"baseline": bad, "candidate": bad}))
