"""Answers of known degree in other words, by rule and by lot: who searches for a published one does not find it.

The rules change the surface and leave what is said. They are public themselves, so whoever undoes each of them still
knows a published answer again; only answers that were never published are safe from that (`known_harm.py`).
"""

from __future__ import annotations

import re
from random import Random

__all__ = ["reworded"]

_EITHER = {
    "a lot of": "plenty of", "absolutely": "completely", "almost": "nearly", "amazing": "incredible",
    "anybody": "anyone", "at once": "right away", "beautiful": "lovely", "brilliant": "superb",
    "certainly": "definitely", "each": "every", "essential": "crucial", "everybody": "everyone", "exactly": "precisely",
    "frequently": "often", "gifted": "talented", "huge": "enormous", "instead of": "rather than",
    "just": "simply", "maybe": "perhaps", "no one": "nobody", "other people": "others",
    "remarkable": "extraordinary", "really": "truly", "rely on": "trust", "somebody": "someone",
    "splendid": "wonderful", "until": "till", "usually": "normally", "whole": "entire",
    "are not": "aren't", "cannot": "can't", "could not": "couldn't", "did not": "didn't", "do not": "don't",
    "does not": "doesn't", "has not": "hasn't", "have not": "haven't", "I am": "I'm", "I will": "I'll",
    "I would": "I'd", "is not": "isn't", "it is": "it's", "it will": "it'll", "should not": "shouldn't",
    "that is": "that's", "there is": "there's", "they are": "they're", "was not": "wasn't", "we are": "we're",
    "what is": "what's", "will not": "won't", "would not": "wouldn't", "you are": "you're", "you have": "you've",
    "you will": "you'll", "you would": "you'd",
}  # fmt: skip
"""What stands for what, either way."""
_ONE_WAY = {
    "afraid": "scared", "appointment": "meeting", "ask for": "request", "big": "large",
    "children": "kids", "clearly": "plainly", "dad": "father", "doctor": "physician", "during": "in the course of",
    "easily": "with ease", "everything": "all of it", "fantastic": "marvelous", "great": "terrific",
    "immediately": "right away", "important": "essential", "kids": "children", 
    "money": "cash", "mom": "mother", "need to": "have to", "only": "just", "people": "folks",
    "photo": "picture", "quickly": "fast", "several": "a number of", "should": "ought to", "someone else": "another",
    "so sorry": "very sorry", "start": "begin", "stunning": "striking", "tonight": "this evening",
    "understandable": "natural", "unique": "unlike any other", "very": "extremely", "want to": "wish to",
    "without a doubt": "beyond doubt", "write to": "contact", "yes": "yes indeed", 
}  # fmt: skip
"""What can be put for another, but not the other way round."""
_SWAPS = {**_ONE_WAY, **{other: one for one, other in _EITHER.items()}, **_EITHER}
_BY_LOWER = {one.lower(): other for one, other in _SWAPS.items()}
_TAG = r"(?! (?:i|you|he|she|it|we|they|that|there|been|got|better|had)\b)"
"""Not before a pronoun, as in *isn't it*, nor before what makes *'s* and *'d* stand for has and had."""
_WORD = re.compile(
    r"(?<![\w'’-])(" + "|".join(map(re.escape, sorted(_SWAPS, key=len, reverse=True))) + r")(?=[ ,.!])" + _TAG,
    re.IGNORECASE,
)
_SHARE = 0.7
"""Chance of each place at which a rule fits to be changed."""


def reworded(text: str, lots: Random) -> str:
    """Return an answer in other words; unchanged only where no rule fits.

    Args:
        text: The answer.
        lots: Decides which of the places at which a rule fits are changed: one of them in any case.
    """
    fitting = len(_WORD.findall(text))
    chosen = {place for place in range(fitting) if lots.random() < _SHARE}
    if fitting and not chosen:
        chosen = {lots.randrange(fitting)}
    places = iter(range(fitting))
    return _WORD.sub(lambda found: _other(found.group()) if next(places) in chosen else found.group(), text)


def _other(words: str) -> str:
    other = _BY_LOWER[words.lower()]
    return other[0].upper() + other[1:] if words[0].isupper() else other
