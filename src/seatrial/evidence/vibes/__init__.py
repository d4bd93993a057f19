"""Vibe checks: experts on blinded models, measured as instruments, and votes brought from elsewhere."""

from seatrial.evidence.vibes.vote_agreement import Crowd, Worker, crowd_of
from seatrial.evidence.vibes.votes import (
    Vote,
    columns_read,
    left_out,
    read_votes,
    remarks,
    to_observations,
    vote_codes,
)

__all__ = [
    "Crowd",
    "Vote",
    "Worker",
    "columns_read",
    "crowd_of",
    "left_out",
    "read_votes",
    "remarks",
    "to_observations",
    "vote_codes",
]
