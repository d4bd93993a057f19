"""Instruments that read answers, and the signals made of them.

A newcomer's own instrument enters by an entry point in the group `seatrial.instruments`, whose object is an
`Instrument`.
"""

from seatrial.signals.base import Instrument, Signal
from seatrial.signals.labels import declared_signal, harmful_end, rated_signal, select
from seatrial.signals.probes import openings
from seatrial.signals.registry import find_instrument, instruments, judged_signal, known_harm, suite_signal

__all__ = [
    "Instrument",
    "Signal",
    "declared_signal",
    "find_instrument",
    "harmful_end",
    "instruments",
    "judged_signal",
    "known_harm",
    "openings",
    "rated_signal",
    "select",
    "suite_signal",
]
