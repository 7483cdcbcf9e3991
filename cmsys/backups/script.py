"""What stands around pg_restore's script: the beginning that clears, and the end that compares before it commits. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

# Numbers handed out between the backup and its restore are never handed out a second time (docs/adr/0132).
NUMBERS_LEFT_OUT = 1_000_000_000
# Made by whoever made the database (docs/operations.md); their owner is not the owner of the tables.
_NOT_OURS = re.compile(r"^\d+; \d+ \d+ (?:SCHEMA|EXTENSION|ACL|DEFAULT ACL|COMMENT - (?:SCHEMA|EXTENSION)) ")

_CLEAR = """
DO $clear$
DECLARE each record;
BEGIN
    FOR each IN
        SELECT format('DROP %s IF EXISTS public.%I CASCADE',
                      CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE'
                      ELSE 'TABLE' END, c.relname) AS statement
        FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
          AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
        -- Tables take along what belongs to them: the sequence of a column cannot be dropped by itself.
        ORDER BY c.relkind NOT IN ('r', 'p'), c.relkind NOT IN ('v', 'm')
    LOOP EXECUTE each.statement; END LOOP;
    FOR each IN
        SELECT format('DROP ROUTINE IF EXISTS %s CASCADE', p.oid::regprocedure) AS statement
        FROM pg_proc p
        WHERE p.pronamespace = 'public'::regnamespace
          AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
    LOOP EXECUTE each.statement; END LOOP;
    FOR each IN
        SELECT format('DROP TYPE IF EXISTS public.%I CASCADE', t.typname) AS statement
        FROM pg_type t
        WHERE t.typnamespace = 'public'::regnamespace AND t.typtype IN ('e', 'd', 'r')
          AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e')
    LOOP EXECUTE each.statement; END LOOP;
END $clear$;
"""

_SETTLE = f"""
DELETE FROM public.django_session;
SELECT setval('public.audit_event_ids', (SELECT last_value FROM public.audit_event_ids) + {NUMBERS_LEFT_OUT});
SET LOCAL search_path = public;
UPDATE api_client SET feed_from = audit_next_id();
COMMIT;
"""


def order(listed: str) -> str:
    """pg_restore's list of contents without the schema itself, extensions and privileges."""
    return "\n".join(line for line in listed.splitlines() if not _NOT_OURS.match(line)) + "\n"


def beginning(replace: bool) -> str:
    return "BEGIN;\nSET LOCAL lock_timeout = '10s';\nSET LOCAL client_min_messages = warning;\n" + (
        _CLEAR if replace else ""
    )


def end(counts: Mapping[str, int]) -> str:
    """Compares the rows of each table, forgets sessions, leaves numbers out, and commits."""
    return "".join(_compared(name, count) for name, count in sorted(counts.items())) + _SETTLE


def _compared(name: str, count: int) -> str:
    if not re.fullmatch(r"[a-z_][a-z0-9_]*", name):
        raise ValueError(f"not the name of a table: {name!r}")
    return (
        f"DO $compare$ DECLARE found bigint; BEGIN SELECT count(*) INTO found FROM public.{name};"
        f" IF found <> {int(count)} THEN RAISE EXCEPTION '{name}: % rows instead of {int(count)}', found; END IF;"
        " END $compare$;\n"
    )
