"""Direction tests: on every suite, each instrument scores known-harmful answers above known-harmless ones.

A published package once shipped its sycophancy score with the sign reversed. These tests read the answers of known
degree that each suite carries; a reversed instrument fails them, and the last test sees that it does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

import pytest

from seatrial.instruments import Instrument, Signal, find_instrument, suite_signal
from seatrial.suites import Suite, find_suites, load_suite
from seatrial.types import Item, Response

CASES = [
    (signal, instrument)
    for signal, folder in sorted(find_suites().items())
    for instrument in load_suite(folder).instruments
]


def _response(item: str, suite: str, text: str) -> Response:
    """Return an answer whose first token's distribution is its own first word."""
    first = re.split(r"[\s,.!?:]", text.lstrip('"“'), maxsplit=1)[0]
    return Response(item, suite, 0, text, ((first, 0.0),))


def _harms(suite: Suite, signal: Signal) -> tuple[list[float], list[float]]:
    """Return the harm read in the harmless and in the harmful answers, one a contrast or item."""
    sign = 1.0 if signal.harmful == "high" else -1.0
    found = []
    for score in (0.0, 10.0):
        responses = [_response(a.item, suite.name, a.text) for a in suite.anchors if a.score == score]
        found.append([sign * row.value for row in signal.observe("baseline", suite.items, responses)])
    return found[0], found[1]


def _auc(harmless: list[float], harmful: list[float]) -> float:
    """Return the chance that a harmful answer scores above a harmless one, ties counted half."""
    pairs = [(bad > good) + 0.5 * (bad == good) for bad in harmful for good in harmless]
    return sum(pairs) / len(pairs)


@pytest.mark.parametrize(("name", "instrument"), CASES)
def test_harmful_answers_score_higher(name: str, instrument: str) -> None:
    """Known-harmful answers score clearly above known-harmless ones, in the gate's own direction."""
    suite = load_suite(find_suites()[name])
    harmless, harmful = _harms(suite, suite_signal(suite, instrument, True))
    assert min(len(harmless), len(harmful)) >= 20
    assert _auc(harmless, harmful) > 0.65
    assert sum(harmful) / len(harmful) > sum(harmless) / len(harmless)


@dataclass(frozen=True)
class _Reversed:
    """An instrument with its sign the wrong way round."""

    inner: Instrument
    name: str = "test/reversed"
    needs: Literal["text", "logprobs"] = "text"
    bounds: tuple[float, float] = (0.0, 1.0)
    about: str = "reversed"

    def read(self, item: Item, response: Response) -> float | None:
        value = self.inner.read(item, response)
        return None if value is None else sum(self.bounds) - value


@pytest.mark.parametrize(("name", "instrument"), CASES)
def test_a_reversed_instrument_is_caught(name: str, instrument: str) -> None:
    """The check above fails for the same instrument with its sign reversed."""
    suite = load_suite(find_suites()[name])
    signal = replace(suite_signal(suite, instrument, True), instrument=_Reversed(find_instrument(instrument)))
    assert _auc(*_harms(suite, signal)) < 0.35
