"""The fixtures of sessions, for the tests that drive the raters' pages, and of ledgers in both databases."""

from servers import postgres, where
from vibe_sessions import browser, database, review, serve

__all__ = ["browser", "database", "postgres", "review", "serve", "where"]
