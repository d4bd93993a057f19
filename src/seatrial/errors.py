"""Every exception that seatrial raises on purpose, the exit codes of the command line, and what keeps them.

```
SeatrialError                 something the user can mend; the command prints it and exits 2
├── PolicyError               the policy file: a key, a value, a line
├── SuiteError                a suite's folder: a file and a line
├── EvidenceError             transcripts, scores, observations: a file and a row
├── ModelError                a model or its settings cannot be used at all
│   ├── MissingWeights        the embedded model's weights or its runtime are not installed
│   └── CallFailed            one call failed for good; counted, shown, never fatal by itself
│       └── NoAnswer          recorded answers hold nothing for this item
├── RewardError               a reward signal fails, or says what no number can be made of
├── TrainingError             training cannot start or go on; no adapter is left behind
├── StoreError                the review's folder cannot be written or read
├── ClusterError              a Ray cluster cannot be reached, or loses its workers
├── LedgerError               the ledger cannot be read, or an entry was changed
└── Interrupted               stopped by the user; everything answered so far is kept
```
"""

from __future__ import annotations

import errno
import io
import os
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from enum import IntEnum
from typing import IO, Any, NoReturn

__all__ = [
    "CallFailed",
    "ClusterError",
    "EvidenceError",
    "ExitCode",
    "Interrupted",
    "LedgerError",
    "MissingWeights",
    "ModelError",
    "NoAnswer",
    "PolicyError",
    "RewardError",
    "SeatrialError",
    "StoreError",
    "SuiteError",
    "TrainingError",
    "complain",
    "exit_with",
    "flushed",
    "message",
    "printable",
]

INTERRUPTED = 130
TRACEBACK = "SEATRIAL_TRACEBACK"
"""Set, it has the traceback of a fault of ours printed."""


class ExitCode(IntEnum):
    """What the commands return to the shell: a contract."""

    LAUNCH = 0
    BLOCK = 1
    USAGE = 2
    HOLD = 3
    WAIVED = 4


class SeatrialError(Exception):
    """Something was wrong that the user can mend: what, where, and what to do next."""


class PolicyError(SeatrialError):
    """The policy cannot be used as written."""


class SuiteError(SeatrialError):
    """A suite's folder is incomplete or a line of it is broken."""


class EvidenceError(SeatrialError):
    """A file of transcripts, scores or observations cannot be trusted."""


class ModelError(SeatrialError):
    """A model cannot be used at all: bad address, bad credentials, missing package."""


class MissingWeights(ModelError):
    """The embedded model is not installed."""


class CallFailed(ModelError):
    """One call failed for good after its retries."""


class NoAnswer(CallFailed):
    """Recorded answers hold nothing for this item."""


class RewardError(SeatrialError):
    """A reward signal raises, takes too long, or returns what is no reward."""


class TrainingError(SeatrialError):
    """Training cannot start, ran out of memory, or diverged; no adapter is left behind."""


class StoreError(SeatrialError):
    """The review's folder cannot be written or read."""


class ClusterError(SeatrialError):
    """A Ray cluster cannot be reached, is of another version, or loses its workers; what was answered is kept."""


class LedgerError(SeatrialError):
    """The ledger cannot be read, or an entry was edited, dropped or reordered."""


class Interrupted(SeatrialError):
    """The user stopped the work; what was answered is kept."""


def exit_with(command: Callable[[], object]) -> NoReturn:
    """Run a command and end the process with a code of the contract, whatever goes wrong in between.

    Only an `ExitCode` that the command itself returns counts as a decision. All else that ends it early, from a full
    disk to an exit of a library's, is `USAGE` and one line on stderr: Python's own code for a fault is 1, which here
    means *block*. Output that its stream cannot encode is written with replacements.
    """
    _prepare_streams()
    streams = sys.stdout, sys.stderr  # the parser of the command line may put others in their place
    try:
        made = command()
        if made == INTERRUPTED:  # what the command line's parser makes of Ctrl-C
            raise KeyboardInterrupt
        code = int(made if isinstance(made, ExitCode) else ExitCode.LAUNCH if made in (None, 0) else ExitCode.USAGE)
        problem = flushed()
        if problem is not None:
            raise problem
    except BaseException as error:
        code = _explained(error)
    for stream in streams:
        flushed(stream)
    raise SystemExit(code)


def printable(text: str, *, but: str = "") -> str:
    """Return text on one line and without what could steer a terminal: each such letter is a space.

    Names, notes and answers come from files, people and models. All that is printed passes here.

    Args:
        text: The text, in which each letter is looked up once, however long it is.
        but: Letters that stay: a line feed where the text is several lines of our own.
    """
    hidden = [letter for letter in set(text) if not letter.isprintable() and letter not in but]
    return text.translate(dict.fromkeys(map(ord, hidden), " ")) if hidden else text


def message(text: str) -> str:
    """Return a message for stderr: its first line says whose it is, and all others are set in."""
    return "\n  ".join(printable(f"seatrial: {text}", but="\n").split("\n"))


def complain(text: str) -> None:
    """Print a message on stderr; where that cannot be written either, nobody is left to be told."""
    with suppress(OSError, ValueError):
        print(message(text), file=sys.stderr, flush=True)


def flushed(stream: IO[str] | None = None) -> OSError | None:
    """Write out what a stream (stdout) still holds, and return what went wrong.

    A stream that cannot be written is led to nowhere: Python tries again when it ends, and would exit with 120.
    """
    stream = stream or sys.stdout
    try:
        stream.flush()
    except (OSError, ValueError) as error:
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
        return error if isinstance(error, OSError) else OSError(str(error))
    return None


def _prepare_streams() -> None:
    """Let no name in the output end a command, and stand in for streams that were closed before it began."""
    for name, errors in (("stdout", "replace"), ("stderr", "backslashreplace")):
        stream: Any = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115  (it stays open to the end)
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=errors)


def _explained(error: BaseException) -> int:
    """Say what ended a command, and return its exit code."""
    if isinstance(error, SystemExit) and isinstance(error.__context__, OSError):
        error = error.__context__
    if isinstance(error, KeyboardInterrupt | Interrupted) or isinstance(error.__cause__, KeyboardInterrupt):
        complain(str(error) if isinstance(error, Interrupted) else "stopped.")
        return INTERRUPTED
    usage: Callable[[IO[str]], None] | None = getattr(error, "show", None)  # of the command line's parser
    if usage is not None:
        usage(shown := io.StringIO())
        with suppress(OSError, ValueError):
            print(printable(shown.getvalue(), but="\n"), end="", file=sys.stderr, flush=True)
    elif isinstance(error, SeatrialError):
        complain(str(error))
    elif isinstance(error, OSError) and error.errno is not None:
        complain(_said(error))
    elif isinstance(error, ModuleNotFoundError) and (found := _installed_with(error.name or "")):
        complain(f'this needs {error.name}, which is not installed; get it with: pip install "{found}"')
    else:
        _our_fault(error)
    return ExitCode.USAGE


def _installed_with(module: str) -> str:
    """Return what pip is to install for a module that seatrial or an extra of it requires; nothing of any other's."""
    from importlib.metadata import PackageNotFoundError, requires

    with suppress(PackageNotFoundError):
        for line in requires("seatrial") or ():
            package = re.split(r"[^\w.-]", line, maxsplit=1)[0].replace("-", "_").lower()
            if module.partition(".")[0].lower() in (package, package.removesuffix("_py")):
                extra = re.search(r"""extra == ["']([\w-]+)["']""", line)
                return f"seatrial[{extra[1]}]" if extra else "seatrial"
    return ""


def _said(error: OSError) -> str:
    if error.errno == errno.EPIPE:
        return "whoever read the output closed it before the end."
    place = error.filename if error.filename is not None else "reading or writing failed"
    return f"{place}: {error.strerror or error}."


def _our_fault(error: BaseException) -> None:
    if os.environ.get(TRACEBACK):
        import traceback

        with suppress(OSError, ValueError):
            traceback.print_exception(error)
    words = " ".join(f"{type(error).__name__}: {error}".split())
    complain(
        f"{words}. This is a fault of seatrial's and says nothing of the candidate. Please report it with what "
        f"{TRACEBACK}=1 before the same command prints."
    )
