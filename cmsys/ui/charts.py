"""Charts as frozen values: one description gives the drawing (ECharts option) and a table with its numbers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

from django.utils.translation import gettext as _

Kind = Literal["bar", "hbar", "line", "donut", "scatter", "sankey", "step"]
Number = int | float | None

# Seven colours that stay apart for the three common kinds of colour blindness, each at least 3:1 on white.
PALETTE = ("#1b4fc4", "#c46a00", "#0b7f6b", "#a8458f", "#3a8bc9", "#7d6a12", "#6b7688")
INK, INK_SOFT, LINE = "#1a2233", "#566178", "#e3e7ee"
SYMBOLS = ("circle", "rect", "triangle", "diamond", "pin", "arrow", "roundRect")
FULL_LIBRARY: frozenset[str] = frozenset({"sankey"})


@dataclass(frozen=True)
class Series:
    """One named row of numbers, in the order of the chart's categories. None is a gap, not a zero."""

    name: str
    values: tuple[Number, ...]
    dashed: bool = False


@dataclass(frozen=True)
class Point:
    """A dot of a scatter: where it stands, what it is called, which series it belongs to."""

    x: float
    y: float
    label: str
    group: str = ""


@dataclass(frozen=True)
class Link:
    """A flow of a sankey between two named nodes."""

    source: str
    target: str
    value: float


@dataclass(frozen=True)
class Line:
    """A reference line: a threshold or a guideline."""

    value: float
    label: str
    axis: Literal["x", "y"] = "y"


@dataclass(frozen=True)
class Chart:
    """What a chart says and shows.

    `title` states the finding; `unit` follows every number; `note` says period and source; `n` how many cases
    it covers. bar, hbar, line, step and donut read categories and series (a donut the first series only),
    scatter reads points, sankey reads links. With `levels` (a step line of grades) values are places in it,
    drawn and written by name.
    Raises ValueError when series and categories do not fit together.
    """

    kind: Kind
    key: str
    title: str
    categories: tuple[str, ...] = ()
    series: tuple[Series, ...] = ()
    unit: str = ""
    note: str = ""
    n: int | None = None
    points: tuple[Point, ...] = ()
    links: tuple[Link, ...] = ()
    lines: tuple[Line, ...] = ()
    x_label: str = ""
    y_label: str = ""
    stacked: bool = False
    category_label: str = ""
    levels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for row in self.series:
            if len(row.values) != len(self.categories):
                raise ValueError(
                    f"{self.key}: {row.name} has {len(row.values)} values for {len(self.categories)} categories"
                )
        if len(self.series) > len(PALETTE):
            raise ValueError(f"{self.key}: more than {len(PALETTE)} series cannot be told apart")

    @property
    def is_empty(self) -> bool:
        """Nothing to draw: no case at all."""
        return (
            not self.points
            and not self.links
            and all(value is None for row in self.series for value in row.values)
        )

    @property
    def library(self) -> str:
        """Which build of the drawing library it needs."""
        return "full" if self.kind in FULL_LIBRARY else "common"

    @property
    def size(self) -> str:
        """Class of its height: s, m, l or xl."""
        if self.kind == "hbar":
            rows = len(self.categories) * max(1, 1 if self.stacked else len(self.series))
            return "s" if rows <= 5 else "m" if rows <= 8 else "l" if rows <= 13 else "xl"
        return "l" if self.kind in ("scatter", "sankey") else "m"

    def as_json(self) -> str:
        """The ECharts option, with what the page's script needs beside it."""
        return json.dumps(
            {"unit": self.unit, "kind": self.kind, "option": self.as_option()}, ensure_ascii=False
        )

    def as_option(self) -> dict[str, Any]:
        """An ECharts option made of plain data: rich-text tooltips (no HTML), aria on, at most seven colours."""
        option: dict[str, Any] = {
            "color": list(PALETTE),
            "aria": {"enabled": True, "label": {"description": self._description()}},
            "textStyle": {"color": INK_SOFT, "fontSize": 12},
            "tooltip": {"renderMode": "richText", "confine": True, "trigger": self._trigger()},
            "grid": {"left": 8, "right": 20, "top": 36 if self._has_legend() else 20, "bottom": 8,
                     "outerBoundsMode": "same", "outerBoundsContain": "axisLabel"},
        }  # fmt: skip
        if self._has_legend():
            option["legend"] = {
                "top": 0,
                "left": 0,
                "itemWidth": 14,
                "itemHeight": 9,
                "textStyle": {"color": INK_SOFT},
            }
        builders = {"donut": self._donut, "scatter": self._scatter, "sankey": self._sankey}
        option.update(builders.get(self.kind, self._axes)())
        return option

    def table(self) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
        """Header and rows of the table twin, carrying exactly the numbers that are drawn."""
        unit = f"（{self.unit}）" if self.unit else ""
        header: tuple[str, ...]
        if self.kind == "scatter":
            header = (_("名称"), _("组"), self.x_label or "X", self.y_label or "Y")
            return header, tuple((p.label, p.group or "—", figure(p.x), figure(p.y)) for p in self.points)
        if self.kind == "sankey":
            header = (_("从"), _("到"), _("数量") + unit)
            return header, tuple((link.source, link.target, figure(link.value)) for link in self.links)
        header = (self.category_label or _("类别"), *(row.name + unit for row in self.series))
        return header, tuple(
            (name, *(self._written(row.values[place]) for row in self.series))
            for place, name in enumerate(self.categories)
        )

    def _written(self, value: Number) -> str:
        return self.levels[int(value)] if self.levels and value is not None else figure(value)

    def _trigger(self) -> str:
        return "axis" if self.kind in ("bar", "hbar", "line", "step") else "item"

    def _has_legend(self) -> bool:
        many = len(self._groups()) if self.kind == "scatter" else len(self.series)
        return many > 1 and self.kind not in ("donut", "sankey")

    def _groups(self) -> list[str]:
        return list(dict.fromkeys(point.group for point in self.points))

    def _description(self) -> str:
        header, rows = self.table()
        spoken = "；".join("，".join(row) for row in rows[:12])
        return f"{self.title}。{'、'.join(header)}：{spoken}"

    def _axes(self) -> dict[str, Any]:
        across = self.kind == "hbar"
        narrow = {"width": 112, "overflow": "truncate"}
        whole = all(
            isinstance(value, int) for row in self.series for value in row.values if value is not None
        )
        category: dict[str, Any] = {
            "type": "category", "data": list(self.categories), "axisTick": {"show": False}, "inverse": across,
            "axisLine": {"show": not across, "lineStyle": {"color": LINE}},
            "axisLabel": {"color": INK_SOFT, "hideOverlap": True} | (narrow if across else {}),
        }  # fmt: skip
        value: dict[str, Any] = {
            "type": "value", "splitNumber": 4, "name": self.y_label, "minInterval": 1 if whole else 0,
            "axisLabel": {"color": INK_SOFT, "show": not across}, "scale": self.kind in ("line", "step"),
            "splitLine": {"show": not across, "lineStyle": {"color": LINE}},
        }  # fmt: skip
        if self.levels:
            value |= {"type": "category", "data": list(self.levels), "boundaryGap": False}
        rows = [self._row(place, row) for place, row in enumerate(self.series)]
        if rows and self.lines:
            rows[0]["markLine"] = self._mark_lines()
        return {
            "xAxis": value if across else category,
            "yAxis": category if across else value,
            "series": rows,
        }

    def _row(self, place: int, row: Series) -> dict[str, Any]:
        common: dict[str, Any] = {"name": row.name, "data": list(row.values)}
        if self.kind in ("line", "step"):
            common |= {
                "type": "line", "symbol": SYMBOLS[place], "symbolSize": 7, "connectNulls": False,
                "lineStyle": {"width": 2.5, "type": "dashed" if row.dashed else "solid"},
            }  # fmt: skip
            if self.kind == "step":
                common["step"] = "end"
            return common
        last = not self.stacked or place == len(self.series) - 1
        radius = [0, 4, 4, 0] if self.kind == "hbar" else [4, 4, 0, 0]
        common |= {
            "type": "bar", "barMaxWidth": 16 if self.kind == "hbar" else 36,
            "itemStyle": {"borderRadius": radius if last else 0},
        }  # fmt: skip
        if self.stacked:
            common["stack"] = "all"
        elif len(self.series) == 1:
            position = "right" if self.kind == "hbar" else "top"
            common["label"] = {"show": True, "position": position, "color": INK, "fontSize": 12}
        return common

    def _mark_lines(self) -> dict[str, Any]:
        look = {"color": "#8a5a00", "type": "dashed", "width": 1.5}
        text = {"color": "#7a4f00", "position": "insideEndTop"}
        marks = [
            {f"{line.axis}Axis": line.value, "label": text | {"formatter": line.label}} for line in self.lines
        ]
        return {"symbol": "none", "silent": True, "lineStyle": look, "data": marks}

    def _donut(self) -> dict[str, Any]:
        values = self.series[0].values if self.series else ()
        data = [
            {"name": name, "value": value}
            for name, value in zip(self.categories, values, strict=True)
            if value is not None
        ]
        # Neighbours differ in lightness too: the order of the palette is for series that lie apart.
        colours = [PALETTE[place] for place in (0, 4, 2, 1, 3, 5, 6)]
        ring: dict[str, Any] = {
            "type": "pie", "name": self.series[0].name if self.series else "", "data": data, "radius": ["44%", "66%"],
            "percentPrecision": 1, "minShowLabelAngle": 4, "itemStyle": {"borderColor": "#fff", "borderWidth": 2},
            "label": {"formatter": "{b}\n{d}%", "color": INK, "lineHeight": 16, "overflow": "none"},
        }  # fmt: skip
        return {"color": colours, "series": [ring]}

    def _scatter(self) -> dict[str, Any]:
        axis = {
            "type": "value", "scale": True, "nameLocation": "middle", "nameGap": 30,
            "splitLine": {"lineStyle": {"color": LINE}}, "axisLabel": {"color": INK_SOFT},
        }  # fmt: skip
        groups = self._groups()
        rows: list[dict[str, Any]] = [
            {"type": "scatter", "name": group, "symbol": SYMBOLS[place % 7], "symbolSize": 9,
             "itemStyle": {"opacity": 0.8},
             "data": [{"name": p.label, "value": [p.x, p.y]} for p in self.points if p.group == group]}
            for place, group in enumerate(groups)
        ]  # fmt: skip
        if rows and self.lines:
            rows[0]["markLine"] = self._mark_lines()
        return {
            "xAxis": axis | {"name": self.x_label},
            "yAxis": axis | {"name": self.y_label},
            "grid": {"left": 12, "right": 24, "top": 36 if self._has_legend() else 20, "bottom": 12}
            | {"outerBoundsMode": "same", "outerBoundsContain": "all"},
            "series": rows,
        }

    def _sankey(self) -> dict[str, Any]:
        nodes = dict.fromkeys(end for link in self.links for end in (link.source, link.target))
        flows = [{"source": link.source, "target": link.target, "value": link.value} for link in self.links]
        flow: dict[str, Any] = {
            "type": "sankey",
            "animationDuration": 350, "left": 8, "right": 100, "top": 12, "bottom": 12, "nodeGap": 14,
            "emphasis": {"focus": "adjacency"}, "lineStyle": {"color": "gradient", "opacity": 0.35},
            "label": {"color": INK}, "links": flows,
            "data": [
                {"name": name, "itemStyle": {"color": PALETTE[place % 7]}} for place, name in enumerate(nodes)
            ],
        }  # fmt: skip
        return {"series": [flow]}


def figure(value: Number) -> str:
    """A number as table twin and tooltip write it: thousands separated, no trailing zeros, a dash for a gap."""
    if value is None:
        return "—"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4f}".rstrip("0").rstrip(".")
