"""Model text as HTML that can do nothing: no script, no picture, no link, no style."""

from __future__ import annotations

import re
from functools import lru_cache

import nh3
from markdown_it import MarkdownIt

__all__ = ["names_itself", "rendered"]

_MARKDOWN = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table")
_MARKDOWN.disable(["image", "link", "autolink"])
_TAGS = {
    *("p", "br", "strong", "em", "ul", "ol", "li", "code", "pre", "blockquote", "hr"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
}
_NAMES = "gpt|chatgpt|claude|gemini|llama|mistral|qwen|smollm|grok|deepseek|copilot"
_MAKERS = "openai|anthropic|google|meta|mistral|microsoft|hugging ?face|xai|alibaba|deepseek"
_SELF = re.compile(
    rf"\b(?:i(?:'m| am)|my name is|call me) (?:an? )?(?:ai|language model|chatbot|{_NAMES})"
    rf"|\b(?:trained|developed|created|made|built) by (?:{_MAKERS})"
    r"|\bas an? (?:ai|large language)",
    re.IGNORECASE,
)


@lru_cache(maxsize=4096)
def rendered(text: str) -> str:
    """Return Markdown as harmless HTML; many raters read the same answers, so that they are rendered once."""
    return nh3.clean(_MARKDOWN.render(text), tags=_TAGS, attributes={})


def names_itself(text: str) -> bool:
    """Return whether an answer says what wrote it, by rule: such a pair is not shown."""
    return _SELF.search(text.replace("’", "'")) is not None
