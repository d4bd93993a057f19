"""Columns, codes and arms: guessed where one guess is left, and then said; refused otherwise, with what to write."""

from __future__ import annotations

import pytest

from seatrial.errors import EvidenceError
from seatrial.evidence.feedback.columns import READER, arms_of, codes_of, told_columns


def _counted(*words: str) -> dict[str, tuple[int, int]]:
    return {word: (10 - place, place + 1) for place, word in enumerate(words)}


@pytest.mark.parametrize(
    ("words", "up", "down"),
    [
        (("up", "down"), "up", "down"),
        (("thumbs_up", "thumbs_down", "none"), "thumbs_up", "thumbs_down"),
        (("👍", "👎"), "👍", "👎"),
        (("1", "-1", "0"), "1", "-1"),
        (("1", "-1"), "1", "-1"),
    ],
)
def test_codes_with_one_meaning_are_read(words: tuple[str, ...], up: str, down: str) -> None:
    """Words that say themselves what they mean, and a plus and a minus, are read; a guess is told."""
    codes = codes_of("log.csv", "thumb", _counted(*words), ())
    assert up in codes.up and down in codes.down
    assert bool(codes.told) is ("-1" in words)


@pytest.mark.parametrize(
    ("words", "example"),
    [
        (("1", "0"), "--thumb up=1,down=0, or --thumb up=1,none=0"),
        (("1",), "--thumb up=1,down=0, or --thumb up=1,none=0"),
        (("true", "false"), "--thumb up=true,down=false, or"),
        (("up", "down", "meh"), "--thumb up=up,down=down,none=meh"),
        (("5", "1", "3"), "--thumb up=5,down=1,none=3"),
    ],
)
def test_codes_with_two_meanings_are_refused_with_what_to_write(words: tuple[str, ...], example: str) -> None:
    """Where a zero may be a vote or none, or a word has no meaning, the message names row and mapping."""
    with pytest.raises(EvidenceError) as wrong:
        codes_of("log.csv", "thumb", _counted(*words), ())
    assert str(wrong.value).startswith("log.csv: what these thumbs in 'thumb' mean is not sure")
    assert "the first is row" in str(wrong.value)
    assert example in str(wrong.value)


def test_a_mapping_is_taken_as_it_is_written() -> None:
    """Several codes may mean one thing, in any case of their letters; a code that is left out is refused."""
    codes = codes_of("log.csv", "stars", _counted("5", "4", "1", "x"), ("up=5", "up=4", "down=1", "none=X"))
    assert (codes.up, codes.down, codes.none) == (("5", "4"), ("1",), ("x",))
    with pytest.raises(EvidenceError, match="'3'"):
        codes_of("log.csv", "stars", _counted("5", "3"), ("up=5", "down=1"))


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (("over=1",), "write up=CODE, down=CODE or none=CODE"),
        (("up=",), "write up=CODE"),
        (("up=1", "down=1"), "gives '1' two meanings"),
        (("down=0",), "does not say what up is"),
    ],
)
def test_a_mapping_that_cannot_be_is_refused(given: tuple[str, ...], says: str) -> None:
    """A mapping says what up is, each code once."""
    with pytest.raises(EvidenceError, match=says):
        codes_of("log.csv", "thumb", _counted("1"), given)


@pytest.mark.parametrize(
    ("arms", "first", "second"),
    [
        (("baseline", "candidate"), "baseline", "candidate"),
        (("Treatment", "Control"), "Control", "Treatment"),
        (("control",), "control", "treatment"),
    ],
)
def test_arms_that_say_it_themselves_are_read_and_told(arms: tuple[str, ...], first: str, second: str) -> None:
    """Two pairs of names are taken without being asked for, also where one arm is empty."""
    found = arms_of("log.csv", dict.fromkeys(arms, 3), "", "")
    assert (found.baseline, found.candidate) == (first, second)
    assert repr(first) in found.told


@pytest.mark.parametrize("arms", [("A", "B"), ("baseline", "candidate", "holdout"), ("control", "candidate"), ()])
def test_other_arms_are_asked_for(arms: tuple[str, ...]) -> None:
    """No arm is guessed among three, or by its letter."""
    with pytest.raises(EvidenceError, match="Say it with --baseline NAME --candidate NAME"):
        arms_of("log.csv", dict.fromkeys(arms, 3), "", "")
    with pytest.raises(EvidenceError, match="which arm is which"):
        arms_of("log.csv", {"A": 3, "B": 3}, "A", "")


def test_named_arms_are_taken_and_must_be_two() -> None:
    """What is named is not guessed; one arm is no comparison."""
    assert arms_of("log.csv", {"A": 1}, "A", "B").told == ""
    with pytest.raises(EvidenceError, match="name two arms"):
        arms_of("log.csv", {"A": 1}, "A", "A")


def test_a_column_under_another_name_is_told_and_two_are_refused() -> None:
    """`user_id` is read as the user and said; beside `uid` nobody knows which, and the option is named."""
    names = READER.names("log.csv", ["user_id", "arm", "thumb", "voted_at"], {})
    assert told_columns("log.csv", names, {}) == [
        "log.csv: read 'user_id' as the user, 'voted_at' as the time of the vote."
    ]
    with pytest.raises(EvidenceError, match=r"may be 'user_id' or 'uid'. Name it with --user NAME"):
        READER.names("log.csv", ["user_id", "uid", "arm", "thumb"], {})
    with pytest.raises(EvidenceError, match=r"no column for the arm; it has user, thumb. Name it with --arm NAME"):
        READER.names("log.csv", ["user", "thumb"], {})
