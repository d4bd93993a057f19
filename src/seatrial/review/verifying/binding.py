"""What a decision is bound to: its policy, its candidate and its days; and whether it holds on one of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from seatrial.errors import PolicyError
from seatrial.formats.bounded import read_text
from seatrial.formats.letters import unread
from seatrial.ledger import Entry
from seatrial.models.identity import identity_of
from seatrial.policy import ModelSpec
from seatrial.report import ReviewResult
from seatrial.review.validity import Window, window_of
from seatrial.review.verifying.entry_source import values_in
from seatrial.review.verifying.steps import Step, named, step
from seatrial.review.verifying.written_policy import compare_policy
from seatrial.types import ROLES

__all__ = ["binding_step"]

NAME = "validity"
COMPARED = (
    "model",
    "system",
    "generation",
    "adapter_scale",
    "extra_body",
    "headers",
    "examples",
    "opening",
    "base_url",
)
"""Parts of an identity that the policy says too."""


def binding_step(kept: ReviewResult, entry: Entry, policy: Path | None, day: date) -> tuple[Step, tuple[str, ...]]:
    """Return whether the entry binds policy, candidate and days, and whether the decision holds on that day.

    Args:
        kept: The review as `evidence.json` holds it.
        entry: Its entry.
        policy: The policy that is in force, if it is to be compared.
        day: The day.

    Raises:
        PolicyError: the policy that is in force, or a prompt of it, cannot be read.
    """
    differs = _policy(kept, entry) + _identities(kept)
    window = window_of(entry)
    lacks = [] if window else ["The entry keeps no days on which it holds: an earlier version made it."]
    told = [] if policy else ["Whether the policy is still in force: none was given to compare it with (--policy)."]
    digest = kept.policy.digest[:16]
    bound = f"Policy {digest}…, candidate {kept.policy.candidate.model}"
    held = f"{bound}, from {window.since} to {window.until}; so also on {day}." if window else bound
    done = step(NAME, differs, lacks, held)
    if done.result != "verified" or window is None:
        return done, tuple(told)
    over = [] if window.holds(day) else [_outside(window, day)]
    if policy is not None:
        compared = compare_policy(_text(policy), kept.policy, str(policy), policy.parent)
        over += [f"Another policy is in force. {one}" for one in compared.differs]
        told += compared.told
    return (Step(NAME, "does not hold", tuple(named(over))) if over else done), tuple(told)


def _outside(window: Window, day: date) -> str:
    if day < window.since:
        return f"The decision holds from {window.since} on, and was asked for {day}."
    return (
        f"The decision held until {window.until}, and {day} is later. Review again in another folder, so that the "
        "models are asked anew: seatrial review POLICY --out FOLDER."
    )


def _text(path: Path) -> str:
    try:
        return read_text(path)
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(unread(path, error)) from error


def _policy(kept: ReviewResult, entry: Entry) -> list[str]:
    """Return how the policy that `evidence.json` holds differs from the one that the entry names."""
    bound = str(values_in(entry, "hashes").get("policy"))
    if kept.policy.digest == bound:
        return []
    margins = values_in(entry, "margins")
    moved = [
        f"Gate {gate.signal}: a margin of {gate.margin:g} in evidence.json, {margins.get(gate.signal)} in the entry."
        for gate in kept.policy.gates
        if margins.get(gate.signal) != gate.margin
    ]
    return [f"The policy in evidence.json is {kept.policy.digest[:16]}…, the entry's is {bound[:16]}….", *moved]


def _identities(kept: ReviewResult) -> list[str]:
    """Return where the models that were asked are not those that the policy names."""
    asked = dict(kept.basis.models)
    said = []
    for role in ROLES:
        spec: ModelSpec = getattr(kept.policy, role)
        if role not in asked or not asked[role].live:
            continue
        try:
            was = json.loads(asked[role].identity)
        except ValueError:  # a plugin's own words
            continue
        named_by = {**json.loads(identity_of(spec)), "base_url": spec.base_url and spec.base_url.rstrip("/")}
        parts = [name for name in COMPARED if _part(was, name) != _part(named_by, name) and not _own(spec, name)]
        said += [f"The {role} that was asked has another {name} than the policy says." for name in parts]
    return said


def _part(identity: Any, name: str) -> Any:
    return identity.get(name) if isinstance(identity, Mapping) else None


def _own(spec: ModelSpec, name: str) -> bool:
    """Return whether a provider sets a part by itself where the policy leaves it open."""
    return spec.provider == "embedded" and (name == "base_url" or (name == "system" and spec.system is None))
