"""`seatrial plan --solve`: a policy with the calls and margins that its power takes."""

from __future__ import annotations

from pathlib import Path

from seatrial.cli.options import say, status
from seatrial.cli.output.tables import wrapped
from seatrial.errors import StoreError
from seatrial.formats.bounded import read_text
from seatrial.formats.whole_files import write_whole
from seatrial.policy import LaunchPolicy, parse_policy
from seatrial.review.run import solve_policy

__all__ = ["write_solved"]


def write_solved(path: Path, policy: LaunchPolicy, earlier: Path | None, target: Path, *, quiet: bool) -> LaunchPolicy:
    """Write a policy with other calls and margins, say what was changed and what cannot be reached, and return it.

    Paths in it stay as the file has them.

    Args:
        path: The policy's file.
        policy: The policy, as read from it.
        earlier: Folder of an earlier review, or None.
        target: Where to write.
        quiet: Whether to print nothing.

    Raises:
        StoreError: it cannot be written.
    """
    with status("Simulating reviews") as told:
        found = solve_policy(policy, earlier, told)
    plain = parse_policy(read_text(path), str(path))
    margins = {gate.signal: {"margin": gate.margin, "suite_margin": gate.suite_margin} for gate in found.policy.gates}
    written = plain.model_copy(
        update={
            "budget": found.policy.budget,
            "gates": [gate.model_copy(update=margins.get(gate.signal, {})) for gate in plain.gates],
        }
    )
    write_whole(target, written.to_yaml(), StoreError)
    if not quiet:
        nothing = "No other calls or margins help." if found.cannot else "Nothing needs to change."
        said = [f"Changed: {line}." for line in found.changes] or [nothing]
        said += [wrapped(f"Cannot be reached: {line}") for line in found.cannot]
        if found.cannot and found.launches:
            said.append(wrapped(f"That left aside, an unchanged model launches with {100 * found.launches:.0f} %."))
        say("\n".join([*said, f"Wrote {target}.", ""]))
    return found.policy
