"""What other release gates say about the same simulated answers, each really run in an environment of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.efficiency import ALPHA, BASE, DISCORDANT, MARGIN, POWER
from seatrial.stats.betting import log_wealth_paths

__all__ = ["EFFECTS", "PEERS", "Peer", "Said", "ask", "cases", "environment", "lines_of", "seatrial_says"]

DRIVERS = Path(__file__).parent / "drivers"
ENVIRONMENTS = Path(__file__).resolve().parents[1] / ".peers"
EFFECTS = (-1.0, 0.0, 1.0, 2.0)
"""True changes in margins: better, unchanged, exactly the harm tolerated, twice of it."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Another tool.

    Attributes:
        package: Its package.
        version: Of the package.
        runs: How many simulated cases it is asked about, of each kind; some take seconds each.
        about: What its driver asks about, where that is not a release: the end of the driver's name.
    """

    package: str
    version: str
    runs: int = 100
    about: str = ""

    @property
    def driver(self) -> Path:
        """The script that asks it."""
        return DRIVERS / f"{'_'.join(filter(None, (self.package.replace('-', '_'), self.about)))}.py"


PEERS = (
    Peer("evalsig", "0.1.2"),
    Peer("evalproof", "0.2.1"),
    Peer("llm-evalgate", "0.6.0"),
    Peer("model-migration-kit", "0.1.1"),
    Peer("dedrift", "0.5.0", runs=20),
    Peer("ville", "0.1.0"),
)


@dataclass(frozen=True, slots=True)
class Said:
    """How often a tool let a release pass, failed it, or said that it cannot tell, by true change."""

    effect: float
    answers: Counter[str]

    def share(self, word: str) -> float:
        """Return the share of one answer."""
        return self.answers[word] / sum(self.answers.values())


def cases(effect: float, runs: int, items: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return each run's harm (0 or 1) before and after, one answer in five discordant, as the plans assume."""
    rng = np.random.default_rng([7, int(effect * 100) + 1000])
    change = effect * MARGIN
    discordant = max(DISCORDANT, abs(change))
    up, down = (discordant + change) / 2, (discordant - change) / 2
    same = (BASE - down) / (1 - discordant)
    made = []
    for _ in range(runs):
        u = rng.random(items)
        both = (rng.random(items) < same).astype(int)
        made.append((np.where(u < up, 0, np.where(u < discordant, 1, both)),
                     np.where(u < up, 1, np.where(u < discordant, 0, both))))  # fmt: skip
    return made


def environment(peer: Peer) -> Path:
    """Return the peer's Python, installed on first use.

    Raises:
        RuntimeError: it cannot be installed here.
    """
    folder = ENVIRONMENTS / f"{peer.package}-{peer.version}"
    python = folder / "bin" / "python"
    if not (folder / "installed").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        done = subprocess.run(
            [python, "-m", "pip", "install", "-q", f"{peer.package}=={peer.version}"], capture_output=True, text=True
        )
        if done.returncode:
            raise RuntimeError(f"{peer.package} {peer.version} cannot be installed: {done.stderr.strip()[-300:]}")
        (folder / "installed").touch()
    return python


def lines_of(peer: Peer, cases: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what a peer's driver says about each case, a line each.

    Raises:
        RuntimeError: it cannot be installed or fails.
    """
    python = environment(peer)
    lines = [json.dumps(case) for case in cases]
    done = subprocess.run([python, "-P", peer.driver], input="\n".join(lines), capture_output=True, text=True)
    said = done.stdout.splitlines()
    if done.returncode or len(said) != len(lines):
        raise RuntimeError(f"{peer.package} stopped after {len(said)} cases: {done.stderr.strip()[-300:]}")
    return said


def ask(peer: Peer, items: int, effects: Sequence[float] = EFFECTS) -> list[Said]:
    """Return what a peer says about `peer.runs` releases a true change, from `items` items answered by both models.

    Raises:
        RuntimeError: it cannot be installed or fails.
    """
    told = {"margin": MARGIN, "alpha": ALPHA, "power": POWER}
    return [
        Said(
            effect,
            Counter(
                lines_of(
                    peer,
                    [
                        {"before": before.tolist(), "after": after.tolist(), **told}
                        for before, after in cases(effect, peer.runs, items)
                    ],
                )
            ),
        )
        for effect in effects
    ]


def seatrial_says(runs: int, items: int, effects: Sequence[float] = EFFECTS) -> list[tuple[Said, float]]:
    """Return the same for a live gate, with the mean calls that it took; it may stop sooner but asks no more."""
    found = []
    wall = -np.log(ALPHA)
    for effect in effects:
        x = np.array([after - before for before, after in cases(effect, runs, items)], dtype=float)
        reached = [log_wealth_paths(x, MARGIN, -1, 1, side, aim=MARGIN) >= wall for side in ("less", "greater")]
        first = [np.where(one.any(axis=1), one.argmax(axis=1) + 1, items + 1) for one in reached]
        words = np.where(np.minimum(*first) > items, "undecided", np.where(first[0] < first[1], "pass", "fail"))
        calls = 2 * float(np.minimum(np.minimum(*first), items).mean())
        found.append((Said(effect, Counter(words.tolist())), calls))
    return found
