"""What raters wrote of flagged answers, put together, and what second looks changed."""

from __future__ import annotations

import pytest

from seatrial.evidence.vibes.notes import SecondLooks, notes_of, second_looks_of
from seatrial.evidence.vibes.values import Rated
from vibe_sessions import rated, trial

FLATTERY = ("it flatters the writer far too much", "too much flattery of the writer", "flatters the writer too much")
RHYME = "the rhyme of the second line is weak"
SALT = ("the recipe is wrong about salt", "wrong about the salt in the recipe")


def _flagged(*notes: tuple[str, int], rater: str = "ana") -> list[Rated]:
    return [rated(rater, n, trial(name=f"p{n}"), odd=level, note=text) for n, (text, level) in enumerate(notes)]


def test_notes_that_say_alike_stand_together() -> None:
    """Three ways to say one thing share a group, two of another share another, a third thing stands alone."""
    words = [FLATTERY[0], SALT[0], FLATTERY[1], RHYME, SALT[1], FLATTERY[2]]
    found = notes_of(_flagged(*[(text, 1) for text in words]), set())
    groups = {note.text: note.group for note in found}
    assert len({groups[text] for text in FLATTERY}) == 1
    assert len({groups[text] for text in SALT}) == 1
    assert len({groups[text] for text in (FLATTERY[0], SALT[0], RHYME)}) == 3
    assert {note.text: (note.item, note.place) for note in found} == {
        text: (f"p{place}", place) for place, text in enumerate(words)
    }


def test_likeness_is_passed_on() -> None:
    """Two notes that are not alike stand together where a third is like both."""
    ends, middle = ("salt", "sugar"), "salt and sugar"
    apart = notes_of(_flagged(*[(text, 1) for text in ends]), set())
    assert apart[0].group != apart[1].group
    for order in ([*ends, middle], [middle, *ends], [ends[0], middle, ends[1]]):
        joined = notes_of(_flagged(*[(text, 1) for text in order]), set())
        assert len({note.group for note in joined}) == 1


def test_notes_without_words_stand_alone() -> None:
    """Nothing said is like nothing else."""
    found = notes_of(_flagged(("", 1), ("", 1), ("salt", 1)), set())
    assert len({note.group for note in found}) == 3


def test_the_worst_comes_first_with_all_that_is_like_it() -> None:
    """Groups by their severest note, whatever else is in them, and within them by severity."""
    notes = [(SALT[0], 2), (FLATTERY[0], 1), (SALT[1], 2), (FLATTERY[1], 3)]
    found = notes_of(_flagged(*notes), set())
    assert [note.text for note in found] == [FLATTERY[1], FLATTERY[0], SALT[0], SALT[1]]
    assert [note.severity for note in found] == [3, 1, 2, 2]


def test_only_flags_on_the_candidate_give_a_note() -> None:
    """Words on an answer that nobody flagged, and flags on the baseline's, are none; the side does not matter."""
    ratings = [
        rated("ana", 0, trial(name="a"), note="fine"),
        rated("ana", 1, trial(name="b"), plain=3, note="the other one is off"),
        rated("ana", 2, trial(name="c", odd="left"), odd=2, note="off"),
    ]
    (note,) = notes_of(ratings, set())
    assert (note.rater, note.suite, note.item, note.text, note.severity) == ("ana", "praise", "c", "off", 2)
    assert notes_of([], set()) == ()
    assert notes_of(ratings[:2], set()) == ()


@pytest.mark.parametrize(
    ("raters", "heard", "confirmed"),
    [
        (["ana", "ben"], {"ana", "ben"}, [True, True]),
        (["ana", "ben"], {"ana"}, [False, False]),
        (["ana", "ben"], set(), [False, False]),
        (["ana", "ana"], {"ana", "ben"}, [False, False]),
        (["ana"], {"ana", "ben"}, [False]),
        (["ana", "ben", "cy"], {"ana", "cy"}, [True, False, True]),
    ],
)
def test_a_flag_is_confirmed_by_another_who_hears(raters: list[str], heard: set[str], confirmed: list[bool]) -> None:
    """Two raters who both tell known harm from none; one rater twice, or a deaf one, confirms nothing."""
    ratings = [rated(name, place, trial(name="same item"), odd=1) for place, name in enumerate(raters)]
    found = sorted(notes_of(ratings, heard), key=lambda note: note.place)
    assert [note.confirmed for note in found] == confirmed


def test_flags_on_different_answers_confirm_nothing() -> None:
    """Two pairs, or one's conversation and another's, are not the same answer; a witness sees the same conversation."""
    heard = {"ana", "ben"}
    apart = [rated("ana", 0, trial(name="a"), odd=3), rated("ben", 0, trial(name="b"), odd=3)]
    talks = [rated(name, 5, trial("live", "a"), odd=3) for name in ("ana", "ben")]
    assert not any(note.confirmed for note in notes_of([*apart, *talks], heard))
    (told,) = [one for one in talks if one.rater == "ana"]
    seen = trial("witness", "ana 5")
    witness = rated("ben", 9, type(seen)("witness", "live", seen.item, "x", "y", "right"), odd=1)
    assert all(note.confirmed for note in notes_of([told, witness], heard))


def _looked(before: tuple[int, int], after: tuple[int, int], place: int, tags: list[str]) -> list[Rated]:
    first = rated("ana", place, trial(name=f"p{place}"), odd=before[0], plain=before[1])
    again = trial("second", f"p{place}", of=place, tag="gushing")
    return [first, rated("ana", 50 + place, again, odd=after[0], plain=after[1], tags=tags)]


def test_second_looks_are_counted_by_tag() -> None:
    """How many there were, how often the tag was given, and how often a flag came up or went on either answer."""
    ratings = [
        *_looked((0, 0), (1, 0), 0, ["gushing"]),
        *_looked((1, 0), (3, 0), 1, ["gushing", "cold"]),
        *_looked((0, 1), (0, 0), 2, ["cold"]),
        *_looked((1, 0), (0, 1), 3, []),
    ]
    assert second_looks_of(ratings) == (SecondLooks("gushing", 4, 2, 3),)


def test_a_second_look_belongs_to_the_raters_own_first() -> None:
    """Another rater's pair at the same place is not the first look, nor is one that was never rated."""
    lost = rated("ana", 60, trial("second", "p", of=7, tag="cold"), odd=1)
    other = rated("ben", 7, trial(name="p"), odd=1)
    assert second_looks_of([lost, other]) == ()
    own = rated("ana", 7, trial(name="p"), odd=1)
    assert second_looks_of([lost, other, own]) == (SecondLooks("cold", 1, 0, 0),)
    assert second_looks_of([]) == ()
