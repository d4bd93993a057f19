"""What `seatrial suites map` and `seatrial suites from-incident` print."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seatrial.evidence.replay.from_incident import Stub

__all__ = ["coverage", "stub_json", "stub_words"]


def coverage(counts: Mapping[str, Mapping[str, int]]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return the header and the rows of the map of what suites cover: a row a use case, a column a numbered suite."""
    cases = sorted({case for held in counts.values() for case in held})
    header = ("use case", *(str(number) for number in range(1, len(counts) + 1)), "suites", "items")
    rows = [
        (
            case,
            *(str(held.get(case, "·")) for held in counts.values()),
            str(sum(case in held for held in counts.values())),
            str(sum(held.get(case, 0) for held in counts.values())),
        )
        for case in cases
    ]
    rows += [("", *("" for _ in counts), "", "")]
    rows += [(f"{number}: {signal}", *("" for _ in counts), "", str(sum(held.values())))
             for number, (signal, held) in enumerate(counts.items(), 1)]  # fmt: skip
    return header, rows


def stub_json(made: Stub) -> dict[str, Any]:
    """Return what came of an incident, for machines."""
    return {
        "files": [str(file) for file in made.files],
        "items": made.items,
        "conversations": made.conversations,
        "left_out": dict(made.left_out),
        "removed": dict(made.removed.kinds) if made.removed is not None else None,
        "system_prompts": made.systems,
        "answers_without_the_phrase": made.silent,
        "policy": made.policy,
    }


def stub_words(made: Stub, folder: Path) -> str:
    """Return what came of an incident, and what to do with it, in lines."""
    said = [f"Wrote {folder}: {made.items} items of {made.conversations} conversations in which it showed."]
    said += [f"Left out, {count}: {why}." for why, count in made.left_out.items()]
    if made.removed is None:
        said.append("Names and numbers of people were left in: read every item before anybody else does.")
    else:
        count = sum(made.removed.kinds.values())
        said.append(f"{count} names and numbers of people were taken out; some are missed, so read every item first.")
    if made.systems:
        said.append(f"{made.systems} had a system prompt, which an item has not: set it in the policy, as `system`.")
    if made.silent:
        said.append(f"{made.silent} of the answers that did harm do not say the phrase, and would not be seen by it.")
    said.append("They are users' words: keep the folder private.")
    said += [f"Say in suite.md what harm is, then: seatrial suites check {folder}", "", "Add to the policy:", ""]
    then = f"`seatrial plan policy.yaml` says whether {made.items} items can see that margin."
    return "\n".join([*said, made.policy, "", then])
