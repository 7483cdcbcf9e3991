"""The triggers of a declared table, as SQL: set-wise, one statement for whatever number of rows.

They are run as the owner (`SECURITY DEFINER`), so that a writer whose view of the units is limited still notes where a row
belongs. Each statement is an EXECUTE: PL/pgSQL would keep the sizes of the transition tables as they were at a connection's
first change, a custom plan included, and join the next twenty thousand rows with each other one by one.
"""

from __future__ import annotations

from django.db.migrations import RunSQL

from cmsys.feed.tables import FeedTable, Name
from cmsys.org.tree import PATHS_LOCK

UNITS = "org_orgunit"
_COLUMNS = "id, at, transaction, resource, object_id, version, path_was, path_now, scope_was, scope_now"
# Whoever notes a path keeps paths from changing until he is through (cmsys.org.tree.lock_paths).
_PATHS_STAY = f"PERFORM pg_advisory_xact_lock_shared({PATHS_LOCK});"


def trigger_operations(table: FeedTable) -> list[RunSQL]:
    """For a migration: makes all triggers of the table, and takes them away again."""
    return [RunSQL(make, drop) for make, drop in statements(table)]


def statements(table: FeedTable) -> list[tuple[str, str]]:
    """(make, drop) for each function with its triggers, in the order of making."""
    made = [_rows(table)]
    if len(table.hops) == 2:
        made.append(_between(table))
    if table.hops:
        made.append(_tree(table))
    made += [_name(table, name) for name in table.names]
    return made


def functions(table: FeedTable) -> dict[str, str]:
    """Name → body of each function that must stand in the database."""
    return {
        make.split("FUNCTION ", 1)[1].split("(", 1)[0]: make.split("$feed$")[1]
        for make, _drop in statements(table)
    }


def _function(name: str, body: str) -> str:
    return (
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER"
        " SET search_path = public, pg_temp AS $feed$\n"
        "DECLARE tx bigint := pg_current_xact_id()::text::bigint; found_rows bigint;\n"
        f"BEGIN\n{body}\nRETURN NULL;\nEND $feed$;\n"
    )


def _trigger(function: str, event: str, on: str) -> str:
    seen = {
        "INSERT": "NEW TABLE AS new_rows",
        "DELETE": "OLD TABLE AS old_rows",
        "UPDATE": "OLD TABLE AS old_rows NEW TABLE AS new_rows",
    }[event]
    return (
        f"CREATE TRIGGER {function}_{event.lower()} AFTER {event} ON {on}"
        f" REFERENCING {seen} FOR EACH STATEMENT EXECUTE FUNCTION {function}();\n"
    )


def _drop(function: str, on: str, *events: str) -> str:
    triggers = "".join(f"DROP TRIGGER IF EXISTS {function}_{event.lower()} ON {on};\n" for event in events)
    return f"{triggers}DROP FUNCTION IF EXISTS {function}();"


# --- changes of the row itself -----------------------------------------------------------------------------------------
def _rows(table: FeedTable) -> tuple[str, str]:
    function = f"feed_{table.slug}"
    body = "\n".join(
        [
            _PATHS_STAY,
            "IF TG_OP = 'INSERT' THEN",
            _hold(table, "new_rows"),
            _insert(table, "new_rows n", _joins(table, "n"), was=None, now="n"),
            "ELSIF TG_OP = 'DELETE' THEN",
            _hold(table, "old_rows"),
            _insert(table, "old_rows o", _joins(table, "o"), was="o", now=None),
            "ELSE",
            _hold(table, "new_rows"),
            _updates(table),
            "END IF;",
        ]
    )
    events = ("INSERT", "UPDATE", "DELETE")
    made = _function(function, body) + "".join(_trigger(function, event, table.table) for event in events)
    return made, _drop(function, table.table, *events)


def _updates(table: FeedTable) -> str:
    both = "old_rows o JOIN new_rows n ON n.id = o.id"
    joins = f"{_joins(table, 'o')}{_joins(table, 'n')}"
    differs = (
        f"({_listed('o', table.columns)}) IS DISTINCT FROM ({_listed('n', table.columns)})"
        if table.columns
        else "o IS DISTINCT FROM n"
    )
    if table.key == "id":
        return _insert(table, both, joins, was="o", now="n", where=differs)
    same, other = f"o.{table.key} = n.{table.key}", f"o.{table.key} <> n.{table.key}"
    # A row that gets another key is another object to a client: the old one goes, the new one comes.
    return "\n".join(
        [
            _insert(table, both, joins, was="o", now="n", where=f"{same} AND {differs}"),
            _insert(table, both, _joins(table, "o"), was="o", now=None, where=other),
            _insert(table, both, _joins(table, "n"), was=None, now="n", where=other),
        ]
    )


def _hold(table: FeedTable, rows: str) -> str:
    """Where the unit is that of another row, that row is held: it cannot move while this one is noted where it was."""
    if len(table.hops) < 2:
        return ""
    first = table.hops[0]
    return (
        f"EXECUTE $sql$SELECT FROM {first.table} held WHERE held.id IN (SELECT {first.column} FROM {rows})"
        " ORDER BY held.id FOR SHARE$sql$;"
    )


# --- changes of where it stands ----------------------------------------------------------------------------------------
def _between(table: FeedTable) -> tuple[str, str]:
    """The row between goes to another unit: a customer with his assignments."""
    first, second = table.hops
    function = f"feed_{table.slug}_between"
    joins = (
        f" JOIN {table.table} r ON r.{first.column} = n.id"
        f" LEFT JOIN {UNITS} o1 ON o1.id = o.{second.column} LEFT JOIN {UNITS} n1 ON n1.id = n.{second.column}"
    )
    differs = f"o.{second.column} IS DISTINCT FROM n.{second.column}"
    body = f"{_PATHS_STAY}\n{_insert_moved(table, joins, 'o1', 'n1', differs)}"
    return _function(function, body) + _trigger(function, "UPDATE", first.table), _drop(
        function, first.table, "UPDATE"
    )


def _tree(table: FeedTable) -> tuple[str, str]:
    """A unit is moved in the tree, with all that stands in it and below."""
    function = f"feed_{table.slug}_tree"
    first, *further = table.hops
    joins = f" JOIN {table.table} r ON r.{first.column} = n.id"
    if further:
        joins = (
            f" JOIN {first.table} d ON d.{further[0].column} = n.id"
            f" JOIN {table.table} r ON r.{first.column} = d.id"
        )
    body = _insert_moved(table, joins, "o", "n", "o.path IS DISTINCT FROM n.path")
    return _function(function, body) + _trigger(function, "UPDATE", UNITS), _drop(function, UNITS, "UPDATE")


def _name(table: FeedTable, name: Name) -> tuple[str, str]:
    """A name that the row shows is changed: the row's version moves, which is a change of its own."""
    function = f"feed_{table.slug}_names_{name.column}"
    renamed = (
        "old_rows o JOIN new_rows n ON n.id = o.id WHERE"
        f" ({_listed('o', name.fields)}) IS DISTINCT FROM ({_listed('n', name.fields)})"
    )
    # Asked first: a table that shows its own names (a unit its parent's) would otherwise fire itself for ever. Counted,
    # because for EXISTS the planner joins row by row in the hope of an early end, and mostly there is none to find.
    body = (
        f"EXECUTE $sql$SELECT count(*) FROM {renamed}$sql$ INTO found_rows;\n"
        "IF found_rows > 0 THEN\n"
        f"EXECUTE $sql$UPDATE {table.table} r SET updated_at = clock_timestamp() FROM {renamed}"
        f" AND r.{name.column} = n.id$sql$;\n"
        "END IF;"
    )
    made = _function(function, body) + _trigger(function, "UPDATE", name.table)
    return made, _drop(function, name.table, "UPDATE")


# --- pieces -------------------------------------------------------------------------------------------------------------
def _listed(side: str, columns: tuple[str, ...]) -> str:
    return ", ".join(f"{side}.{column}" for column in columns)


def _joins(table: FeedTable, side: str) -> str:
    """From `side` to its unit; the places on the way are `<side>1` and `<side>2`."""
    joins, last = "", side
    for place, hop in enumerate(table.hops, 1):
        joins += f" LEFT JOIN {hop.table} {side}{place} ON {side}{place}.id = {last}.{hop.column}"
        last = f"{side}{place}"
    return joins


def _path(table: FeedTable, side: str) -> str:
    return f"coalesce({side}{len(table.hops) or ''}.path, '')"


def _scope(table: FeedTable, side: str) -> str:
    return f"({table.scope.replace('row.', f'{side}.')})"


def _insert(
    table: FeedTable, source: str, joins: str, *, was: str | None, now: str | None, where: str = "true"
) -> str:
    row = now or was or ""
    values = [
        "nextval('audit_event_ids')", "now()", "$1", f"'{table.resource}'", f"{row}.{table.key}",
        f"{now}.updated_at" if now else "NULL",
        _path(table, was) if was else "NULL", _path(table, now) if now else "NULL",
        _scope(table, was) if was else "''", _scope(table, now) if now else "''",
    ]  # fmt: skip
    return _added(values, f"{source}{joins} WHERE {where}")


def _insert_moved(table: FeedTable, joins: str, was: str, now: str, where: str) -> str:
    values = [
        "nextval('audit_event_ids')", "now()", "$1", f"'{table.resource}'", f"r.{table.key}", "r.updated_at",
        f"coalesce({was}.path, '')", f"coalesce({now}.path, '')", _scope(table, "r"), _scope(table, "r"),
    ]  # fmt: skip
    source = f"old_rows o JOIN new_rows n ON n.id = o.id{joins}"
    return _added(values, f"{source} WHERE {where}")


def _added(values: list[str], source: str) -> str:
    return f"EXECUTE $sql$INSERT INTO feed_change ({_COLUMNS}) SELECT {', '.join(values)} FROM {source}$sql$ USING tx;"
