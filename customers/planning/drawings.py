"""Drawings of a plan, made by the server as SVG, each with the numbers it draws as a table beside it.

Coordinates are numbers with one decimal; colours are classes, because the content policy allows no style attribute.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

# How many points of a Lorenz curve are drawn, and how many rows its table has.
DRAWN, ROWS = 60, 10


@dataclass(frozen=True)
class Share:
    """Of so many managers, the least used first (percent), what part of all use they have (percent)."""

    people: float
    use: float


def lorenz(load: Sequence[int], capacity: Sequence[int], points: int = DRAWN) -> list[Share]:
    """The Lorenz curve of use (load over capacity) of managers who may carry anything, from (0, 0) to (100, 100); equal use
    is the diagonal. Empty without any load."""
    use = sorted(mine / room for mine, room in zip(load, capacity, strict=True) if room > 0)
    whole = sum(use)
    if not use or not whole:
        return []
    sums = [0.0]
    for one in use:
        sums.append(sums[-1] + one)
    count = min(points, len(use))
    at = sorted({round(step * len(use) / count) for step in range(count + 1)})
    return [Share(round(100 * k / len(use), 1), round(100 * sums[k] / whole, 1)) for k in at]


def lorenz_drawing(
    load: Sequence[int], before: Sequence[int], capacity: Sequence[int], label: str
) -> SafeString:
    """Plan and present over the diagonal of equal use, and a table of tenths."""
    drawn = {"plan": lorenz(load, capacity), "present": lorenz(before, capacity)}
    rows = zip(
        _tenths(lorenz(load, capacity, 10_000)), _tenths(lorenz(before, capacity, 10_000)), strict=False
    )
    context = {
        "label": label,
        **{name: " ".join(f"{36 + 2.5 * p.people:.1f},{160 - 1.5 * p.use:.1f}" for p in points) for name, points in drawn.items()},
        "rows": [
            {"people": f"{(k + 1) * 10}%", "plan": f"{mine:.1f}%", "present": f"{theirs:.1f}%"}
            for k, (mine, theirs) in enumerate(rows)
        ],
    }  # fmt: skip
    return render_to_string("planning/_lorenz.html", context)


def _tenths(points: Sequence[Share]) -> list[float]:
    """The use of the first 10, 20 … 100 percent of people, between points in a straight line; zeros without points."""
    if not points:
        return [0.0] * ROWS
    found, at = [], 0
    for step in range(1, ROWS + 1):
        people = 100 * step / ROWS
        while at + 1 < len(points) - 1 and points[at + 1].people < people:
            at += 1
        a, b = points[at], points[min(at + 1, len(points) - 1)]
        width = b.people - a.people
        found.append(a.use + (b.use - a.use) * (people - a.people) / width if width else b.use)
    return found


@dataclass(frozen=True)
class Mark:
    """A point of the curve: moves, the figure drawn, what it says, where it leads; `here` is the plan itself."""

    moves: int
    figure: float
    text: str
    url: str = ""
    here: bool = False


def curve_drawing(marks: Sequence[Mark], here: Mark, label: str, axis: str) -> SafeString:
    """Fairness against moves: a line through the marks, and the plan's own place on it."""
    every = [*marks, here]
    left, right = min(mark.moves for mark in every), max(mark.moves for mark in every)
    low, high = min(mark.figure for mark in every), max(mark.figure for mark in every)

    def place(mark: Mark) -> dict[str, object]:
        x = 44 + 216 * (mark.moves - left) / (right - left or 1)
        y = 128 - 104 * (mark.figure - low) / (high - low or 1)
        return {
            "x": f"{x:.1f}", "y": f"{y:.1f}", "text": mark.text, "url": mark.url,
            "anchor": "end" if x > 170 else "start", "text_x": f"{x - 9 if x > 170 else x + 9:.1f}",
            "text_y": f"{y - 24 if y > 50 else y + 22:.1f}",
        }  # fmt: skip

    places = [place(mark) for mark in marks]
    context = {
        "label": label, "axis": axis, "marks": places, "here": place(here),
        "line": " ".join(f"{mark['x']},{mark['y']}" for mark in places), "left": f"{left:,}", "right": f"{right:,}",
        "low": f"{low:.3f}", "high": f"{high:.3f}" if high > low else "",
    }  # fmt: skip
    return render_to_string("planning/_curve.html", context)
