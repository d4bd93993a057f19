"""What `seatrial suites map` prints."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["coverage"]


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
