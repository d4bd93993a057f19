"""Model text as HTML that can do nothing: no script, no picture, no link, no style."""

from __future__ import annotations

from functools import lru_cache
from html import escape

import nh3
from markdown_it import MarkdownIt

__all__ = ["LONGEST", "rendered"]

_MARKDOWN = MarkdownIt("commonmark", {"html": False, "linkify": False, "breaks": True}).enable("table")

_MARKDOWN.disable(["image", "link", "autolink"])

_TAGS = {
    *("p", "br", "strong", "em", "ul", "ol", "li", "code", "pre", "blockquote", "hr"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
}


LONGEST = 12_000
"""Letters up to which a text is read as Markdown: what nests or is long takes a tenth of a second at most."""


def rendered(text: str) -> str:
    """Return Markdown as harmless HTML; a text of more than `LONGEST` letters as it is written, for time has an end.

    Many raters read the same answers, so that they are rendered once.
    """
    if len(text) > LONGEST:
        return f"<pre>{escape(text)}</pre>"
    return _formatted(text)


@lru_cache(maxsize=4096)
def _formatted(text: str) -> str:
    return nh3.clean(_MARKDOWN.render(text), tags=_TAGS, attributes={})
