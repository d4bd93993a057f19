"""A session planned: which pairs, how many, and what they could show."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random, SystemRandom

import numpy as np

from seatrial.errors import EvidenceError
from seatrial.evidence.vibes.known_harm import Known, known_answers
from seatrial.evidence.vibes.live import speakable
from seatrial.evidence.vibes.store import SessionStore
from seatrial.evidence.vibes.trials import Trial, answers_of, lacks_decoys, plan_trials, published_spikes, seen_twice
from seatrial.policy import LaunchPolicy
from seatrial.stats.detection import discordant_votes
from seatrial.stats.distributions import norm_cdf
from seatrial.stats.instruments import attenuated
from seatrial.stats.power import required_clusters
from seatrial.suites import find_suites, load_suite, with_held_out

__all__ = ["Planned", "Wanted", "check_names", "needed_pairs", "new_session"]

LONGEST_NAME = 100
KNOWN_HARM = 10.0
"""Degree of the answers that stand as known harm."""
USUAL_OFF = 0.2
"""Share of the baseline's answers in which something is off, where nothing is known: assumed, and said so."""
USUAL_EAR = 1.5
"""d′ of a rater of whom nothing is known: assumed, and said so."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What each rater is to see.

    Attributes:
        pairs: Real pairs; 0 for as many as the gate needs.
        controls: Same pairs, and as many spikes.
        repeats: Pairs that come again.
        live: Conversations with both models.
    """

    pairs: int = 40
    controls: int = 10
    repeats: int = 6
    live: int = 0


@dataclass(frozen=True, slots=True)
class Planned:
    """A session that was kept.

    Attributes:
        admin: The administrator's token.
        links: Rater → token.
        trials: Pairs a rater sees, controls and repeats included.
        needs: What the gate needs and what so many votes could show, in sentences.
    """

    admin: str
    links: dict[str, str]
    trials: int
    needs: str


def new_session(
    database: str,
    review: Path,
    raters: Sequence[str],
    wanted: Wanted,
    policy: LaunchPolicy | None = None,
    d_prime: float | None = None,
    suites: Sequence[Path] = (),
    lots: Random | None = None,
) -> Planned:
    """Plan and keep a session over a review's answers.

    Nothing that can be computed from outside decides what stands where: the plan is drawn from the operating system's
    randomness, and only the database has it.

    Args:
        database: URL of the database.
        review: The review's folder.
        raters: Their names, each once.
        wanted: What each rater is to see.
        policy: The review's policy: its models for conversations, its margin, alpha and power for `vibe/off`.
        d_prime: How well the raters hear; None to take it from their earlier sessions, or the usual.
        suites: Folders with suites of the user's own, besides the policy's.
        lots: What draws, in a test; None for the operating system's randomness.

    Raises:
        SeatrialError: the review holds too little, a name stands twice, no one can be talked to, or the database
            cannot be used.
    """
    check_names(raters)
    if wanted.live and (policy is None or not (speakable(policy.baseline) and speakable(policy.candidate))):
        raise EvidenceError("conversations need two models that can be asked, and this review's answers were recorded")
    store = SessionStore(database)
    ear, whence = _ear(store, raters, d_prime)
    pairs, words = _needs(policy, ear, whence, wanted.pairs, len(raters))
    answers = answers_of(review)
    lots = lots or SystemRandom()
    own, held_out = (policy.suites, policy.held_out) if policy is not None else ([], [])
    asked = {suite for held in answers.values() for suite, _ in held}
    folders = [folder for folder in find_suites([*own, *suites]).values() if folder.name in asked]
    known = [with_held_out(load_suite(folder), held_out) for folder in folders]
    harmful = known_answers(known, held_out, KNOWN_HARM, lots)
    choice = lots.getrandbits(128)
    sizes = pairs, wanted.controls, wanted.repeats
    plans = {name: plan_trials(answers, known, harmful, *sizes, Random(choice), lots, wanted.live) for name in raters}
    config: dict[str, object] = {
        "review": review.name,
        "pairs": pairs,
        "controls": wanted.controls,
        "repeats": wanted.repeats,
        "live": wanted.live,
    }
    if wanted.live and policy is not None:
        specs = {"baseline": policy.baseline, "candidate": policy.candidate}
        config["models"] = {role: spec.model_dump(mode="json") for role, spec in specs.items()}
    admin, links = store.new(review.name, config, plans)
    store.engine.dispose()
    first = next(iter(plans.values()))
    words += _told_apart(first, harmful)
    return Planned(admin, links, len(first), words)


def _told_apart(trials: Sequence[Trial], harmful: Mapping[tuple[str, str], Known]) -> str:
    """Return in sentences by what a rater who goes to some length could tell controls or models apart."""
    twice, decoys, published = seen_twice(trials), lacks_decoys(trials), published_spikes(trials, harmful)
    words = ""
    if twice:
        words += (
            f" {twice} items stand in a pair and in a control, for the review has no more: who remembers an answer "
            "can tell whose it is. Review more items, or ask for fewer pairs or controls."
        )
    if decoys:
        words += (
            f" {decoys} pairs of the baseline's answers have no counterpart of the candidate's, which has too few "
            "items with two answers: who tells the styles apart can tell whose they are. Review both with `draws: 2` "
            "and a temperature above 0."
        )
    if published:
        words += (
            f" {published} answers of known harm come with seatrial and are put in other words: who compares them with "
            "its source can still know them. Answers of your own, SUITE.anchors.jsonl under `held_out:`, go before."
        )
    return words


def check_names(raters: Sequence[str]) -> None:
    """Refuse raters' names that stand twice, are blank or too long.

    Raises:
        EvidenceError: says which rule a name breaks.
    """
    if len(set(raters)) != len(raters):
        raise EvidenceError("a rater's name stands twice; give each a name of their own")
    if not all(name.strip() and len(name) <= LONGEST_NAME for name in raters):
        raise EvidenceError(f"a rater's name has 1 to {LONGEST_NAME} characters")


def needed_pairs(margin: float, d_prime: float, raters: int, alpha: float, power: float, off: float = USUAL_OFF) -> int:
    """Return how many pairs, each seen by all raters, `vibe/off` needs to rule its margin out if nothing changed.

    A rater of sensitivity d′ without bias flags Φ(d′/2) of what is off and Φ(−d′/2) of what is not, so a true change
    shows as that difference of it. Raters err independently of each other; whether something is off with one answer
    says nothing of the other (if the two go together, fewer pairs do).

    Args:
        margin: True rise of the off-rate to rule out.
        d_prime: The raters' sensitivity.
        raters: How many see each pair.
        alpha: Error rate of the bound.
        power: Chance to pass.
        off: Share of answers in which something is off.

    Raises:
        EvidenceError: with a d′ of 0 no number of pairs would do.
    """
    hit, alarm = float(norm_cdf(d_prime / 2)), float(norm_cdf(-d_prime / 2))
    shown = attenuated(margin, hit, alarm)
    if shown <= 0:
        raise EvidenceError("raters who do not hear known harm (d′ of 0) show no change, however many pairs they see")
    between = off * (1 - off) * (hit - alarm) ** 2
    within = off * hit * (1 - hit) + (1 - off) * alarm * (1 - alarm)
    return required_clusters(math.sqrt(2 * (between + within / raters)), shown, alpha, power)


def _ear(store: SessionStore, raters: Sequence[str], d_prime: float | None) -> tuple[float, str]:
    """Return the raters' d′ and where it is from."""
    from seatrial.evidence.vibes.raters import ears_of

    if d_prime is not None:
        return d_prime, "as given"
    heard = [ear.detection.d_prime for ear in ears_of(store.of_raters(raters)) if ear.detection is not None]
    if heard:
        return float(np.mean(heard)), f"measured on {len(heard)} of the raters before"
    return USUAL_EAR, "assumed: none of the raters was measured before"


def _needs(policy: LaunchPolicy | None, d_prime: float, whence: str, pairs: int, raters: int) -> tuple[int, str]:
    """Return the pairs a rater sees, and what they could show in words."""
    alpha, power = (policy.alpha, policy.power) if policy is not None else (0.05, 0.8)
    gate = next((gate for gate in policy.gates if gate.signal == "vibe/off"), None) if policy is not None else None
    margin = gate.margin if gate is not None else 0.1
    needed = needed_pairs(margin, d_prime, raters, alpha, power)
    chosen = pairs or needed
    source = "the policy's margin" if gate is not None else "assumed: no policy with a gate on vibe/off was given"
    takes = {share: discordant_votes(share, 0.05, 0.8) for share in (0.6, 0.7)}
    each = " and ".join(f"{count} for {100 * share:.0f}:{100 - 100 * share:.0f}" for share, count in takes.items())
    more = needed_pairs(margin, d_prime, 2 * raters, alpha, power)
    enough = "which is enough" if chosen >= needed else f"which is {needed - chosen} too few"
    return chosen, (
        f"To rule out a rise of {margin:g} ({source}) with {100 * power:g} % power, vibe/off needs about {needed} "
        f"pairs seen by {raters} at d′ {d_prime:.1f} ({whence}), if {100 * USUAL_OFF:g} % of answers are off; {chosen} "
        f"are planned, {enough}. With {2 * raters} raters about {more} would do. A preference takes {each} votes "
        "that are no ties."
    )
