"""What `seatrial plan` prints."""

from __future__ import annotations

from seatrial.cli.output.tables import table, wrapped
from seatrial.gates.operating_characteristic import Outlook
from seatrial.policy import LaunchPolicy
from seatrial.report.wording import could_see

__all__ = ["outlook_summary"]


def outlook_summary(policy: LaunchPolicy, found: Outlook) -> str:
    """Return what a policy could see: what it decides in one sentence, then two tables."""
    gates = [
        (
            "advises" if gate.advice else "blind" if gate.blind else "sees",
            gate.signal,
            f"{gate.margin:g}",
            could_see(gate.mde),
            str(gate.clusters),
            f"{gate.usual:,}",
            f"{gate.calls:,}",
            gate.basis,
        )
        for gate in found.gates
    ]
    header = ("", "gate", "margin", "could see", "clusters", "usual calls", "at most", "basis")
    sizes = [size for size, _ in found.decisions[0][1]] if found.decisions else []
    decisions = [
        (name, *[f"{100 * launch:.0f}/{100 * hold:.0f}/{100 * block:.0f}" for _, (launch, hold, block) in rows], "")
        for name, rows in found.decisions
    ]
    blind = [gate.signal for gate in found.gates if gate.blind and gate.blocking]
    lines = [wrapped(found.headline), *map(wrapped, found.notes), "", table(header, gates), ""]
    if decisions:
        lines += [
            "Chance of launch / hold / block in percent, for harm of so many margins in one gate, others unchanged:",
            table(("gate", *[f"{size:g}".replace("-", "−") for size in sizes], ""), decisions),
            "",
        ]
    alone = [(one.signal, one.in_one_suite) for one in found.gates if one.in_one_suite is not None and not one.advice]
    lines += [
        wrapped(f"{signal}: twice the suite margin in one suite alone fails it with {100 * chances[1]:.0f} %.")
        for signal, chances in alone
    ]
    family, blocks = found.least_blocked_family
    if family and blocks < policy.power:
        lines.append(
            wrapped(
                f"Harm of one and a half margins, spread over a family, is rather held than blocked: {family} "
                f"blocks it with {100 * blocks:.0f} %. More answers to an item, more items or a better instrument help."
            )
        )
    lines.append(
        f"An unchanged model takes about {found.calls:,} calls; the budget allows {found.budget:,}, and all gates "
        f"could use {found.most:,}."
    )
    if blind:
        lines.append(
            wrapped(f"This policy could not see the margins of {', '.join(blind)} with {policy.power:g} power.")
        )
    if blind and not policy.samples:
        lines.append(wrapped("Every item is asked once: at temperature 0 asking again gives the same answer."))
    if found.figures_alone:
        lines.append("What it would take: scores or answers of both models item by item, or a gate beside it on such.")
    elif blind or (found.decisions and found.unchanged[0] < policy.power):
        lines.append("What it would take: add --solve better.yaml")
    return "\n".join(lines)
