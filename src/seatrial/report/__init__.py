"""The report of a review, in the formats that people and machines read, all from one frozen value."""

from seatrial.report.files import load_content, reviewed_policy, save_content, write_reports
from seatrial.report.result import AnswerPair, Cell, Detection, InstrumentNote, ReviewContent, Unanswered, WaiverNote

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
