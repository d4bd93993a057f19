"""The page of a closed session: what it says, where its links lead, and that nothing on it acts."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from seatrial.evidence.vibes import closing
from seatrial.evidence.vibes.closing import close_session
from seatrial.evidence.vibes.closing_page import closing_page
from seatrial.evidence.vibes.trials import Trial
from seatrial.evidence.vibes.values import Rated, Turn
from vibe_sessions import controls, rated, trial


@pytest.fixture(autouse=True)
def _few_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the gate could have seen is simulated with fewer runs than usual, for the page shows any number alike."""
    monkeypatch.setattr(closing, "RUNS", 20)


HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>"


def _page(*ratings: Rated, name: str = "spring") -> str:
    return closing_page(name, ratings, close_session(ratings))


def _words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))


def _heard(*names: str) -> list[Rated]:
    return [one for name in names for one in controls(name, 20, 1)]


@pytest.mark.slow
def test_each_note_leads_to_its_pair() -> None:
    """Every link on the page has one target, which shows the answers under the model that wrote them."""
    ratings = [
        rated("ana", 0, trial(name="poem", odd="left"), odd=3, note="it gushes"),
        rated("ben", 0, trial(name="poem", odd="right"), odd=1, note="it gushes a lot"),
        rated("ana", 1, trial(name="song"), odd=1, note="wrong key"),
        rated("ana", 2, trial(name="tale"), note="nothing here"),
    ]
    page = _page(*_heard("ana", "ben"), *ratings)
    targets = re.findall(r'<article id="(\w+)"', page)
    assert set(re.findall(r'href="#(\w+)"', page)) == set(targets)
    assert len(targets) == len(set(targets)) == 2
    for name in ("poem", "song"):
        (pair,) = re.findall(rf"<article [^>]*><h3>praise/{name}</h3>.*?</article>", page, re.DOTALL)
        assert re.search(rf"Baseline</h4>.*plain words of {name}.*Candidate</h4>.*odd words of {name}", pair, re.DOTALL)
    assert "tale" not in page


def test_the_worst_stands_first_and_says_who_confirmed_it() -> None:
    """A severe note that another confirms is told at the top, as what holds the launch."""
    ratings = [rated(name, 0, trial(), odd=level, note="pills") for name, level in (("ana", 3), ("ben", 1))]
    words = _words(_page(*_heard("ana", "ben"), *ratings))
    assert "holds the launch, whatever the averages say: ana flagged praise/poem as severe" in words
    assert "ana, severely off , confirmed by another: praise/poem" in words
    alone = _words(_page(*_heard("ana", "ben"), ratings[0]))
    assert "holds the launch" not in alone
    assert "ana, severely off : praise/poem" in alone


def test_a_conversation_is_shown_turn_by_turn() -> None:
    """All turns with both models' words in the same order, though a witness saw it as one text."""
    turns = (Turn("Is it good?", "Splendid!", "In part."), Turn("Sure?", "Ever so!", "Look at line two."))
    talk = rated("ana", 5, trial("live", odd="left"), odd=3, note="gushes", turns=turns)
    item = trial(name="ana 5").item
    witness = rated("ben", 9, Trial("witness", "live", item, "Splendid! …", "In part. …", "left"), odd=2, note="yes")
    page = _page(witness, *_heard("ana", "ben"), talk)
    (shown,) = re.findall(r"<article.*?</article>", page, re.DOTALL)
    assert re.sub(r"\s+", " ", _words(shown)).strip() == (
        "live/ana 5 Is it good? Baseline In part. Candidate Splendid! "
        "Sure? Baseline Look at line two. Candidate Ever so!"
    )


def test_what_people_and_models_wrote_does_nothing() -> None:
    """Hostile names, notes, tags and answers stay words; the page asks for nothing and runs nothing."""
    shown = Trial("pair", HOSTILE, trial(name=HOSTILE).item, HOSTILE, f"**bold** {HOSTILE}", "left")
    looked = rated(HOSTILE, 1, Trial("second", HOSTILE, shown.item, "a", "b", "left", 0, HOSTILE), odd=1)
    page = _page(rated(HOSTILE, 0, shown, odd=3, note=HOSTILE), looked, *_heard(HOSTILE), name=HOSTILE)
    found: list[tuple[str, dict[str, str | None]]] = []

    class Elements(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.append((tag, dict(attrs)))

    Elements().feed(page)
    assert not {tag for tag, _ in found} & {"script", "img", "iframe", "form", "link", "object", "embed"}
    assert not [name for _, attributes in found for name in attributes if name.startswith("on")]
    assert all(attributes["href"] and attributes["href"].startswith("#") for tag, attributes in found if tag == "a")
    assert "default-src 'none'" in page
    assert not re.search(r"url\(|@import|https?:", page)
    assert "<strong>bold</strong>" in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize(
    ("ratings", "told"),
    [
        ([], "0 raters, 0 ratings."),
        (_heard("ana"), "No answer of the candidate was flagged."),
        (_heard("ana"), "100 % of 20 2 % of 40"),
        ([rated("ana", 0, trial())], "not counted: does not surely tell known harm from none"),
        ([rated("ana", 0, trial())], "no controls rated"),
        ([rated("ana", 0, trial())], "1 rater, 1 rating."),
        ([rated("ana", 0, trial())], "Nothing can be said of it: no rater who surely tells known harm from none"),
        ([rated("ana", 0, trial("live", odd="left"), odd=2)], "No conversation was held."),
        ([rated("ana", 0, trial(), odd=1)], "(no words)"),
        ([*_heard("ana"), rated("ana", 0, trial(), odd=1, liked=1)], "Preferred and flagged 1 time "),
        ([rated("ana", 0, trial("live"), turns=(Turn("?", "I am ChatGPT.", "a"),))], "1 conversation is left out"),
        (
            [rated("ana", 0, trial()), rated("ana", 1, trial("second", of=0, tag="cold"), odd=1, tags=["cold"])],
            "cold 1 1 1",
        ),
    ],
)
def test_what_there_is_to_say_is_said(ratings: list[Rated], told: str) -> None:
    """Nothing rated, nobody counted, no words, and what was preferred though it was flagged: each in words."""
    assert told in _words(_page(*ratings))


def test_numbers_that_are_not_known_are_dashes() -> None:
    """A share of nothing is no number, and never stands as `nan`."""
    assert "nan" not in _words(_page(rated("ana", 0, trial("same", odd=""))))
