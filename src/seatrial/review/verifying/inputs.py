"""Files outside of a review's folder, found again by their hashes, and put where a copy of the policy leads to them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path, PurePath

from seatrial.errors import EvidenceError
from seatrial.models.identity import content_hash
from seatrial.policy import LaunchPolicy, ModelSpec, RunsSpec
from seatrial.report.basis import Basis

__all__ = ["Inputs", "find_inputs"]

READ = ("transcripts", "scores")
"""Providers whose models are files."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """The files that a review read, as far as they were found.

    Attributes:
        policy: The policy with every path led to what was found.
        lost: Files that were not found, each with why, in sentences.
        only_brought: Whether all of these hold evidence that was brought, which the review's observations hold too.
    """

    policy: LaunchPolicy
    lost: tuple[str, ...]
    only_brought: bool


def find_inputs(
    policy: LaunchPolicy, basis: Basis, folders: Sequence[Path], place: Path, made: Mapping[str, Path] | None = None
) -> Inputs:
    """Return the inputs of a review: where the policy leads to, or else anywhere in `folders`, by hash alone.

    Args:
        policy: The policy that was reviewed.
        basis: What the review rested on.
        folders: Where else to look.
        place: An empty folder, in which links to what was found are made.
        made: Path → what was made again in place of the file that lay there.

    Raises:
        EvidenceError: one of `folders` is not there.
    """
    if absent := [folder for folder in folders if not folder.exists()]:
        raise EvidenceError(f"--evidence {absent[0]}: no such file or folder")
    elsewhere: dict[str, Path] | None = None
    lost: dict[str, str] = {}
    for path, digest in basis.inputs:
        found = (made or {}).get(path) or (Path(path) if _hash(Path(path)) == digest else None)
        if found is None:
            elsewhere = _by_hash(folders) if elsewhere is None else elsewhere
            found = elsewhere.get(digest)
        if found is None:
            there = "another file lies there now" if Path(path).is_file() else "it is not there"
            lost[path] = f"{path}: {there}; its SHA-256 is {digest[:16]}…. Say where it lies with --evidence FOLDER."
        else:
            link = _within(place, path)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(found.absolute())
    for empty in policy.held_out:
        _within(place, str(empty)).mkdir(parents=True, exist_ok=True)
    brought = all(any(_is_of(path, one) for one in _brought(policy)) for path in lost)
    return Inputs(_led_to(policy, place), tuple(lost.values()), brought)


def _hash(path: Path) -> str:
    with suppress(OSError):
        return content_hash(path) if path.is_file() else ""
    return ""


def _by_hash(folders: Sequence[Path]) -> dict[str, Path]:
    files = [file for folder in folders for file in (sorted(folder.rglob("*")) if folder.is_dir() else [folder])]
    return {_hash(file): file for file in files if file.is_file()}


def _within(place: Path, path: str) -> Path:
    """Return where a path lies within a folder that stands for the root."""
    parts = PurePath(os.path.normpath(path)).parts
    return place.joinpath(*("up" if part == ".." else part for part in parts if part != PurePath(path).anchor))


def _brought(policy: LaunchPolicy) -> Iterator[str]:
    """Yield the places of evidence whose numbers the review's observations hold as they were."""
    for one in policy.evidence:
        if isinstance(one, Path):
            yield str(one)
        elif isinstance(one, RunsSpec):
            yield from filter(None, (one.baseline, one.candidate))
    yield from (spec.target for spec in (policy.baseline, policy.candidate) if spec.provider == "scores")


def _is_of(path: str, place: str) -> bool:
    return path == place or path.startswith(f"{place.rstrip('/')}/") or fnmatch(path, place)


def _led_to(policy: LaunchPolicy, place: Path) -> LaunchPolicy:
    """Return the policy whose paths lead into a folder that stands for the root."""

    def model(spec: ModelSpec) -> ModelSpec:
        if spec.provider not in READ:
            return spec
        return spec.model_copy(update={"model": f"{spec.provider}/{_within(place, spec.target)}"})

    def evidence(one: object) -> object:
        if isinstance(one, Path):
            return _within(place, str(one))
        if not isinstance(one, RunsSpec):
            return one
        led = {name: str(_within(place, held)) for name in ("baseline", "candidate") if (held := getattr(one, name))}
        return one.model_copy(update=led)

    return policy.model_copy(
        update={
            "baseline": model(policy.baseline),
            "candidate": model(policy.candidate),
            "evidence": [evidence(one) for one in policy.evidence],
            **{
                name: [_within(place, str(path)) for path in getattr(policy, name)]
                for name in ("suites", "records", "held_out")
            },
            "gates": [
                gate if gate.labels is None else gate.model_copy(update={"labels": _within(place, str(gate.labels))})
                for gate in policy.gates
            ],
            "judges": {
                name: spec
                if spec.scores is None
                else spec.model_copy(update={"scores": _within(place, str(spec.scores))})
                for name, spec in policy.judges.items()
            },
        }
    )
