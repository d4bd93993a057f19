"""docs/measurements.md: sections that are measured and replaced one by one."""

from __future__ import annotations

import multiprocessing
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib import metadata
from pathlib import Path

from seatrial.stats.intervals import wilson

__all__ = ["DOCS", "ORDER", "PAGE", "percent", "picture", "pool", "say", "share", "source", "table", "write"]

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGE = DOCS / "measurements.md"
ORDER = (
    "validity",
    "development",
    "worlds",
    "decides",
    "compared",
    "imports",
    "policies",
    "efficiency",
    "aims",
    "peers",
    "corrections",
    "sides",
    "instruments",
    "starters",
    "suites",
    "throughput",
    "walk",
    "calls",
    "kills",
    "attacks",
    "drift",
    "drift-peers",
    "watch",
    "replay",
    "conversations",
    "conversation-control",
    "scale",
    "rewards",
    "vibes",
    "team",
    "raters",
    "labels",
    "feedback",
    "history",
)
"""The sections, as they stand on the page."""
MARK = "<!-- section: {} -->"


def say(text: str) -> None:
    """Print progress on stderr."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [f"| {' | '.join(header)} |", f"|{'---|' * len(header)}"]
    return "\n".join([*lines, *[f"| {' | '.join(row)} |" for row in rows], ""])


def percent(share: float, low: float, high: float) -> str:
    """Return a share with its band."""
    return f"{100 * share:.1f} % [{100 * low:.1f}, {100 * high:.1f}]"


def share(count: int, total: int) -> str:
    """Return a share of so many with Wilson's band, 95 %."""
    band = wilson(count, total, 0.025)
    return percent(count / total, band.low, band.high)


def pool(processes: int | None = None) -> ProcessPoolExecutor:
    """Return so many processes, or one for each core, started afresh: what polars holds does not outlive a fork."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return ProcessPoolExecutor(processes or cores, multiprocessing.get_context("spawn"))


def source(name: str, packages: Sequence[str] = ("numpy", "scipy", "polars")) -> str:
    """Return the line below a heading: which command wrote it, where, with which versions, on which commit."""
    versions = ", ".join(f"{one} {metadata.version(one)}" for one in ("seatrial", *packages))
    if commit := _commit():
        versions += f"; commit {commit}"
    cores = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    return f"*`python -m benchmarks {name}`; {cores}, {versions}.*\n"


def _commit() -> str:
    """Return the commit of the code that measures, in short; empty outside a repository."""
    asked = ["git", "-C", str(DOCS.parent), "rev-parse", "--short=9", "HEAD"]
    try:
        return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def picture(name: str, title: str, svg: str) -> str:
    """Keep a picture beside the page and return the line that shows it."""
    path = DOCS / f"measurements-{name}.svg"
    path.write_text(svg, encoding="utf-8")
    return f"![{title}]({path.name})\n"


def write(name: str, text: str) -> None:
    """Replace one section of the page."""
    held = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    found = re.split(r"^<!-- section: (\S+) -->\n", held, flags=re.MULTILINE)
    sections = dict(zip(found[1::2], found[2::2], strict=True))
    sections[name] = text.rstrip("\n") + "\n\n"
    parts = [MARK.format(one) + "\n" + sections[one] for one in ORDER if one in sections]
    head = (
        "# Measurements\n\nWritten by `make bench`, section by section; no figure here was typed. A section names the commit "
        "whose code it was measured on; one that names none was measured before sections did.\n\n"
    )
    PAGE.write_text((head + "".join(parts)).rstrip("\n") + "\n", encoding="utf-8")
