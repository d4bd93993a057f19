"""What `seatrial ledger backtest` prints."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from seatrial.backtest import Backtest
from seatrial.backtest.advise import lacking
from seatrial.backtest.summary import Judged
from seatrial.backtest.wording import (
    behaviors,
    caveats,
    figures,
    headline,
    now,
    reason,
    spans,
    times,
    why,
)
from seatrial.backtest.worth import Ranking
from seatrial.cli.output.tables import fitting, table, wrapped

__all__ = ["backtest_json", "backtest_summary"]

SHOWN = 30
"""Releases that are listed; of more, those on which something changes."""


def backtest_summary(found: Backtest) -> str:
    """Return what the policy would have decided, for the terminal."""
    shown = [one for one in found.releases if len(found.releases) <= SHOWN or _is_news(one)][-SHOWN:]
    rows = [
        (one.release.name, one.release.day.isoformat(), one.then or "–", now(one.now), "; ".join(_came(one)))
        for one in shown
    ]
    lines = [headline(found).upper(), wrapped(reason(found)), ""]
    lines += [table(("release", "out on", "then", "now", "what came"), rows)]
    if len(shown) < len(found.releases):
        lines.append(f"{len(found.releases) - len(shown)} more releases are in --json and on the page (--html).")
    lines += ["", table(("what it comes to", "here", "in the long run"), figures(found)), ""]
    gates = [
        (
            one.signal,
            f"{one.caught[0]} of {one.caught[1]}",
            spans(one.catches),
            f"{one.delayed[0]} of {one.delayed[1]}",
            spans(one.delays),
            lacking(one) or "yes",
        )
        for one in found.gates
    ]
    lines += [table(("gate", "incidents", "its share", "clean", "its share", "track record"), gates), ""]
    signals = [
        (
            one.signal,
            _span(one.of_any),
            _span(one.of_own),
            times(one.spread),
            times(one.beyond_chance),
            f"{one.calls:,.0f}",
            f"{one.ratings:,.0f}",
        )
        for one in found.signals
    ]
    names = ("signal", "ranks incidents", "its own", "spread", "errors", "calls", "ratings")
    lines += [fitting(names, signals, 1)] if signals else []
    lines.append(
        wrapped(
            "Ranks incidents: chance that an incident release changes more than a clean one, 50 % for a signal worth "
            "nothing. Spread: of its change between clean releases, in margins, and in standard errors."
        )
    )
    return "\n".join([*lines, "", *(wrapped(f"- {line}", "  ") for line in caveats(found))])


def _came(one: Judged) -> list[str]:
    """Return what came of a release, and what would have stood in its way."""
    stood = why(one)
    return [behaviors(one), *([f"in the way: {stood}" if one.now.in_the_way else stood] if stood else [])]


def _span(made: Ranking) -> str:
    return spans(made.area) if made.incidents and made.clean else "–"


def _is_news(one: Judged) -> bool:
    return one.release.fate != "clean" or one.now.kept_back is not False


def backtest_json(found: Backtest) -> dict[str, Any]:
    """Return what the policy would have decided, for programs."""
    return {
        "schema": "seatrial.backtest/1",
        "policy": found.policy,
        "clean_after_days": found.clean_after,
        "told": found.summary.told,
        "releases": [_release(one) for one in found.releases],
        "summary": asdict(found.summary) | {"days_delayed": found.summary.days_delayed},
        "gates": [asdict(one) | {"lacking": lacking(one)} for one in found.gates],
        "signals": [asdict(one) for one in found.signals],
        "unreleased": found.unreleased,
        "asked_live": found.asked_live,
        "caveats": caveats(found),
    }


def _release(one: Judged) -> dict[str, Any]:
    release, made = one.release, one.now
    return {
        "name": release.name,
        "day": release.day.isoformat(),
        "review": release.review,
        "fate": release.fate,
        "behaviors": list(release.behaviors),
        "taken_back": release.taken_back.isoformat() if release.taken_back else None,
        "harmful_days": release.harmful_days,
        "then": one.then or None,
        "now": made.outcome,
        "possible": list(made.possible),
        "kept_back": made.kept_back,
        "in_the_way": list(made.in_the_way),
        "not_weighed": dict(made.not_weighed or {}),
        "as_then": made.as_then,
        "reason": made.reason,
    }
