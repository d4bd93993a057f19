"""Where sessions are kept: SQLite by default, PostgreSQL by URL. A rating is acknowledged when it is on disk."""

from __future__ import annotations

import hashlib
import json
import math
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import (
    Column,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    create_engine,
    event,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from seatrial.errors import EvidenceError, StoreError
from seatrial.types import Item, Message
from seatrial.vibes.trials import Trial

__all__ = ["Conflict", "Rated", "SessionStore", "Shown", "Turn"]

LINK_SECONDS = 14 * 24 * 3600
LOOKS, TAGS_LOOKED_FOR = 2, 2
"""Earlier pairs that a rater sees again under a tag that came up since, and tags for which that is done, at most."""
meta = MetaData()
sessions = Table(
    "sessions",
    meta,
    Column("id", Integer, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("config", Text, nullable=False),
    Column("admin_hash", String(64), nullable=False),
    Column("created", Float, nullable=False),
    Column("closed", Float),
)
raters = Table(
    "raters",
    meta,
    Column("id", Integer, primary_key=True),
    Column("session", ForeignKey("sessions.id"), nullable=False),
    Column("name", String(200), nullable=False),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("expires", Float, nullable=False),
    UniqueConstraint("session", "name"),
)
trials = Table(
    "trials",
    meta,
    Column("id", String(22), primary_key=True),
    Column("rater", ForeignKey("raters.id"), nullable=False, index=True),
    Column("place", Integer, nullable=False),
    Column("content", Text, nullable=False),
)
ratings = Table(
    "ratings",
    meta,
    Column("id", Integer, primary_key=True),
    Column("trial", ForeignKey("trials.id"), nullable=False, index=True),
    Column("version", Integer, nullable=False),
    Column("at", Float, nullable=False),
    Column("content", Text, nullable=False),
    UniqueConstraint("trial", "version"),
)
turns = Table(
    "turns",
    meta,
    Column("id", Integer, primary_key=True),
    Column("trial", ForeignKey("trials.id"), nullable=False, index=True),
    Column("place", Integer, nullable=False),
    Column("at", Float, nullable=False),
    Column("asked", Text, nullable=False),
    Column("left_text", Text),
    Column("right_text", Text),
    UniqueConstraint("trial", "place"),
)
audit = Table(
    "audit",
    meta,
    Column("id", Integer, primary_key=True),
    Column("at", Float, nullable=False),
    Column("who", String(200), nullable=False),
    Column("what", Text, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A trial of a rater, with the public name that says nothing about it, and its latest rating if there is one."""

    id: str
    place: int
    trial: Trial
    rating: Mapping[str, Any] | None
    version: int


@dataclass(frozen=True, slots=True)
class Turn:
    """What a rater wrote in a conversation and what both models answered; None until both have."""

    asked: str
    left: str | None
    right: str | None


@dataclass(frozen=True, slots=True)
class Rated:
    """A trial with its rater and its final rating; a live one with the conversation."""

    rater: str
    place: int
    trial: Trial
    rating: Mapping[str, Any]
    seconds: float
    turns: tuple[Turn, ...] = ()


class SessionStore:
    """All sessions in one database."""

    def __init__(self, url: str) -> None:
        """Open the database, and make its tables where there are none.

        Raises:
            StoreError: it cannot be reached or written.
        """
        try:
            self.engine: Engine = create_engine(url, pool_pre_ping=True)
            if self.engine.dialect.name == "sqlite":
                event.listen(self.engine, "connect", _careful_sqlite)
            meta.create_all(self.engine)
        except SQLAlchemyError as error:
            raise StoreError(f"the database of sessions cannot be used: {error.__class__.__name__}: {error}") from error

    def new(
        self, name: str, config: Mapping[str, Any], plans: Mapping[str, Sequence[Trial]]
    ) -> tuple[str, dict[str, str]]:
        """Keep a planned session; return the administrator's token and each rater's, which are kept as hashes only."""
        admin = secrets.token_urlsafe(24)
        links = {}
        with self.engine.begin() as link:
            made = link.execute(
                insert(sessions).values(
                    name=name, config=json.dumps(dict(config)), admin_hash=_hash(admin), created=time.time()
                )
            )
            session = made.inserted_primary_key[0] if made.inserted_primary_key else 0
            for rater, planned in plans.items():
                token = secrets.token_urlsafe(24)
                links[rater] = token
                row = link.execute(
                    insert(raters).values(
                        session=session, name=rater, token_hash=_hash(token), expires=time.time() + LINK_SECONDS
                    )
                )
                number = row.inserted_primary_key[0] if row.inserted_primary_key else 0
                link.execute(
                    insert(trials),
                    [
                        {"id": secrets.token_urlsafe(16), "rater": number, "place": place, "content": _packed(trial)}
                        for place, trial in enumerate(planned)
                    ],
                )
            _note(link, "vibe new", f"session {session} {name!r} for {', '.join(plans)}")
        return admin, links

    def rater(self, token: str) -> tuple[int, int] | None:
        """Return the number and session of the rater with that token; None where it is unknown, expired or closed."""
        chosen = (
            select(raters.c.id, raters.c.session)
            .join(sessions, sessions.c.id == raters.c.session)
            .where(raters.c.token_hash == _hash(token), raters.c.expires > time.time(), sessions.c.closed.is_(None))
        )
        with self.engine.connect() as link:
            row = link.execute(chosen).first()
        return None if row is None else (int(row.id), int(row.session))

    def session_of(self, admin: str) -> int | None:
        """Return the session whose administrator holds that token."""
        with self.engine.connect() as link:
            row = link.execute(select(sessions.c.id).where(sessions.c.admin_hash == _hash(admin))).first()
        return None if row is None else int(row.id)

    def shown(self, rater: int) -> list[Shown]:
        """Return a rater's trials in their order, each with its latest rating."""
        with self.engine.connect() as link:
            rows = link.execute(select(trials).where(trials.c.rater == rater).order_by(trials.c.place)).all()
            latest = {
                row.trial: row
                for row in link.execute(_latest(select(ratings).join(trials).where(trials.c.rater == rater)))
            }
        return [
            Shown(
                row.id,
                row.place,
                _unpacked(row.content),
                json.loads(latest[row.id].content) if row.id in latest else None,
                latest[row.id].version if row.id in latest else 0,
            )
            for row in rows
        ]

    def outline(self, rater: int) -> list[str]:
        """Return the names of a rater's trials in their order, without their contents."""
        with self.engine.connect() as link:
            chosen = select(trials.c.id).where(trials.c.rater == rater).order_by(trials.c.place)
            return [str(row.id) for row in link.execute(chosen)]

    def one(self, rater: int, trial: str) -> Shown | None:
        """Return one of a rater's trials with its latest rating; None where it is not this rater's."""
        with self.engine.connect() as link:
            row = link.execute(select(trials).where(trials.c.id == trial, trials.c.rater == rater)).first()
            if row is None:
                return None
            said = link.execute(
                select(ratings).where(ratings.c.trial == trial).order_by(ratings.c.version.desc()).limit(1)
            ).first()
        rating = json.loads(said.content) if said else None
        return Shown(row.id, row.place, _unpacked(row.content), rating, said.version if said else 0)

    def save(self, rater: int, trial: str, rating: Mapping[str, Any], version: int) -> int:
        """Keep a new version of a rating and return its number; the one before stays.

        Args:
            rater: Whose trial it must be.
            trial: Its public name.
            rating: What was said.
            version: The version that it replaces; another tab's later one is not overwritten.

        Raises:
            EvidenceError: the trial is not this rater's.
            Conflict: a later version exists.
        """
        with self.engine.begin() as link:
            own = link.execute(select(trials.c.id).where(trials.c.id == trial, trials.c.rater == rater)).first()
            if own is None:
                raise EvidenceError("no such pair")
            held = link.execute(select(func.max(ratings.c.version)).where(ratings.c.trial == trial)).scalar() or 0
            if held != version:
                raise Conflict(held)
            link.execute(
                insert(ratings).values(trial=trial, version=held + 1, at=time.time(), content=json.dumps(dict(rating)))
            )
        return int(held) + 1

    # Conversations

    def turns(self, trial: str) -> tuple[Turn, ...]:
        """Return the conversation of a live trial so far."""
        chosen = select(turns).where(turns.c.trial == trial).order_by(turns.c.place)
        with self.engine.connect() as link:
            return tuple(Turn(row.asked, row.left_text, row.right_text) for row in link.execute(chosen))

    def ask(self, trial: str, place: int, asked: str) -> None:
        """Keep what a rater asked, before any model is called.

        Raises:
            Conflict: another tab has asked meanwhile.
        """
        try:
            with self.engine.begin() as link:
                link.execute(insert(turns).values(trial=trial, place=place, at=time.time(), asked=asked))
        except IntegrityError:
            raise Conflict(place) from None

    def answer(self, trial: str, place: int, left: str, right: str) -> None:
        """Keep both answers to a turn."""
        with self.engine.begin() as link:
            kept = update(turns).where(turns.c.trial == trial, turns.c.place == place)
            link.execute(kept.values(left_text=left, right_text=right))

    # Second looks

    def second_looks(self, rater: int, given: Sequence[str]) -> int:
        """Add pairs to a rater's session that are to be looked at again, for each tag that came up since they were.

        Args:
            rater: Whose session.
            given: Tags that were there from the start.

        Returns:
            How many pairs were added.
        """
        own = self.shown(rater)
        covered = {shown.trial.tag for shown in own if shown.trial.tag}
        added = 0
        with self.engine.begin() as link:
            when = self._finished(link, rater)
            for tag, first in self._coined(link, rater, given).items():
                if tag in covered or len(covered) >= TAGS_LOOKED_FOR:
                    continue
                earlier = [
                    shown
                    for shown in own
                    if shown.trial.kind in ("pair", "same", "spike") and when.get(shown.id, math.inf) < first
                ]
                covered.add(tag)
                for shown in sorted(earlier, key=lambda shown: _hash(tag + shown.id))[:LOOKS]:
                    again = replace(shown.trial, kind="second", of=shown.place, tag=tag)
                    place = len(own) + added
                    values = {"id": secrets.token_urlsafe(16), "rater": rater, "place": place}
                    link.execute(insert(trials).values(**values, content=_packed(again)))
                    added += 1
            if added:
                _note(link, "second look", f"rater {rater}: {added} pairs under new tags")
        return added

    def _finished(self, link: Connection, rater: int) -> dict[str, float]:
        """Return when each of a rater's trials was first rated as done."""
        chosen = select(ratings.c.trial, ratings.c.at, ratings.c.content).join(trials).where(trials.c.rater == rater)
        found: dict[str, float] = {}
        for row in link.execute(chosen.order_by(ratings.c.id)):
            if json.loads(row.content).get("done"):
                found.setdefault(row.trial, row.at)
        return found

    def _coined(self, link: Connection, rater: int, given: Sequence[str]) -> dict[str, float]:
        """Return the tags that raters of this session added, with the time at which each was first used."""
        found: dict[str, float] = {}
        for content, at in self._said(link, rater):
            for tag in content.get("tags", []):
                if tag not in given:
                    found.setdefault(tag, at)
        return found

    def _said(self, link: Connection, rater: int) -> Iterator[tuple[dict[str, Any], float]]:
        """Yield all that was ever said in a rater's session and when, the oldest first."""
        session = select(raters.c.session).where(raters.c.id == rater).scalar_subquery()
        joined = ratings.join(trials, trials.c.id == ratings.c.trial).join(raters, raters.c.id == trials.c.rater)
        used = select(ratings.c.content, ratings.c.at).select_from(joined).where(raters.c.session == session)
        for row in link.execute(used.order_by(ratings.c.id)):
            yield json.loads(row.content), row.at

    # Sessions

    def progress(self, session: int) -> list[tuple[str, int, int]]:
        """Return each rater of a session with pairs rated and pairs in all."""
        with self.engine.connect() as link:
            people = link.execute(select(raters).where(raters.c.session == session).order_by(raters.c.name)).all()
        return [
            (one.name, sum(_done(shown) for shown in all_of), len(all_of))
            for one in people
            for all_of in [self.shown(one.id)]
        ]

    def rated(self, session: int) -> list[Rated]:
        """Return all final ratings of a session."""
        with self.engine.connect() as link:
            people = link.execute(select(raters).where(raters.c.session == session).order_by(raters.c.name)).all()
        return [
            Rated(
                one.name,
                shown.place,
                shown.trial,
                shown.rating,
                float(shown.rating.get("seconds", 0.0)),
                self.turns(shown.id) if shown.trial.kind == "live" else (),
            )
            for one in people
            for shown in self.shown(one.id)
            if shown.rating is not None and _done(shown)
        ]

    def latest(self) -> tuple[int, str]:
        """Return the number and name of the session that was planned last.

        Raises:
            EvidenceError: there is none.
        """
        with self.engine.connect() as link:
            row = link.execute(select(sessions.c.id, sessions.c.name).order_by(sessions.c.id.desc())).first()
        if row is None:
            raise EvidenceError("no session was planned yet: seatrial vibe new REVIEW --rater NAME")
        return int(row.id), str(row.name)

    def close(self, session: int) -> None:
        """End a session: its links stop working."""
        with self.engine.begin() as link:
            link.execute(update(sessions).where(sessions.c.id == session).values(closed=time.time()))
            _note(link, "vibe close", f"session {session}")

    def config(self, session: int) -> dict[str, Any]:
        """Return what a session was planned with."""
        with self.engine.connect() as link:
            text = link.execute(select(sessions.c.config).where(sessions.c.id == session)).scalar()
        return dict(json.loads(text or "{}"))

    def of_raters(self, names: Sequence[str], before: int | None = None) -> list[Rated]:
        """Return all final ratings that raters of these names gave, in sessions before one or in all."""
        chosen = select(sessions.c.id).order_by(sessions.c.id)
        if before is not None:
            chosen = chosen.where(sessions.c.id < before)
        with self.engine.connect() as link:
            held = [int(row.id) for row in link.execute(chosen)]
        return [one for number in held for one in self.rated(number) if one.rater in names]

    def tags_of(self, rater: int) -> list[str]:
        """Return the tags that all raters of this one's session have used, the oldest first."""
        with self.engine.connect() as link:
            return list(dict.fromkeys(tag for content, _ in self._said(link, rater) for tag in content.get("tags", [])))


class Conflict(Exception):
    """A later version of a rating exists; `version` is its number."""

    def __init__(self, version: int) -> None:
        """Say which version is held."""
        super().__init__(f"version {version} is held")
        self.version = version


def _done(shown: Shown) -> bool:
    return bool(shown.rating and shown.rating.get("done"))


def _latest(chosen: Any) -> Any:
    newest = select(ratings.c.trial, func.max(ratings.c.version).label("version")).group_by(ratings.c.trial).subquery()
    return chosen.join(newest, (newest.c.trial == ratings.c.trial) & (newest.c.version == ratings.c.version))


def _note(link: Connection, who: str, what: str) -> None:
    link.execute(insert(audit).values(at=time.time(), who=who, what=what))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _packed(trial: Trial) -> str:
    return json.dumps(asdict(trial), ensure_ascii=False)


def _unpacked(content: str) -> Trial:
    held = json.loads(content)
    item = held.pop("item")
    item["messages"] = tuple(Message(**message) for message in item["messages"])
    for name in ("targets", "labels"):
        item[name] = tuple(item[name])
    return Trial(item=Item(**item), **held)


def _careful_sqlite(connection: Any, _: object) -> None:
    """Have SQLite keep what it acknowledged through a power cut, and let readers read while it writes."""
    cursor = connection.cursor()
    for setting in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()
