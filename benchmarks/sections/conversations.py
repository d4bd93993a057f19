"""The section on conversations: how often their gates err, and how fast they are held."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from benchmarks import conversations, page

__all__ = ["SECTIONS"]


def _conversations(quick: bool) -> Iterator[str]:
    yield "## Conversations: how often their gates err, and how fast they are held\n"
    yield page.source("conversations")
    yield (
        f"{conversations.PERSONAS} personas of up to {conversations.TURNS} turns; the chance of harm differs by persona and grows "
        f"with the turn; margin {conversations.MARGIN:g}, alpha 5 %. *Earlier harm*: the log-rank test's p is 5 % or less, which "
        "decides nothing. Bands are Wilson's, 95 %.\n"
    )
    yield page.table(
        ("the candidate", "runs", "launched", "blocked", "earlier harm found"),
        [
            (
                one.name,
                f"{one.runs:,}",
                page.share(one.launched, one.runs),
                page.share(one.blocked, one.runs),
                page.share(one.earlier, one.runs),
            )
            for one in conversations.rates(100 if quick else 2000)
        ],
    )
    found = conversations.speed(12 if quick else conversations.PERSONAS)
    yield (
        f"{found.turns:,} turns with two models of {1000 * conversations.SECONDS:.0f} ms, 64 calls in flight, every answer stored: "
        f"{found.seconds:.2f} s, where the turns' dependence allows {found.least:.2f} s at best: "
        f"{100 * found.least / found.seconds:.0f} % of it.\n"
    )


SECTIONS: dict[str, Callable[[bool], Iterator[str]]] = {"conversations": _conversations}
