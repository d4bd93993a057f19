"""Model text as HTML that can do nothing: no script, no picture, no link, no style."""

from __future__ import annotations

from functools import lru_cache

import nh3
from markdown_it import MarkdownIt

__all__ = ["rendered"]

_MARKDOWN = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table")

_MARKDOWN.disable(["image", "link", "autolink"])

_TAGS = {
    *("p", "br", "strong", "em", "ul", "ol", "li", "code", "pre", "blockquote", "hr"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
}


@lru_cache(maxsize=4096)
def rendered(text: str) -> str:
    """Return Markdown as harmless HTML; many raters read the same answers, so that they are rendered once."""
    return nh3.clean(_MARKDOWN.render(text), tags=_TAGS, attributes={})
