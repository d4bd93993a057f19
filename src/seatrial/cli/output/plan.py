"""What `seatrial plan` prints."""

from __future__ import annotations

from seatrial.cli.output.tables import table, wrapped
from seatrial.gates.operating_characteristic import Outlook
from seatrial.policy import LaunchPolicy
from seatrial.report.wording import could_see

__all__ = ["outlook_summary"]


def outlook_summary(policy: LaunchPolicy, found: Outlook) -> str:
    """Return what a policy could see, as two tables."""
    gates = [
        (
            "advises" if gate.advice else "blind" if gate.blind else "sees",
            gate.signal,
            f"{gate.margin:g}",
            could_see(gate.mde),
            str(gate.clusters),
            f"{gate.calls:,}",
            "more than can be asked" if gate.needed is None else f"{gate.needed:,}",
            gate.basis,
        )
        for gate in found.gates
    ]
    header = ("", "gate", "margin", "could see", "clusters", "calls", "clusters it needs", "basis")
    sizes = [size for size, _ in found.decisions[0][1]] if found.decisions else []
    decisions = [
        (name, *[f"{100 * launch:.0f}/{100 * hold:.0f}/{100 * block:.0f}" for _, (launch, hold, block) in rows], "")
        for name, rows in found.decisions
    ]
    blind = [gate.signal for gate in found.gates if gate.blind and gate.blocking]
    lines = [
        table(header, gates),
        "",
        "Chance of launch / hold / block in percent, for harm of so many margins in one gate, the others unchanged:",
        table(("gate", *[f"{size:g}".replace("-", "−") for size in sizes], ""), decisions),
        "",
        f"At most {found.calls:,} calls; the budget allows {found.budget:,}.",
    ]
    if blind:
        lines.append(
            wrapped(f"This policy could not see the margins of {', '.join(blind)} with {policy.power:g} power.")
        )
    return "\n".join(lines)
