"""What is added to the end of a rater's session: second looks, and other raters' conversations to bear witness to.

A second look shows an earlier pair again under a tag that came up since: what people look for changes while they look.
A conversation in which one side was flagged as severe was heard by one rater alone; another is shown it, without a word
on what was flagged, so that the alarm can be confirmed.
"""

from __future__ import annotations

import hashlib
import json
import math
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.engine import Connection

from seatrial.evidence.vibes.giveaways import names_itself
from seatrial.evidence.vibes.schema import coined, raters, ratings, trials, turns
from seatrial.evidence.vibes.trials import RECORDED, Trial
from seatrial.evidence.vibes.values import SEVEREST, Rater, Shown, packed, unpacked
from seatrial.types import Item, Message

__all__ = ["add_looks"]

LOOKS, TAGS_LOOKED_FOR, WITNESSED = 2, 2, 4
"""Earlier pairs that a rater sees again under a tag that came up since, and tags for which that is done, at most;
and conversations of others that a rater bears witness to."""


def add_looks(link: Connection, rater: Rater, own: Sequence[Shown]) -> int:
    """Add what has come up since to the end of a rater's session.

    Args:
        link: The database.
        rater: Whose session.
        own: All of the rater's trials.

    Returns:
        How many trials were added.
    """
    made = [*_second_looks(link, rater, own), *_witnessed(link, rater, own)]
    rows = [
        {"id": secrets.token_urlsafe(16), "rater": rater.id, "place": len(own) + number, "content": packed(trial)}
        for number, trial in enumerate(made)
    ]
    if rows:
        link.execute(insert(trials), rows)
    return len(rows)


def _second_looks(link: Connection, rater: Rater, own: Sequence[Shown]) -> Iterator[Trial]:
    covered = {shown.trial.tag for shown in own if shown.trial.tag}
    finished = _finished(link, rater.id)
    for tag, first in _coined(link, rater.session).items():
        if tag in covered or len(covered) >= TAGS_LOOKED_FOR:
            continue
        earlier = [shown for shown in own if shown.trial.kind in RECORDED and finished.get(shown.id, math.inf) < first]
        if earlier:
            covered.add(tag)
        for shown in sorted(earlier, key=lambda shown: hashlib.sha256((tag + shown.id).encode()).digest())[:LOOKS]:
            yield replace(shown.trial, kind="second", of=shown.place, tag=tag)


def _witnessed(link: Connection, rater: Rater, own: Sequence[Shown]) -> Iterator[Trial]:
    seen = {shown.trial.item.id for shown in own if shown.trial.kind == "witness"}
    for name, place, trial, said, identity in _conversations_of_others(link, rater):
        item = f"{name} {place}"
        if item in seen or len(seen) >= WITNESSED or SEVEREST not in (said.get("off_left"), said.get("off_right")):
            continue
        chosen = select(turns.c.asked, turns.c.left_text, turns.c.right_text).where(turns.c.trial == identity)
        talk = [row for row in link.execute(chosen.order_by(turns.c.place)) if row.left_text is not None]
        if not talk or any(names_itself(text) for row in talk for text in (row.left_text, row.right_text)):
            continue
        seen.add(item)
        asked = Item(item, "live", (Message("user", talk[0].asked),), use_case=trial.item.use_case)
        left, right = (_transcript([(row.asked, getattr(row, side)) for row in talk]) for side in SIDES)
        yield Trial("witness", "live", asked, left, right, trial.odd)


SIDES = ("left_text", "right_text")


def _transcript(talk: Sequence[tuple[str, str]]) -> str:
    """Return one side of a conversation as Markdown, the rater's own words as quotations."""
    parts = [
        f"> {asked.replace(chr(10), chr(10) + '> ')}\n\n{answer}" if number else answer
        for number, (asked, answer) in enumerate(talk)
    ]
    return "\n\n".join(parts)


def _conversations_of_others(link: Connection, rater: Rater) -> Iterator[tuple[str, int, Trial, dict[str, Any], str]]:
    """Yield conversations of others with their latest final rating: rater, place, trial, rating, the trial's name."""
    chosen = (
        select(raters.c.name, trials.c.place, trials.c.content, ratings.c.content.label("said"), trials.c.id)
        .select_from(trials.join(raters).join(ratings, ratings.c.trial == trials.c.id))
        .where(raters.c.session == rater.session, raters.c.id != rater.id, ratings.c.done)
        .where(trials.c.content.startswith('{"kind": "live"', autoescape=True))
        .order_by(trials.c.id, ratings.c.version.desc())
    )
    last = ""
    for row in link.execute(chosen).all():
        if row.id != last:
            yield row.name, row.place, unpacked(row.content), json.loads(row.said), row.id
        last = row.id


def _finished(link: Connection, rater: int) -> dict[str, float]:
    """Return when each of a rater's trials was first rated as done."""
    chosen = (
        select(ratings.c.trial, func.min(ratings.c.at))
        .join(trials, trials.c.id == ratings.c.trial)
        .where(trials.c.rater == rater, ratings.c.done)
        .group_by(ratings.c.trial)
    )
    return {str(trial): float(at) for trial, at in link.execute(chosen)}


def _coined(link: Connection, session: int) -> dict[str, float]:
    """Return the tags that raters of this session added, with the time at which each was first used."""
    chosen = select(coined.c.tag, coined.c.at).where(coined.c.session == session).order_by(coined.c.id)
    return {str(tag): float(at) for tag, at in link.execute(chosen)}
