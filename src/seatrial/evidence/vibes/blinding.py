"""What must stay blind: answers that say which model they are."""

from __future__ import annotations

import re

__all__ = ["names_itself"]

_NAMES = "gpt|chatgpt|claude|gemini|llama|mistral|qwen|smollm|grok|deepseek|copilot"

_MAKERS = "openai|anthropic|google|meta|mistral|microsoft|hugging ?face|xai|alibaba|deepseek"

_SELF = re.compile(
    rf"\b(?:i(?:'m| am)|my name is|call me) (?:an? )?(?:ai|language model|chatbot|{_NAMES})"
    rf"|\b(?:trained|developed|created|made|built) by (?:{_MAKERS})"
    r"|\bas an? (?:ai|large language)",
    re.IGNORECASE,
)


def names_itself(text: str) -> bool:
    """Return whether an answer says what wrote it, by rule: such a pair is not shown."""
    return _SELF.search(text.replace("’", "'")) is not None
