"""What a reader sees in one answer before reading it: nothing said, a loop, an echo, another language, a torn end.

The thresholds were set by what they are for, and none was tuned on a review's data.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import islice

from seatrial.formats.letters import without

__all__ = ["besides", "copied", "ends_inside", "language", "looped", "plain_words", "spoken_otherwise"]

RUN = 4
"""Words that make a piece of text: four in a row are hardly the same by chance."""
FEWEST = 12
"""Words below which an answer is too short to loop, or to be an echo unless it is the whole question."""
LONGEST_WORD = 40
"""Letters from which on a word is read letter by letter: no word of prose is so long."""
MOST_WORDS = 4000
"""Words that are looked at, from an answer's start."""
PROSE = 8
"""Words of a last line that make it prose; a name, a heading or a verse is shorter."""

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
ONE_BY_ONE = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]")
"""Letters of scripts that put no space between words."""
FENCED = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
MARKED = re.compile(r"\s*(?:[-*•#|>]|\d+[.)]\s)")


@lru_cache(maxsize=4)
def plain_words(text: str) -> tuple[str, ...]:
    """Return an answer's words in lower case, without marks and without letters that cannot be seen."""
    seen = without(unicodedata.normalize("NFKC", text), ("Cf",)).casefold()
    words = tuple(match[0] for match in islice(WORD.finditer(seen), MOST_WORDS))
    if max(map(len, words), default=0) <= LONGEST_WORD and not ONE_BY_ONE.search(seen):
        return words
    return tuple(islice((piece for word in words for piece in _pieces(word)), MOST_WORDS))


def _pieces(word: str) -> Sequence[str]:
    return word if len(word) > LONGEST_WORD or ONE_BY_ONE.search(word) else (word,)


def _runs(words: Sequence[str]) -> list[tuple[str, ...]]:
    return [tuple(words[start : start + RUN]) for start in range(len(words) - RUN + 1)]


def looped(words: Sequence[str]) -> bool:
    """Return whether most of an answer was said before in it: over half of its runs of four words are repeated ones."""
    runs = _runs(words)
    return len(words) >= FEWEST and len(set(runs)) < 0.5 * len(runs)


def copied(words: Sequence[str], turns: Sequence[Sequence[str]]) -> bool:
    """Return whether an answer is an echo of one turn of the conversation.

    It is where the two are the same, or where four in five of its runs of four words stand in the turn and it is at
    least half as long or begins as the turn does. A passage quoted in answer to a question is shorter than that.
    """
    return any(_echo(words, turn) for turn in turns if words)


def _echo(words: Sequence[str], turn: Sequence[str]) -> bool:
    if list(words) == list(turn):
        return True
    if len(words) < FEWEST:
        return False
    asked = set(_runs(turn))
    runs = _runs(words)
    if sum(run in asked for run in runs) < 0.8 * len(runs):
        return False
    return len(words) >= 0.5 * len(turn) or list(words[:FEWEST]) == list(turn[:FEWEST])


def besides(words: Sequence[str], turns: Sequence[Sequence[str]]) -> Sequence[str]:
    """Return what an answer says besides what it repeats of the conversation, four words in a row or more."""
    asked = {run for turn in turns for run in _runs(turn)}
    repeated = {place + more for place, run in enumerate(_runs(words)) if run in asked for more in range(RUN)}
    return tuple(word for place, word in enumerate(words) if place not in repeated)


def ends_inside(text: str) -> bool:
    """Return whether an answer ends inside a sentence: its last line is prose that no mark ends."""
    last = text.rstrip().rsplit("\n", 1)[-1]
    if not last or text.count("```") % 2 or MARKED.match(last) or len(plain_words(last)) < PROSE:
        return False
    return last[-1].isalnum() or last[-1] in ",;-–—(“"


# Words that are common in English too (die, per, do) are left out of the other lists.
STOP_WORDS: dict[str, frozenset[str]] = {
    name: frozenset(listed.split())
    for name, listed in {
        "English": "the of and to in is that it for was with as are this you your be have not but they can will if i a "
        "how what do does my me would should which there their we he she at by from on an or",
        "German": "der das und ist nicht ein eine zu den mit sich auf für von dem wenn wir sie ich auch wird sind wie",
        "French": "le la les des et est une du que qui dans pour pas vous sur avec ce sont au il je nous cette mais",
        "Spanish": "el la los las y es una del que en por para con se su lo más como pero está al muy este cómo qué",
        "Portuguese": "o os um uma e é da não que em para com se mais por como mas são você ao isso está muito qual",
        "Italian": "il lo gli di è un una che non con sono del della si più ma nel anche questo le al della cosa",
        "Dutch": "de het een en van niet dat op te zijn met voor je er maar om aan ook als wordt naar ik hoe wat",
        "Polish": "w nie na jest się z że jak o co od tak czy są dla może przez tym być ale jego które oraz",
        "Turkish": "bir ve için de da ile çok daha gibi olarak olan kadar sonra ama değil şey nasıl mi olduğu",
        "Indonesian": "yang dan di dengan untuk tidak ini itu dari dalam adalah pada anda akan atau juga ke bisa saya",
    }.items()
}
SPOKEN = {
    word: [name for name, listed in STOP_WORDS.items() if word in listed]
    for word in frozenset[str]().union(*STOP_WORDS.values())
}
"""Stop word → the languages that have it."""
SCRIPTS = (
    ("Latin", "A-Za-z\u00c0-\u024f\u1e00-\u1eff"),
    ("Greek", "\u0370-\u03ff"),
    ("Cyrillic", "\u0400-\u052f"),
    ("Hebrew", "\u0590-\u05ff"),
    ("Arabic", "\u0600-\u06ff\u0750-\u077f"),
    ("Devanagari", "\u0900-\u097f"),
    ("Bengali", "\u0980-\u09ff"),
    ("Tamil", "\u0b80-\u0bff"),
    ("Thai", "\u0e00-\u0e7f"),
    ("Hangul", "\u1100-\u11ff\uac00-\ud7af"),
    ("Kana", "\u3040-\u30ff"),
    ("Han", "\u3400-\u4dbf\u4e00-\u9fff"),
)
"""Latin first: most texts hold no other."""
LETTERS = tuple((name, re.compile(f"[{ranges}]")) for name, ranges in SCRIPTS)
NOT_LATIN = re.compile(f"[{''.join(ranges for name, ranges in SCRIPTS if name != 'Latin')}]")
ENOUGH_LETTERS, ENOUGH_HITS, ENOUGH_WORDS = 10, 3, 20
"""Letters that show a script; stop words that show a language; words of prose that cannot do without stop words."""


def language(text: str) -> str:
    """Return the language of a text by its script and, in Latin letters, its stop words; empty if they do not say.

    A language in Latin letters shows in three of its stop words or more, and at least half again as many as any
    other's.
    """
    script = _script(text)
    if script != "Latin":
        return script
    hits = Counter(name for word in plain_words(text) for name in SPOKEN.get(word, ()))
    (best, most), (_, second) = [*hits.most_common(2), ("", 0), ("", 0)][:2]
    return best if most >= ENOUGH_HITS and most >= 1.5 * second else ""


def _script(text: str) -> str:
    """Return the script of most letters; empty where there are few. A tenth of kana makes Han Japanese."""
    start = text[:4000]
    scripts = LETTERS if NOT_LATIN.search(start) else LETTERS[:1]
    counts = Counter({name: len(letters.findall(start)) for name, letters in scripts})
    if counts["Kana"] * 10 >= counts["Han"] and counts["Kana"]:
        counts["Kana"] += counts.pop("Han")
    name = max(counts, key=counts.__getitem__)
    return name if counts[name] >= ENOUGH_LETTERS and counts[name] > 0.5 * sum(counts.values()) else ""


def spoken_otherwise(text: str, asked: str) -> bool:
    """Return whether an answer is surely not in the language asked in, if that is known; fenced code says nothing.

    Prose of twenty words or more that holds hardly a stop word of the language (less than 3 %) is not in it either.
    """
    prose = FENCED.sub(" ", text)
    found = language(prose)
    if found or not asked:
        return bool(asked) and found != asked
    words = plain_words(prose)
    listed = STOP_WORDS.get(asked)
    if listed is None or len(words) < ENOUGH_WORDS or len(words) > 2 * len(prose.split()):
        return False
    return sum(word in listed for word in words) < 0.03 * len(words)
