"""What changed between two models' answers, whether or not anybody asked about it."""

from seatrial.drift.answers import Answered, answered
from seatrial.drift.compared import compare_answers
from seatrial.drift.found import Drift, Finding, Group

__all__ = ["Answered", "Drift", "Finding", "Group", "answered", "compare_answers"]
