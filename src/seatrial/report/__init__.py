"""The report of a review, in the formats that people and machines read, all from one frozen value."""

from seatrial.report.content import (
    AnswerPair,
    Cell,
    Detection,
    InstrumentNote,
    ReviewContent,
    Unanswered,
    WaiverNote,
)
from seatrial.report.files import load_content, reviewed_policy, save_content, write_reports

__all__ = [
    "AnswerPair",
    "Cell",
    "Detection",
    "InstrumentNote",
    "ReviewContent",
    "Unanswered",
    "WaiverNote",
    "load_content",
    "reviewed_policy",
    "save_content",
    "write_reports",
]
