"""What users talk about."""

from __future__ import annotations

import numpy as np

from seatrial.evidence.replay.topics import topics_of
from seatrial.instruments.embedding import embed

COOKING = "How long do I roast {} in the oven, and with which spice?"
RENT = "My landlord keeps my deposit because of {}. What does the contract say?"
THINGS = [f"{noun} number {number}" for noun in ("pumpkin", "lamp", "window", "carrot") for number in range(20)]


def _asked() -> tuple[list[str], list[str]]:
    asked = [*(COOKING.format(one) for one in THINGS), *(RENT.format(one) for one in THINGS)]
    return asked, [f"u{number}" for number in range(len(asked))]


def test_what_is_about_the_same_is_together_and_named_by_it() -> None:
    """Two matters come apart, and no topic mixes them; a topic's words are its own users'."""
    asked, users = _asked()
    found = topics_of(asked, embed(asked), users)
    assert sorted(place for one in found for place in one.places) == list(range(160))
    for one in found:
        cooking = np.mean([place < 80 for place in one.places])
        assert cooking in (0.0, 1.0)
        wanted = {"roast", "oven", "spice"} if cooking else {"landlord", "deposit", "contract", "keeps", "because"}
        assert not one.words or set(one.words) & {*wanted, "pumpkin", "lamp", "window", "carrot", "number"}
    assert any(one.words for one in found)
    assert not {"and", "the", "which", "what", "because"} & {word for one in found for word in one.words}
    assert [len(one.places) for one in found] == sorted((len(one.places) for one in found), reverse=True)


def test_a_word_of_two_users_names_nothing() -> None:
    """However often they write it: it may be a name."""
    asked = [f"Does Zebulon like {thing}?" for thing in THINGS[:40]] + [RENT.format(thing) for thing in THINGS[:40]]
    few = ["u0", "u1"] * 20 + [f"v{number}" for number in range(40)]
    assert not any("zebulon" in one.words for one in topics_of(asked, embed(asked), few))
    many = [f"u{number}" for number in range(80)]
    assert any("zebulon" in one.words for one in topics_of(asked, embed(asked), many))


def test_marks_of_what_was_taken_out_are_no_words() -> None:
    """`<PERSON>` says nothing of what is talked about."""
    asked = [f"<PERSON> asks about {thing}" for thing in THINGS[:40]] + [RENT.format(thing) for thing in THINGS[:40]]
    users = [f"u{number}" for number in range(80)]
    assert not any("person" in one.words for one in topics_of(asked, embed(asked), users))


def test_a_few_conversations_are_one_topic_and_the_same_everywhere() -> None:
    """Without others to differ from it has no words; the same texts give the same topics."""
    asked, users = _asked()
    (one,) = topics_of(asked[:20], embed(asked[:20]), users[:20])
    assert one.words == () and one.name == "no common words" and len(one.places) == 20
    assert topics_of(asked, embed(asked), users) == topics_of(asked, embed(asked), users)
    same = ["Is it?"] * 60
    assert sum(len(one.places) for one in topics_of(same, embed(same), users[:60])) == 60
