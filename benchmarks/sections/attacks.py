"""The section on attacks: what is guessed of a blinded session, and what servers send that is no answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr
from io import StringIO

from benchmarks import guesses, odd_replies, page

__all__ = ["SECTIONS"]


def _attacks(quick: bool) -> Iterator[str]:
    sessions = 2 if quick else guesses.SESSIONS
    yield "## Attacks: guessing a blinded session, and replies that are no answer\n"
    yield page.source("attacks", ("aiohttp",))
    size = guesses.SIZES
    yield (
        f"A program knows the source, the review's answers and all pages of one rater, in {sessions} sessions of "
        f"{size.pairs} pairs, {size.controls} controls and {size.repeats} repeats. It tries {len(guesses.SEEDS)} seeds, or "
        "goes by the place, by published answers, by what comes twice, or by who writes how. Half of the sides are guessed "
        "by tossing a coin; *the commonest kind* is what always saying that one kind gets right.\n"
    )
    yield page.table(
        ("it goes", "sides guessed", "kinds guessed", "the commonest kind"),
        [
            (one.attack, page.share(*one.sides), page.share(*one.kinds), f"{100 * one.base / one.kinds[1]:.1f} %")
            for one in guesses.guessed(sessions)
        ],
    )
    rows = []
    for name, trying in (
        ("a model, asked for text", odd_replies.of_models(False)),
        ("a model, asked for log-probabilities", odd_replies.of_models(True)),
        ("a judge", odd_replies.of_judges()),
    ):
        with redirect_stderr(StringIO()):  # each reply is told of there while it is asked again
            one = asyncio.run(trying)
        counts = (one.answers, one.failed, one.ended, len(one.unsaid), len(one.broken))
        rows.append((name, f"{len(odd_replies.ODD_REPLIES)}", *(f"{count}" for count in counts)))
    yield (
        "Replies of other shapes, types, sizes, encodings and statuses than a chat completion has, each sent once. *Broken* "
        "is a traceback, or a call that is counted twice or not at all; *unsaid* a reason of no more than "
        f"{odd_replies.FEWEST_LETTERS} letters.\n"
    )
    yield page.table(
        ("sent by", "replies", "an answer", "missing, with a reason", "ended the run", "unsaid", "broken"), rows
    )


SECTIONS: dict[str, Callable[[bool], Iterator[str]]] = {"attacks": _attacks}
