"""Which tables the feed follows: a declaration for each resource, from which migrations make triggers.

A room declares its tables twice: in a migration, where it stays as it was, and in its `feed.py`, as it is meant now. A test
compares what stands in the database with the second, so that a change of the declaration without a migration fails.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cmsys.access.functions import Function


@dataclass(frozen=True)
class Hop:
    """One step from a row towards its unit: the column, and the table whose `id` it holds."""

    column: str
    table: str


@dataclass(frozen=True)
class Name:
    """What a client reads in a row although it stands in another: renaming that is a change of this row."""

    column: str
    table: str
    fields: tuple[str, ...] = ("code", "name")


UNIT = Hop("unit_id", "org_orgunit")


@dataclass(frozen=True)
class FeedTable:
    """One resource of the API as rows of one table.

    `key` is the column whose value stands in the resource's paths. `hops`, two at most, lead to the unit by which a row is
    shown, the last one to org_orgunit; a table without hops has the path itself. `scope` is an SQL expression over `row` that gives
    the name under which a row is shown (see `Shown`). `columns` are what makes a change one; all columns when empty. A
    change of what `names` lists moves `updated_at` of the rows that show it, as a change of their own.
    """

    resource: str
    table: str
    scope: str
    key: str = "id"
    hops: tuple[Hop, ...] = (UNIT,)
    names: tuple[Name, ...] = ()
    columns: tuple[str, ...] = ()

    @property
    def slug(self) -> str:
        return self.resource.replace("-", "_")


@dataclass(frozen=True)
class Shown:
    """A declared table with the functions that show its rows: for each name of `FeedTable.scope`, any of them."""

    table: FeedTable
    by: Mapping[str, tuple[Function, ...]] = field(default_factory=dict)


_shown: dict[str, Shown] = {}


def add_feed(table: FeedTable, by: Mapping[str, tuple[Function, ...]]) -> None:
    """Makes a resource part of the feed, from apps.ready(). Raises ValueError when it is there already."""
    if table.resource in _shown:
        raise ValueError(f"{table.resource} is in the feed twice")
    _shown[table.resource] = Shown(table, by)


def feeds() -> dict[str, Shown]:
    """Every resource of the feed, in alphabetical order."""
    return dict(sorted(_shown.items()))
