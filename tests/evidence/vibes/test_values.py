"""What is kept of a session, as values."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.evidence.vibes.forms import Said
from seatrial.evidence.vibes.trials import Trial
from seatrial.evidence.vibes.values import SEVEREST, Conflict, Shown, packed, unpacked
from seatrial.types import Item, Message
from vibe_sessions import trial

WORDS = st.text(max_size=20)
ITEMS = st.builds(
    Item,
    id=WORDS,
    suite=WORDS,
    messages=st.lists(st.builds(Message, st.sampled_from(["system", "user", "assistant"]), WORDS), max_size=3).map(
        tuple
    ),
    targets=st.lists(WORDS, max_size=2).map(tuple),
    use_case=WORDS,
    cluster=WORDS,
    variant=WORDS,
    contrast=WORDS,
    part=st.sampled_from(["", "rewritten", "held out"]),
)
TRIALS = st.builds(
    Trial,
    kind=st.sampled_from(["pair", "same", "spike", "repeat", "live", "second", "witness"]),
    suite=WORDS,
    item=ITEMS,
    left=WORDS,
    right=WORDS,
    odd=st.sampled_from(["left", "right", ""]),
    of=st.integers(-1, 100),
    tag=WORDS,
)


@given(TRIALS)
def test_a_trial_comes_back_as_it_was_kept(one: Trial) -> None:
    """Every field of a trial and of its item survives the text that it is kept as."""
    assert unpacked(packed(one)) == one
    assert hash(unpacked(packed(one))) == hash(one)


def test_what_is_kept_begins_with_the_kind() -> None:
    """Conversations are found in the database by how their text begins."""
    assert packed(trial("live")).startswith('{"kind": "live"')
    assert set(json.loads(packed(trial()))) == {"kind", "suite", "item", "left", "right", "odd", "of", "tag"}


def test_a_conflict_names_the_version_that_is_held() -> None:
    """The page that came too late is told what is there now."""
    conflict = Conflict(4)
    assert conflict.version == 4
    assert str(conflict) == "version 4 is held"


def test_a_trial_that_nobody_edited_has_no_edit() -> None:
    """Without a rating there is no page and no step that it came from."""
    shown = Shown("name", 0, trial(), None, 0)
    assert (shown.tab, shown.step) == ("", 0)


def test_the_severest_flag_is_the_highest_that_a_page_can_send() -> None:
    """What holds a launch is the end of the scale on the page, and nothing lies beyond it."""
    assert Said(version=0, off_left=SEVEREST).off_left == SEVEREST
    with pytest.raises(ValueError, match="off_left"):
        Said(version=0, off_left=SEVEREST + 1)
