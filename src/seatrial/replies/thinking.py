"""Where a reply thinks and where it answers: models mark it in many ways, servers and pages in more.

Thinking is taken off at the start of a reply, where models think, and further on where a whole block of it begins a
line or holds several words; all other marks are quoted.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence

__all__ = ["answer_of", "unmarked", "visible_answer"]

MOST = 100
"""A reply that begins to think more often than this never leaves its thinking."""
QUOTES = ('""', "''", "“”", "‘’")

FEWEST = 5
"""Words from which on a block of thinking within a reply is one, and no tag that is talked about."""
LINE = 100
"""Letters before a mark in which its line must begin, for it to begin that line."""

_NAMES = (
    r"(?!(?:begin|end|start)_)(?:[\w-]{1,40}:)?"
    r"(?:[\w-]{0,40}(?:think|thought|reasoning|monologue|scratchpad|chain[_-]of)[\w-]{0,60}"
    r"|reason|cot|analysis|reflection|deliberation)"
)
_PAIRS = (
    (
        rf"<[|｜]?{_NAMES}(?:\s[^<>]*)?(?<!/)[|｜]?>",
        rf"<[|｜]?/[|｜]?{_NAMES}\s*[|｜]?>",
    ),
    (r"&lt;think(?:ing)?&gt;", r"&lt;/think(?:ing)?&gt;"),
    (r"\[(?:think(?:ing)?|thoughts?|reasoning)\]", r"\[/(?:think(?:ing)?|thoughts?|reasoning)\]"),
    (r"◁think▷", r"◁/think▷"),
    (r"<\|inner_prefix\|>", r"<\|inner_suffix\|>"),
    (r"<\|begin_of_thought\|>", r"<\|end_of_thought\|>"),
    (r"<\|start_thinking\|>", r"<\|end_thinking\|>"),
    (r"<\|channel>thought\b", r"<channel\|>"),
    (r"<unused94>(?:thought\b)?", r"<unused95>"),
)
_ANY_OPEN = "|".join(begin for begin, _ in _PAIRS)
_ANY_CLOSE = "|".join(end for _, end in _PAIRS)
_MARK = re.compile(rf"(?P<open>{_ANY_OPEN})|(?P<close>{_ANY_CLOSE})", re.IGNORECASE)
_KINDS = tuple(re.compile(rf"(?P<open>{begin})|(?P<close>{end})", re.IGNORECASE) for begin, end in _PAIRS)
_LEAD = re.compile(
    r"(?:[\s\x00-\x1f\u00ad\ufeff\u200b-\u200d\u2060-\u2064]|<s>|<start_of_turn>(?:model)?"
    rf"|(?!{_ANY_OPEN}|{_ANY_CLOSE}|<\|(?:channel|message|start)\|>)<[|｜][\w▁]{{1,40}}[|｜]>(?:assistant)?)*",
    re.IGNORECASE,
)
"""What a template may leave before a reply: letters that cannot be seen, and signs of its own."""
_BLOCK = re.compile(
    r"<details\s[^<>]{0,200}\breasoning\b[^<>]{0,200}>(?P<page>.*?)(?:</details>|\Z)"
    r"|```(?:think|thinking|thoughts?|reasoning)[ \t]*\n(?P<fence>.*?)(?:\n```|\Z)"
    r"|Thinking\.\.\.\n(?P<lines>.*?)\n\.\.\.done thinking\."
    r"|Here(?:'s| is) my thought process:(?P<words>.*?)Here(?:'s| is) my response:",
    re.DOTALL,
)
"""Thinking as pages and programs show it. Other text may hold the marks that end it: it counts at the start only."""
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)

_SIGNS = re.compile(
    rf"{_ANY_OPEN}|{_ANY_CLOSE}|<\|(?:channel|message|start|end|return|im_end)\|>"
    r"|</?details\b|```(?=think|thought|reasoning)|\.\.\.done thinking|assistantfinal|here(?:'s| is) my response:",
    re.IGNORECASE,
)

# Harmony: `<|channel|>analysis<|message|>…<|end|><|start|>assistant<|channel|>final<|message|>…`
_CHANNEL = re.compile(
    r"<\|channel\|>\s*(?P<name>\w++)[^<]*+(?:<\|constrain\|>[^<]*+)?<\|message\|>(?P<said>.*?)"
    r"(?=<\|(?:end|call|return|start|channel)\|>|\Z)",
    re.DOTALL,
)
_HARMONY = re.compile(r"(?:<\|start\|>\s*assistant\s*)?<\|channel\|>")
_FINAL = re.compile(r"(?:<\|end\|>)?(?:<\|start\|>\s*assistant)?<\|channel\|>\s*final\s*<\|message\|>")
_ENDS = re.compile(r"(?:\s*+>\|(?:dne|nruter|dne_mi)\|<)+")
"""The signs that end a reply, read backwards, so that those within it are not looked at."""
# The same where the server has taken the special tokens out and left the words between them.
_BARE = re.compile(r"(?:assistant)?(?:analysis|commentary)(?=[A-Z]|.*assistantfinal)", re.DOTALL)
_BARE_FINAL = "assistantfinal"


_BEGINNINGS = ("<", "[", "◁", "&lt;", "```", "analysis", "commentary", "done thinking.", "my response:")
"""What every mark of thinking begins with or holds."""


def answer_of(text: str, *, closed: bool = True) -> tuple[str, str]:
    """Return the answer in a reply and the thinking before it; an empty answer where the thinking never ends.

    Args:
        text: The reply.
        closed: Whether a closing mark without an opening one ends thinking too, as where a template has opened it.
    """
    if not _marked(text):
        return text, ""
    rest, thinking = text, list[str]()
    while _marked(rest) and (found := _divided(rest, closed)) is not None:
        if len(thinking) == MOST:
            return "", text
        thought, rest = found
        thinking.append(thought.strip())
        closed = False
    return rest, "\n\n".join(filter(None, thinking))


def _marked(text: str) -> bool:
    """Return whether a text may hold a mark of thinking; most hold none, and are done then."""
    for sign in _BEGINNINGS:  # noqa: SIM110  (`any` takes four times as long, and every reply comes here twice)
        if sign in text:
            return True
    return False


def visible_answer(text: str) -> str:
    """Return the answer in a reply, without thinking."""
    return answer_of(text)[0]


def _divided(text: str, closed: bool) -> tuple[str, str] | None:
    """Return the thinking that a text begins with and what follows; None where it begins with none."""
    begun = _LEAD.sub("", text, count=1)
    if _HARMONY.match(begun):
        return _harmony(begun)
    if _BARE.match(begun):
        thought, _, said = _BARE.sub("", begun, count=1).partition(_BARE_FINAL)
        return thought, said.lstrip()
    if block := _BLOCK.match(begun):
        return "\n".join(filter(None, block.groups())), begun[block.end() :].lstrip()
    end = _closed(begun)
    if end is not None and end[0] == end[1]:
        return _MARK.sub("", begun, count=1).strip() or begun, ""
    if end is not None:
        return _MARK.sub("", begun[: end[0]], count=1), _LEAD.sub("", begun[end[1] :], count=1)
    lone = _lone_close(text) if closed else None
    return _further(text) if lone is None else (text[: lone[0]], _ended(text[lone[1] :]).lstrip())


def _further(text: str) -> tuple[str, str] | None:
    """Return the thinking in whole blocks after the first words of a text, and what stands around them."""
    code = [found.span() for found in _CODE.finditer(text)] if "`" in text else []
    blocks, thoughts, depth = list[tuple[int, int]](), list[str](), 0
    begin, last = (0, 0), (0, 0)
    for mark in [*_MARK.finditer(text), None]:
        if mark is None:  # a block that never comes out even ends at its last closing mark
            depth = 0
        elif _quoted(text, mark) or _inside(mark.start(), code):
            continue
        elif mark["open"]:
            begin, last = (mark.span(), (0, 0)) if depth == 0 else (begin, last)
            depth += 1
            continue
        elif depth:
            depth, last = depth - 1, mark.span()
        if depth == 0 and last[1]:
            thought = text[begin[1] : last[0]]
            if _begins_line(text, begin[0]) or len(thought.split()) >= FEWEST:
                blocks.append((begin[0], last[1]))
                thoughts.append(thought.strip())
            last = (0, 0)
    if not blocks:
        return None
    edges = [0, *(edge for block in blocks for edge in block), len(text)]
    parts = [text[start:end].strip() for start, end in zip(edges[::2], edges[1::2], strict=True)]
    return "\n\n".join(filter(None, thoughts)), "\n\n".join(filter(None, parts))


def _begins_line(text: str, place: int) -> bool:
    """Return whether only spaces stand before a place in its line; not so many that looking takes time."""
    before = text[max(place - LINE, 0) : place].rpartition("\n")
    return bool(before[1]) and not before[2].strip()


def _inside(place: int, spans: Sequence[tuple[int, int]]) -> bool:
    """Return whether a place lies within one of several spans, which are in their order."""
    after = bisect_right(spans, place, key=lambda span: span[0])
    return after > 0 and place < spans[after - 1][1]


def _ended(text: str) -> str:
    """Return a text without the signs that end it."""
    found = _ENDS.match(text[::-1])
    return text[: len(text) - found.end()] if found else text


def _closed(text: str) -> tuple[int, int] | None:
    """Return where thinking that begins the text ends, and where what follows begins; None where none begins it."""
    kind = next((marks for marks in _KINDS if (first := marks.match(text)) and first["open"]), None)
    if kind is None:
        return None
    depth, last = 0, (len(text), len(text))
    for place, mark in enumerate(kind.finditer(text)):
        if place and _quoted(text, mark):
            continue
        if mark["open"]:
            depth += 1
            continue
        depth, last = depth - 1, mark.span()
        if depth == 0:
            break
    # Thinking that only mentions an opening mark never comes out even: it ends at the last closing one.
    return last


def _lone_close(text: str) -> tuple[int, int] | None:
    """Return the span of the first closing mark that no opening one comes before; None without one."""
    depth = 0
    final = _FINAL.search(text)
    for mark in _MARK.finditer(text):
        if _quoted(text, mark):
            continue
        depth += 1 if mark["open"] else -1
        if depth < 0:
            return mark.span()
    return final.span() if final else None


def _quoted(text: str, mark: re.Match[str]) -> bool:
    """Return whether a mark stands between backticks, or between quotation marks that open and close with it."""
    start, end = mark.span()
    around = text[start - 1 : start] + text[end : end + 1]
    return around == "``" or (around in QUOTES and not text[start - 2 : start - 1].strip(" \n\t("))


def _harmony(text: str) -> tuple[str, str]:
    said = [(found["name"].lower(), found["said"].strip()) for found in _CHANNEL.finditer(text)]
    thinking = "\n\n".join(words for name, words in said if name != "final")
    return (thinking if said else text), "\n\n".join(words for name, words in said if name == "final")


def unmarked(text: str) -> str:
    """Return a text in which no mark of thinking is one: whoever repeats it seems to have thought nothing."""
    return _SIGNS.sub(lambda mark: f"{mark.group()[0]} {mark.group()[1:]}", text)
