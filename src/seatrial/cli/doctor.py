"""What this machine has of what seatrial needs or can use."""

from __future__ import annotations

import platform
import shutil
from dataclasses import dataclass
from importlib import metadata, util

from seatrial.errors import MissingWeights
from seatrial.suites import find_suites

__all__ = ["Check", "checks"]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that seatrial needs or can use."""

    what: str
    ok: bool
    detail: str
    optional: bool = False


def checks() -> list[Check]:
    """Return what this machine has of what seatrial needs or can use."""
    from seatrial.models.embedded import weights

    found = [Check("python", True, platform.python_version())]
    for name in ("seatrial", "numpy", "scipy", "polars", "pydantic", "aiohttp"):
        found.append(_package(name, name, f"pip install {name}"))
    try:
        found.append(Check("embedded model", True, weights().name, optional=True))
    except MissingWeights as error:
        found.append(Check("embedded model", False, str(error), optional=True))
    found.append(
        _package("inspect-ai", "inspect_ai", 'pip install "seatrial[inspect]" for more providers', optional=True)
    )
    free = shutil.disk_usage(".").free / 2**30
    found.append(Check("free disk", free > 1, f"{free:.0f} GB"))
    found.append(Check("suites", True, f"{len(find_suites())} built in"))
    return found


def _package(name: str, module: str, remedy: str, *, optional: bool = False) -> Check:
    if util.find_spec(module) is None:
        return Check(name, False, remedy, optional)
    return Check(name, True, metadata.version(name), optional)
