"""What a run of conversations says, in words: for its page and for the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from seatrial.evidence.conversations.conversation import ENDINGS
from seatrial.evidence.conversations.equal_models import NOT_MEASURED, equal_lines
from seatrial.evidence.conversations.forecast import Forecast
from seatrial.evidence.conversations.found import Conversed
from seatrial.evidence.conversations.signals import title
from seatrial.evidence.conversations.user_model import FAULTS
from seatrial.policy import ModelSpec
from seatrial.report.wording import money, number, shortened
from seatrial.types import ROLES, Evidence

__all__ = ["SIMULATED", "cannot_show", "differing", "endings", "first_harm_words", "levels", "plan_lines", "title"]

SIMULATED = "Simulated users"
"""Stands on every page of conversations."""


_SET = ("model", "system", "opening", "adapter", "generation")
_LONGEST = 400


def differing(found: Conversed) -> list[tuple[str, str, str]]:
    """Return what is set differently for the two models: the setting, the baseline's and the candidate's, in words."""
    both = (found.policy.baseline, found.policy.candidate)
    rows = [(name, *(_set(spec, name) for spec in both)) for name in _SET]
    return [(name, before, after) for name, before, after in rows if before != after]


def _set(spec: ModelSpec, name: str) -> str:
    value = getattr(spec, name)
    if value in (None, ""):
        return "none"
    if name == "generation":
        return ", ".join(f"{key} {one}" for key, one in value.model_dump(exclude_none=True).items())
    if name == "opening" and not isinstance(value, str):
        return shortened("; ".join(f"{key}: {one}" for key, one in value.items()), _LONGEST)
    return shortened(str(value), _LONGEST)


def levels(found: Evidence) -> str:
    """Return what was read of both models."""
    return f"{number(found.baseline)} → {number(found.candidate)}"


def plan_lines(plan: Forecast) -> list[str]:
    """Return what a run takes at most, before it starts."""
    lines = [
        f"{plan.personas} {_plural(plan.personas, 'persona')}, each with its quiet twin: {plan.conversations:,} "
        "conversations with each model."
    ]
    if plan.left_out:
        lines.append(f"The budget does not reach {plan.left_out:,} more conversations with each model.")
    for role in ROLES:
        taken = plan.taken[role]
        cost = f", {money(taken.cost)}" if taken.cost else ""
        lines.append(
            f"{role}: at most {taken.calls:,} calls, {taken.tokens_in:,} tokens in and {taken.tokens_out:,} out{cost}; "
            f"its context must hold {taken.longest:,} tokens."
        )
    for name, taken in plan.judges.items():
        cost = f", {money(taken.cost)}" if taken.cost else ""
        lines.append(
            f"judge/{name}: at most {taken.calls:,} calls, {taken.tokens_in:,} tokens in and {taken.tokens_out:,} out"
            f"{cost}; its context must hold {taken.longest:,} tokens."
        )
    if (wanted := sum(taken.calls for taken in plan.judges.values())) > plan.judge_calls // plan.users:
        lines.append(
            f"Judges may need {wanted:,} calls, and `budget: {{judge_calls: {plan.judge_calls}}}` may end before. A "
            "conversation of which an answer has no grade counts as missing."
        )
    if plan.users > 1:
        lines.append(f"All of it {plan.users} times: once for each who plays the users.")
    lines.append("Each call sends all that was said before it: twice the turns take four times the tokens in.")
    return lines


def endings(found: Conversed) -> list[tuple[str, int, int]]:
    """Return each way in which conversations ended, with how many did with the baseline and with the candidate."""
    counts = found.endings
    return [
        (words, counts["baseline"][name], counts["candidate"][name])
        for name, words in ENDINGS.items()
        if counts["baseline"][name] or counts["candidate"][name]
    ]


def first_harm_words(found: Conversed) -> str:
    """Return how many conversations turned harmful, and whether the candidate's do so earlier."""
    shares = {role: 1 - found.curves[role].share[-1] for role in ROLES}
    test = found.log_rank
    return (
        f"By the last turn {100 * shares['baseline']:.0f} % of the baseline's conversations with vulnerable users and "
        f"{100 * shares['candidate']:.0f} % of the candidate's held a harmful answer, if those that ended earlier "
        f"without one had gone on as the others did. Earlier harm with the candidate by chance alone: p = "
        f"{test.p_value:.2g} (log-rank, by persona, models swapped within personas; {test.personas} personas)."
    )


def cannot_show(found: Conversed) -> Iterator[str]:
    """Yield what a run of conversations cannot show, in sentences."""
    played = "a script that needs no model" if found.user == "script" else f"the model {found.user}"
    yield (
        f"Nobody here is a person. All users were simulated, by {played}, and real users say other things; what was "
        "measured is how the models answer these."
    )
    if found.user == "script":
        yield (
            "The script reads answers by lists of phrases. An answer that does in other words what they list is met as "
            "if it had done nothing."
        )
    if (record := found.user_record) is not None:
        kinds = ", ".join(f"{count:,} times {FAULTS[kind]}" for kind, count in record.faults.most_common())
        yield (
            f"The model that played the users wrote {record.tries:,} lines, of which {100 * record.out_of_role:.1f} % "
            f"were none of its person and were refused{f' ({kinds})' if kinds else ''}; {record.broken:,} "
            "conversations ended because of it. Another model might have played them otherwise."
        )
    yield from (NOT_MEASURED,) if found.equal is None else equal_lines(found.equal)
    readers = sorted({read.reader for read in found.reads})
    yield (
        f"Harm in a turn was read by {', '.join(readers)}, each answer with its conversation before it; what of it may "
        "gate is said in the report beside this page."
    )
    yield from _graded(found)
    products = [one.name for one in found.policy.products if one.name]
    met = f"as {', '.join(products)}" if products else "as the policy names them, in no product of yours"
    yield f"The models were met {met}. How they are in any other configuration was not measured."
    if found.lost:
        yield f"{found.lost:,} of {len(found.pairs):,} meetings were lost on one side or both, and count as missing."
    if found.plan.left_out:
        yield f"{found.plan.left_out:,} conversations with each model were not held: the budget did not reach them."
    yield "Conversations were held in English, one session each: nobody came back the next day."


def _graded(found: Conversed) -> Iterator[str]:
    """Yield by whom turns were graded, and how many got no grade."""
    if found.judged is None:
        return
    judges = ", ".join(f"judge/{name}" for name in found.policy.graders)
    yield f"{judges} graded each answer too, by the rubric of its area's suite and with its conversation before it."
    yield from filter(None, map(found.judged.why_ungraded, found.judged.ungraded))
    yield from found.judged.doubts.values()


def _plural(count: int, word: str) -> str:
    return word if count == 1 else f"{word}s"
