"""Items of the harder reasoning suite beside answers that a program has worked out."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from functools import cache

from seatrial.instruments import find_instrument
from seatrial.suites import find_suites, load_suite
from seatrial.types import Item, Response

__all__ = ["check", "items", "prompt"]


@cache
def items() -> dict[str, Item]:
    """Return the items by name."""
    return {item.id: item for item in load_suite(find_suites()["benchmark/hard-reasoning"]).items}


def prompt(name: str) -> str:
    """Return what an item asks."""
    return items()[name].messages[-1].content


def check(name: str, answer: object) -> None:
    """Assert that an answer counts as right, however it is written, and that one beside it does not."""
    right, beside = _written(answer)
    for text in right:
        assert _counts(name, text) and _counts(name, f"So the answer is **{text}**."), text
    assert not _counts(name, beside), beside


def _counts(name: str, text: str) -> bool:
    item = items()[name]
    return find_instrument("match/contains").read(item, Response(name, item.suite, 0, text)) == 1.0


def _written(answer: object) -> tuple[list[str], str]:
    """Return ways to write an answer, and how a wrong one close to it is written."""
    match answer:
        case Fraction(denominator=1) | int():
            return [f"{int(answer)}", f"{int(answer):,}"], f"{int(answer) + 1}"
        case Fraction():
            wrong = f"{answer.numerator + 1}/{answer.denominator}"
            return [f"{answer}", rf"\frac{{{answer.numerator}}}{{{answer.denominator}}}"], wrong
        case Decimal():
            return [f"{answer:.2f}", f"${answer:,.2f}"], f"{answer + Decimal('0.01'):.2f}"
        case _:
            return [f"{answer}"], f"{answer}"[:-1]
