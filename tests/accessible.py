"""What axe finds wrong with a page for those who cannot see or point well."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Literal

from playwright.sync_api import Page

__all__ = ["LOOKS", "Scheme", "violations"]

Scheme = Literal["light", "dark"]
LOOKS: tuple[tuple[Scheme, int], ...] = (("light", 390), ("dark", 1440))
"""Scheme and width, pixels: light on a phone and dark on a desk, where looking at all four would take too long."""

FOUND = """axe.run({resultTypes: ['violations']}).then(
    found => found.violations.map(one => one.id + ': ' + one.nodes[0].html.slice(0, 120)))"""
"""Only violations are gathered node by node, which takes half as long as everything that is right."""


def violations(page: Page) -> list[str]:
    """Return what axe finds, in words. Its script is run from outside the page's own policy."""
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(_script())
    found: list[str] = page.evaluate(FOUND)
    return found


@cache
def _script() -> str:
    return resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
