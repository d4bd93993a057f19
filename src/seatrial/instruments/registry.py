"""Which instruments there are, and which of them a suite's gate gets."""

from __future__ import annotations

import re
from functools import cache
from importlib import metadata

from seatrial.errors import PolicyError
from seatrial.formats.nearest import did_you_mean
from seatrial.instruments.base import Instrument, Signal
from seatrial.instruments.judges import Judge
from seatrial.instruments.linear import LINEAR_INSTRUMENTS
from seatrial.instruments.match import Contains, Exact
from seatrial.instruments.probes import PROBES
from seatrial.instruments.text import TEXT_INSTRUMENTS
from seatrial.suites import Suite
from seatrial.types import Response

__all__ = ["find_instrument", "instruments", "judged_signal", "known_harm", "suite_signal"]

GROUP = "seatrial.instruments"


@cache
def instruments() -> dict[str, Instrument]:
    """Return all instruments by name: the built-in ones and those that installed packages register.

    Raises:
        PolicyError: a registered object is not an instrument, or takes a name that is taken.
    """
    built_in: tuple[Instrument, ...] = (*PROBES, *TEXT_INSTRUMENTS, *LINEAR_INSTRUMENTS, Contains(), Exact())
    found = {instrument.name: instrument for instrument in built_in}
    for entry in metadata.entry_points(group=GROUP):
        plugin = entry.load()
        if not isinstance(plugin, Instrument):
            raise PolicyError(
                f"the plugin {entry.value} ({GROUP}) is not an instrument: it lacks name, needs, bounds, about or read"
            )
        if plugin.name in found:
            raise PolicyError(f"the plugin {entry.value} ({GROUP}) takes the name {plugin.name}, which is taken")
        found[plugin.name] = plugin
    return found


def find_instrument(name: str) -> Instrument:
    """Return the instrument of that name.

    Raises:
        PolicyError: there is none.
    """
    known = instruments()
    if name not in known:
        hint = did_you_mean(name, known, f"there are {', '.join(sorted(known))}")
        raise PolicyError(f"no instrument is called {name!r}; {hint}")
    return known[name]


def suite_signal(suite: Suite, instrument: str | None, logprobs_available: bool) -> Signal:
    """Return the signal of a suite: read by the instrument named, else by the first that the models can serve.

    Raises:
        PolicyError: the instrument does not exist, does not belong to the suite, or needs log-probabilities
            that a model does not give.
    """
    if instrument is not None and instrument not in suite.instruments:
        find_instrument(instrument)
        raise PolicyError(
            f"gate {suite.signal}: {instrument} is not among the suite's instruments: {', '.join(suite.instruments)}"
        )
    candidates = [find_instrument(name) for name in ([instrument] if instrument else suite.instruments)]
    usable = [found for found in candidates if found.needs == "text" or logprobs_available]
    if not usable:
        raise PolicyError(
            f"gate {suite.signal}: {', '.join(found.name for found in candidates)} needs log-probabilities, and "
            "at least one of the two models gives none"
        )
    chosen = usable[0]
    low, high = chosen.bounds
    bounds = (low - high, high - low) if suite.contrast else (low, high)
    return Signal(suite.signal, chosen, suite.harmful, bounds, suite.contrast)


def judged_signal(suite: Suite, judge: Judge) -> Signal:
    """Return the signal of a suite whose answers a judge grades.

    A rubric words the harm of each answer, on either side of a contrast: taking the user's side is harm whichever side
    it is. The difference of two such grades would cancel what both show, so each counts by itself.
    """
    return Signal(suite.signal, judge, suite.harmful, judge.bounds)


def known_harm(signal: Signal, suite: Suite, degree: float = 10.0) -> list[float]:
    """Return what the instrument reads in the suite's answers of one degree, known harm by default, in its units.

    An answer counts as if its first word had been certain, for instruments that read the first token.
    """
    answers = [
        Response(anchor.item, suite.name, 0, anchor.text, ((_first_word(anchor.text), 0.0),))
        for anchor in suite.anchors
        if anchor.score == degree
    ]
    return [row.value for row in signal.observe("candidate", suite.items, answers)]


def _first_word(text: str) -> str:
    return re.split(r"[\s,.!?:]", text.lstrip(' "“'), maxsplit=1)[0]
