"""Pieces of SQL that name tables and columns of models, and the one way to run them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import Field, Model, QuerySet

STAGED, TWICE, READY = "pg_temp.facts_staged", "pg_temp.facts_twice", "pg_temp.facts_ready"


def table(model: type[Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def stored_type(field: Field[Any, Any]) -> str:
    """The type of the column that holds the field, e.g. `numeric(18, 2)`; of a relation the type of its key."""
    return str(field.cast_db_type(connection))


def literal(value: Any) -> str:
    """A value as it may stand in a statement, quoted by the driver."""
    with connection.cursor() as cursor:
        return str(cursor.mogrify("%s", [value]).decode())


def selecting(rows: QuerySet[Any]) -> str:
    """The statement of a queryset with its values in place, to be used as a subquery."""
    statement, params = rows.query.sql_with_params()
    with connection.cursor() as cursor:
        return str(cursor.mogrify(statement, params).decode())


def run(statement: str) -> int:
    """Runs a statement that has its values in place; how many rows it wrote."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return int(cursor.rowcount)


def fetch(statement: str) -> Sequence[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())
