"""The fixtures of sessions, for the tests that drive the raters' pages."""

from vibe_sessions import browser, database, review, serve

__all__ = ["browser", "database", "review", "serve"]
