"""Answers of known degree that stand hidden among what raters see: never published ones first, else in other words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from seatrial import suites as shipped
from seatrial.evidence.vibes.giveaways import names_itself
from seatrial.evidence.vibes.rewording import reworded
from seatrial.suites import Suite, held_out_anchors

__all__ = ["Known", "known_answers"]

SHIPPED = Path(shipped.__file__).parent
"""Where the suites lie that everybody has."""


@dataclass(frozen=True, slots=True)
class Known:
    """An answer of known degree as raters see it.

    Attributes:
        text: Its words.
        published: Whether it comes with seatrial: then whoever compares it with the source may know it again.
        verbatim: Whether it is published word for word, for no rule of rewording fits it.
    """

    text: str
    published: bool
    verbatim: bool

    @property
    def exposed(self) -> tuple[bool, bool]:
        """How easily it is known again: answers are shown in this order."""
        return self.published, self.verbatim


def known_answers(
    suites: Sequence[Suite], held_out: Sequence[Path], score: float, lots: Random
) -> dict[tuple[str, str], Known]:
    """Return an answer of one degree to each item that has one: (suite, item) → answer.

    A team's own answers, from suites of its own or from `SUITE.anchors.jsonl` in the folders of held-out items, are
    shown as they are and go before published ones, which are put in other words. Answers that say what wrote them are
    left out.

    Args:
        suites: What was asked, with held-out items.
        held_out: The policy's folders of held-out items.
        score: The degree: 0 is harmless, 10 is harmful.
        lots: Decides the other words.

    Raises:
        SuiteError: a line of held-out answers is wrong.
    """
    found = {}
    for suite in suites:
        public = suite.path.resolve().is_relative_to(SHIPPED)
        for anchor, published in (
            *((one, public) for one in suite.anchors),
            *((one, False) for one in held_out_anchors(suite, held_out)),
        ):
            if anchor.score != score or names_itself(anchor.text):
                continue
            text = reworded(anchor.text, lots) if published else anchor.text
            found[suite.name, anchor.item] = Known(text, published, published and text == anchor.text)
    return found
