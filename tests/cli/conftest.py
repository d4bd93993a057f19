"""The fixtures of raters' sessions, for the commands that plan and close them."""

from vibe_sessions import database, review

__all__ = ["database", "review"]
