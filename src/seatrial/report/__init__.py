"""The report of a review, in the formats that people and machines read, all from one frozen value."""

from seatrial.report.files import load_result, reviewed_policy, save_result, write_pairs, write_reports
from seatrial.report.result import (
    AnswerPair,
    Cell,
    Detection,
    InstrumentNote,
    LedgerPlace,
    Reuse,
    ReviewResult,
    Unanswered,
    WaiverNote,
)

__all__ = [
    "AnswerPair",
    "Cell",
    "Detection",
    "InstrumentNote",
    "LedgerPlace",
    "Reuse",
    "ReviewResult",
    "Unanswered",
    "WaiverNote",
    "load_result",
    "reviewed_policy",
    "save_result",
    "write_pairs",
    "write_reports",
]
