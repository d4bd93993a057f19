"""How a backtest is told."""

from __future__ import annotations

import math

from seatrial.backtest.past import Fate
from seatrial.backtest.pooling import LEVEL
from seatrial.backtest.reweigh import Reweighed
from seatrial.backtest.run import Backtest
from seatrial.backtest.summary import Judged, Share, Told
from seatrial.backtest.worth import Ranking
from seatrial.report.wording import listed, percent
from seatrial.stats.intervals import Estimate

__all__ = [
    "FATES",
    "behaviors",
    "caveats",
    "count",
    "figures",
    "headline",
    "in_days",
    "now",
    "ranked",
    "reason",
    "spans",
    "times",
    "why",
]

FATES: dict[Fate, str] = {
    "incident": "incident",
    "clean": "clean",
    "taken back": "taken back",
    "too young": "too young to tell",
}
HEADLINES: dict[Told, str] = {
    "tells them apart": "Keeps back what did harm",
    "keeps back the wrong ones": "Keeps back the wrong ones",
    "too few to tell": "Too few to tell",
}


def headline(found: Backtest) -> str:
    """Return in a few words whether the policy tells what did harm from what did not."""
    if all(one.now.kept_back is False for one in found.releases):
        return "Would have launched them all"
    return HEADLINES[found.summary.told]


def reason(found: Backtest) -> str:
    """Return in sentences what the headline rests on."""
    bad, good = found.summary.incidents, found.summary.good
    said = f"{found.policy}: it would have kept back {count(bad)} of {_releases(bad.total)} with an incident"
    said += f", and {count(good)} of {good.total} that stayed clean."
    if found.summary.told == "too few to tell" and bad.total + good.total:
        said += " That does not tell whether it keeps back what does harm more often than what does not."
    return said


def count(share: Share) -> str:
    """Return how many would have been kept back: `2`, or `2 to 4` where it is not known of all."""
    return f"{share.count} to {share.count + share.unknown}" if share.unknown else str(share.count)


def spans(made: Estimate) -> str:
    """Return a share with its interval in percent."""
    return f"{percent(made.value)} [{percent(made.low)[:-2]}, {percent(made.high)[:-2]}]"


def figures(found: Backtest) -> list[tuple[str, str, str]]:
    """Return what it comes to, a row a figure: what, how many, and what may be expected in the long run."""
    bad, good, summary = found.summary.incidents, found.summary.good, found.summary
    points = f"{spans(summary.apart).replace(' %', '')} points"
    return [
        ("incidents prevented", f"{count(bad)} of {bad.total}", spans(bad.share)),
        ("good launches delayed", f"{count(good)} of {good.total}", spans(good.share)),
        ("prevented more often than delayed by", "", f"{points}: {summary.told}"),
        (
            "days with harm prevented",
            f"{'at least ' if bad.unknown else ''}{summary.harmful_days} of {summary.all_harmful_days}",
            "",
        ),
        ("days that good launches would have waited", *in_days(found)),
    ]


def in_days(found: Backtest) -> tuple[str, str]:
    """Return the days that good launches would have been held, and what that rests on."""
    delay, days = found.summary.delay, found.summary.days_delayed
    if math.isnan(days):
        return "not known", "no hold in this ledger ended in a release; --hold-days assumes a length"
    if not found.summary.good.count:
        return "0", ""
    shown = f"{'at least ' if found.summary.good.unknown else ''}{days:g}"
    each = f"{found.summary.good.count} × {delay.days:g}"
    if delay.assumed:
        return shown, f"{each}, assumed"
    holds = "1 hold" if delay.known == 1 else f"{delay.known} holds"
    return shown, f"{each}, the median of {holds} in this ledger that ended in a release"


def times(value: float) -> str:
    """Return a spread as a multiple; a dash where there is none."""
    return f"{value:.2g}" if math.isfinite(value) else "–"


def ranked(made: Ranking) -> str:
    """Return how often a signal ranks a pair of releases right, with its interval; a dash where there is no pair."""
    if not made.incidents or not made.clean:
        return "–"
    return f"{spans(made.area)} of {made.incidents} × {made.clean}"


def now(made: Reweighed) -> str:
    """Return the decision of the policy in a word or two."""
    if made.outcome == "hold" and "block" in made.possible:
        return "hold or block"
    return {"unknown": "not known", "launch-on-trust": "launch, on trust"}.get(made.outcome, made.outcome)


def why(one: Judged) -> str:
    """Return what stands in the way of a release, or what is not known of it; empty where nothing is."""
    lacks = one.now.not_weighed or {}
    said = [f"{listed(one.now.in_the_way)}"] if one.now.in_the_way and one.now.kept_back else []
    if not one.now.verdicts or (one.now.kept_back and not said):
        said.append(one.now.reason)
    if lacks:
        said.append(f"could not be weighed: {listed(list(lacks))}")
    return "; ".join(said)


def behaviors(one: Judged) -> str:
    """Return what came of a release: its incidents' behaviors, and after how many days it was taken back."""
    said = [listed(one.release.behaviors)] if one.release.behaviors else []
    if one.release.taken_back is None:
        said = said or [FATES[one.release.fate]]
    else:
        days = (one.release.taken_back - one.release.day).days
        said.append(f"taken back after {days} {'day' if days == 1 else 'days'}")
    return ", ".join(said)


def caveats(found: Backtest) -> list[str]:
    """Return what limits what the figures say, in sentences."""
    summary, releases = found.summary, len(found.releases)
    unweighed = {name for one in found.releases if one.now.verdicts for name in (one.now.not_weighed or {})}
    held = sum(one.now.outcome == "unknown" for one in found.releases)
    said = [
        f"An interval holds what it is about with {100 * LEVEL:g} % chance, if every share is as likely beforehand as "
        "any other; gates and signals are partially pooled.",
        f"A release is clean after {found.clean_after} days without an incident in the ledger.",
        "A release that is kept back is taken to do no harm; what would have gone out in its place is not known.",
    ]
    if summary.undecided:
        said.append(
            f"{_releases(summary.undecided)} of {releases} {'counts' if summary.undecided == 1 else 'count'} as "
            "neither: taken back without an incident, or too young."
        )
    if summary.not_weighed:
        said.append(
            f"Of {_releases(summary.not_weighed)} the review could not be weighed again; the reasons stand with them."
        )
    if unweighed:
        said.append(
            f"Not observed in every review, and never counted as a pass: {listed(sorted(unweighed))}. {held} of "
            f"{releases} decisions are not known for want of it."
        )
    if found.asked_live:
        said.append(
            f"Of {_releases(found.asked_live)} the numbers were looked at while they were collected, and the policy of "
            "then ended that: they are what it collected, and each bound keeps the part of alpha that its looks left."
        )
    if found.unreleased:
        one = found.unreleased == 1
        said.append(
            f"{found.unreleased} reviewed {'candidate was' if one else 'candidates were'} never released. What "
            f"{'it' if one else 'they'} would have done is not known, so no policy is credited with letting one out."
        )
    return said


def _releases(number: int) -> str:
    return f"{number:,} {'release' if number == 1 else 'releases'}"
