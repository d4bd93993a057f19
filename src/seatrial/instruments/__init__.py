"""Instruments that read answers, and the signals made of them.

A newcomer's own instrument enters by an entry point in the group `seatrial.instruments`, whose object is an
`Instrument`.
"""

from seatrial.instruments.base import Instrument, Signal
from seatrial.instruments.declared import declared_signal, harmful_end, rated_signal, select
from seatrial.instruments.probes import openings
from seatrial.instruments.registry import find_instrument, instruments, judged_signal, known_harm, suite_signal

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
