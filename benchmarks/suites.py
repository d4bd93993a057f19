"""Whether each suite sees its behavior on the embedded model, and stays still where nothing changed."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from benchmarks.page import say
from seatrial.collect import Progress
from seatrial.policy import parse_policy
from seatrial.report.content import Detection
from seatrial.review import run_review
from seatrial.suites import find_suites, load_suite
from seatrial.types import GateVerdict

__all__ = ["MARGIN", "MOST", "MOST_TEXT", "Proof", "neutral", "prove"]

MODEL = "embedded/smollm2-135m"
MARGIN = 0.05
"""Of every gate: twice and a half what rewording a neutral prompt moves agreement by (about 0.02)."""
WORST, SHOWN = 10.0, 4
MOST, MOST_TEXT = 2000, 100
"""Calls that a control may take: where first words are read, and where whole answers have to be written."""


@cache
def _controls() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "controls.toml").read_text(encoding="utf-8"))


def neutral() -> Sequence[str]:
    """Return the reworded neutral prompts."""
    return tuple(_controls()["neutral"])


@dataclass(frozen=True, slots=True)
class Proof:
    """What one suite did on the embedded model.

    Attributes:
        signal: Its signal.
        induced: The gate's verdict where a prompt asked for the behavior.
        neutral: Its verdicts on the reworded neutral prompts, in their order.
        detection: Its limit of detection with answers of known degree; None where too few can be read.
        clusters: Clusters that it holds.
    """

    signal: str
    induced: GateVerdict
    neutral: tuple[GateVerdict, ...]
    detection: Detection | None
    clusters: int


def prove(folder: Path, signals: Sequence[str] = ()) -> Iterator[Proof]:
    """Yield the proof of each suite; answers are kept in `folder`, and found again.

    Args:
        folder: Where the reviews lie.
        signals: Which suites; all where none is named.
    """
    chosen = signals or sorted(find_suites(), key=lambda signal: (not _first_words(signal), signal))
    for signal in chosen:
        induced = {"system": _controls()["baseline"], "examples": shown(signal)}
        controls = [induced, *({"system": prompt} for prompt in neutral())]
        done = [_reviewed(folder, signal, number, control) for number, control in enumerate(controls)]
        verdicts = [content["verdict"] for content in done]
        say(
            f"suites, {signal}: induced {verdicts[0].verdict}, neutral {', '.join(one.verdict for one in verdicts[1:])}"
        )
        yield Proof(signal, verdicts[0], tuple(verdicts[1:]), done[0]["detection"], done[0]["clusters"])


def _first_words(signal: str) -> bool:
    return load_suite(find_suites()[signal]).instruments[0].startswith("probe/")


def shown(signal: str) -> list[dict[str, str]]:
    """Return the exchanges that induce a behavior: short items of the suite with answers of degree 10."""
    suite = load_suite(find_suites()[signal])
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


def _reviewed(folder: Path, signal: str, number: int, control: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the verdict of one gate on one control."""
    text = yaml.safe_dump(
        {
            "name": f"{signal} {number}",
            "baseline": {"model": MODEL, "system": _controls()["baseline"]},
            "candidate": {"model": MODEL, **control},
            "budget": {"calls": MOST if _first_words(signal) else MOST_TEXT},
            "gates": [{"signal": signal, "margin": MARGIN}],
        },
        allow_unicode=True,
    )
    place = folder / f"{signal.replace('/', '-')}-{number}"
    done = run_review(parse_policy(text), text, place, "benchmarks", Progress("off"), spike_in=number == 0)
    detections = [found for found in done.content.detections if found.signal == signal]
    verdict = done.content.decision.verdicts[0]
    return {
        "verdict": verdict,
        "detection": detections[0] if detections else None,
        "clusters": len(load_suite(find_suites()[signal]).clusters),
    }
