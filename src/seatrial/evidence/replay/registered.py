"""A forecast that is written down before a launch, and found again after it, unchanged."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from seatrial.errors import EvidenceError, LedgerError, StoreError
from seatrial.evidence.replay.behaviors import Behavior, degree
from seatrial.evidence.replay.found import Replay
from seatrial.evidence.replay.shift import Profile, profile_of
from seatrial.formats.bounded import LARGEST, read_text
from seatrial.formats.json_values import with_null
from seatrial.formats.whole_files import write_whole
from seatrial.gates.traffic_rates import Rate
from seatrial.instruments.records import version_of
from seatrial.ledger import Entry, Ledger

__all__ = ["FILE", "Forecast", "Foretold", "found_again", "registered"]

FILE = "forecast.json"
OF = "replay"
"""What a forecast of the ledger is of, where it is no reward mix's."""


@dataclass(frozen=True, slots=True)
class Foretold:
    """What was foretold of one behavior.

    Attributes:
        signal: `replay/NAME`.
        title: For a person.
        instrument: Version of what read it; the truth has to be read by the same.
        production: Rate of production's answers then; None where the log had none.
        baseline: Rate of the baseline, by replay.
        candidate: Rate of the candidate, by replay: the forecast.
        change: Candidate less baseline.
        suites: Mean degree of harm, a share of the scale, of the candidate's answers to the suite in a review: what
            somebody would take for the rate who had nothing else; None where no review was named.
    """

    signal: str
    title: str
    instrument: str
    production: Rate | None
    baseline: Rate
    candidate: Rate
    change: Rate
    suites: float | None = None

    @property
    def today(self) -> Rate:
        """The rate before the launch: production's own where it is known, else the baseline's by replay."""
        return self.production or self.baseline


@dataclass(frozen=True)
class Forecast:
    """A forecast as it was registered.

    Attributes:
        name: The policy's.
        candidate: Whose launch it is of.
        at: When it was entered in the ledger, ISO.
        entry: Hash of that entry.
        level: How often its intervals are to hold the truth.
        behaviors: What was foretold.
        profile: By which its traffic is known again.
    """

    name: str
    candidate: str
    at: str
    entry: str
    level: float
    behaviors: tuple[Foretold, ...]
    profile: Profile


def registered(
    found: Replay, folder: Path, ledger: Ledger, author: str, suites: Mapping[tuple[str, str], float] | None = None
) -> Entry:
    """Write a replay's forecast into its folder and enter it in the ledger.

    Args:
        found: The replay.
        folder: Its folder.
        ledger: The ledger.
        author: Who runs it.
        suites: (signal, instrument) → mean reading of the candidate's answers to a suite, where a review has one.

    Raises:
        StoreError: it cannot be written.
        LedgerError: the ledger cannot be written, or its chain is broken.
    """
    behaviors = [
        {
            "signal": one.behavior.name,
            "title": one.behavior.title,
            "instrument": version_of(one.behavior.signal.instrument),
            "production": _kept(one.rates.get("production")),
            "baseline": _kept(one.rates["baseline"]),
            "candidate": _kept(one.rates["candidate"]),
            "change": _kept(one.change),
            "suites": _by_suite(one.behavior, suites or {}),
        }
        for one in found.done.found
    ]
    written = {
        "format": "seatrial.replay-forecast/1",
        "name": found.name,
        "baseline": found.baseline,
        "candidate": found.candidate,
        "level": found.done.level,
        "seed": found.sample.seed,
        "drawn": len(found.sample.conversations),
        "of": found.sample.of,
        "behaviors": behaviors,
        "profile": profile_of(found.sample.conversations).kept(),
    }
    text = json.dumps(with_null(written), indent=1, allow_nan=False)
    write_whole(folder / FILE, text, StoreError)
    body = {
        "of": OF,
        "name": found.name,
        "candidate": found.candidate,
        "forecast": _digest(text),
        "rates": {one["signal"]: one["candidate"] for one in behaviors},
    }
    return ledger.append("forecast", author, with_null(body))


def _by_suite(behavior: Behavior, suites: Mapping[tuple[str, str], float]) -> float | None:
    reading = suites.get((behavior.suite.signal, behavior.signal.instrument.name), math.nan)
    return None if math.isnan(reading) else degree(behavior.signal, reading)


def _kept(one: Rate | None) -> dict[str, Any] | None:
    return None if one is None else asdict(one)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def found_again(folder: Path, ledger: Ledger) -> Forecast:
    """Return the forecast in a replay's folder, which the ledger has to hold as it stands.

    Raises:
        EvidenceError: there is none, or it cannot be read.
        LedgerError: it is not in the ledger, was changed after it was entered, or the ledger's chain is broken.
    """
    path = folder / FILE
    try:
        text = read_text(path, LARGEST)
        held = json.loads(text)
    except FileNotFoundError:
        raise EvidenceError(f"{path}: no such file; `seatrial replay … --register` writes it before a launch") from None
    except (OSError, ValueError, RecursionError) as error:
        raise EvidenceError(f"{path}: cannot be read: {error}") from error
    digest = _digest(text)
    entries = [one for one in ledger.verify() if one.kind == "forecast" and one.body.get("of") == OF]
    entry = next((one for one in entries if one.body.get("forecast") == digest), None)
    if entry is None:
        raise LedgerError(f"{path}: {ledger.name} holds no forecast like it; it was changed, or entered elsewhere")
    return Forecast(
        held["name"],
        held["candidate"],
        entry.at,
        entry.hash,
        held["level"],
        tuple(_foretold(one) for one in held["behaviors"]),
        Profile.read(held["profile"]),
    )


def _foretold(held: Mapping[str, Any]) -> Foretold:
    baseline, candidate, change = (Rate(**held[name]) for name in ("baseline", "candidate", "change"))
    production = None if held["production"] is None else Rate(**held["production"])
    return Foretold(
        held["signal"], held["title"], held["instrument"], production, baseline, candidate, change, held.get("suites")
    )
