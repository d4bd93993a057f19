"""What of a model's reply is its answer, and why there is none.

Every answer passes here, for `types.Response` asks when it is made: those of live models, plugins, files, tables and
stores alike.
"""

from seatrial.replies.messages import Malformed, NoAnswer, Reply, Why, cut, how_ended, no_answer, reply_of, why
from seatrial.replies.thinking import answer_of, unmarked, visible_answer

__all__ = [
    "Malformed",
    "NoAnswer",
    "Reply",
    "Why",
    "answer_of",
    "cut",
    "how_ended",
    "no_answer",
    "reply_of",
    "unmarked",
    "visible_answer",
    "why",
]
