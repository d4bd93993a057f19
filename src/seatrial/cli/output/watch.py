"""What `seatrial watch` prints."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from seatrial.cli.output.tables import fitting, wrapped
from seatrial.watch import Watch
from seatrial.watch.wording import about, day_of, facts, found_within, headline, latest, levels, promise, reason

__all__ = ["watch_json", "watch_summary"]


def watch_summary(found: Watch, page: str) -> str:
    """Return what the days show, for the terminal."""
    rows = []
    for one in found.seen:
        moved = f"{levels(one)} since about {day_of(found, one.moved)}" if one.moved is not None else ""
        rows.append((one.title, latest(one), found_within(one), moved))
    lines = [headline(found).upper(), wrapped(reason(found)), *(wrapped(line) for line in facts(found)), ""]
    lines += [fitting(("signal", "last day", "5 points found", "moved"), rows, 1), "", wrapped(about(found)), ""]
    lines.append(wrapped(promise(found)))
    lines += [wrapped(f"Not watched: {line}") for line in found.notes]
    if found.changed:
        lines.append('Next: review it, or go on from here with --accept "why".')
    return "\n".join([*lines, f"Page: {page}"])


def watch_json(found: Watch, page: str) -> dict[str, Any]:
    """Return what the days show, for programs."""
    return {
        "changed": found.changed,
        "model": found.model,
        "alarms_a_year": found.alarms,
        "calls_a_day": found.calls,
        "days": list(found.days),
        "failed": list(found.failed),
        "signals": [
            {
                "signal": one.name,
                "title": one.title,
                "questions": one.items,
                "means": list(one.means),
                "found_within_days": one.within,
                "worse": one.worse,
                "moved": asdict(one.moved) | {"since": found.days[one.moved.first]} if one.moved is not None else None,
            }
            for one in found.seen
        ],
        "served": {
            "models": [{"since": day, "names": list(names)} for day, names in found.served.names],
            "fingerprints": [{"since": day, "names": list(names)} for day, names in found.served.fingerprints],
            "recounted": [{"day": day, "prompts": count, "of": total} for day, count, total in found.served.recounted],
        },
        "earlier_days": found.earlier,
        "accepted": found.accepted,
        "not_watched": list(found.notes),
        "page": page,
    }
