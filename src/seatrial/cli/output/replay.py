"""What `seatrial replay` prints."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from seatrial.cli.output.tables import table, wrapped
from seatrial.evidence.replay.found import Replay
from seatrial.evidence.replay.realism import Realism
from seatrial.evidence.replay.wording import (
    blind_spots,
    calibrated,
    change_words,
    headline,
    map_words,
    one_in,
    rate_words,
    realism_words,
    reason,
    traffic_words,
    verdict_words,
)
from seatrial.gates.traffic_rates import Rate

__all__ = ["replay_json", "replay_summary"]


def replay_summary(found: Replay, page: Path) -> str:
    """Return what a replay found, for the terminal."""
    rows = [
        (
            verdict_words(one),
            rate_words(one.rates.get("production")),
            rate_words(one.rates["baseline"]),
            rate_words(one.rates["candidate"]),
            change_words(one),
            one_in(one.floor),
            calibrated(one),
            one.behavior.title,
        )
        for one in found.done.found
    ]
    head = ("", "production", "baseline", "candidate", "change, points", "could see", "replay/truth", "behavior")
    dropped = [(f"{count:,}", why) for why, count in found.counted.dropped.most_common()]
    looks = realism_words(found)
    whole = max(len(found.done.items), 1)
    areas = [
        (f"{len(area.items) / whole:.0%}", f"{len(area.unasked) / len(area.items):.0%}", area.name)
        for area in found.map.areas
    ]
    return "\n".join(
        [
            headline(found).upper(),
            wrapped(reason(found)),
            "",
            table(head, rows),
            "",
            *(wrapped(line) for line in traffic_words(found)),
            *(["", table(("left out", "because"), dropped)] if dropped else []),
            "",
            wrapped(map_words(found)),
            table(("of the traffic", "no suite asks", "area"), areas),
            *(["", *(wrapped(line) for line in looks)] if looks else []),
            "",
            "WHAT THIS CANNOT SHOW",
            *(wrapped(line) for line in blind_spots(found)),
            "",
            f"Page: {page}",
        ]
    )


def _rate(one: Rate | None) -> dict[str, float] | None:
    return None if one is None else {"estimate": one.value, "low": one.low, "high": one.high}


def _taken(held: Realism) -> dict[str, Any]:
    return {role: {source: asdict(one) for source, one in taken.items()} for role, taken in held.taken.items()}


def replay_json(found: Replay) -> dict[str, Any]:
    """Return what a replay found, for programs."""
    held = found.counted
    return {
        "decision": found.exit_code.name.lower(),
        "reason": reason(found),
        "level": found.done.level,
        "traffic": {
            "files": held.files,
            "conversations": held.rows,
            "usable": held.usable,
            "drawn": len(found.sample.conversations),
            "seed": found.sample.seed,
            "answered_by_both": len(found.done.items),
            "unanswered": [
                {"model": role, "why": why, "conversations": count}
                for (role, why), count in found.done.unanswered.most_common()
            ],
            "dropped": dict(held.dropped),
            "first_dropped": held.first,
            "users_known": held.users,
            "clocks_backwards": held.backwards,
            "other_model_served": [{"asked": a, "served": b, "conversations": n} for (a, b), n in held.swapped.items()],
            "languages": dict(found.languages),
            "removed": None if found.removed is None else dict(found.removed.kinds),
        },
        "judge_calls": found.done.judge_calls,
        "behaviors": [
            {
                "signal": one.behavior.name,
                "title": one.behavior.title,
                "verdict": one.verdict,
                "blocking": one.behavior.blocking,
                "margin": one.behavior.margin,
                "instrument": one.behavior.signal.instrument.name,
                "production": _rate(one.rates.get("production")),
                "baseline": _rate(one.rates["baseline"]),
                "candidate": _rate(one.rates["candidate"]),
                "change": _rate(one.change),
                "true_change": {"low": one.true_change[0], "high": one.true_change[1]},
                "smallest_rate_seen": one.floor,
                "smallest_rate_beyond_error": one.error_floor,
                "replay_over_production": dict(zip(("estimate", "low", "high"), one.calibration, strict=True)),
                "graded": one.graded,
                "missing": one.lost,
                "ended": one.ended,
                "strata": [{"conversations": a, "graded": b, "showing": c} for a, b, c in one.strata],
            }
            for one in found.done.found
        ],
        "map": {
            "unasked": _rate(found.map.unasked),
            "suites": found.map.suites,
            "areas": [
                {
                    "name": area.name,
                    "conversations": len(area.items),
                    "users": area.users,
                    "unasked": len(area.unasked),
                    "suites": dict(area.suites),
                    "graded": dict(area.graded),
                }
                for area in found.map.areas
            ],
        },
        "taken_for_a_test": None if found.done.realism is None else _taken(found.done.realism),
        "left_out": dict(found.done.left_out),
        "blind_spots": blind_spots(found),
    }
