"""Vibe checks: experts on blinded models, measured as instruments, and votes brought from elsewhere."""

from seatrial.vibes.crowd import Crowd, Worker, crowd_of
from seatrial.vibes.votes import Vote, read_votes, to_observations

__all__ = ["Crowd", "Vote", "Worker", "crowd_of", "read_votes", "to_observations"]
