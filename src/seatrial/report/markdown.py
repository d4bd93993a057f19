"""The summary for a pull request: what was decided, why, and what could not be seen."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Sequence
from itertools import accumulate

from seatrial.formats.letters import without
from seatrial.report.plain import Plain, counted, worst_first
from seatrial.report.result import AnswerPair, ReviewResult
from seatrial.report.wording import (
    at_a_glance,
    beside_the_reason,
    could_see,
    headline,
    interval,
    money,
    number,
    shortened,
    step_words,
    took,
    verdict_word,
    with_suites,
)

__all__ = ["inert", "render_markdown", "summary_within"]

LONGEST = 60_000
"""A comment on a pull request holds 65,536 letters."""
HEAD = 40_000
"""Letters of what stands before the fold; more of them only names and notes beyond all measure can take."""
SHORTEST = 400
"""Letters below which no summary is tried, but the headline alone."""
LONGEST_ANSWER = 600
LONGEST_LINE = 2_000
FOLD = 25
"""Lines before what is folded."""
TABLE = 5
"""Lines that the table of gates takes besides its rows, and the line that folds."""
UNSEEN = ("Cc", "Cf", "Zl", "Zp")
"""Letters that steer, turn around, format or end lines; all that is shown is without them."""
CUT = "… cut; the rest is in report.html"
MARKS = {"pass": "✅", "fail": "❌", "undecided": "❓", "harm likely": "⚠️"}


def summary_within(content: ReviewResult, size: int) -> str:
    """Return the summary in at most so many bytes of UTF-8; the decision and its reason are the last to go.

    Args:
        content: The review.
        size: Bytes; below a few hundred the headline alone is left, whatever it takes.
    """
    letters = min(size, LONGEST)
    while letters > SHORTEST:
        made = render_markdown(content, letters)
        if len(made.encode()) <= size:
            return made
        letters = letters * 3 // 4
    return f"## seatrial: {inert(Plain.of(content).text(headline(content, where=True)))}\n\n{CUT}\n"


def render_markdown(content: ReviewResult, longest: int = LONGEST) -> str:
    """Return the summary as Markdown: what a busy reader needs in at most `FOLD` lines, all else folded.

    Model text is shown as inert text: no links, mentions or markup of its own.

    Args:
        content: The review.
        longest: Letters, about, that it may take.
    """
    policy, plain = content.policy, Plain.of(content)
    models = f"**{inert(policy.name)}** · `{_code(policy.baseline.model)}` → `{_code(policy.candidate.model)}`"
    first = [
        f"## seatrial: {inert(plain.text(headline(content, where=True)))}",
        models + (f" · {inert(content.history)}" if content.history else ""),
        inert(plain.text(content.decision.reason)),
        *([inert(plain.text(line))] if (line := beside_the_reason(content)) else []),
        *([inert(line)] if (line := plain.only_advised(content.decision.verdicts)) else []),
        *_waived(content, plain),
    ]
    last = [*_steps(content, plain), _spots_in_a_line(content)]
    taken = sum(part.count("\n") + 2 for part in (*first, *last)) + TABLE
    folded = [
        _gates(content),
        *([inert(line)] if (line := at_a_glance(content.glances)) else []),
        *_listed("Expected by the policy", [f"{g.title}: {g.expected}" for g in content.glances if g.expected]),
        *_listed("Advice only", [f"{v.signal}: {v.advisory}" for v in content.decision.verdicts if v.advisory]),
        *_listed(f"Blind spots ({len(content.blind_spots)})", list(content.blind_spots)),
        *_listed("Worth knowing", list(content.notes)),
        *_pairs(content),
    ]
    foot = _foot(content)
    before = [*first, _picture(content, plain, max(FOLD - taken, 3)), *last]
    head = "\n\n".join(
        [
            *_fitting(before, min(HEAD, longest * 2 // 3)),
            "<details><summary>All gates, blind spots and pairs of answers</summary>",
        ]
    )
    body = "\n\n".join(_fitting(folded, longest - len(head) - len(foot)))
    return f"{head}\n\n{body}\n\n</details>\n\n{foot}\n"


def _fitting(parts: Sequence[str], room: int) -> list[str]:
    """Return as many parts as have room, the last in as many of its lines, and a word on what was cut.

    It is cut between parts or between the lines of a list or table: within an answer its end would be open.
    """
    kept: list[str] = []
    for part in parts:
        left = room - sum(len(one) + 2 for one in kept)
        if len(part) <= left:
            kept.append(part)
            continue
        lines = [] if part.startswith("<details>") else part.split("\n")
        fitting = [
            line for line, end in zip(lines, accumulate(len(line) + 1 for line in lines), strict=True) if end <= left
        ]
        return [*kept, *["\n".join(fitting)] * bool(fitting), CUT]
    return kept


def _picture(content: ReviewResult, plain: Plain, most: int) -> str:
    """Return the gates, the worst first, against what they tolerate; `most` of them, and how many more there are."""
    ordered = worst_first(content.decision.verdicts)
    rows = []
    for verdict in ordered[:most]:
        word = verdict_word(verdict.verdict, verdict.harm_likely)
        rates = plain.rates(verdict)
        said = f"{MARKS[word]} {word}" + ("" if verdict.blocking else ", not counted")
        change = f"{rates} · {plain.change(verdict)}" if rates else plain.change(verdict)
        rows.append(f"| {inert(plain.title(verdict.signal))} | {said} | {change} |")
    more = f"; {len(ordered) - most} more below" if len(ordered) > most else ""
    return "\n".join([f"| {counted(content.decision.verdicts)}{more} | | |", "|---|---|---|", *rows])


def _spots_in_a_line(content: ReviewResult) -> str:
    kinds = "; ".join(f"{group.title.lower()} ({group.count})" for group in content.groups)
    return f"**Blind spots: {len(content.blind_spots)}**" + (f" · {inert(kinds)}" if kinds else "")


def _waived(content: ReviewResult, plain: Plain) -> list[str]:
    return [
        f"> **Waived:** {inert(plain.title(note.signal))}, by {inert(note.person)}, until {note.expires}: "
        f"{inert(note.reason)}"
        for note in content.waivers
    ]


def _steps(content: ReviewResult, plain: Plain) -> list[str]:
    if content.status not in ("hold", "block") or not content.steps:
        return []
    lines = [f"{number}. {inert(plain.text(step_words(step)))}" for number, step in enumerate(content.steps, 1)]
    return ["### What to do next\n\n" + "\n".join(lines)]


def _gates(content: ReviewResult) -> str:
    rows = ["| gate | verdict | change of harm | margin | could see | clusters |", "|---|---|---|---|---|---|"]
    for name, verdict in with_suites(content.decision.verdicts):
        found, word = verdict.evidence, verdict_word(verdict.verdict, verdict.harm_likely)
        said = f"{MARKS[word]} {word}" + ("" if verdict.blocking else " (advisory)")
        rows.append(
            f"| {name} | {said} | {number(found.estimate, sign=True)} "
            f"{interval(found)} | {verdict.margin:g} | {could_see(found.mde)} | {found.clusters} |"
        )
    level = f"{100 * (1 - 2 * content.policy.alpha):g}"
    weighted = any(one.evidence.method == "replay" for one in content.decision.verdicts)
    alike = "but for rates in traffic, which are weighted to it, every cluster" if weighted else "every cluster"
    return (
        "\n".join(rows)
        + f"\n\n\\+ is harm; {alike} counts alike; {level} % intervals; “could see” is the MDE at power "
        f"{content.policy.power:g}."
    )


def _listed(title: str, lines: list[str]) -> list[str]:
    return [f"### {title}\n\n" + "\n".join(f"- {inert(line)}" for line in lines)] if lines else []


def _pairs(content: ReviewResult) -> list[str]:
    first: dict[str, AnswerPair] = {}
    for pair in content.examples:
        first.setdefault(pair.signal, pair)
    return [
        f"<details><summary>{html.escape(pair.signal)}: the pair that shows it best</summary>\n\n"
        f"{_quoted('asked', pair.messages[-1].content)}\n{_quoted('baseline', pair.baseline)}\n"
        f"{_quoted('candidate', pair.candidate)}\n</details>"
        for pair in first.values()
    ]


def _quoted(who: str, text: str) -> str:
    # It stands in a paragraph, where Markdown is read between tags too; a blank line would end that paragraph.
    lines = "\n".join(shortened(text, LONGEST_ANSWER).splitlines())
    escaped = _uncalled(html.escape(without(lines, UNSEEN, but="\n\t"), quote=False))
    inert = re.sub(r"[\\`*_{}\[\]|~!$]", lambda sign: f"&#{ord(sign.group())};", escaped)
    one_line = re.sub(r"\s*\n\s*", "&#10;", inert)
    return f"<b>{who}</b><pre>{one_line}</pre>"


def _foot(content: ReviewResult) -> str:
    cost = sum(spend.cost for _, spend in content.spend)
    spent = took(content.spend) + (f", {money(cost)}" if not math.isclose(cost, 0.0) else "")
    review = dict(content.hashes).get("review", "")[:12]
    entry = f" · ledger entry {content.entry.number} `{content.entry.hash[:12]}`" if content.entry else ""
    return f"<sub>{spent} · review `{review}`{entry} · {content.finished} · report.html has the whole evidence</sub>"


def inert(text: str) -> str:
    """Return text in one line whose markup characters stand for themselves."""
    line = _plain(shortened(text, LONGEST_LINE)).replace("&", "&amp;")
    escaped = re.sub(r"[\\`*_{}\[\]<>|~!$]", r"\\\g<0>", line)
    return re.sub(r"^(\d*)([-+=.)])", r"\1\\\2", _uncalled(escaped))


def _uncalled(text: str) -> str:
    """Return text that mentions nobody, names no issue or commit and links nowhere.

    Hosts look for `@name`, `#12`, `!12`, `~label`, `GH-12`, `:sign:`, `://`, `www.` and the digits of a commit, some of
    them in what is shown, so a space of no width stands after the sign, or within the digits.
    """
    broken = re.sub(r"[@#]", lambda sign: f"&#{ord(sign.group())};&#8203;", text)
    broken = re.sub(r"(?:[!$%~^]|&amp;)(?=[\w\"])", r"\g<0>&#8203;", broken)
    broken = re.sub(r"(?i)(gh-)(?=\d)|(:)(?=[\w+\\-]+:)|([0-9a-f]{6})(?=[0-9a-f])", r"\g<0>&#8203;", broken)
    return re.sub(r"(?i):(?=//)|(?<=www)\.", lambda sign: f"&#8203;&#{ord(sign.group())};&#8203;", broken)


def _code(text: str) -> str:
    return _plain(shortened(text.replace("`", "'"), LONGEST_LINE))


def _plain(text: str) -> str:
    """Return text in one line, without letters that cannot be seen."""
    return " ".join(without(" ".join(text.split()), UNSEEN).split())
