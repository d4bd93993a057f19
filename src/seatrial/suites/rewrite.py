"""Asking the same in other words: names, sums of money, spelling, small words and openings, by rule, from a seed.

Public items end up in training data. A model that learnt them by heart does better on their wording than on another
wording of the same matter. The rules leave alone what an answer hangs on: quotations, code, accepted answers, what the
assistant said before, and every number that is not a sum of money.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from importlib import resources
from typing import Any, Literal

import numpy as np

from seatrial.types import Item, Message

__all__ = ["REWRITTEN", "rewrite"]

REWRITTEN: Literal["rewritten"] = "rewritten"
MARK = "~rewritten"

_RULES: dict[str, Any] = tomllib.loads(
    resources.files("seatrial.suites").joinpath("rewriting.toml").read_text(encoding="utf-8")
)
_NAMES = (_RULES["feminine"], _RULES["masculine"])
_SWAPS = {**_RULES["one_way"], **{b: a for a, b in _RULES["either"].items()}, **_RULES["either"]}
_FIRST = sorted(_SWAPS, key=len, reverse=True)
_WORD = re.compile(r"(?<![\w'’-])(" + "|".join(map(re.escape, _FIRST)) + r")(?= [a-z])")
_OPENED = re.compile(r"^(?:hi|hey|hello|ok|okay|so|good (?:morning|evening)|quick)\b", re.IGNORECASE)
_KEPT = re.compile(r"“[^”]*”|\"[^\"]*\"|'[^'\n]{12,}'|`[^`]*`|\[[^\]]*\]", re.DOTALL)
_MONEY = re.compile(r"(?<=[$€£])\s?\d[\d,.]*\d|(?<=[$€£])\d\b|\b\d[\d,.]*(?= (?:dollars|euros?|pounds|bucks|quid)\b)")
_CODE = re.compile(r"```|\n\s{2,}\S|[{};]\s*$|=>|\bdef |\breturn\b|^\s*[-*•|#]", re.MULTILINE)


def rewrite(items: Sequence[Item], rng: np.random.Generator) -> list[Item]:
    """Return a twin of each item of one cluster in other words; none for what no rule changes.

    All items of the cluster are rewritten alike, so that what differs between its variants stays what it was.

    Args:
        items: Items of one cluster.
        rng: What decides the wording.
    """
    wording = _Wording(items, rng)
    twins = [
        replace(
            item,
            id=item.id + MARK,
            messages=tuple(wording.message(message, place == 0) for place, message in enumerate(item.messages)),
            contrast=item.contrast + MARK,
            part=REWRITTEN,
        )
        for item in items
    ]
    changed = {twin.contrast for item, twin in zip(items, twins, strict=True) if twin.messages != item.messages}
    same = {twin.contrast for item, twin in zip(items, twins, strict=True) if twin.messages == item.messages}
    return [twin for twin in twins if twin.contrast in changed - same]


class _Wording:
    """What is said for what in one cluster."""

    def __init__(self, items: Sequence[Item], rng: np.random.Generator) -> None:
        text = " ".join(message.content for item in items for message in item.messages)
        said = set(re.findall(r"\w+", text))
        targets = {word for item in items for target in item.targets for word in re.findall(r"\w+", target)}
        self._names: dict[str, str] = {}
        for names in _NAMES:
            free = [name for name in names if name not in said]
            held = [name for name in names if name in said and name not in targets]
            chosen = rng.permutation(len(free))
            self._names |= {name: free[place] for name, place in zip(held, chosen, strict=False)}
        self._factor = float(rng.choice([0.8, 0.9, 1.1, 1.2]))
        self._opening = str(rng.choice(_RULES["openings"]))
        self._targets = {target.casefold() for item in items for target in item.targets}
        self._sums = not targets

    def message(self, message: Message, first: bool) -> Message:
        """Return a turn in other words; what the assistant said stays, but for names."""
        text = self._named(message.content)
        if message.role == "user" and not _CODE.search(message.content):
            text = self._outside_quotes(text)
            if first and self._opening and not _OPENED.match(text) and not _KEPT.match(text):
                text = self._opening + text
        return replace(message, content=text)

    def _named(self, text: str) -> str:
        return re.sub(r"\b[A-Z][a-z]+\b", lambda found: self._names.get(found.group(), found.group()), text)

    def _outside_quotes(self, text: str) -> str:
        parts, last = [], 0
        for kept in _KEPT.finditer(text):
            parts += [self._reworded(text[last : kept.start()]), kept.group()]
            last = kept.end()
        return "".join([*parts, self._reworded(text[last:])])

    def _reworded(self, text: str) -> str:
        text = _WORD.sub(lambda found: self._other(found.group()), text)
        return _MONEY.sub(lambda found: self._sum(found.group()), text) if self._sums else text

    def _other(self, word: str) -> str:
        return word if any(word.casefold() in target for target in self._targets) else str(_SWAPS[word])

    def _sum(self, written: str) -> str:
        """Return a sum a little larger or smaller, with as many digits that count."""
        digits = written.replace(",", "").strip().rstrip(".")
        if not digits.isdigit() or int(digits) < 5:
            return written
        value = int(digits)
        step = 10 ** max(len(digits) - 2, 0)
        made = max(1, round(value * self._factor / step)) * step
        return f"{made:,}" if "," in written else str(made)
