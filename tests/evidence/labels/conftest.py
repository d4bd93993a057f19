"""The fixtures of sessions, for the tests of this room."""

from label_sessions import policy, reviewed
from vibe_sessions import database

__all__ = ["database", "policy", "reviewed"]
