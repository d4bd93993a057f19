"""What is added to the end of a rater's session: earlier pairs under a new tag, and other raters' conversations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from seatrial.evidence.vibes.second_looks import LOOKS, TAGS_LOOKED_FOR, WITNESSED
from seatrial.evidence.vibes.store import SessionStore
from seatrial.evidence.vibes.trials import Trial
from seatrial.evidence.vibes.values import Rater, Shown
from vibe_sessions import said, trial

PAIRS = [trial(name=f"p{number}", odd="left" if number % 2 else "right") for number in range(6)]


class _Session:
    """A session of raters with the same trials."""

    def __init__(self, url: str) -> None:
        self.store = SessionStore(url)
        self.links: dict[str, str] = {}

    def plan(self, **plans: Sequence[Trial]) -> None:
        """Plan a session with these trials for each rater."""
        _, self.links = self.store.new("spring", {}, plans)

    def rater(self, name: str) -> Rater:
        """Return a rater of the session."""
        found = self.store.rater(self.links[name])
        assert found
        return found

    def rate(self, name: str, *places: int, **more: object) -> None:
        """Have a rater rate trials, as final unless it is said otherwise."""
        rater = self.rater(name)
        shown = self.store.shown(rater.id)
        waiting = [self.store.saving(rater.id, shown[n].id, said(**more), shown[n].version) for n in places]
        for one in waiting:
            one.result(30)

    def talk(self, name: str, place: int, *turns: tuple[str, str, str], **flags: Any) -> None:
        """Have a rater hold a conversation and rate it."""
        rater = self.rater(name)
        trial = self.store.shown(rater.id)[place].id
        for number, (asked, left, right) in enumerate(turns):
            self.store.ask(rater, trial, number, asked)
            self.store.answer(rater, trial, number, left, right)
        self.rate(name, place, **flags)

    def added(self, name: str) -> list[Shown]:
        """Add what has come up for a rater, and return it."""
        rater = self.rater(name)
        before = len(self.store.shown(rater.id))
        count = self.store.further_looks(rater)
        found = self.store.shown(rater.id)[before:]
        assert len(found) == count
        return found


@pytest.fixture
def session(database: str) -> Iterator[_Session]:
    """A session of ana and ben with six pairs each."""
    made = _Session(database)
    made.plan(ana=PAIRS, ben=PAIRS)
    yield made
    made.store.engine.dispose()


# Second looks


def test_earlier_pairs_come_again_under_a_tag_that_came_up_since(session: _Session) -> None:
    """Two of those that a rater had finished, as they were, each once, at the end, with a public name of their own."""
    session.rate("ben", 0, 1, 2, 3)
    session.rate("ana", 0, tags=["flattery", "gushing"])
    session.rate("ben", 4)
    found = session.added("ben")
    assert [(one.trial.kind, one.trial.tag, one.place) for one in found] == [
        ("second", "gushing", 6),
        ("second", "gushing", 7),
    ]
    assert len({one.trial.of for one in found}) == LOOKS
    for one in found:
        first = PAIRS[one.trial.of]
        assert one.trial.of < 4
        assert (one.trial.left, one.trial.right, one.trial.odd, one.trial.item) == (
            first.left, first.right, first.odd, first.item
        )  # fmt: skip
        assert one.rating is None
    assert session.added("ben") == []
    assert session.store.changes(1, 1)[0][1:] == ("ben", "gets 2 further looks, for what came up since")


def test_whoever_coins_a_tag_looks_again_too(session: _Session) -> None:
    """At what was finished before the tag was first used, and not at the pair on which it was."""
    session.rate("ana", 0)
    session.rate("ana", 1, tags=["gushing"])
    assert [one.trial.of for one in session.added("ana")] == [0]


def test_a_draft_is_no_first_look(session: _Session) -> None:
    """Only what was rated as final before the tag came up is looked at again, though it was changed since."""
    session.rate("ben", 0, done=False)
    session.rate("ben", 1)
    session.rate("ana", 0, tags=["gushing"])
    session.rate("ben", 0, 1)
    assert [one.trial.of for one in session.added("ben")] == [1]


def test_nobody_looks_again_for_more_than_so_many_tags(session: _Session) -> None:
    """After two tags it is enough, whether they came up at once or one after the other."""
    session.rate("ben", 0, 1, 2)
    session.rate("ana", 0, tags=["one"])
    assert {one.trial.tag for one in session.added("ben")} == {"one"}
    session.rate("ana", 1, tags=["two", "three"])
    assert {one.trial.tag for one in session.added("ben")} == {"two"}
    session.rate("ana", 2, tags=["four"])
    assert session.added("ben") == []
    assert TAGS_LOOKED_FOR == 2


def test_tags_that_came_up_before_a_rater_began_use_up_nothing(session: _Session) -> None:
    """A rater who begins late has nothing to look at again for early tags, and still does for a later one."""
    session.rate("ana", 0, tags=["one", "two", "three"])
    session.rate("ben", 0, 1)
    assert session.added("ben") == []
    session.rate("ana", 1, tags=["four"])
    assert [one.trial.tag for one in session.added("ben")] == ["four", "four"]


@pytest.mark.slow
def test_which_pairs_come_again_depends_on_the_rater(database: str) -> None:
    """Chosen by tag and public name, so that not all raters look again at the same ones; and the same on every ask."""
    made = _Session(database)
    names = [f"r{number}" for number in range(8)]
    made.plan(**{name: PAIRS for name in names}, ana=PAIRS)
    for name in names:
        made.rate(name, *range(6))
    made.rate("ana", 0, tags=["gushing"])
    chosen = {tuple(one.trial.of for one in made.added(name)) for name in names}
    assert len(chosen) > 1


@pytest.mark.parametrize("kind", ["pair", "same", "decoy", "spike", "repeat", "live"])
def test_repeats_and_conversations_are_not_looked_at_again(database: str, kind: Any) -> None:
    """Controls are, or their absence would tell them from pairs."""
    made = _Session(database)
    shown = Trial(
        kind,
        "praise",
        trial().item,
        "a",
        "b",
        "" if kind in ("same", "decoy") else "left",
        0 if kind == "repeat" else -1,
    )
    made.plan(ana=PAIRS, ben=[shown])
    made.rate("ben", 0)
    made.rate("ana", 0, tags=["gushing"])
    assert len(made.added("ben")) == (kind in ("pair", "same", "decoy", "spike"))


def test_tags_of_another_session_ask_for_nothing(session: _Session) -> None:
    """What came up elsewhere was not looked for here."""
    session.rate("ben", 0)
    earlier = dict(session.links)
    session.plan(ana=PAIRS)
    session.rate("ana", 0, tags=["gushing"])
    session.links = earlier
    assert session.added("ben") == []


# Witnesses


@pytest.fixture
def talks(database: str) -> Iterator[_Session]:
    """A session in which ana holds six conversations and ben, who rates one pair, may bear witness."""
    made = _Session(database)
    made.plan(ana=[trial("live", f"t{n}", "left") for n in range(6)], ben=[trial()])
    yield made
    made.store.engine.dispose()


def test_a_severe_conversation_comes_to_another_as_it_was(talks: _Session) -> None:
    """Both sides in full, the rater's later words as quotations, the odd side kept, nothing of what was flagged."""
    turns = (("Should I stop?", "Yes!", "Ask first."), ("Sure?\nReally?", "I am proud.", "Please do."))
    talks.talk("ana", 2, *turns, off_left=3, note="pills!")
    (found,) = talks.added("ben")
    shown = found.trial
    assert (shown.kind, shown.suite, shown.item.id, shown.odd) == ("witness", "live", "ana 2", "left")
    assert shown.item.messages[0].content == "Should I stop?"
    assert shown.left == "Yes!\n\n> Sure?\n> Really?\n\nI am proud."
    assert shown.right == "Ask first.\n\n> Sure?\n> Really?\n\nPlease do."
    assert shown.item.use_case == "writing"
    assert "pills" not in str(shown)
    assert talks.added("ben") == []


@pytest.mark.parametrize(
    ("flags", "count"),
    [
        ({"off_left": 3}, 1), ({"off_right": 3}, 1), ({"off_left": 2, "off_right": 2}, 0), ({}, 0),
        ({"off_left": 3, "done": False}, 0),
    ],
)  # fmt: skip
def test_only_what_was_finally_called_severe_needs_a_witness(
    talks: _Session, flags: dict[str, int], count: int
) -> None:
    """On either side; what is merely off, or still being rated, does not."""
    talks.talk("ana", 0, ("hi", "a", "b"), **flags)
    assert len(talks.added("ben")) == count


def test_the_latest_final_rating_counts(talks: _Session) -> None:
    """Whoever takes an alarm back needs no witness, and whoever raises one later does."""
    talks.talk("ana", 0, ("hi", "a", "b"), off_left=3)
    talks.rate("ana", 0, off_left=1)
    assert talks.added("ben") == []
    talks.rate("ana", 0, off_left=3)
    assert len(talks.added("ben")) == 1


@pytest.mark.parametrize(
    ("turns", "count"),
    [
        ((("Who are you?", "I am ChatGPT.", "A friend."),), 0),
        ((("hi", "a", "b"), ("Who are you?", "A friend.", "I'm Claude.")), 0),
        ((), 0),
    ],
)
def test_a_conversation_that_is_not_blind_or_not_there_has_no_witness(
    talks: _Session, turns: tuple[tuple[str, str, str], ...], count: int
) -> None:
    """Where an answer says what wrote it, or where there is none, nobody can look at it blind."""
    talks.talk("ana", 0, *turns, off_left=3)
    assert len(talks.added("ben")) == count


def test_a_turn_without_answers_is_left_out(talks: _Session) -> None:
    """What was asked when a model had died is not part of what another reads."""
    rater = talks.rater("ana")
    name = talks.store.outline(rater.id)[0]
    talks.talk("ana", 0, ("hi", "a", "b"), off_left=3)
    talks.store.ask(rater, name, 1, "are you there?")
    (found,) = talks.added("ben")
    assert (found.trial.left, found.trial.right) == ("a", "b")


def test_nobody_bears_witness_to_their_own_or_to_very_many(talks: _Session) -> None:
    """Four conversations of others at most, over the whole session, and none of one's own."""
    for place in range(6):
        talks.talk("ana", place, ("hi", "a", "b"), off_left=3)
    assert talks.added("ana") == []
    assert len({one.trial.item.id for one in talks.added("ben")}) == WITNESSED
    assert talks.added("ben") == []


def test_pairs_called_severe_need_no_witness(session: _Session) -> None:
    """All raters see the same pairs anyway."""
    session.rate("ana", 0, off_left=3)
    assert session.added("ben") == []
