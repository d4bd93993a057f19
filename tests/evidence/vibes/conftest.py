"""The fixtures of sessions, for the tests of this room."""

from vibe_sessions import browser, database, review, serve

__all__ = ["browser", "database", "review", "serve"]
