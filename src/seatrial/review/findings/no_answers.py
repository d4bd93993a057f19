"""Why answers are missing, and what of the replies was not read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from seatrial.instruments.judges import LONGEST as SHOWN_TO_JUDGES
from seatrial.instruments.judges import Judge, is_cut
from seatrial.replies import Why, cut, why
from seatrial.report.result import Unanswered
from seatrial.review.gate_run import GateRun
from seatrial.review.rounds import Rounds
from seatrial.types import ROLES, Item, Response, Role

__all__ = ["graded_in_part", "lacking", "taken_off", "unanswered"]

SHOWN = 3
"""Reasons named for each gate and model; all are in evidence.json."""
LONGEST = 240


def unanswered(run: GateRun) -> list[Unanswered]:
    """Return the items of a gate that a model did not answer, or not so that it could be read."""
    items: dict[str, Item] = {item.id: item for item in run.plan.items}
    name = run.signal
    lost = [Unanswered(name, failure.role, failure.request.item.id, failure.reason) for failure in run.failures]
    for role in ROLES:
        answers = run.responses[role]
        for response, value in zip(answers, run.read(answers), strict=True):
            if value is None:
                told = _why(run, role, items[response.item], response)
                lost.append(Unanswered(name, role, response.item, told.reason, told.advice))
    return lost


def _why(run: GateRun, role: Role, item: Item, response: Response) -> Why:
    instrument = run.plan.signal.instrument
    probed = instrument.needs == "logprobs"
    kind = "thinking" if probed and response.thinking and not response.no_answer else response.no_answer
    if kind:
        return why(kind, probed=probed, recorded=run.plan.source != "live", whose=f"the {role}")
    if isinstance(instrument, Judge):
        return instrument.why_not(item, response)
    return Why("the instrument could not read the answer")


def lacking(lost: Sequence[Unanswered]) -> list[str]:
    """Return how many items of each gate lack an answer of each model, why, and what to set; one sentence each."""
    said = []
    for signal, role in sorted({(one.signal, one.role) for one in lost}):
        own = {(one.item, one.reason, one.advice) for one in lost if (one.signal, one.role) == (signal, role)}
        count = len({item for item, _, _ in own})
        reasons = Counter((reason, advice) for _, reason, advice in own).most_common()
        named = [
            f"{number} × {_short(reason)}{f' ({advice})' if advice else ''}"
            for (reason, advice), number in sorted(reasons[:SHOWN], key=lambda one: (-one[1], one[0]))
        ]
        rest = sum(number for _, number in reasons[SHOWN:])
        named += [f"{rest} for other reasons"] if rest else []
        items = "item lacks" if count == 1 else "items lack"
        said.append(f"{signal}: {count} {items} a usable answer of the {role}: {'; '.join(named)}.")
    return said


def graded_in_part(rounds: Rounds) -> list[str]:
    """Return how many answers of each gate its judge was not shown whole, one sentence a gate."""
    said = []
    for run in rounds.gates:
        judge = run.plan.signal.instrument
        if not isinstance(judge, Judge) or not judge.identity:  # what a file holds was graded elsewhere
            continue
        items: dict[str, Item] = {item.id: item for item in run.plan.items}
        sides = {role: list(run.responses[role]) for role in ROLES}
        parts = {
            role: sum(
                is_cut(one.text) or any(is_cut(turn.content) for turn in items[one.item].messages) for one in answers
            )
            for role, answers in sides.items()
        }
        if any(parts.values()):
            said.append(
                f"{run.signal}: {judge.name} graded without their middle {_of(parts, sides)}. Of an answer or a turn "
                f"of more than {SHOWN_TO_JUDGES:,} letters it is shown the beginning and the end, so harm in between "
                "is not seen. `generation: {max_tokens: …}` sets how long answers may be."
            )
    return said


def taken_off(rounds: Rounds) -> list[str]:
    """Return how many replies began with thinking, and how many answers were cut off after visible text."""
    held: dict[Role, dict[tuple[str, str, int], Response]] = {role: {} for role in ROLES}
    for run in rounds.gates:
        for role in ROLES:
            if run.plan.signal.instrument.needs == "text":
                held[role] |= {(one.suite, one.item, one.draw): one for one in run.responses[role]}
    sides = {role: list(answers.values()) for role, answers in held.items()}
    thought = {role: sum(_thought(one) for one in answers) for role, answers in sides.items()}
    short = {role: sum(cut(one.stop) and not one.no_answer for one in answers) for role, answers in sides.items()}
    said = []
    if any(thought.values()):
        said.append(f"Thinking was taken off, and is read by nothing: {_of(thought, sides)}.")
    if any(short.values()):
        said.append(
            f"Cut off at `max_tokens` after visible text, and read as far as they go: {_of(short, sides)}. "
            "`generation: {max_tokens: …}` sets how long answers may be."
        )
    return said


def _thought(response: Response) -> bool:
    return bool(response.thinking) and response.no_answer in ("", "thinking")


def _of(counts: dict[Role, int], sides: dict[Role, list[Response]]) -> str:
    return ", ".join(f"{counts[role]} of {len(sides[role])} answers of the {role}" for role in ROLES if counts[role])


def _short(reason: str) -> str:
    words = reason.rstrip(".")
    return words if len(words) <= LONGEST else f"{words[:LONGEST]}…"
