"""Second looks: earlier pairs again, under a tag that came up since. What people look for changes while they look."""

from __future__ import annotations

import hashlib
import math
import secrets
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import func, insert, select
from sqlalchemy.engine import Connection

from seatrial.vibes.kept import Rater, Shown, packed
from seatrial.vibes.tables import coined, ratings, trials

__all__ = ["add_second_looks"]

LOOKS, TAGS_LOOKED_FOR = 2, 2
"""Earlier pairs that a rater sees again under a tag that came up since, and tags for which that is done, at most."""
KINDS = ("pair", "same", "spike")


def add_second_looks(link: Connection, rater: Rater, own: Sequence[Shown]) -> int:
    """Add pairs to the end of a rater's session for each tag that came up after they were rated.

    Args:
        link: The database.
        rater: Whose session.
        own: All of the rater's trials.

    Returns:
        How many pairs were added.
    """
    covered = {shown.trial.tag for shown in own if shown.trial.tag}
    finished = _finished(link, rater.id)
    added: list[dict[str, object]] = []
    for tag, first in _coined(link, rater.session).items():
        if tag in covered or len(covered) >= TAGS_LOOKED_FOR:
            continue
        earlier = [shown for shown in own if shown.trial.kind in KINDS and finished.get(shown.id, math.inf) < first]
        covered.add(tag)
        for shown in sorted(earlier, key=lambda shown: hashlib.sha256((tag + shown.id).encode()).digest())[:LOOKS]:
            again = replace(shown.trial, kind="second", of=shown.place, tag=tag)
            place = len(own) + len(added)
            name = secrets.token_urlsafe(16)
            added.append({"id": name, "rater": rater.id, "place": place, "content": packed(again)})
    if added:
        link.execute(insert(trials), added)
    return len(added)


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
