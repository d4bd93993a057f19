"""What takes hours to simulate, kept in the repository beside a digest of the code that it rests on.

A result is read again only while that code computes the same: a change to a comment, a docstring or the layout of a
line is none. So a grid that takes longer than one sitting is measured in several, and whoever reads the page can see
with `python -m benchmarks SECTION` which of its results the code at hand stands behind.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import as_completed
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

from benchmarks import page

__all__ = ["KEPT", "PROCESSES", "Asked", "asked", "digest", "files", "measured", "parts"]

KEPT = Path(__file__).with_name("measured")
PROCESSES = 2


@dataclass
class Asked:
    """What a run may do, and what it did not find.

    Attributes:
        nothing_new: Whether only what earlier runs kept is read.
        missing: Name → results that were not there then, and all.
    """

    nothing_new: bool = False
    missing: dict[str, tuple[int, int]] = field(default_factory=dict)

    def __str__(self) -> str:
        """What is missing, as a sentence; empty where nothing is."""
        waiting, whole = (sum(pair[place] for pair in self.missing.values()) for place in (0, 1))
        if not waiting:
            return ""
        return f"*Of {whole:,} cells {waiting:,} have not been measured on this code, and none of their figures stands here.*"


asked = Asked()
"""Of this process."""


class _Dataclass(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Any]]


Job = TypeVar("Job")
Result = TypeVar("Result", bound=_Dataclass)


def files(places: Iterable[Path]) -> list[Path]:
    """Return the files of these places, a folder's Python modules and items among them, in a fixed order."""
    return [
        path
        for place in places
        for path in (
            sorted(one for one in place.rglob("*") if one.suffix in (".py", ".jsonl")) if place.is_dir() else [place]
        )
    ]


def digest(places: Iterable[Path]) -> str:
    """Return a digest of what the code in these places computes and of the data beside it, 64 letters."""
    total = hashlib.sha256()
    for path in files(places):
        total.update(f"{path.name}\0{_computed(path)}\0".encode())
    return total.hexdigest()


@cache
def _computed(path: Path) -> str:
    """Return a module without comments, docstrings and layout; any other file as it is."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        return text
    tree = ast.parse(text)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [one for one in body if not _says_only(one)]  # type: ignore[attr-defined]
    return ast.dump(tree)


def _says_only(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def parts(counts: Mapping[str, int], size: int) -> dict[str, tuple[int, int, int]]:
    """Return runs cut into parts that are kept by themselves, so that a run that was stopped goes on.

    Args:
        counts: World → how many of its runs are simulated.
        size: Runs of a part, at most.

    Returns:
        Name of a part → number of its world, its first run, how many runs; the first parts of all worlds first.
    """
    cut = [
        (name, number, first, min(size, count - first))
        for number, (name, count) in enumerate(counts.items())
        for first in range(0, count, size)
    ]
    cut.sort(key=lambda part: part[2])
    return {f"{name}, {runs} from {first}": (number, first, runs) for name, number, first, runs in cut}


def measured(
    name: str,
    jobs: Mapping[str, Job],
    work: Callable[[Job], Result],
    read: Callable[[dict[str, Any]], Result],
    rests_on: Callable[[str], str],
    keep: bool = True,
) -> Iterator[tuple[str, Result]]:
    """Yield the result of every job with its name: those that are kept first, the others as they are done.

    Each is written down as soon as it is known, so that a run that was stopped goes on where it was. At the end the file
    holds what the code at hand computes, and nothing older. Where nothing new is `asked`, those that are kept are all.

    Args:
        name: The file's name below `KEPT`, without its ending.
        jobs: What is to be done, by a name that tells all that it depends on beside the code. Picklable.
        work: Does it, in another process.
        read: The result from its fields, as `dataclasses.asdict` returns them.
        rests_on: A job's name → the digest of the code that it rests on.
        keep: Whether results are kept and read; the small forms are not.
    """
    path = KEPT / f"{name}.jsonl"
    keys = {job: hashlib.sha256(f"{rests_on(job)} {job}".encode()).hexdigest()[:24] for job in jobs}
    rows = {}
    if keep and path.exists():
        lines = path.read_text(encoding="utf-8").splitlines()
        rows = {row["key"]: row for row in map(json.loads, lines)}
    for job, key in keys.items():
        if key in rows:
            yield job, read(rows[key]["found"])
    waiting = [job for job, key in keys.items() if key not in rows]
    if asked.nothing_new:
        asked.missing[name] = (len(waiting), len(keys))
    if not waiting or asked.nothing_new:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with page.pool(PROCESSES) as pool:
        futures = {pool.submit(work, jobs[job]): job for job in waiting}
        for number, future in enumerate(as_completed(futures), 1):
            job, found = futures[future], future.result()
            if keep:
                rows[keys[job]] = {"key": keys[job], "job": job, "found": asdict(found)}
                with path.open("a", encoding="utf-8") as file:
                    file.write(_line(rows[keys[job]]))
            page.say(f"{name}, {number} of {len(waiting)}: {job}: {found}")
            yield job, found
    if keep:
        path.write_text("".join(_line(rows[key]) for key in keys.values()), encoding="utf-8")


def _line(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False) + "\n"
