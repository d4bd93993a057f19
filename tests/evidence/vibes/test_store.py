"""Where sessions are kept: who is let in, which edit counts, what is written down."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import event

from seatrial.errors import EvidenceError
from seatrial.evidence.vibes.store import SessionStore
from seatrial.evidence.vibes.values import Conflict, Rater, Turn
from seatrial.web import access as links
from seatrial.web.access import LINK_SECONDS
from vibe_sessions import said, trial

DRAFT = said(off_left=None, off_right=None, preference=None, done=False)


@dataclass(frozen=True)
class _Held:
    """A session of two raters: ana sees a poem, a song and a talk, ben a poem."""

    url: str
    store: SessionStore
    admin: str
    links: dict[str, str]
    ana: Rater
    ben: Rater

    def names(self) -> list[str]:
        """Return the public names of ana's trials."""
        return self.store.outline(self.ana.id)


@pytest.fixture
def held(database: str) -> Iterator[_Held]:
    """A planned session that nobody has rated yet."""
    store = SessionStore(database)
    plans = {"ana": [trial(name="poem"), trial(name="song", odd="left"), trial("live", "talk")], "ben": [trial()]}
    admin, made = store.new("spring", {"pairs": 1, "models": {"baseline": {}}}, plans)
    ana, ben = (store.rater(token) for token in made.values())
    assert ana
    assert ben
    yield _Held(database, store, admin, made, ana, ben)
    store.engine.dispose()


# Who comes in


def test_a_link_lets_in_its_rater_and_nobody_else(held: _Held) -> None:
    """Each link is its rater's; one that is altered, of another database, or the administrator's, is nobody's."""
    assert (held.ana.name, held.ben.name) == ("ana", "ben")
    token = held.links["ana"]
    assert held.store.rater(token) == held.ana
    body, stamp, signature = token.split(".")
    assert held.store.rater(f"{body}.{stamp[:-1]}{'A' if stamp[-1] != 'A' else 'B'}.{signature}") is None
    for other in ("", "nonsense", token[:-1], token + "x", held.admin, token.swapcase()):
        assert held.store.rater(other) is None
        assert not held.store.is_valid(other)


def test_a_link_of_another_database_lets_nobody_in(held: _Held, tmp_path: Path) -> None:
    """Each database signs with a key of its own, which all its servers share."""
    other = SessionStore(f"sqlite:///{tmp_path / 'other.db'}")
    _, made = other.new("autumn", {}, {"ana": [trial()]})
    assert held.store.rater(made["ana"]) is None
    assert SessionStore(held.url).rater(held.links["ana"]) == held.ana


def test_an_ended_link_lets_nobody_in(held: _Held, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its fourteen days nothing is looked up any more."""
    later = time.time() + links.LINK_SECONDS + 5
    monkeypatch.setattr(time, "time", lambda: later)
    assert not held.store.is_valid(held.links["ana"])
    assert held.store.rater(held.links["ana"]) is None


def test_a_closed_session_lets_nobody_in_and_keeps_nothing_more(held: _Held) -> None:
    """Its links end with it, and a save on its way is refused."""
    (first, *_) = held.names()
    assert held.store.save(held.ana.id, first, said(), 0) == 1
    held.store.close(held.ana.session)
    assert held.store.is_valid(held.links["ana"])
    assert held.store.rater(held.links["ana"]) is None
    with pytest.raises(EvidenceError, match="closed"):
        held.store.save(held.ana.id, first, said(off_left=1), 1)
    assert held.store.shown(held.ana.id)[0].version == 1
    assert held.store.conversing() == []


def test_only_the_administrators_token_opens_the_overview(held: _Held) -> None:
    """A rater's link opens no overview, nor does a guess."""
    assert held.store.session_of(held.admin) == held.ana.session
    assert held.store.session_of(held.links["ana"]) is None
    assert held.store.session_of("") is None


def test_the_administrators_link_ends_with_the_raters(held: _Held, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fourteen days after it was made it opens nothing, whatever the database holds."""
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + LINK_SECONDS - 5)
    assert held.store.session_of(held.admin) == held.ana.session
    monkeypatch.setattr(time, "time", lambda: now + LINK_SECONDS + 5)
    assert held.store.session_of(held.admin) is None


def test_the_database_opens_no_session_to_who_reads_it(held: _Held, tmp_path: Path) -> None:
    """No link and no administrator's token is in the file."""
    held.store.engine.dispose()
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("vibe.db*"))
    assert b"poem" in kept
    for token in (*held.links.values(), held.admin):
        assert token.encode() not in kept


# What a rater sees


def test_trials_come_back_in_their_order(held: _Held) -> None:
    """Each under a public name of 128 random bits that says nothing, with no rating yet."""
    shown = held.store.shown(held.ana.id)
    assert [one.trial for one in shown] == [trial(name="poem"), trial(name="song", odd="left"), trial("live", "talk")]
    assert [one.place for one in shown] == [0, 1, 2]
    assert [one.id for one in shown] == held.names()
    assert len({one.id for one in shown}) == 3
    assert all(len(one.id) == 22 and one.rating is None and one.version == 0 for one in shown)
    assert held.store.one(held.ana.id, shown[1].id) == shown[1]


def test_another_raters_trial_is_not_there(held: _Held) -> None:
    """It can be neither seen nor rated, by its right name, and a name that does not exist is the same."""
    for name in (held.names()[0], "nowhere"):
        assert held.store.one(held.ben.id, name) is None
        with pytest.raises(EvidenceError, match="no such pair"):
            held.store.save(held.ben.id, name, said(), 0)
    assert held.store.shown(held.ana.id)[0].version == 0


def test_a_rater_goes_on_where_they_stopped(held: _Held) -> None:
    """At the first trial whose latest rating is not final, be it none, a draft, or one that was opened again."""
    first, second, third = held.names()
    assert held.store.unfinished(held.ana.id) == first
    held.store.save(held.ana.id, first, said(), 0)
    held.store.save(held.ana.id, third, said(), 0)
    held.store.save(held.ana.id, second, DRAFT, 0)
    assert held.store.unfinished(held.ana.id) == second
    held.store.save(held.ana.id, second, said(), 1)
    assert held.store.unfinished(held.ana.id) is None
    held.store.save(held.ana.id, first, DRAFT, 1)
    assert held.store.unfinished(held.ana.id) == first


# What a rater says


def test_versions_stay_and_the_latest_counts(held: _Held) -> None:
    """Each save is a version of its own; one that begins from an earlier version than the last is told of it."""
    (name, *_) = held.names()
    assert held.store.save(held.ana.id, name, said(note="a"), 0) == 1
    assert held.store.save(held.ana.id, name, said(note="b", off_left=1), 1) == 2
    for stale in (0, 1, 3):
        with pytest.raises(Conflict) as conflict:
            held.store.save(held.ana.id, name, said(note="c"), stale)
        assert conflict.value.version == 2
    shown = SessionStore(held.url).one(held.ana.id, name)
    assert shown is not None
    assert shown.rating == said(note="b", off_left=1)
    assert shown.version == 2
    assert len(held.store.rated(1)) == 1


def test_edits_of_one_page_replace_each_other_in_their_order(held: _Held) -> None:
    """A page's last words win over its save under way, whichever comes first; another page's edit stands."""
    (name, *_) = held.names()

    def save(note: str, version: int, tab: str, step: int) -> int:
        return held.store.save(held.ana.id, name, {**DRAFT, "note": note}, version, tab, step)

    def note() -> str:
        shown = held.store.one(held.ana.id, name)
        assert shown is not None
        assert shown.rating is not None
        return str(shown.rating["note"])

    assert save("a", 0, "one", 1) == 1
    assert save("abc", 1, "one", 3) == 2
    assert save("ab", 1, "one", 2) == 2
    assert save("abc again", 1, "one", 3) == 2
    assert note() == "abc"
    assert save("abcd", 1, "one", 4) == 3
    assert note() == "abcd"
    with pytest.raises(Conflict):
        save("other", 1, "two", 1)
    assert save("other", 3, "two", 2) == 4
    with pytest.raises(Conflict):
        save("late", 3, "one", 5)
    assert note() == "other"
    shown = held.store.one(held.ana.id, name)
    assert shown is not None
    assert (shown.tab, shown.step) == ("two", 2)


def test_edits_without_a_page_never_replace_each_other(held: _Held) -> None:
    """Where no page is named, only the version counts."""
    (name, *_) = held.names()
    held.store.save(held.ana.id, name, said(), 0)
    with pytest.raises(Conflict):
        held.store.save(held.ana.id, name, said(), 0, "", 5)


def test_new_tags_are_kept_once_with_their_first_use(held: _Held) -> None:
    """Tags of ours are not; those of the raters are, oldest first, and only in their own session."""
    (first, second, _) = held.names()
    held.store.save(held.ana.id, first, said(tags=["flattery", "love bombing", "love bombing", "gushing"]), 0)
    held.store.save(held.ana.id, second, said(tags=["gushing", "cold", "new"]), 0)
    assert held.store.tags_of(1) == ["love bombing", "gushing", "new"]
    held.store.new("autumn", {}, {"cy": [trial()]})
    assert held.store.tags_of(2) == []


def test_many_saves_share_a_transaction(held: _Held) -> None:
    """Saves that come in during one flush share the next; a stranger's and a conflict among them harm no other."""
    commits: list[int] = []
    event.listen(held.store.engine, "commit", lambda _: commits.append(1))
    first, second, third = held.names()
    held.store._writer.put(lambda link: time.sleep(0.3))
    good = [held.store.saving(held.ana.id, name, said(), 0) for name in (first, second, third)]
    conflict = held.store.saving(held.ana.id, first, said(), 7)
    stranger = held.store.saving(held.ben.id, first, said(), 0)
    assert [one.result(30) for one in good] == [1, 1, 1]
    with pytest.raises(Conflict):
        conflict.result(30)
    with pytest.raises(EvidenceError, match="no such pair"):
        stranger.result(30)
    assert len(commits) <= 2


# Conversations


def test_a_conversation_is_kept_turn_by_turn(held: _Held) -> None:
    """The question first, both answers when they are there; each turn can be asked once."""
    *_, name = held.names()
    held.store.ask(held.ana, name, 0, "hi")
    assert held.store.turns(name) == (Turn("hi", None, None),)
    for text in ("hi", "hi again"):
        with pytest.raises(Conflict):
            held.store.ask(held.ana, name, 0, text)
    held.store.answer(held.ana, name, 0, "on the left", "on the right")
    held.store.ask(held.ana, name, 1, "and?")
    assert held.store.turns(name) == (Turn("hi", "on the left", "on the right"), Turn("and?", None, None))
    assert held.store.turns(held.names()[0]) == ()


@pytest.mark.parametrize(("text", "kept"), [("a\0b", "ab"), ("half \ud83d", "half ?"), ("naïve 😀 語", "naïve 😀 語")])
def test_words_that_a_database_refuses_are_kept_without_what_it_refuses(held: _Held, text: str, kept: str) -> None:
    """A NUL is left out and half a character becomes a question mark, in questions and in answers."""
    *_, name = held.names()
    held.store.ask(held.ana, name, 0, text)
    held.store.answer(held.ana, name, 0, text, text)
    assert held.store.turns(name) == (Turn(kept, kept, kept),)


# Sessions


def test_final_ratings_come_with_their_rater_and_conversation(held: _Held) -> None:
    """By rater and place; drafts do not count, and of several versions the last does."""
    first, second, talk = held.names()
    (poem,) = held.store.outline(held.ben.id)
    held.store.save(held.ben.id, poem, said(seconds=7.5), 0)
    held.store.save(held.ana.id, first, said(), 0)
    held.store.save(held.ana.id, first, said(off_left=2), 1)
    held.store.save(held.ana.id, second, DRAFT, 0)
    held.store.ask(held.ana, talk, 0, "hi")
    held.store.answer(held.ana, talk, 0, "a", "b")
    held.store.save(held.ana.id, talk, said(), 0)
    found = held.store.rated(1)
    assert [(one.rater, one.place, one.seconds) for one in found] == [("ana", 0, 1.0), ("ana", 2, 1.0), ("ben", 0, 7.5)]
    assert found[0].rating["off_left"] == 2
    assert [one.turns for one in found] == [(), (Turn("hi", "a", "b"),), ()]
    held.store.save(held.ana.id, first, DRAFT, 2)
    assert [(one.rater, one.place) for one in held.store.rated(1)] == [("ana", 2), ("ben", 0)]


def test_progress_counts_final_ratings(held: _Held) -> None:
    """Each rater with trials rated and trials in all, by name; versions are not counted twice."""
    first, second, _ = held.names()
    held.store.save(held.ana.id, first, said(), 0)
    held.store.save(held.ana.id, first, said(), 1)
    held.store.save(held.ana.id, second, DRAFT, 0)
    assert held.store.progress(1) == [("ana", 1, 3), ("ben", 0, 1)]
    assert held.store.progress(2) == []


def test_every_change_is_written_down(held: _Held) -> None:
    """Who, what and when, the newest first, at most as many as asked for; not what was said."""
    before = time.time()
    first, _, talk = held.names()
    held.store.came_in(held.ana)
    held.store.save(held.ana.id, first, {**DRAFT, "note": "secret"}, 0)
    held.store.save(held.ana.id, first, said(note="secret"), 1)
    held.store.ask(held.ana, talk, 0, "secret")
    held.store.answer(held.ana, talk, 0, "secret", "secret")
    held.store.close(1)
    told = held.store.changes(1, 10)
    assert [(who, what) for _, who, what in told] == [
        ("vibe close", "closed the session"),
        ("ana", f"was answered by both in {talk}, turn 1"),
        ("ana", f"said something in {talk}, turn 1"),
        ("ana", f"rated {first}, version 2"),
        ("ana", f"edited {first}, version 1"),
        ("ana", "opened the link"),
        ("vibe new", "session 'spring' for ana, ben"),
    ]
    assert all(before - 60 < at < time.time() + 1 for at, _, _ in told)
    assert held.store.changes(1, 2) == told[:2]
    assert held.store.changes(2, 10) == []


def test_earlier_sessions_of_a_rater_are_found_by_name(held: _Held) -> None:
    """Before a session or in all, and of nobody else."""
    held.store.save(held.ana.id, held.names()[0], said(note="first"), 0)
    _, made = held.store.new("autumn", {}, {"ana": [trial()], "ben": [trial()]})
    for token in made.values():
        rater = held.store.rater(token)
        assert rater
        held.store.save(rater.id, held.store.outline(rater.id)[0], said(note="second"), 0)
    assert [one.rating["note"] for one in held.store.of_raters(["ana"])] == ["first", "second"]
    assert [one.rating["note"] for one in held.store.of_raters(["ana"], before=2)] == ["first"]
    assert held.store.of_raters(["ben"], before=2) == []
    assert held.store.of_raters(["cy"]) == []


def test_the_latest_session_is_the_one_planned_last(held: _Held, tmp_path: Path) -> None:
    """By number and name; where none was planned, the next step is said."""
    assert held.store.latest() == (1, "spring")
    held.store.new("autumn", {"pairs": 4}, {"cy": [trial()]})
    assert held.store.latest() == (2, "autumn")
    assert held.store.config(2) == {"pairs": 4}
    assert held.store.config(9) == {}
    assert held.store.conversing() == [1]
    with pytest.raises(EvidenceError, match="seatrial vibe new"):
        SessionStore(f"sqlite:///{tmp_path / 'empty.db'}").latest()


def test_a_name_stands_once_in_a_session(held: _Held) -> None:
    """Two sessions may have a rater of one name, who then has two links."""
    _, made = held.store.new("autumn", {}, {"ana": [trial()]})
    again = held.store.rater(made["ana"])
    assert again is not None
    assert again.name == "ana"
    assert again.id != held.ana.id
    assert made["ana"] != held.links["ana"]


def test_sqlite_is_read_where_one_stands(held: _Held) -> None:
    """A look at a file need not be waited for elsewhere."""
    assert held.store.embedded
