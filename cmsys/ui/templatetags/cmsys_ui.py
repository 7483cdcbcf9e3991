"""Template tags and filters of the product's components. Built in: templates need no {% load %}."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from django import template
from django.conf import settings
from django.forms import BoundField, CheckboxInput, DateInput, HiddenInput, Textarea
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from cmsys.ui import formats
from cmsys.ui.charts import Chart

register = template.Library()

TONES = {
    "up": "up", "success": "up", "good": "up",
    "down": "down", "danger": "down", "bad": "down", "error": "down",
    "warn": "warn", "warning": "warn",
    "info": "info", "brand": "info", "primary": "info",
}  # fmt: skip
METER_UNITS = 120


@cache
def icon_names() -> frozenset[str]:
    """Names drawn in static/img/icons.svg."""
    sprite = Path(settings.BASE_DIR) / "static" / "img" / "icons.svg"
    return frozenset(re.findall(r'<symbol id="([\w-]+)"', sprite.read_text(encoding="utf-8")))


def tone_class(tone: Any) -> str:
    """The tone's class (up, down, warn, info) or "hold" for anything else."""
    return TONES.get(str(tone or ""), "hold")


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """A drawing from the sprite.

    Args:
        name: its id in static/img/icons.svg; an unknown name draws a dot.
        label: what it says to a screen reader; without one it is decoration.
    """
    href = f"{static('img/icons.svg')}#{name if name in icon_names() else 'dot'}"
    if label:
        return format_html(
            '<svg class="icon" role="img" aria-label="{}"><use href="{}"></use></svg>', label, href
        )
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}"></use></svg>', href)


@register.simple_tag
def tag(text: Any, tone: Any = "") -> SafeString:
    """A short coloured label; the text carries the meaning, the colour only repeats it.

    Args:
        text: what it says.
        tone: up, down, warn, info or hold (and the synonyms success, danger, warning, brand).
    """
    return format_html('<span class="tag {}">{}</span>', tone_class(tone), text)


@register.simple_tag
def meter(value: Any, maximum: Any = 100, tone: Any = "info", guide: Any = None) -> SafeString:
    """A thin bar without style attributes; the figure itself must stand beside it.

    Args:
        value: length of the bar, in the unit of maximum.
        maximum: what fills it.
        tone: its colour.
        guide: where a guideline mark stands, in the same unit.
    """

    def length(number: Any) -> str:
        share = min(max(float(number or 0) / float(maximum or 1), 0.0), 1.0)
        return f"{share * METER_UNITS:.1f}"

    mark = ""
    if guide is not None and guide != "":
        mark = format_html('<rect class="meter-guide" x="{}" y="0" width="1.5" height="6"/>', length(guide))
    return format_html(
        '<svg class="meter {}" viewBox="0 0 {} 6" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="meter-rest" width="{}" height="6"/><rect class="meter-fill" width="{}" height="6"/>{}</svg>',
        tone_class(tone), METER_UNITS, METER_UNITS, length(value), mark,
    )  # fmt: skip


@register.simple_tag
def result_cells(row: Any, columns: Iterable[Any]) -> SafeString:
    """The cells of one result row; the first is the row's header and leads to its page.

    Built here and not in a template: a page of 100 rows has a thousand of them.

    Args:
        row: url and cells (key, text, url, tag, numeric, kind, and optionally value and sub).
        columns: the columns, for the labels that a phone shows beside each value.
    """
    labels = {_get(column, "key"): _get(column, "label") for column in columns}
    return mark_safe(  # noqa: S308 - every part comes from format_html
        "".join(_cell(cell, row, labels, first=place == 0) for place, cell in enumerate(_get(row, "cells")))
    )


def _cell(cell: Any, row: Any, labels: Mapping[Any, Any], *, first: bool) -> str:
    text, tone, kind = _get(cell, "text"), _get(cell, "tag"), _get(cell, "kind")
    url = _get(cell, "url") or (_get(row, "url") if first else "")
    shown: Any = formats.dash(text)
    if kind == "bar":
        value = _get(cell, "value")
        shown = format_html(
            '<span class="cell-bar">{}{}</span>', shown, meter(text if value is None else value, 100, tone)
        )
    elif tone and text not in (None, ""):
        shown = tag(text, tone)
    elif url:
        shown = format_html('<a href="{}">{}</a>', url, shown)
    if sub := _get(cell, "sub"):
        shown = format_html('{}<small class="cell-sub">{}</small>', shown, sub)
    names = " ".join(name for name, on in (("sticky", first), ("n", _get(cell, "numeric"))) if on)
    element = "th" if first else "td"
    return format_html(
        '<{}{} class="{}" data-label="{}">{}</{}>',
        element, mark_safe(' scope="row"') if first else "", names, labels.get(_get(cell, "key")) or "", shown, element,
    )  # fmt: skip


def _get(thing: Any, name: str) -> Any:
    return thing.get(name) if isinstance(thing, Mapping) else getattr(thing, name, None)


@register.inclusion_tag("components/field.html")
def field(bound: BoundField, span: str = "") -> dict[str, Any]:
    """Label, control, help and errors of one form field, tied together for screen readers.

    Args:
        bound: the bound field.
        span: "wide" for the whole row.
    """
    widget = bound.field.widget
    name = bound.auto_id or f"id_{bound.html_name}"
    hint = f"{name}_hint" if bound.help_text else ""
    problem = f"{name}_error" if bound.errors else ""
    attributes: dict[str, Any] = {}
    if hint or problem:
        attributes["aria-describedby"] = " ".join(part for part in (problem, hint) if part)
    _prefer_native_date(widget)
    kind = "group" if bound.use_fieldset else "check" if isinstance(widget, CheckboxInput) else "control"
    wide = span == "wide" or isinstance(widget, Textarea) or (kind == "group" and len(bound.subwidgets) > 3)
    control = bound.as_widget(attrs=attributes)
    return {
        "bound": bound, "control": _worded_blank(control), "kind": kind, "wide": wide,
        "hint_id": hint, "error_id": problem, "required": bound.field.required and not isinstance(widget, HiddenInput),
    }  # fmt: skip


@register.inclusion_tag("components/query_field.html")
def query_field(bound: BoundField, extra: bool = False) -> dict[str, Any]:
    """One field of a query form: the label sits inside the control's border.

    Args:
        bound: the bound field of the filter form.
        extra: hidden until the form is unfolded.
    """
    _prefer_native_date(bound.field.widget)
    for part in getattr(bound.field.widget, "widgets", ()):
        _prefer_native_date(part)
    return {"bound": bound, "extra": extra, "group": bound.use_fieldset, "error_id": f"{bound.auto_id}_error"}


def _worded_blank(control: SafeString) -> SafeString:
    # Django's nine dashes say nothing to a reader; both strings are ours, so the markup stays safe.
    return mark_safe(control.replace(">---------<", f">{_('请选择')}<"))  # noqa: S308


def _prefer_native_date(widget: Any) -> None:
    # The browser's own date control wants ISO dates, whatever the language's format is.
    if isinstance(widget, DateInput) and widget.input_type == "text":
        widget.input_type = "date"
        widget.format = "%Y-%m-%d"


@register.inclusion_tag("components/chart.html")
def chart(chart: Chart, heading: str = "h3") -> dict[str, Any]:
    """A figure: finding as title, drawing (loaded when it comes into view), the same numbers as a table, PNG button.

    Args:
        chart: what to draw.
        heading: h2 or h3, whichever fits the page's outline.
    """
    return {
        "chart": chart,
        "heading": "h2" if heading == "h2" else "h3",
        "data": _script_json(chart.as_json()),
    }


def _script_json(text: str) -> SafeString:
    # The three characters that could end or open an element inside <script type="application/json">.
    escaped = text.replace("<", "\\u003C").replace(">", "\\u003E").replace("&", "\\u0026")
    return mark_safe(escaped)  # noqa: S308


@register.inclusion_tag("components/bars.html")
def bars(items: Iterable[Mapping[str, Any]], maximum: Any = None) -> dict[str, Any]:
    """Labelled bars drawn by the server: they need no script and print well.

    Args:
        items: label, value, text (the figure as read), and optionally note, tone, guide, url.
        maximum: what fills a bar; the largest value when missing.
    """
    rows = list(items)
    largest = (
        maximum if maximum is not None else max((float(row.get("value") or 0) for row in rows), default=1)
    )
    return {"items": rows, "maximum": largest or 1}


@register.inclusion_tag("components/pager.html")
def pager(pager: Any, target: str = "#results") -> dict[str, Any]:
    """Total, page numbers and page size.

    Args:
        pager: total, start, end, page, pages, prev_url, next_url, page_urls, size_urls.
        target: the element htmx replaces.
    """
    return {"pager": pager, "target": target}


@register.inclusion_tag("components/empty.html")
def empty_state(
    reason: Any, action_label: Any = "", action_url: str = "", title: Any = "", icon_name: str = "inbox"
) -> dict[str, Any]:
    """Why there is nothing here, and what to do next.

    Args:
        reason: a sentence.
        action_label: text of the button, none without it.
        action_url: where it leads.
        title: a few words above the reason.
        icon_name: the drawing.
    """
    return {
        "reason": reason, "action_label": action_label, "action_url": action_url,
        "title": title, "icon_name": icon_name,
    }  # fmt: skip


@register.inclusion_tag("components/tree_node.html")
def tree_node(node: Any, level: int = 1) -> dict[str, Any]:
    """One node of a tree and everything below it, as nested disclosure lists that work without script.

    Args:
        node: label, url, meta, tag, tone, open, children.
        level: depth, from 1.
    """
    return {"node": node, "level": level, "below": level + 1}


@register.filter
def figure_size(value: Any) -> str:
    """Class of a key figure: words are set smaller than numbers."""
    return "words" if str(value or "—")[0] not in "0123456789-−¥≤≥+—" else ""


for _filter in (
    formats.money,
    formats.wan,
    formats.percent,
    formats.cn_date,
    formats.cn_datetime,
    formats.dash,
):
    register.filter(_filter.__name__, _filter)
