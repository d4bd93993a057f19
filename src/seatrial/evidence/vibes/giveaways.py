"""What must stay blind: answers that say which model they are."""

from __future__ import annotations

import re

__all__ = ["names_itself"]

_NAMES = "(?:chat)?gpt|claude|gemini|gemma|bard|llama|mistral|mixtral|qwen|smollm|grok|deepseek|copilot"
_KINDS = "ai|artificial intelligence|(?:large )?language model|llm|chatbot"
_MAKERS = "openai|anthropic|google|meta|mistral|microsoft|hugging ?face|xai|alibaba|deepseek"
_MADE = "trained|developed|created|made|built|designed"
_END = r"(?![a-z])"
_SELF = re.compile(
    rf"\b(?:i(?:'m| am)(?: called)?|my name is|call me) (?:just |only )?(?:an? |the )?(?:{_KINDS}|{_NAMES}){_END}"
    rf"|\bas an? (?:{_KINDS}){_END}"
    rf"|\bas (?:{_NAMES})(?:[- ]?\d[\w.]*)?(?:,| i\b)"
    rf"|\b(?:{_MADE}) by (?:(?:the |a )?(?:team|researchers|engineers|people|company) (?:at |of )?)?(?:{_MAKERS}){_END}"
    rf"|\b(?:{_MAKERS})(?:,? (?:who|which|that))? (?:{_MADE}) me\b"
    rf"|\bmy (?:makers?|creators?|developers?)(?: is| are|,)? (?:at )?(?:{_MAKERS}){_END}",
    re.IGNORECASE,
)


def names_itself(text: str) -> bool:
    """Return whether an answer says what wrote it, by rule: such a pair is not shown."""
    plain = re.sub(r"[*_`\s]+", " ", text.replace("’", "'"))
    return _SELF.search(plain) is not None
