"""A small line plot as SVG that follows light and dark."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape

__all__ = ["Series", "line_plot"]

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 640, 360, 64, 48, 40
COLORS = ("#24508f", "#1d7a4a", "#b3261e", "#8a5a00")


@dataclass(frozen=True, slots=True)
class Series:
    """A named line through points (x, y), y above 0."""

    name: str
    points: list[tuple[float, float]]


def line_plot(title: str, label: str, series: list[Series]) -> str:
    """Return the SVG of a plot with a logarithmic y axis."""
    xs = [x for one in series for x, _ in one.points]
    ys = [math.log10(y) for one in series for _, y in one.points]
    least, most = math.floor(min(ys)), math.ceil(max(ys))

    def px(x: float) -> float:
        return round(LEFT + (WIDTH - LEFT - 130) * (x - min(xs)) / (max(xs) - min(xs)), 1)

    def py(y: float) -> float:
        return round(TOP + (HEIGHT - TOP - BOTTOM) * (most - math.log10(y)) / (most - least), 1)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
        "<style>text{fill:#333}line{stroke:#bbb}"
        "@media(prefers-color-scheme:dark){text{fill:#ddd}line{stroke:#555}}</style>",
        f'<text x="{LEFT}" y="20" font-size="14">{escape(title)}</text>',
        f'<text x="{(LEFT + WIDTH - 130) / 2}" y="{HEIGHT - 10}" text-anchor="middle">{escape(label)}</text>',
    ]
    for power in range(least, most + 1):
        y = py(10**power)
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - 130}" y1="{y}" y2="{y}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{10**power:,}</text>')
    parts += [
        f'<text x="{px(x)}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{x:g}</text>' for x in sorted(set(xs))
    ]
    for number, one in enumerate(series):
        color = COLORS[number % len(COLORS)]
        points = " ".join(f"{px(x)},{py(y)}" for x, y in one.points)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="2"/>')
        last = one.points[-1]
        parts.append(
            f'<text x="{px(last[0]) + 8}" y="{py(last[1]) + 4}" style="fill:{color}">{escape(one.name)}</text>'
        )
    return "\n".join([*parts, "</svg>\n"])
