"""From a query string to a list page: filters, sorting, columns and paging, all of it in the address."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Count, QuerySet
from django.http import QueryDict
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django_filters import FilterSet

from cmsys.access.actors import may
from cmsys.accounts.requests import SignedInRequest
from cmsys.ui.bounded import Bounded
from cmsys.ui.formats import DASH, MINUS, money, number
from cmsys.ui.pages import ListPage
from cmsys.ui.resource import Column, Resource, Total

PAGE_SIZES = (20, 50, 100)
# Up to so many rows are looked up by their conditions and then sorted. A page of ten million rows in their order would
# else be looked for along that order, row by row, until twenty are found that match.
KEYS_FIRST = 10_000


def shown(value: Any) -> str:
    """A value as a cell shows it: dates ISO, numbers grouped, lists joined, nothing for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, (list, tuple)):
        return "、".join(str(item) for item in value)
    if hasattr(value, "hour"):
        return timezone.localtime(value).strftime("%Y-%m-%d %H:%M")
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    if isinstance(value, Decimal):
        return f"{value:,f}".replace("-", MINUS)
    if isinstance(value, (int, float)):
        return formats.number_format(value, use_l10n=True, force_grouping=True)
    return str(value)


def exact(value: Any) -> str:
    """A figure in plain digits without trailing zeros, as programs read it; empty for None."""
    figure = number(value)
    if figure is None:
        return ""
    text = format(figure, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) if figure else "0"


def figure_text(value: Any, kind: str) -> str:
    """A total as people read it: ¥ with fen, thousands separated, or a percentage; no digit of a number is left out."""
    if kind == "money":
        return money(value)
    plain = exact(value)
    if not plain:
        return DASH
    whole, point, rest = plain.lstrip("-").partition(".")
    sign = MINUS if plain.startswith("-") else ""
    return f"{sign}{int(whole):,}{point}{rest}{'%' if kind == 'percent' else ''}"


class Listing:
    """One request for one resource's list. Queries: count with totals, page, what the filter form's choices need.

    A filterset may name in `assumed` the conditions it set itself where the reader left them out; they are shown like the
    others, and cannot be taken away, only changed.
    """

    def __init__(self, resource: Resource, request: SignedInRequest) -> None:
        self.resource = resource
        self.request = request
        self.base = resource.queryset(request.user, resource.list_action)
        self.filterset: FilterSet = resource.filterset(request.GET, queryset=self.base, request=request)
        self.valid = self.filterset.is_valid()

    def filtered(self) -> QuerySet[Any]:
        """The rows that match, in the order asked for; none when the conditions make no sense."""
        if not self.valid:
            # Perhaps in an order that only the conditions would have brought.
            return self.base.none().order_by("pk")
        return self.filterset.qs.order_by(*self._order(), "pk")

    def columns(self) -> list[Column]:
        wanted = set(self.request.GET.getlist("columns"))
        allowed = self.allowed_columns()
        chosen = [column for column in allowed if column.key in wanted]
        if not chosen:
            return [column for column in allowed if column.shown]
        first = allowed[0]
        return chosen if first in chosen else [first, *chosen]

    def allowed_columns(self) -> list[Column]:
        """The columns the reader may have at all."""
        actor = self.request.user
        return [c for c in self.resource.columns if c.function is None or may(actor, c.function)]

    def page(self) -> ListPage:
        rows, resource = self.filtered(), self.resource
        bounded = Bounded(rows, self.base, self.resource.count_limit) if self.resource.count_limit else None
        total, totals = (bounded.total, []) if bounded is not None else self._counted(rows)
        if resource.keys_first and 0 < total <= KEYS_FIRST:
            rows = rows.filter(pk__in=list(rows.order_by().values_list("pk", flat=True)))
        pager, objects = self._paged(bounded or rows, total)
        pager["more"] = bounded is not None and bounded.more
        columns = self.columns()
        return ListPage(
            title=resource.page_title(),
            subtitle=resource.subtitle(self.request, total),
            noun=resource.noun,
            actions=resource.list_actions(self.request),
            filter_form=self.filterset.form,
            active_filters=self._active(),
            columns=[self._head(column) for column in columns],
            rows=[self._row(instance, columns) for instance in objects],
            pager=pager,
            empty=resource.empty(self.request, bool(self._active())),
            exports=self._exports(),
            column_choices=[
                {"key": column.key, "label": column.label, "on": column in columns}
                for column in self.allowed_columns()
            ],
            totals=totals,
        )

    # --- totals -----------------------------------------------------------------------------------------------------
    def _counted(self, rows: QuerySet[Any]) -> tuple[int, list[dict[str, Any]]]:
        """How many rows match, and the resource's totals over all of them: one query together."""
        declared: list[Total] = [
            total
            for total in self.resource.totals
            if total.function is None or may(self.request.user, total.function)
        ]
        if not self.valid or not declared:
            return rows.count(), []
        found = rows.order_by().aggregate(
            rows_=Count("*"), **{f"total_{total.key}": total.expression for total in declared}
        )
        return found["rows_"], [
            {
                "key": total.key,
                "label": total.label,
                "value": exact(found[f"total_{total.key}"]),
                "text": figure_text(found[f"total_{total.key}"], total.kind),
            }
            for total in declared
        ]

    # --- sorting ----------------------------------------------------------------------------------------------------
    def _sorted_by(self) -> tuple[Column | None, bool]:
        asked = self.request.GET.get("sort", "")
        for column in self.allowed_columns():
            if column.sort and column.key == asked.removeprefix("-"):
                return column, asked.startswith("-")
        return None, False

    def _order(self) -> Sequence[str]:
        column, descending = self._sorted_by()
        if column is None:
            return self.resource.default_sort
        if not descending:
            return column.sort
        return [name.removeprefix("-") if name.startswith("-") else f"-{name}" for name in column.sort]

    def _head(self, column: Column) -> dict[str, Any]:
        by, descending = self._sorted_by()
        state = ("desc" if descending else "asc") if by is column else ""
        turned = f"-{column.key}" if state == "asc" else column.key
        return {
            "key": column.key,
            "label": column.label,
            "numeric": column.numeric,
            "sortable": bool(column.sort),
            "sort_state": state,
            "sort_url": self._address(sort=turned, page=None),
            "sticky": column is self.resource.columns[0],
        }

    # --- rows -------------------------------------------------------------------------------------------------------
    def _row(self, instance: Any, columns: Sequence[Column]) -> dict[str, Any]:
        cells = [
            {
                "key": column.key,
                "text": shown(column.value(instance)),
                "url": column.url(instance) if column.url else "",
                "tag": column.tone(instance) if column.tone else "",
                "numeric": column.numeric,
                "kind": column.kind,
            }
            for column in columns
        ]
        return {"url": self.resource.url("detail", instance), "key": instance.pk, "cells": cells}

    # --- paging -----------------------------------------------------------------------------------------------------
    def _paged(self, rows: QuerySet[Any] | Bounded, total: int) -> tuple[dict[str, Any], list[Any]]:
        size = _number(self.request.GET.get("size"), PAGE_SIZES[0])
        size = size if size in PAGE_SIZES else PAGE_SIZES[0]
        pages = max(-(-total // size), 1)
        page = min(max(_number(self.request.GET.get("page"), 1), 1), pages)
        start = (page - 1) * size
        objects = list(rows[start : start + size])
        pager = {
            "total": total,
            "start": start + 1 if total else 0,
            "end": start + len(objects),
            "page": page,
            "pages": pages,
            "page_size": size,
            "prev_url": self._address(page=page - 1) if page > 1 else "",
            "next_url": self._address(page=page + 1) if page < pages else "",
            "size_urls": [
                {"size": n, "url": self._address(size=n, page=None), "on": n == size} for n in PAGE_SIZES
            ],
            "page_urls": [
                {"n": n, "url": self._address(page=n) if n else "", "on": n == page, "gap": n == 0}
                for n in _window(page, pages)
            ],
        }
        return pager, objects

    # --- addresses --------------------------------------------------------------------------------------------------
    def _address(self, **changed: Any) -> str:
        query: QueryDict = self.request.GET.copy()
        for name, value in changed.items():
            query.pop(name, None)
            if value is not None:
                query[name] = str(value)
        return f"{self.request.path}?{query.urlencode()}" if query else self.request.path

    def _active(self) -> list[dict[str, Any]]:
        active = []
        form = self.filterset.form
        for name in form.fields:
            bound = form[name]
            value = bound.value()
            if value in (None, "", []):
                continue
            text = _said(form.fields[name], value)
            active.append(
                {
                    "label": bound.label,
                    "value": text,
                    "remove_url": ""
                    if name in getattr(self.filterset, "assumed", ())
                    else self._address(**{name: None, "page": None}),
                }
            )
        return active

    def _exports(self) -> list[dict[str, Any]]:
        resource = self.resource
        if "export" not in getattr(resource.model, "functions", {}) or not may(
            self.request.user, resource.function("export")
        ):
            return []
        query = self.request.GET.copy()
        query.pop("page", None)
        tail = f"?{query.urlencode()}" if query else ""
        return [
            {"label": label, "url": resource.url("export_" + fmt) + tail}
            for fmt, label in (("xlsx", _("Excel 工作簿")), ("csv", _("CSV 文件")))
        ]


def _said(field: Any, value: Any) -> str:
    values = value if isinstance(value, (list, tuple)) else [value]
    choices = {
        str(key): str(label)
        for key, label in getattr(field, "choices", ())
        if not isinstance(label, (list, tuple))
    }
    return "、".join(choices.get(str(item), str(item)) for item in values)


def _number(text: str | None, default: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else default


def _window(page: int, pages: int) -> list[int]:
    """The page numbers to show, with 0 for a gap: `1 0 4 5 6 0 20`."""
    near = sorted({1, pages, *(n for n in range(page - 2, page + 3) if 1 <= n <= pages)})
    shown_pages: list[int] = []
    for n in near:
        if shown_pages and n - shown_pages[-1] > 1:
            shown_pages.append(0)
        shown_pages.append(n)
    return shown_pages
