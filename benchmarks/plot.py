"""A small line plot as SVG that follows light and dark."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

__all__ = ["Series", "line_plot"]

WIDTH, HEIGHT, LEFT, RIGHT, BOTTOM, TOP = 720, 360, 64, 210, 48, 40
COLORS = ("#24508f", "#1d7a4a", "#b3261e", "#8a5a00")

Scale = Callable[[float], float]


@dataclass(frozen=True, slots=True)
class Series:
    """A named line through points (x, y)."""

    name: str
    points: list[tuple[float, float]]


def line_plot(title: str, label: str, series: list[Series], log_x: bool = False, log_y: bool = True) -> str:
    """Return the SVG of a plot; a logarithmic axis takes numbers above 0 only."""
    across: Scale = math.log10 if log_x else float
    up: Scale = math.log10 if log_y else float
    xs = sorted({x for one in series for x, _ in one.points})
    ys = [up(y) for one in series for _, y in one.points]
    step = 1.0 if log_y else _step(max(ys) - min(0.0, *ys))
    least, most = math.floor(min(ys) / step) * step if log_y else min(0.0, *ys), math.ceil(max(ys) / step) * step

    def px(x: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * (across(x) - across(xs[0])) / (across(xs[-1]) - across(xs[0])), 1)

    def py(y: float) -> float:
        return round(TOP + (HEIGHT - TOP - BOTTOM) * (most - y) / (most - least), 1)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
        "<style>text{fill:#333}line{stroke:#bbb}"
        "@media(prefers-color-scheme:dark){text{fill:#ddd}line{stroke:#555}}</style>",
        f'<text x="{LEFT}" y="20" font-size="14">{escape(title)}</text>',
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 10}" text-anchor="middle">{escape(label)}</text>',
    ]
    for number in range(round((most - least) / step) + 1):
        value = least + number * step
        y = py(value)
        shown = f"{10**value:,.0f}" if log_y else f"{value:g}"
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{shown}</text>')
    parts += [f'<text x="{px(x)}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{x:g}</text>' for x in xs]
    for number, one in enumerate(series):
        color = COLORS[number % len(COLORS)]
        points = " ".join(f"{px(x)},{py(up(y))}" for x, y in one.points)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="2"/>')
        last = one.points[-1]
        parts.append(
            f'<text x="{px(last[0]) + 8}" y="{py(up(last[1])) + 4}" style="fill:{color}">{escape(one.name)}</text>'
        )
    return "\n".join([*parts, "</svg>\n"])


def _step(reach: float) -> float:
    """Return a round distance of grid lines that gives about five."""
    power = 10.0 ** math.floor(math.log10(reach / 5))
    return next(step * power for step in (1, 2, 5, 10) if step * power * 5 >= reach)
