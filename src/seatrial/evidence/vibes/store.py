"""Where sessions are kept. A rating is acknowledged when it is on disk, and every change is written down."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from sqlalchemy import FromClause, Select, and_, bindparam, case, func, insert, or_, select, update
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import IntegrityError

from seatrial.errors import EvidenceError
from seatrial.evidence.vibes.forms import TAGS
from seatrial.evidence.vibes.schema import audit, coined, keys, meta, raters, ratings, sessions, trials, turns
from seatrial.evidence.vibes.second_looks import add_looks
from seatrial.evidence.vibes.trials import Trial
from seatrial.evidence.vibes.values import Conflict, Rated, Rater, Shown, Turn, packed, unpacked
from seatrial.web.access import is_valid, new_link, shared_key, token_hash
from seatrial.web.database import open_database
from seatrial.web.writer import Writer

__all__ = ["SessionStore"]


LATEST = (ratings.c.version, ratings.c.tab, ratings.c.step, ratings.c.content.label("said"))
ONE = (
    select(
        trials.c.id, trials.c.place, trials.c.content, raters.c.name, raters.c.session, sessions.c.closed,
        *LATEST,
    )
    .select_from(trials.join(raters).join(sessions).outerjoin(ratings, ratings.c.trial == trials.c.id))
    .where(trials.c.id == bindparam("trial"), trials.c.rater == bindparam("rater"))
    .order_by(ratings.c.version.desc())
    .limit(1)
)  # fmt: skip
"""One of a rater's trials with its latest rating and its session. What is asked with every page is built once."""
WHO = (
    select(raters.c.id, raters.c.session, raters.c.name)
    .join(sessions, sessions.c.id == raters.c.session)
    .where(raters.c.token_hash == bindparam("hash"), raters.c.expires > bindparam("now"), sessions.c.closed.is_(None))
)
NAMES = select(trials.c.id).where(trials.c.rater == bindparam("rater")).order_by(trials.c.place)


def _rated_latest(held: FromClause) -> FromClause:
    """Return trials joined with the latest rating of each, where there is one."""
    later = ratings.alias()
    newest = select(func.max(later.c.version)).where(later.c.trial == trials.c.id).correlate(trials).scalar_subquery()
    return held.outerjoin(ratings, and_(ratings.c.trial == trials.c.id, ratings.c.version == newest))


UNFINISHED = (
    select(trials.c.id)
    .select_from(_rated_latest(trials))
    .where(trials.c.rater == bindparam("rater"), or_(ratings.c.done.is_(None), ~ratings.c.done))
    .order_by(trials.c.place)
    .limit(1)
)


class SessionStore:
    """All sessions in one database."""

    def __init__(self, url: str) -> None:
        """Open the database, and bring its tables up to date.

        Raises:
            StoreError: it cannot be reached or written, or another version of seatrial made it.
        """
        self.engine: Engine = open_database(url, meta, "seatrial.evidence.vibes.migrations")
        self._writer = Writer(self.engine)
        self._key = shared_key(self.engine, keys)

    @property
    def embedded(self) -> bool:
        """Whether a read takes no longer than a look at a file, so that nobody need wait for it elsewhere."""
        return self.engine.dialect.name == "sqlite"

    def new_link(self) -> tuple[str, float]:
        """Return a new link's token and when it ends; it opens nothing until its hash is kept as a rater's."""
        return new_link(self._key)

    def new(
        self, name: str, config: Mapping[str, Any], plans: Mapping[str, Sequence[Trial]]
    ) -> tuple[str, dict[str, str]]:
        """Keep a planned session; return the administrator's token and each rater's, which are kept as hashes only."""
        admin, _ = new_link(self._key, "admin")
        links = {}
        with self.engine.begin() as link:
            session = _made(
                link,
                sessions,
                name=name,
                config=json.dumps(dict(config)),
                admin_hash=token_hash(admin),
                created=time.time(),
            )
            for rater, planned in plans.items():
                links[rater], ends = new_link(self._key)
                held = token_hash(links[rater])
                number = _made(link, raters, session=session, name=rater, token_hash=held, expires=ends)
                link.execute(
                    insert(trials),
                    [
                        {"id": secrets.token_urlsafe(16), "rater": number, "place": place, "content": packed(trial)}
                        for place, trial in enumerate(planned)
                    ],
                )
            _note(link, session, "vibe new", f"session {name!r} for {', '.join(plans)}")
        return admin, links

    # Who comes in

    def is_valid(self, token: str) -> bool:
        """Return whether a link was signed here and has not ended; nothing is looked up."""
        return is_valid(self._key, token)

    def rater(self, token: str) -> Rater | None:
        """Return the rater with that link; None where it is forged, unknown, ended, or its session closed."""
        if not self.is_valid(token):
            return None
        with self.engine.connect() as link:
            row = link.execute(WHO, {"hash": token_hash(token), "now": time.time()}).first()
        return None if row is None else Rater(*row)

    def session_of(self, admin: str) -> int | None:
        """Return the session whose administrator holds that token; None where it is forged, unknown or has ended."""
        if not is_valid(self._key, admin, "admin"):
            return None
        with self.engine.connect() as link:
            return link.execute(select(sessions.c.id).where(sessions.c.admin_hash == token_hash(admin))).scalar()

    def came_in(self, rater: Rater) -> None:
        """Have it written down that somebody opened a rater's link; nobody waits for it."""
        self._writer.put(lambda link: _note(link, rater.session, rater.name, "opened the link"))

    # What a rater sees

    def shown(self, rater: int) -> list[Shown]:
        """Return a rater's trials in their order, each with its latest rating."""
        with self.engine.connect() as link:
            return [_shown(row) for row in link.execute(_with_latest(rater))]

    def one(self, rater: int, trial: str) -> Shown | None:
        """Return one of a rater's trials with its latest rating; None where it is not this rater's."""
        with self.engine.connect() as link:
            row = link.execute(ONE, {"trial": trial, "rater": rater}).first()
        return None if row is None else _shown(row)

    def outline(self, rater: int) -> list[str]:
        """Return the names of a rater's trials in their order, without their contents."""
        with self.engine.connect() as link:
            return list(link.execute(NAMES, {"rater": rater}).scalars())

    def unfinished(self, rater: int) -> str | None:
        """Return the first of a rater's trials whose latest rating is not final; None where all are."""
        with self.engine.connect() as link:
            return link.execute(UNFINISHED, {"rater": rater}).scalar()

    def tags_of(self, session: int) -> list[str]:
        """Return the tags that raters of a session added, the oldest first."""
        with self.engine.connect() as link:
            return list(
                link.execute(select(coined.c.tag).where(coined.c.session == session).order_by(coined.c.id)).scalars()
            )

    # What a rater says

    def save(
        self, rater: int, trial: str, rating: Mapping[str, Any], version: int, tab: str = "", step: int = 0
    ) -> int:
        """Keep a new version of a rating and return its number once it is on disk; the one before stays.

        Raises:
            EvidenceError: the trial is not this rater's, or its session is closed.
            Conflict: a later version exists.
        """
        return int(self.saving(rater, trial, rating, version, tab, step).result())

    def saving(
        self, rater: int, trial: str, rating: Mapping[str, Any], version: int, tab: str = "", step: int = 0
    ) -> Future[int]:
        """Return what will hold the number of a rating's new version once that is on disk.

        Args:
            rater: Whose trial it must be.
            trial: Its public name.
            rating: What was said.
            version: The version that it replaces; another page's later one is not overwritten.
            tab: The page that edits. Its own edits replace each other, whichever version they began from.
            step: The how-manieth edit of that page this is; an earlier one that comes late changes nothing.
        """

        def keep(link: Connection) -> int:
            held = link.execute(ONE, {"trial": trial, "rater": rater}).first()
            if held is None or held.closed is not None:
                raise EvidenceError("no such pair" if held is None else "this session is closed")
            before = int(held.version or 0)
            if tab and held.tab == tab:
                if step <= held.step:
                    return before
            elif before != version:
                raise Conflict(before)
            now = time.time()
            done, content = bool(rating.get("done")), json.dumps(dict(rating))
            values = {"trial": trial, "version": before + 1, "at": now, "done": done, "tab": tab, "step": step}
            link.execute(insert(ratings).values(**values, content=content))
            _coin(link, held.session, rating.get("tags", ()), now)
            _note(link, held.session, held.name, f"{'rated' if done else 'edited'} {trial}, version {before + 1}")
            return before + 1

        return self._writer.put(keep)

    def further_looks(self, rater: Rater) -> int:
        """Add what a rater is to look at since tags and alarms of others came up; return how many trials were added."""

        def add(link: Connection) -> int:
            own = [_shown(row) for row in link.execute(_with_latest(rater.id))]
            added = add_looks(link, rater, own)
            if added:
                _note(link, rater.session, rater.name, f"gets {added} further looks, for what came up since")
            return added

        return int(self._writer.put(add).result())

    # Conversations

    def turns(self, trial: str) -> tuple[Turn, ...]:
        """Return the conversation of a live trial so far."""
        chosen = select(turns.c.asked, turns.c.left_text, turns.c.right_text)
        with self.engine.connect() as link:
            return tuple(
                Turn(*row) for row in link.execute(chosen.where(turns.c.trial == trial).order_by(turns.c.place))
            )

    def ask(self, rater: Rater, trial: str, place: int, asked: str) -> None:
        """Keep what a rater asked, before any model is called.

        Raises:
            Conflict: another tab has asked meanwhile.
        """

        def keep(link: Connection) -> None:
            if link.execute(select(turns.c.id).where(turns.c.trial == trial, turns.c.place == place)).first():
                raise Conflict(place)
            link.execute(insert(turns).values(trial=trial, place=place, at=time.time(), asked=_writable(asked)))
            _note(link, rater.session, rater.name, f"said something in {trial}, turn {place + 1}")

        try:
            self._writer.put(keep).result()
        except IntegrityError:
            raise Conflict(place) from None

    def answer(self, rater: Rater, trial: str, place: int, left: str, right: str) -> None:
        """Keep both answers to a turn."""

        def keep(link: Connection) -> None:
            kept = update(turns).where(turns.c.trial == trial, turns.c.place == place)
            link.execute(kept.values(left_text=_writable(left), right_text=_writable(right)))
            _note(link, rater.session, rater.name, f"was answered by both in {trial}, turn {place + 1}")

        self._writer.put(keep).result()

    # Sessions

    def progress(self, session: int) -> list[tuple[str, int, int]]:
        """Return each rater of a session with pairs rated and pairs in all."""
        final = func.sum(case((ratings.c.done, 1), else_=0))
        chosen = (
            select(raters.c.name, func.coalesce(final, 0), func.count(trials.c.id))
            .select_from(_rated_latest(raters.join(trials)))
            .where(raters.c.session == session)
            .group_by(raters.c.name)
            .order_by(raters.c.name)
        )
        with self.engine.connect() as link:
            return [(str(name), int(done), int(count)) for name, done, count in link.execute(chosen)]

    def changes(self, session: int, most: int) -> list[tuple[float, str, str]]:
        """Return the latest changes of a session: when (seconds since 1970), who, what; the newest first."""
        chosen = select(audit.c.at, audit.c.who, audit.c.what).where(audit.c.session == session)
        with self.engine.connect() as link:
            return [tuple(row) for row in link.execute(chosen.order_by(audit.c.id.desc()).limit(most))]

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
            if shown.rating is not None and shown.rating.get("done")
        ]

    def latest(self, labels: bool = False) -> tuple[int, str]:
        """Return the number and name of the session that was planned last: of pairs, or of labels.

        Raises:
            EvidenceError: there is none.
        """
        chosen = select(sessions.c.id, sessions.c.name, sessions.c.config).order_by(sessions.c.id.desc())
        with self.engine.connect() as link:
            for row in link.execute(chosen):
                if ("labels" in json.loads(row.config)) == labels:
                    return int(row.id), str(row.name)
        how = "label new REVIEW --signal SIGNAL" if labels else "vibe new REVIEW"
        raise EvidenceError(f"no session was planned yet: seatrial {how} --rater NAME")

    def close(self, session: int) -> None:
        """End a session: its links stop working, and nothing more is kept."""
        with self.engine.begin() as link:
            link.execute(update(sessions).where(sessions.c.id == session).values(closed=time.time()))
            _note(link, session, "vibe close", "closed the session")

    def conversing(self) -> list[int]:
        """Return the sessions that are open and hold conversations."""
        chosen = select(sessions.c.id, sessions.c.config).where(sessions.c.closed.is_(None))
        with self.engine.connect() as link:
            return [int(row.id) for row in link.execute(chosen) if json.loads(row.config).get("models")]

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


def _with_latest(rater: int) -> Select[Any]:
    """Return the query for a rater's trials, each with its latest rating."""
    return (
        select(trials.c.id, trials.c.place, trials.c.content, *LATEST)
        .select_from(_rated_latest(trials))
        .where(trials.c.rater == rater)
        .order_by(trials.c.place)
    )


def _shown(row: Any) -> Shown:
    said = None if row.said is None else json.loads(row.said)
    return Shown(row.id, row.place, unpacked(row.content), said, row.version or 0, row.tab or "", row.step or 0)


def _coin(link: Connection, session: int, tags: Sequence[str], now: float) -> None:
    """Keep the tags that were not there before, with the time at which each was first used."""
    new = [tag for tag in tags if tag not in TAGS]
    if not new:
        return
    known = set(link.execute(select(coined.c.tag).where(coined.c.session == session)).scalars())
    for tag in dict.fromkeys(new):
        if tag not in known:
            link.execute(insert(coined).values(session=session, tag=tag, at=now))


def _writable(text: str) -> str:
    """Return text without what a database refuses: NUL, and halves of characters."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def _made(link: Connection, table: Any, **values: Any) -> int:
    row = link.execute(insert(table).values(**values))
    return int(row.inserted_primary_key[0]) if row.inserted_primary_key else 0


def _note(link: Connection, session: int, who: str, what: str) -> None:
    link.execute(insert(audit).values(at=time.time(), session=session, who=who, what=what))
