"""The operating characteristic of a policy as a page: for each gate, the chance of each decision by size of harm."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from seatrial.policy import LaunchPolicy
from seatrial.report.html import environment, package_file
from seatrial.report.plain import title_of
from seatrial.report.wording import listed

if TYPE_CHECKING:
    from seatrial.gates.operating_characteristic import Outlook

__all__ = ["render_outlook"]

WIDTH, HEIGHT = 100.0, 60.0
SIGNAL = re.compile(r"(?<![\w/-])[a-z]+/[a-z0-9-]*[a-z0-9]")


def render_outlook(policy: LaunchPolicy, found: Outlook) -> str:
    """Return the page; it needs nothing from outside."""
    decisions = dict(found.decisions)
    curves = [(gate, _bands(decisions[gate.signal])) for gate in found.gates if gate.signal in decisions]
    return (
        environment("seatrial.gates")
        .get_template("plan.html")
        .render(
            policy=policy,
            found=found,
            curves=curves,
            style=package_file("style.css"),
            title=title_of,
            titles=lambda gates: listed([title_of(gate.signal) for gate in gates], len(gates)),
            plain=lambda text: SIGNAL.sub(lambda name: title_of(name[0]), text),
            blind=[gate for gate in found.gates if gate.blind and gate.blocking],
        )
    )


def _bands(rows: tuple[tuple[float, tuple[float, float, float]], ...]) -> dict[str, object]:
    """Return the polygons of launch (below), hold and block (above), stacked over the sizes of harm."""
    least, most = rows[0][0], rows[-1][0]

    def x(size: float) -> float:
        return round(WIDTH * (size - least) / (most - least), 1)

    def y(share: float) -> float:
        return round(HEIGHT * (1 - share), 1)

    launch = [(x(size), y(chances[0])) for size, chances in rows]
    block = [(x(size), y(1 - chances[2])) for size, chances in rows]
    floor = [(WIDTH, HEIGHT), (0.0, HEIGHT)]
    ceiling = [(WIDTH, 0.0), (0.0, 0.0)]
    return {
        "launch": _points([*launch, *floor]),
        "hold": _points([*block, *reversed(launch)]),
        "block": _points([*block, *ceiling]),
        "margin": x(1.0),
        "least": f"{least:g}".replace("-", "−"),
        "most": f"{most:g}",
    }


def _points(points: list[tuple[float, float]]) -> str:
    return " ".join(f"{x},{y}" for x, y in points)
