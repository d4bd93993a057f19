"""What a replay of production's traffic hands over to a review: its grades, and what each of them stands for.

A replay grades some conversations more often than others, so that the plain mean of its grades is nobody's rate. What
it hands over is therefore not only its grades, but which conversations they stand for; a gate is weighed by the same
estimates as in the replay, at the review's own alpha and margin, with the error of what graded inside.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import TypeAdapter

from seatrial.errors import EvidenceError, StoreError
from seatrial.formats.bounded import LARGEST, read_bytes
from seatrial.formats.json_values import with_words
from seatrial.formats.whole_files import write_whole
from seatrial.gates.traffic_rates import Design, design_of, smallest_seen
from seatrial.instruments.may_gate import Standing
from seatrial.observations import from_frame
from seatrial.types import ROLES

__all__ = [
    "FILE",
    "KIND",
    "ReplayedBehavior",
    "ReplayedTraffic",
    "is_replay",
    "looks_before",
    "observed",
    "read_replay",
    "write_replay",
]

FILE = "replay.json"
"""What a replay hands over, in its folder."""
FORMAT = "seatrial.replay/1"
KIND = "replay/"
"""Begins the name of every rate in traffic."""

STANDING = TypeAdapter(Standing)

Array = NDArray[np.float64]
Places = NDArray[np.int64]


@dataclass(frozen=True)
class ReplayedBehavior:
    """What a replay has of one behavior.

    Attributes:
        signal: `replay/NAME`.
        title: For a person.
        family: Kind of harm of its suite; empty where it names none.
        instrument: What graded.
        about: What that looks at.
        standing: What its record lets it do; its slope is that of flagged answers.
        looks: Times that the grades were looked at, each of which may err alike.
        lost: Share of the sample that not both models answered.
        stratum: (conversations,) numbers from 0, the highest scores first.
        picked: (graded,) places of the conversations that were graded.
        baseline: (graded,) 1 where the baseline's answer shows it, 0 where not, NaN without a grade.
        candidate: The same of the candidate's.
    """

    signal: str
    title: str
    family: str
    instrument: str
    about: str
    standing: Standing
    looks: int
    lost: float
    stratum: Places
    picked: Places
    baseline: Array
    candidate: Array


@dataclass(frozen=True)
class ReplayedTraffic:
    """What a replay hands over to a review.

    Attributes:
        name: The policy's that was replayed.
        models: Names of the baseline and the candidate.
        identities: SHA-256 of what changes their answers.
        of: Conversations of the log that could be replayed, of which those here were drawn.
        items: (conversations,) names of those that both models answered.
        cluster: (conversations,) numbers; conversations of one user share it.
        behaviors: What was looked for.
        asked: What the run was told to draw and to grade, in words.
        before: Looks that runs in the same folder took which were told otherwise.
        place: Where the file lies; empty before it is written.
        digest: SHA-256 of the file; empty before it is written.
    """

    name: str
    models: tuple[str, str]
    identities: tuple[str, str]
    of: int
    items: tuple[str, ...]
    cluster: Places
    behaviors: tuple[ReplayedBehavior, ...]
    asked: str = ""
    before: int = 0
    place: str = ""
    digest: str = ""

    def design(self, one: ReplayedBehavior) -> Design:
        """Return which conversations were graded for a behavior, and what each stands for."""
        graded = np.zeros(len(self.items), dtype=bool)
        graded[one.picked] = True
        return design_of(one.stratum, self.cluster, graded)

    def smallest_seen(self, one: ReplayedBehavior) -> float:
        """Return the least rate of which a case would have been graded, but for a chance of one in twenty."""
        return smallest_seen(self.design(one))

    def spread(self, one: ReplayedBehavior, values: Array) -> Array:
        """Return values of the graded ones as those of all conversations, NaN where none was graded."""
        whole = np.full(len(self.items), math.nan)
        whole[one.picked] = values
        return whole


# The file


def write_replay(found: ReplayedTraffic, folder: Path) -> Path:
    """Write what a review reads into a replay's folder, and return the file.

    Raises:
        StoreError: it cannot be written.
    """
    path = folder / FILE
    held = {
        "format": FORMAT,
        "name": found.name,
        "models": found.models,
        "identities": found.identities,
        "of": found.of,
        "asked": found.asked,
        "before": found.before,
        "items": found.items,
        "cluster": found.cluster.tolist(),
        "behaviors": [
            {
                **{name: getattr(one, name) for name in ("signal", "title", "family", "instrument", "about")},
                "standing": asdict(one.standing),
                "looks": one.looks,
                "lost": one.lost,
                **{name: getattr(one, name).tolist() for name in ("stratum", "picked")},
                **{role: [None if math.isnan(value) else int(value) for value in getattr(one, role)] for role in ROLES},
            }
            for one in found.behaviors
        ],
    }
    write_whole(path, json.dumps(with_words(held), allow_nan=False, separators=(",", ":")), StoreError)
    return path


def is_replay(path: Path) -> bool:
    """Return whether what a policy names under `evidence` is a replay: its folder, or the file in it."""
    return path.name == FILE or path.is_dir() or not (path.suffix or path.exists())


def read_replay(path: Path) -> ReplayedTraffic:
    """Return what a replay found, from its folder or its file.

    Raises:
        EvidenceError: there is none, or the file is not as a replay writes it.
    """
    place = path if path.name == FILE else path / FILE
    try:
        content = read_bytes(place, LARGEST)
    except FileNotFoundError:
        raise EvidenceError(
            f"{place}: no such file; `seatrial replay POLICY TRAFFIC --out {path}` writes it once it is through"
        ) from None
    except OSError as error:
        raise EvidenceError(f"{place}: cannot be read: {error.strerror or error}") from error
    try:
        return _read(json.loads(content), str(place), hashlib.sha256(content).hexdigest())
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError) as error:
        raise EvidenceError(f"{place}: not as a replay writes it ({error}); run the replay again") from error


def _read(held: Mapping[str, Any], place: str, digest: str) -> ReplayedTraffic:
    if held["format"] != FORMAT:
        raise ValueError(f"format {held['format']!r}, expected {FORMAT!r}")
    items = tuple(map(str, held["items"]))
    cluster = _whole(held["cluster"], "cluster", len(items), len(items))
    behaviors = tuple(_behavior(one, len(items)) for one in held["behaviors"])
    if len({one.signal for one in behaviors}) < len(behaviors) or len(set(items)) < len(items):
        raise ValueError("a behavior or a conversation is there twice")
    models, identities = ((str(before), str(after)) for before, after in (held["models"], held["identities"]))
    return ReplayedTraffic(
        str(held["name"]),
        models,
        identities,
        int(held["of"]),
        items,
        cluster,
        behaviors,
        str(held["asked"]),
        int(held["before"]),
        place,
        digest,
    )


def _behavior(held: Mapping[str, Any], count: int) -> ReplayedBehavior:
    name = str(held["signal"])
    if not name.startswith(KIND):
        raise ValueError(f"{name!r} is no rate in traffic")
    picked = _whole(held["picked"], f"picked of {name}", len(held["picked"]), count)
    stratum = _whole(held["stratum"], f"stratum of {name}", count, count)
    sides = [_grades(held[role], f"{role} of {name}", len(picked)) for role in ROLES]
    looks, lost = int(held["looks"]), float(held["lost"])
    if len(np.unique(picked)) < len(picked) or not len(picked) or looks < 1 or not 0 <= lost <= 1:
        raise ValueError(f"what was graded of {name} cannot be so")
    if set(np.unique(stratum[picked])) != set(np.unique(stratum)):
        raise ValueError(f"nothing of a stratum of {name} is graded")
    title, family, instrument, about = (str(held[key]) for key in ("title", "family", "instrument", "about"))
    standing = STANDING.validate_python(held["standing"])
    return ReplayedBehavior(name, title, family, instrument, about, standing, looks, lost, stratum, picked, *sides)


def _whole(values: object, what: str, length: int, below: int) -> Places:
    found = np.asarray(values)
    if found.shape != (length,) or found.dtype.kind != "i" or (length and not 0 <= found.min() <= found.max() < below):
        raise ValueError(f"{what} are no {length} numbers from 0 to {below - 1}")
    return found.astype(np.int64)


def _grades(values: Any, what: str, length: int) -> Array:
    if len(values) != length or not all(value is None or value in (0, 1) for value in values):
        raise ValueError(f"{what} are no {length} grades of 0 and 1")
    return np.array([math.nan if value is None else value for value in values], dtype=np.float64)


def looks_before(folder: Path, asked: str) -> int:
    """Return how often the grades in a replay's folder were looked at by runs that were told otherwise than this one.

    To grade more because nothing was clear is one more look, and all looks together may err as often as one.

    Raises:
        EvidenceError: what an earlier run handed over cannot be read.
    """
    if not (folder / FILE).exists():
        return 0
    earlier = read_replay(folder)
    return earlier.before if earlier.asked == asked else max((one.looks for one in earlier.behaviors), default=0)


def observed(found: ReplayedTraffic, signals: set[str]) -> pl.DataFrame:
    """Return a replay's grades of some behaviors as observations: what was graded, without its weights."""
    parts = []
    for one in found.behaviors:
        for role in ROLES:
            if one.signal in signals:
                values = getattr(one, role)
                there = np.flatnonzero(~np.isnan(values))
                places = one.picked[there]
                parts.append(
                    pl.DataFrame(
                        {
                            "signal": one.signal,
                            "role": role,
                            "item": [found.items[place] for place in places],
                            "cluster": [f"user {number}" for number in found.cluster[places].tolist()],
                            "value": values[there],
                            "source": f"replay of traffic, graded by {one.instrument}",
                        },
                        schema_overrides={"item": pl.String, "cluster": pl.String},
                    )
                )
    return from_frame(pl.concat(parts), None, found.place or "the replay")
