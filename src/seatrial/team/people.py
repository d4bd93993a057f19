"""People and their tokens: shown once, kept as hashes, ended by a day or a word; sessions that a login begins."""

from __future__ import annotations

import hmac
import re
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.engine import Engine

from seatrial.errors import SeatrialError
from seatrial.ledger.bodies import seen
from seatrial.team.roles import ROLES, Role
from seatrial.team.schema import VERSIONS, audit, keys, meta, people, sessions
from seatrial.web.access import is_valid, new_link, shared_key, token_hash
from seatrial.web.database import open_database
from seatrial.web.writer import Writer

__all__ = ["COOKIE", "MOST_DEEDS", "SESSION_SECONDS", "Done", "People", "Person", "Token"]

COOKIE = "team"
SESSION_SECONDS = 12 * 3600
"""How long a login lasts."""
PURPOSE = "team"
LONGEST_NAME = 100
DAYS = (1, 366)
MOST_DEEDS = 200
"""Things that people did or tried which are shown at once."""
PUBLIC = re.compile("[0-9a-f]{16}")
NOBODY = token_hash("")
"""Stands for the hash of a token that is not there, so that looking for it takes as long."""
WHO = (
    select(people.c.id, people.c.name, people.c.role)
    .join(sessions, sessions.c.person == people.c.id)
    .where(
        sessions.c.hash == bindparam("hash"),
        sessions.c.ends > bindparam("now"),
        people.c.expires > bindparam("now"),
        people.c.revoked.is_(None),
    )
)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who came in: the number of the token, the name, the role."""

    id: int
    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it is listed, without its secret.

    Attributes:
        token: Its public half.
        name: Whose.
        role: What it lets them do.
        created: When it was made, ISO 8601 in UTC.
        expires: When it ends.
        state: Whether it still opens something.
    """

    token: str
    name: str
    role: str
    created: str
    expires: str
    state: str


@dataclass(frozen=True, slots=True)
class Done:
    """What somebody did or tried.

    Attributes:
        number: From 1, in the order in which it was done.
        at: When, ISO 8601 in UTC.
        who: The name on the token; empty where nobody was known.
        role: The role.
        what: What was asked for.
        outcome: What came of it.
        entry: Number of the ledger's entry that it made; None where it made none.
    """

    number: int
    at: str
    who: str
    role: str
    what: str
    outcome: str
    entry: int | None


class People:
    """All tokens, sessions and deeds, in one database."""

    def __init__(self, url: str) -> None:
        """Open the database, and bring its tables up to date.

        Raises:
            StoreError: it cannot be reached or written, or another version of seatrial made it.
        """
        self.engine: Engine = open_database(url, meta, "seatrial.team.migrations", VERSIONS)
        self._writer = Writer(self.engine)
        self._key = shared_key(self.engine, keys)

    @property
    def embedded(self) -> bool:
        """Whether a read takes no longer than a look at a file, so that nobody need wait for it elsewhere."""
        return self.engine.dialect.name == "sqlite"

    # Tokens

    def new_token(self, name: str, role: str, days: int) -> str:
        """Keep a new token and return it; it is shown this once.

        Raises:
            SeatrialError: the name says nothing, or there is no such role.
        """
        if not seen(name) or len(name) > LONGEST_NAME:
            raise SeatrialError(
                f"--name {name!r}: give a name of 1 to {LONGEST_NAME} letters, as the ledger is to hold it"
            )
        if role not in ROLES:
            raise SeatrialError(f"--role {role}: there is no such role; there are {', '.join(ROLES)}")
        if not DAYS[0] <= days <= DAYS[1]:
            raise SeatrialError(f"--days {days}: a token lasts {DAYS[0]} to {DAYS[1]} days")
        public, secret, now = secrets.token_hex(8), secrets.token_urlsafe(32), time.time()
        row = {
            "name": name, "role": role, "token_name": public, "token_hash": token_hash(secret),
            "created": now, "expires": now + days * 24 * 3600,
        }  # fmt: skip
        with self.engine.begin() as link:
            link.execute(insert(people).values(**row))
            link.execute(
                insert(audit).values(**_deed("", "command line", f"token {public} for {name} as {role}", "made"))
            )
        return f"{public}.{secret}"

    def tokens(self) -> list[Token]:
        """Return all tokens, the latest first."""
        now = time.time()
        with self.engine.connect() as link:
            held = link.execute(select(people).order_by(people.c.id.desc())).all()
        return [
            Token(
                row.token_name,
                row.name,
                row.role,
                _at(row.created),
                _at(row.expires),
                "revoked" if row.revoked is not None else "ended" if row.expires <= now else "open",
            )
            for row in held
        ]

    def revoke(self, name: str, by: str = "", role: str = "command line") -> int:
        """End all tokens of a name, or the one of that public half, with their sessions; return how many ended."""
        with self.engine.begin() as link:
            chosen = people.c.revoked.is_(None) & ((people.c.name == name) | (people.c.token_name == name))
            ended = list(link.execute(select(people.c.id).where(chosen)).scalars())
            if ended:
                link.execute(update(people).where(people.c.id.in_(ended)).values(revoked=time.time()))
                link.execute(delete(sessions).where(sessions.c.person.in_(ended)))
            link.execute(insert(audit).values(**_deed(by, role, f"revoke {name}", f"{len(ended)} ended")))
        return len(ended)

    # Sessions

    def is_valid(self, cookie: str) -> bool:
        """Return whether a session was signed here and has not ended; nothing is looked up."""
        return is_valid(self._key, cookie, PURPOSE)

    def log_in(self, token: str, before: str = "") -> tuple[str, Person] | None:
        """Begin a session and return what its cookie holds, and who it is; the session before it ends.

        What the browser brought along is never taken over, so nobody can fix another's session beforehand.
        """
        public, _, secret = token.strip().encode("utf-8", "replace").decode("utf-8").partition(".")
        public = public if PUBLIC.fullmatch(public) else ""
        with self.engine.connect() as link:
            row = link.execute(select(people).where(people.c.token_name == public)).first()
        same = hmac.compare_digest(row.token_hash if row is not None else NOBODY, token_hash(secret))
        now = time.time()
        if row is None or not same or row.revoked is not None or row.expires <= now:
            self.note(None, "log in", "refused: no such token, or it has ended")
            return None
        cookie, _ = new_link(self._key, PURPOSE)
        person = Person(row.id, row.name, cast(Role, row.role))

        def begin(link: Any) -> None:
            link.execute(delete(sessions).where((sessions.c.hash == token_hash(before)) | (sessions.c.ends <= now)))
            values = {"person": person.id, "hash": token_hash(cookie), "created": now, "ends": now + SESSION_SECONDS}
            link.execute(insert(sessions).values(**values))
            link.execute(insert(audit).values(**_deed(person.name, person.role, "log in", "came in")))

        self._writer.put(begin).result()
        return cookie, person

    def person(self, cookie: str) -> Person | None:
        """Return who holds a session; None where it is forged, unknown or ended, or its token is."""
        if not self.is_valid(cookie):
            return None
        with self.engine.connect() as link:
            row = link.execute(WHO, {"hash": token_hash(cookie), "now": time.time()}).first()
        return None if row is None else Person(row.id, row.name, cast(Role, row.role))

    def log_out(self, person: Person, cookie: str) -> None:
        """End a session."""

        def end(link: Any) -> None:
            link.execute(delete(sessions).where(sessions.c.hash == token_hash(cookie)))
            link.execute(insert(audit).values(**_deed(person.name, person.role, "log out", "left")))

        self._writer.put(end).result()

    # What was done

    def note(self, person: Person | None, what: str, outcome: str, entry: int | None = None) -> None:
        """Keep what somebody did or tried, once it is on disk."""
        who, role = (person.name, person.role) if person is not None else ("", "")
        deed = _deed(who, role, what, outcome, entry)
        self._writer.put(lambda link: link.execute(insert(audit).values(**deed)) and None).result()

    def deeds(self, most: int = MOST_DEEDS, before: int = 0) -> list[Done]:
        """Return what was done, the latest first, or what was done before a number."""
        chosen = select(audit).order_by(audit.c.id.desc()).limit(most)
        if before:
            chosen = chosen.where(audit.c.id < before)
        with self.engine.connect() as link:
            held = link.execute(chosen).all()
        return [Done(row.id, _at(row.at), row.who, row.role, row.what, row.outcome, row.entry) for row in held]


def _deed(who: str, role: str, what: str, outcome: str, entry: int | None = None) -> dict[str, Any]:
    texts = {"who": who, "role": role, "what": what, "outcome": outcome}
    return {"at": time.time(), "entry": entry, **{name: _writable(text) for name, text in texts.items()}}


def _writable(text: str) -> str:
    """Return text without what a database refuses: NUL, and halves of letters."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def _at(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
