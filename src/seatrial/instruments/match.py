"""Right or wrong: answers compared with the accepted ones."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from seatrial.types import Item, Response

__all__ = ["Contains", "Exact", "plain"]


def plain(text: str) -> str:
    """Return text in lower case, without accents, punctuation or doubled spaces."""
    spread = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(character for character in spread if not unicodedata.combining(character))
    numbers = re.sub(r"(?<=\d)[,.](?=\d{3}(?!\d))", "", letters)
    return " ".join(re.sub(r"[^\w.%+−-]|(?<!\d)\.|\.(?!\d)", " ", numbers).split())


@dataclass(frozen=True)
class Contains:
    """1 where an accepted answer stands in the text as whole words, else 0."""

    name: str = "match/contains"
    needs: Literal["text", "logprobs"] = "text"
    bounds: tuple[float, float] = (0.0, 1.0)
    about: str = "1 where an accepted answer stands in the text as whole words, else 0. High: more right answers."

    def read(self, item: Item, response: Response) -> float | None:
        """Return 1 or 0; None for an empty answer or an item without targets."""
        if not response.text.strip() or not item.targets:
            return None
        text = f" {plain(response.text)} "
        return float(any(f" {plain(target)} " in text for target in item.targets))


@dataclass(frozen=True)
class Exact:
    """1 where the whole answer is an accepted one, apart from case and punctuation, else 0."""

    name: str = "match/exact"
    needs: Literal["text", "logprobs"] = "text"
    bounds: tuple[float, float] = (0.0, 1.0)
    about: str = "1 where the whole answer is an accepted one, else 0. High: more right answers."

    def read(self, item: Item, response: Response) -> float | None:
        """Return 1 or 0; None for an empty answer or an item without targets."""
        if not response.text.strip() or not item.targets:
            return None
        return float(plain(response.text) in {plain(target) for target in item.targets})
