"""Two plots as SVG, drawn by hand: lines over logarithmic axes, and nothing to install."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from benchmarks.plan import PARTS

WIDTH, HEIGHT = 430, 330
LEFT, RIGHT, TOP, BOTTOM = 62, 12, 30, 44
COLOURS = ("#2563eb", "#0d9488", "#dc2626", "#d97706", "#7c3aed", "#64748b", "#db2777", "#65a30d")


@dataclass(frozen=True)
class Line:
    """One contender: points of size and figure; those of others are dashed."""

    name: str
    points: Sequence[tuple[float, float]]
    dashed: bool


def lines_of(found: Mapping[str, Any], key: str, metric: str, divisor: float) -> list[Line]:
    """The lines of a table, in the plan's order, so that a contender keeps its colour."""
    (table,) = [table for tables in PARTS.values() for table in tables if table.key == key]
    lines: list[Line] = []
    for contender in table.contenders:
        figures = found.get(key, {}).get(contender.name, {})
        points = [
            (float(size), told[metric] / divisor)
            for size, told in figures.items()
            if float(size) > 0 and told[metric] > 0
        ]
        ours = "ours" in contender.name or contender.name == "embed_many"
        lines.append(Line(contender.name, sorted(points), not ours))
    return lines


def calls_in_flight(found: Mapping[str, Any]) -> str:
    """Calls in flight against CPU a call, asynchronous and in threads."""
    left = panel(
        "CPU of a call, asynchronous", "calls in flight", "ms",
        lines_of(found, "flights", "cpu", 1000), 0,
    )  # fmt: skip
    right = panel(
        "CPU of a call, in threads", "threads", "ms", lines_of(found, "threads", "cpu", 1000), 1
    )
    return document([left, right])


def corpus_size(found: Mapping[str, Any]) -> str:
    """Corpus size against memory, and against time."""
    memory = panel(
        "Memory beyond one request", "documents of 1024 floats", "MB",
        lines_of(found, "corpus", "megabytes", 1), 0,
    )  # fmt: skip
    seconds = panel(
        "Time", "documents of 1024 floats", "s", lines_of(found, "corpus", "seconds", 1), 1
    )
    return document([memory, seconds])


def document(panels: list[str]) -> str:
    """Panels side by side."""
    width, height = WIDTH * len(panels), HEIGHT + 110
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" font-family="sans-serif" font-size="11">\n'
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>\n'
        + "\n".join(panels)
        + "\n</svg>\n"
    )


def panel(title: str, sizes: str, unit: str, lines: list[Line], column: int) -> str:
    """One plot with its legend below."""
    points = [point for line in lines for point in line.points]
    if not points:
        points = [(1.0, 1.0)]
    low_x, high_x = decades([x for x, _ in points])
    low_y, high_y = decades([y for _, y in points])
    inner_width, inner_height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def across(x: float) -> float:
        return LEFT + inner_width * (math.log10(x) - low_x) / (high_x - low_x)

    def up(y: float) -> float:
        return TOP + inner_height * (1 - (math.log10(y) - low_y) / (high_y - low_y))

    out = [f'<g transform="translate({column * WIDTH} 0)">']
    out.append(text(LEFT + inner_width / 2, 18, title, "middle", bold=True))
    for power in range(low_x, high_x + 1):
        x = across(10.0**power)
        out += [rule(x, TOP, x, TOP + inner_height), text(x, HEIGHT - 28, label(power), "middle")]
    for power in range(low_y, high_y + 1):
        y = up(10.0**power)
        out += [
            rule(LEFT, y, LEFT + inner_width, y),
            text(LEFT - 6, y + 4, f"{label(power)} {unit}", "end"),
        ]
    out.append(text(LEFT + inner_width / 2, HEIGHT - 12, sizes, "middle"))
    shown = [(line, colour) for line, colour in zip(lines, COLOURS, strict=False) if line.points]
    for number, (line, colour) in enumerate(shown):
        path = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in line.points)
        dash = ' stroke-dasharray="5 3"' if line.dashed else ""
        out.append(
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>'
        )
        out += [
            f'<circle cx="{across(x):.1f}" cy="{up(y):.1f}" r="2.6" fill="{colour}"/>'
            for x, y in line.points
        ]
        x, y = LEFT + (number % 2) * inner_width / 2, HEIGHT + 8 + 18 * (number // 2)
        out.append(
            f'<line x1="{x}" y1="{y}" x2="{x + 22}" y2="{y}" stroke="{colour}" '
            f'stroke-width="2"{dash}/>'
        )
        out.append(text(x + 27, y + 4, line.name, "start"))
    out.append("</g>")
    return "\n".join(out)


def decades(values: list[float]) -> tuple[int, int]:
    """The powers of ten around some values."""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)


def label(power: int) -> str:
    return f"{10**power:,}" if power >= 0 else f"{10.0**power:g}"


def text(x: float, y: float, said: str, anchor: str, *, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="#1e293b"{weight}>'
        f"{escape(said)}</text>"
    )


def rule(x1: float, y1: float, x2: float, y2: float) -> str:
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#e2e8f0" '
        'stroke-width="1"/>'
    )
