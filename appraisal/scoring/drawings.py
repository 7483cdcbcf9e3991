"""Drawings the server makes as SVG: the matrix with people on it, and a radar. They need no script and print well.

Coordinates are numbers with one decimal; colours are classes, because the content policy allows no style attribute.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from appraisal.scoring.words import Cell

Limits = tuple[tuple[Decimal, ...], tuple[Decimal, ...]]
# Tone of a cell by column and row, for a matrix of two and of three.
_TONES = {
    2: {(1, 1): "up", (1, 0): "warn", (0, 1): "info", (0, 0): "down"},
    3: {(2, 2): "up", (1, 2): "up-soft", (2, 1): "info", (1, 0): "down-soft", (0, 0): "down", (2, 0): "warn"},
}
# Points kept on either side of a limit, so that every cell has room for its name.
ROOM = 12.0
LETTER = 12.5
MARKS = {"promotion": "triangle", "demotion": "fall", "hold": "circle", "not_rated": "circle"}


def cell_tone(cells: Sequence[Cell], cell: Cell) -> str:
    """The class of a cell's ground."""
    return _TONES[3 if len(cells) == 9 else 2].get((cell.column, cell.row), "")


@dataclass(frozen=True)
class Dot:
    """A mark on the matrix: one person, or `size` people at one place."""

    ability: float
    performance: float
    label: str
    url: str = ""
    kind: str = "hold"
    size: int = 1
    before: tuple[float, float] | None = None


@dataclass(frozen=True)
class Frame:
    """From scores to places in the drawing."""

    width: int
    height: int
    low: tuple[float, float]
    high: tuple[float, float]
    left: int = 44
    right: int = 12
    top: int = 10
    bottom: int = 40

    def x(self, ability: float) -> float:
        share = (ability - self.low[0]) / ((self.high[0] - self.low[0]) or 1)
        return round(self.left + share * (self.width - self.left - self.right), 1)

    def y(self, performance: float) -> float:
        share = (performance - self.low[1]) / ((self.high[1] - self.low[1]) or 1)
        return round(self.height - self.bottom - share * (self.height - self.top - self.bottom), 1)


def frame_of(
    limits: Limits | None, least: tuple[float, float], most: tuple[float, float], width: int, height: int
) -> Frame:
    """A frame that holds all values and limits, its edges at multiples of five."""
    low, high = [], []
    for axis in (0, 1):
        around = [float(value) for value in (limits[axis] if limits else ())]
        marks = [
            least[axis],
            most[axis],
            *(value - ROOM for value in around),
            *(value + ROOM for value in around),
        ]
        low.append(
            max(0.0, math.floor((min(marks) - 3) / 5) * 5.0)
            if min(marks) >= 0
            else math.floor(min(marks) / 5) * 5.0
        )
        high.append(math.ceil((max(marks) + 3) / 5) * 5.0)
    return Frame(width, height, (low[0], low[1]), (high[0], high[1]))


@dataclass(frozen=True)
class MatrixDrawing:
    """The matrix as a drawing; `label` is what it says to a screen reader, `small` leaves out the names of the cells."""

    frame: Frame
    cells: Sequence[Cell]
    limits: Limits | None
    dots: Sequence[Dot]
    label: str
    cell_urls: dict[str, str] = field(default_factory=dict)
    small: bool = False
    axis: tuple[str, str] = ("", "")

    def render(self) -> SafeString:
        """The SVG element."""
        frame = self.frame
        context = {
            "width": frame.width, "height": frame.height, "label": self.label, "small": self.small,
            "cells": list(self._grounds()), "dots": list(self._marks()), "ticks": list(self._ticks()),
            "box": {
                "x": frame.left, "y": frame.top, "width": frame.width - frame.left - frame.right,
                "height": frame.height - frame.top - frame.bottom,
            },
            "axis": {
                "x": self.axis[0], "y": self.axis[1], "middle": (frame.left + frame.width - frame.right) / 2,
                "bottom": frame.height - 6, "centre": (frame.top + frame.height - frame.bottom) / 2,
            },
        }  # fmt: skip
        return render_to_string("scoring/_matrix.html", context)

    def _edges(self, axis: int) -> list[float]:
        assert self.limits is not None
        frame = self.frame
        return [frame.low[axis], *(float(value) for value in self.limits[axis]), frame.high[axis]]

    def _grounds(self) -> list[dict[str, object]]:
        if self.limits is None:
            return []
        grounds, columns, rows = [], self._edges(0), self._edges(1)
        for cell in self.cells:
            left, right = self.frame.x(columns[cell.column]), self.frame.x(columns[cell.column + 1])
            top, bottom = self.frame.y(rows[cell.row + 1]), self.frame.y(rows[cell.row])
            grounds.append({
                "x": left, "y": top, "width": round(right - left, 1), "height": round(bottom - top, 1),
                "tone": cell_tone(self.cells, cell), "label": cell.name, "url": self.cell_urls.get(cell.code, ""),
                "name": cell.name if right - left >= len(cell.name) * LETTER + 12 else "",
                "text_x": left + 8, "text_y": top + 18,
            })  # fmt: skip
        return grounds

    def _ticks(self) -> list[dict[str, object]]:
        frame = self.frame
        ticks: list[dict[str, object]] = []
        for axis in (0, 1):
            marks = self._edges(axis) if self.limits else [frame.low[axis], frame.high[axis]]
            for value in marks:
                place = (
                    (frame.x(value), frame.height - frame.bottom + 15)
                    if axis == 0
                    else (frame.left - 6, frame.y(value) + 4)
                )
                ticks.append({"x": place[0], "y": place[1], "text": f"{value:g}", "axis": "xy"[axis]})
        return ticks

    def _marks(self) -> list[dict[str, object]]:
        marks = []
        for dot in self.dots:
            x, y = self.frame.x(dot.ability), self.frame.y(dot.performance)
            mark: dict[str, object] = {
                "x": x, "y": y, "label": dot.label, "url": dot.url, "kind": dot.kind,
                "r": round(4.5 + 2.2 * math.sqrt(dot.size - 1), 1) if dot.size > 1 else 4.5,
                "points": shape(MARKS.get(dot.kind, "circle"), x, y) if dot.size == 1 else "",
            }  # fmt: skip
            if dot.before is not None:
                mark["before_x"], mark["before_y"] = self.frame.x(dot.before[0]), self.frame.y(dot.before[1])
            marks.append(mark)
        return marks


def shape(name: str, x: float, y: float) -> str:
    """Points of a triangle (upwards, or `fall`: downwards); empty for a circle."""
    if name == "circle":
        return ""
    tip = -6 if name == "triangle" else 6
    return f"{x:.1f},{y + tip:.1f} {x + 5.5:.1f},{y - tip * 0.7:.1f} {x - 5.5:.1f},{y - tip * 0.7:.1f}"


@dataclass(frozen=True)
class Spoke:
    """One arm of a radar; `before` is the value of the period before."""

    label: str
    value: float | None
    text: str
    before: float | None = None


def radar(spokes: Sequence[Spoke], label: str, maximum: float = 100.0) -> SafeString:
    """A radar of three or more arms as SVG. An arm without a value has no corner; the shape is drawn through the others."""
    width, height, radius = 400, 300, 96
    middle_x, middle_y = width / 2, height / 2
    top = max([maximum, *(spoke.value for spoke in spokes if spoke.value is not None)])

    def place(index: int, share: float) -> tuple[float, float]:
        angle = 2 * math.pi * index / len(spokes) - math.pi / 2
        return middle_x + radius * share * math.cos(angle), middle_y + radius * share * math.sin(angle)

    def line(values: Sequence[tuple[int, float | None]]) -> str:
        corners = [place(index, max(0.0, value) / top) for index, value in values if value is not None]
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)

    arms = []
    for index, spoke in enumerate(spokes):
        x, y = place(index, 1)
        text_x, text_y = place(index, 1.13)
        side = text_x - middle_x
        arms.append({
            "x": round(x, 1), "y": round(y, 1), "text_x": round(text_x, 1), "text_y": round(text_y + 1, 1),
            "anchor": "middle" if abs(side) < 8 else "start" if side > 0 else "end", "label": spoke.label,
            "text": spoke.text,
            "dot": None if spoke.value is None else dict(zip("xy", place(index, max(0.0, spoke.value) / top), strict=True)),
        })  # fmt: skip
    rings = [
        " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(index, step / 4) for index in range(len(spokes))))
        for step in (1, 2, 3, 4)
    ]
    context = {
        "width": width, "height": height, "middle_x": middle_x, "middle_y": middle_y, "label": label, "arms": arms,
        "rings": rings, "shape": line([(index, spoke.value) for index, spoke in enumerate(spokes)]),
        "before": line([(index, spoke.before) for index, spoke in enumerate(spokes)]),
    }  # fmt: skip
    return render_to_string("scoring/_radar.html", context)
