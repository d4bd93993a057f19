"""The walk of a newcomer: the commands of `examples/endpoint/README.md`, one after another, from an empty environment."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

__all__ = ["MOST_COMMANDS", "MOST_MINUTES", "PARTS", "PORT", "Step", "commands", "copied", "small", "walked"]

ROOT = Path(__file__).resolve().parents[1]
MOST_COMMANDS, MOST_MINUTES = 5, 30
"""What a decision without a label may take of a newcomer."""
PARTS = ("A block, without a label", "A launch, with labels")
"""The headings of the page that are walked, in their order."""
PORT = "8765"
"""The port that the page names; another takes its place, for this one may be in use."""
REVIEW = "seatrial review"
SMALL = ("calls: 20000", "calls: 400")
"""What a small walk changes in the policy, so that its review ends soon."""


@dataclass(frozen=True, slots=True)
class Step:
    """A command of the page and what it came to.

    Attributes:
        command: As the page shows it.
        seconds: From its start to its end.
        code: Its exit code.
        said: What it printed.
    """

    command: str
    seconds: float
    code: int
    said: str

    @property
    def decision(self) -> str:
        """The word that a review decides with, or nothing."""
        found = re.search(r"^(LAUNCH|HOLD|BLOCK)\b", self.said, re.MULTILINE)
        return found[1].lower() if found and REVIEW in self.command else ""


def commands(part: str, page: str | None = None) -> list[str]:
    """Return the commands below a heading of the page.

    Args:
        part: The heading.
        page: The page's text; that of `examples/endpoint/README.md` if none is given.

    Raises:
        LookupError: no commands stand below it.
    """
    text = (ROOT / "examples" / "endpoint" / "README.md").read_text(encoding="utf-8") if page is None else page
    found = re.search(rf"^## {re.escape(part)}\n(?:(?!## |```).*\n)*```\n((?:(?!```).*\n)*)", text, re.MULTILINE)
    if found is None:
        raise LookupError(f"no commands below “{part}”")
    return found[1].splitlines()


def copied(folder: Path) -> tuple[Path, Path]:
    """Return a copy of the repository's last commit, and the programs of an empty environment."""
    copy, programs = folder / "seatrial", folder / "environment" / "bin"
    subprocess.run(["git", "clone", "--quiet", ROOT.as_uri(), str(copy)], check=True)
    subprocess.run([sys.executable, "-m", "venv", str(programs.parent)], check=True)
    return copy, programs


def walked(given: Sequence[str], copy: Path, programs: Path, few: bool = False) -> list[Step]:
    """Return what each command came to, run in that copy; what the commands started is stopped at the end.

    Args:
        given: The commands, in their order.
        copy: The folder that they are run in.
        programs: Where `python`, `pip` and `seatrial` lie.
        few: Whether the review may ask a few calls only.

    Raises:
        RuntimeError: a command that is no review failed, or a review came to no decision.
    """
    port, made = str(_free()), list[Step]()
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH" or few}
    environment["PATH"] = f"{programs}{os.pathsep}{os.environ['PATH']}"
    try:
        for command in given:
            if few and REVIEW in command:
                policy = copy / "policy.yaml"
                policy.write_text(policy.read_text(encoding="utf-8").replace(*SMALL), encoding="utf-8")
            run = re.sub(r"\b(start|label)\.py", rf"\1.py --port {port}", command).replace(PORT, port)
            began = time.perf_counter()
            code, said = _run(run, copy, environment)
            made.append(Step(command, time.perf_counter() - began, code, said))
            if not made[-1].decision and (code or REVIEW in command):
                raise RuntimeError(f"{command}: exit code {code}\n{said}")
    finally:
        for process in (found for step in made for found in re.findall(r"stop them with: kill (\d+)", step.said)):
            with suppress(ProcessLookupError):
                os.kill(int(process), 15)
    return made


def _run(command: str, folder: Path, environment: dict[str, str]) -> tuple[int, str]:
    """Return a command's exit code and what it printed, into a file: what it leaves running would hold a pipe open."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as said:
        done = subprocess.run(
            command, shell=True, cwd=folder, env=environment, stdout=said, stderr=subprocess.STDOUT, check=False
        )
        said.seek(0)
        return done.returncode, said.read()


def _free() -> int:
    """Return a port that nothing listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def small() -> list[Step]:
    """Return the first part in small: nothing installed, a copy of the example alone, few calls."""
    with tempfile.TemporaryDirectory() as given:
        copy = Path(given)
        (copy / "examples").symlink_to(ROOT / "examples")
        return walked(commands(PARTS[0])[1:], copy, Path(sys.executable).parent, few=True)
