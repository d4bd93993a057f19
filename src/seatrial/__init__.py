"""Decides whether a language-model update may launch: launch, hold or block, with the evidence and the blind spots.

The names below are the Python interface. Each is loaded when it is asked for, so that importing seatrial costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seatrial.calibration.calibrate import calibrate
    from seatrial.errors import SeatrialError
    from seatrial.policy import Gate, load_policy
    from seatrial.policy import LaunchPolicy as Policy
    from seatrial.policy import ModelSpec as Model
    from seatrial.review.finished import Review, load_review
    from seatrial.review.interface import decide, plan, review, review_async

__all__ = [
    "Gate",
    "Model",
    "Policy",
    "Review",
    "SeatrialError",
    "calibrate",
    "decide",
    "load_policy",
    "load_review",
    "plan",
    "review",
    "review_async",
]

_HOMES = {
    "Gate": "seatrial.policy:Gate",
    "Model": "seatrial.policy:ModelSpec",
    "Policy": "seatrial.policy:LaunchPolicy",
    "Review": "seatrial.review.finished:Review",
    "SeatrialError": "seatrial.errors:SeatrialError",
    "calibrate": "seatrial.calibration.calibrate:calibrate",
    "decide": "seatrial.review.interface:decide",
    "load_policy": "seatrial.policy:load_policy",
    "load_review": "seatrial.review.finished:load_review",
    "plan": "seatrial.review.interface:plan",
    "review_async": "seatrial.review.interface:review_async",
}


def __getattr__(name: str) -> Any:
    if name == "review":  # the package `seatrial.review`, which can be called
        return import_module("seatrial.review")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, there = _HOMES[name].partition(":")
    value = globals()[name] = getattr(import_module(module), there)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
