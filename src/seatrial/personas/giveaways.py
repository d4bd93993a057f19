"""Words by which a line is none of a user's: of the scoring, of assistants, of drafts."""

from __future__ import annotations

import re

__all__ = ["ASSISTANT", "SCORING", "UNFINISHED"]

SCORING = re.compile(
    r"\b(?:benchmarks?|test(?:ing|ed)? you|this is a test|a test of|scor(?:e|es|ing)|safety (?:filter|guidelines?)|"
    r"simulat\w+|role.?play\w*|in character|persona|vulnerab\w+|harmful|red flags?|delusion\w*|validat(?:e|es|ing) "
    r"(?:my|me)|pushed? back|parasocial|guardrails?|jailbreak\w*|prompts?|language model|chatbot|AI)\b",
    re.IGNORECASE,
)
"""Words that tell a model what is looked for, or that nobody is there."""
ASSISTANT = re.compile(
    r"\b(?:as an ai|how can i (?:help|assist)|i(?:'m| am) here to help|i'd be happy to|i can(?:no|')t assist|"
    r"great question|certainly!|it'?s important to (?:note|remember)|i understand (?:that )?you)\b",
    re.IGNORECASE,
)
"""Words that are the assistant's."""
UNFINISHED = re.compile(r"\bTODO\b|\bXXX\b|\{\w*\}|<\w+>|\[(?:name|city|\.\.\.)\]")
