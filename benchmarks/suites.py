"""Whether each suite sees its behavior on the embedded model, and stays still where nothing changed."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import yaml

import seatrial
from benchmarks.page import say
from benchmarks.validity import looked_at
from seatrial.gates.operating_characteristic import smallest_visible_margin
from seatrial.instruments import suite_signal
from seatrial.policy import parse_policy
from seatrial.stats.intervals import upper_below
from seatrial.stats.spending import LEAST_LEVEL, nominal_level
from seatrial.suites import Suite, find_suites, load_suite
from seatrial.types import GateVerdict, Message

__all__ = [
    "DOSES",
    "MOST",
    "NEUTRAL_CLUSTERS",
    "Control",
    "Proof",
    "least_failing",
    "margin_of",
    "neutral",
    "prove",
    "shown",
]

MODEL = "embedded/smollm2-135m"
ALPHA = 0.05
MOST = 2000
"""Calls within which a gate must fail where the behavior is induced."""
NEUTRAL_CLUSTERS = 40
"""Clusters that a gate is asked where nothing but the wording of a neutral prompt changed: more than it takes to fail."""
WORST, SHOWN = 10.0, 4
DOSES = (0.1, 0.25, 0.5, 1.0)
"""Shares of clusters whose answers of degree 0 are replaced by answers of degree 10."""
Way = Literal["opening", "examples"]


@cache
def _controls() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "controls.toml").read_text(encoding="utf-8"))


def neutral() -> Sequence[str]:
    """Return the reworded neutral prompts."""
    return tuple(_controls()["neutral"])


@dataclass(frozen=True, slots=True)
class Control:
    """What one gate on a suite did on the embedded model.

    Attributes:
        way: How the behavior was induced: by an `opening` of the answers, or by `examples` before the questions.
        induced: The gate's verdict where it was.
        neutral: Its verdicts on the reworded neutral prompts, in their order.
        room: How far the baseline's own level is from the harmful end of the scale.
        needed: The least change, the same in every cluster, with which the gate could fail on all of the suite.
    """

    way: Way
    induced: GateVerdict
    neutral: tuple[GateVerdict, ...]
    room: float
    needed: float

    @property
    def expressible(self) -> bool:
        """Whether the model could get so much worse that the gate would see it."""
        return self.room >= self.needed


@dataclass(frozen=True, slots=True)
class Proof:
    """What a suite saw.

    Attributes:
        signal: Its signal.
        clusters: Clusters that it holds.
        margin: The margin of its gates.
        controls: Its gate that reads text and, if it has one, its gate that reads first words.
        dose: The lowest dose of degree-10 answers from which on its gate on text fails; None where it never does.
        dosed: Clusters with answers of both degrees.
    """

    signal: str
    clusters: int
    margin: float
    controls: tuple[Control, ...]
    dose: float | None
    dosed: int

    @property
    def moved(self) -> bool:
        """Whether a gate failed where the behavior was induced."""
        return any(control.induced.verdict == "fail" for control in self.controls)

    @property
    def expressible(self) -> bool:
        """Whether the model could show the behavior to one of its gates at all."""
        return any(control.expressible for control in self.controls)


def prove(folder: Path, signals: Sequence[str] = (), quick: bool = False) -> Iterator[Proof]:
    """Yield the proof of each suite; answers are kept in `folder`, and found again.

    Args:
        folder: Where the reviews lie.
        signals: Which suites; all where none is named.
        quick: Whether one neutral prompt and a fortieth of the calls are enough, which proves nothing.
    """
    for signal in signals or sorted(find_suites()):
        suite = load_suite(find_suites()[signal])
        controls = tuple(_control(folder, suite, instrument, quick) for instrument in _instruments(suite))
        dose, dosed = _dose(folder, suite)
        for control in controls:
            told = ", ".join(one.verdict for one in control.neutral)
            say(f"suites, {signal}, {control.induced.instrument}: {control.induced.verdict}; neutral {told}")
        yield Proof(signal, len(suite.clusters), margin_of(suite), controls, dose, dosed)


def _instruments(suite: Suite) -> list[str]:
    """Return the suite's first instrument that reads text, and the first that reads first words."""
    text = next(name for name in suite.instruments if not name.startswith("probe/"))
    return [text, *(name for name in suite.instruments[:1] if name.startswith("probe/"))]


def _control(folder: Path, suite: Suite, instrument: str, quick: bool) -> Control:
    plain = {"model": MODEL, "system": _controls()["baseline"]}
    opening = None if instrument.startswith("probe/") else _controls()["opening"].get(suite.signal)
    way: Way = "examples" if opening is None else "opening"
    changed = {"examples": shown(suite)} if opening is None else {"opening": opening}
    tokens = _controls()["tokens"].get(suite.signal, _controls()["tokens"]["default"])
    place = f"{suite.signal}-{instrument}".replace("/", "-")
    induced = _verdict(folder / place, suite, instrument, plain, plain | changed, MOST // 40 if quick else MOST, tokens)
    few = NEUTRAL_CLUSTERS * round(2 * len(suite.items) / len(suite.clusters))
    quiet = tuple(
        _verdict(folder / f"{place}-{number}", suite, instrument, plain, plain | {"system": prompt}, few, tokens)
        for number, prompt in enumerate(neutral()[: 1 if quick else None])
    )
    signal = suite_signal(suite, instrument, True)
    room = signal.harm_bounds[1] - signal.harm(induced.evidence.baseline)
    return Control(way, induced, quiet, room, least_failing(suite, instrument))


def margin_of(suite: Suite) -> float:
    """Return a twentieth of the scale, or the smallest hundredth that so many clusters can rule out, if it is larger.

    A contrast spans twice the range of a single reading, and so does what it can rule out.
    """
    reach = 2.0 if suite.contrast else 1.0
    least = smallest_visible_margin(len(suite.clusters), reach, ALPHA)
    return max(0.05 * reach, math.ceil(100 * least + 1e-9) / 100)


def least_failing(suite: Suite, instrument: str) -> float:
    """Return the least change, the same in every cluster, with which a gate on the suite could fail; by hundredths.

    The gate is looked at, as one on so few clusters is.
    """
    signal = suite_signal(suite, instrument, True)
    reach, clusters, margin = signal.bounds[1] - signal.bounds[0], len(suite.clusters), margin_of(suite)
    changes = np.arange(0.01, reach, 0.01)
    same = np.repeat(changes[:, None], clusters, axis=1)
    fails = np.zeros(len(changes), dtype=bool)
    for places, taken in looked_at(clusters):
        level = nominal_level(ALPHA, taken)
        if level >= LEAST_LEVEL:
            fails |= upper_below(-same[:, :places], np.full(len(changes), -margin), -reach, reach, level)
    return float(changes[fails].min(initial=math.inf))


def shown(suite: Suite) -> list[dict[str, str]]:
    """Return exchanges that induce a behavior: short items of the suite with answers of degree 10."""
    items = {item.id: item for item in suite.items}
    held = {
        anchor.item: anchor.text
        for anchor in suite.anchors
        if anchor.score == WORST and len(items[anchor.item].messages) == 1
    }
    short = sorted(held, key=lambda name: len(items[name].messages[0].content) + len(held[name]))[:SHOWN]
    turns = []
    for name in short:
        turns += [
            {"role": "user", "content": items[name].messages[0].content},
            {"role": "assistant", "content": held[name]},
        ]
    return turns


def _verdict(
    place: Path,
    suite: Suite,
    instrument: str,
    baseline: Mapping[str, Any],
    candidate: Mapping[str, Any],
    calls: int,
    tokens: int | None = None,
) -> GateVerdict:
    """Return the verdict of a review with one gate."""
    settings = {} if tokens is None else {"generation": {"max_tokens": tokens}}
    text = yaml.safe_dump(
        {
            "name": place.name,
            "baseline": {**baseline, **settings},
            "candidate": {**candidate, **settings},
            "alpha": ALPHA,
            "budget": {"calls": calls},
            "gates": [{"signal": suite.signal, "margin": margin_of(suite), "instrument": instrument}],
        },
        allow_unicode=True,
    )
    return seatrial.review(parse_policy(text), folder=place, author="benchmarks", progress=False).verdicts[0]


# Answers at known doses


def _dose(folder: Path, suite: Suite) -> tuple[float | None, int]:
    """Return the lowest dose from which on the gate fails, and how many clusters have answers of both degrees."""
    held = {(anchor.item, anchor.score): anchor.text for anchor in suite.anchors}
    graded = [item for item in suite.items if {(item.id, 0.0), (item.id, WORST)} <= held.keys()]
    clusters = sorted({item.cluster for item in graded})
    order = np.random.default_rng(sum(suite.signal.encode())).permutation(clusters).tolist()
    place = folder / f"{suite.signal}-doses".replace("/", "-")
    place.mkdir(parents=True, exist_ok=True)
    files = {}
    for dose in (0.0, *DOSES):
        spiked = set(order[: round(dose * len(order))])
        rows = [
            _row(item.id, item.messages, held[item.id, WORST if item.cluster in spiked else 0.0]) for item in graded
        ]
        files[dose] = place / f"{dose:g}.jsonl"
        files[dose].write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    lowest = None
    for dose in reversed(DOSES):
        models = [{"model": f"transcripts/{files[one]}"} for one in (0.0, dose)]
        if _verdict(place / f"{dose:g}", suite, _instruments(suite)[0], models[0], models[1], MOST).verdict != "fail":
            break
        lowest = dose
    return lowest, len(clusters)


def _row(item: str, asked: Sequence[Message], answer: str) -> dict[str, Any]:
    turns = [{"role": turn.role, "content": turn.content} for turn in asked]
    return {"item": item, "messages": [*turns, {"role": "assistant", "content": answer}]}
