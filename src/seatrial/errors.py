"""Every exception that seatrial raises on purpose, and the exit codes of the command line.

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
├── LedgerError               the ledger cannot be read, or an entry was changed
└── Interrupted               stopped by the user; everything answered so far is kept
```
"""

from __future__ import annotations

from enum import IntEnum

__all__ = [
    "CallFailed",
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
]


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


class LedgerError(SeatrialError):
    """The ledger cannot be read, or an entry was edited, dropped or reordered."""


class Interrupted(SeatrialError):
    """The user stopped the work; what was answered is kept."""
