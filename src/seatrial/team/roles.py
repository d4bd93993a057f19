"""Who may do what. What nobody may do is decided here, before any page is looked up."""

from __future__ import annotations

from typing import Literal, get_args

__all__ = ["READS", "ROLES", "WRITERS", "Role", "may"]

Role = Literal["viewer", "rater", "approver", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
WRITERS: tuple[Role, ...] = ("approver", "admin")
"""Who may enter something in the ledger."""
READS = ("GET", "HEAD", "OPTIONS")
OWN = ("/api/logout",)
"""Changes that everybody may make."""
RATERS = ("/team", "/team/sessions", "/api/sessions", "/api/openapi.json")
"""What a rater sees: nothing of a review, for who has read a report is no longer blind to which model wrote what."""
ADMINS = ("/team/people", "/api/people", "/api/audit")


def may(role: Role, method: str, path: str) -> bool:
    """Return whether somebody of that role may send such a request, whether or not there is anything at the path."""
    admins = any(path == one or path.startswith(f"{one}/") for one in ADMINS)
    if method in READS:
        return path in RATERS if role == "rater" else role == "admin" or not admins
    if path in OWN:
        return True
    if path.startswith("/api/sessions/"):
        return role == "rater"
    return role == "admin" if admins else role in WRITERS
