"""The flow between grades as an SVG made on the server: columns of grades, bands between them, each band a link.

Coordinates are numbers with one decimal; colours are classes, because the content policy allows no style attribute.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

WIDTH, HEIGHT = 900, 380
BAR, GAP, TOP, LEFT, RIGHT = 12, 12, 34, 4, 128
LEAST = 1.5


@dataclass(frozen=True)
class Band:
    """People between two places: column, row before and row after; `tone` up, down or stay."""

    column: int
    before: int
    after: int
    count: int
    label: str
    tone: str
    url: str = ""


@dataclass(frozen=True)
class FlowDrawing:
    """`columns` are their titles, `rows` the grades from the top; a place is as high as what goes in or out of it."""

    columns: Sequence[str]
    rows: Sequence[str]
    bands: Sequence[Band]
    label: str

    def render(self) -> SafeString:
        """The SVG element."""
        places, scale = self._places()
        context = {
            "width": WIDTH, "height": HEIGHT, "label": self.label,
            "titles": [
                {"x": self._x(k) + (BAR if k else 0), "text": text, "anchor": "end" if k else "start"}
                for k, text in enumerate(self.columns)
            ],
            "bars": [
                {
                    "x": self._x(column), "y": round(y, 1), "width": BAR, "height": round(max(height, LEAST), 1),
                    "name": self.rows[row], "count": count, "text_x": self._x(column) + BAR + 6,
                    "text_y": round(y + height / 2 + 4, 1), "last": column == len(self.columns) - 1,
                }
                for (column, row), (y, height, count) in places.items()
            ],
            "bands": self._bands(places, scale),
        }  # fmt: skip
        return render_to_string("overview/_flow.html", context)

    def _x(self, column: int) -> float:
        room = WIDTH - LEFT - RIGHT - BAR
        return round(LEFT + room * column / max(1, len(self.columns) - 1), 1)

    def _places(self) -> tuple[dict[tuple[int, int], tuple[float, float, int]], float]:
        """Top, height and people of every place; the fullest column fills the drawing."""
        going, coming = self._sums("before", 0), self._sums("after", 1)
        sizes = {
            place: max(going.get(place, 0), coming.get(place, 0)) for place in going.keys() | coming.keys()
        }
        columns = range(len(self.columns))
        totals = {k: sum(size for (column, _row), size in sizes.items() if column == k) for k in columns}
        shown = max((sum(column == k for column, _row in sizes) for k in columns), default=0)
        scale = (HEIGHT - TOP - 8 - GAP * max(0, shown - 1)) / max(1, *totals.values(), 1)
        places, y = {}, dict.fromkeys(columns, float(TOP))
        for place in sorted(sizes, key=lambda item: (item[0], item[1])):
            height = sizes[place] * scale
            places[place] = (y[place[0]], height, sizes[place])
            y[place[0]] += height + GAP
        return places, scale

    def _sums(self, side: str, shift: int) -> dict[tuple[int, int], int]:
        found: dict[tuple[int, int], int] = {}
        for band in self.bands:
            place = (band.column + shift, getattr(band, side))
            found[place] = found.get(place, 0) + band.count
        return found

    def _bands(
        self, places: dict[tuple[int, int], tuple[float, float, int]], scale: float
    ) -> list[dict[str, object]]:
        used_out: dict[tuple[int, int], float] = {}
        used_in: dict[tuple[int, int], float] = {}
        drawn: list[dict[str, object]] = []
        for band in sorted(self.bands, key=lambda item: (item.column, item.before, item.after)):
            start, end = (band.column, band.before), (band.column + 1, band.after)
            height = max(band.count * scale, LEAST)
            y1 = places[start][0] + used_out.get(start, 0.0)
            y2 = places[end][0] + used_in.get(end, 0.0)
            used_out[start] = used_out.get(start, 0.0) + band.count * scale
            used_in[end] = used_in.get(end, 0.0) + band.count * scale
            drawn.append({
                "path": ribbon(self._x(band.column) + BAR, y1, self._x(band.column + 1), y2, height), "tone": band.tone,
                "label": band.label, "url": band.url,
            })  # fmt: skip
        # Those who stay lie beneath those who move.
        return sorted(drawn, key=lambda item: item["tone"] != "stay")


def ribbon(x1: float, y1: float, x2: float, y2: float, height: float) -> str:
    """The outline of a band of one height from one side to the other."""
    middle = (x1 + x2) / 2
    there = f"M{x1:.1f},{y1:.1f} C{middle:.1f},{y1:.1f} {middle:.1f},{y2:.1f} {x2:.1f},{y2:.1f}"
    low1, low2 = y1 + height, y2 + height
    return (
        f"{there} L{x2:.1f},{low2:.1f} C{middle:.1f},{low2:.1f} {middle:.1f},{low1:.1f} {x1:.1f},{low1:.1f} Z"
    )
