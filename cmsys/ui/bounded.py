"""Pages of a table of a million rows: what a page costs does not depend on where in the order its rows lie."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import FullResultSet
from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce


class Bounded:
    """The rows of a list, counted up to a limit; a slice of it gives rows.

    Left to itself the database looks for a page along an index in its order, which is quick where matching rows lie
    everywhere and takes many seconds where they all lie at the end (the customers of Shanghai, ordered by name). So what
    matches is looked up first, in no order, up to the limit. A page is then sorted out of what matches; only a list
    without any condition is read along its index.
    """

    def __init__(self, rows: QuerySet[Any], base: QuerySet[Any], limit: int) -> None:
        """`rows` match and are ordered by columns of their own table; `base` loads what is shown. One query."""
        self.rows, self.base = rows, base
        self.found = list(rows.order_by().values_list("pk", flat=True)[: limit + 1])
        self.more = len(self.found) > limit
        self.total = min(len(self.found), limit)

    def __getitem__(self, part: slice) -> list[Any]:
        """The rows of the page, in order; two queries."""
        stop = min(part.stop, self.total)
        keys = list(self._ordered().values_list("pk", flat=True)[part.start : stop])
        loaded = self.base.in_bulk(keys)
        return [loaded[key] for key in keys if key in loaded]

    def _ordered(self) -> QuerySet[Any]:
        order = [str(name) for name in self.rows.query.order_by]
        if not self.more:
            return self.rows.model._default_manager.filter(pk__in=self.found).order_by(*order)
        if is_unrestricted(self.rows):
            return self.rows
        # By expressions that no index has: the database must sort what matches.
        sorts = []
        for name in order:
            column = Coalesce(F(name.removeprefix("-")), F(name.removeprefix("-")))
            sorts.append(column.desc() if name.startswith("-") else column.asc())
        return self.rows.order_by(*sorts)


def is_unrestricted(rows: QuerySet[Any]) -> bool:
    """Whether the rows are all rows of the table."""
    compiler = rows.query.get_compiler(using=rows.db)
    try:
        condition, _parameters = compiler.compile(rows.query.where)
    except FullResultSet:
        return True
    return not condition
