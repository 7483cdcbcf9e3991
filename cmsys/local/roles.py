"""The two database roles and the extensions: made with a powerful login before the first migration (docs/adr/0003)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import psycopg2
from psycopg2 import errors, sql

from cmsys.local.problems import LaunchProblem

OWNER, APP = "cmsys_owner", "cmsys_app"
EXTENSIONS = ("btree_gist", "pg_trgm", "unaccent")


def prepare_roles(url: str, *, create_databases: bool = False) -> None:
    """Makes both roles, if they are missing, through a login that may create roles. Safe to repeat.

    `create_databases` lets the owner create databases, which only the test suite needs.
    """
    with _connected(url) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolname, rolbypassrls, rolcreatedb FROM pg_roles WHERE rolname IN (%s, %s)", (OWNER, APP)
        )
        present = {name: (bypasses, creates) for name, bypasses, creates in cursor.fetchall()}
        wanted = []
        if OWNER not in present:
            wanted.append(f"CREATE ROLE {OWNER} LOGIN BYPASSRLS NOSUPERUSER NOCREATEROLE")
        elif not present[OWNER][0]:
            wanted.append(f"ALTER ROLE {OWNER} BYPASSRLS")
        if APP not in present:
            wanted.append(f"CREATE ROLE {APP} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS")
        if create_databases and not present.get(OWNER, (True, False))[1]:
            wanted.append(f"ALTER ROLE {OWNER} CREATEDB")
        _obtain(cursor, wanted)
        # The login works as either role (`-c role=…`), so it must be a member of both; a superuser is of all.
        cursor.execute("SELECT r, pg_has_role(current_user, r, 'MEMBER') FROM unnest(%s) r", ([OWNER, APP],))
        _obtain(cursor, [f"GRANT {role} TO CURRENT_USER" for role, member in cursor.fetchall() if not member])


def prepare_database(url: str, *, own: bool) -> None:
    """Extensions and rights in the database of `url`. `own` hands the whole database to the owner (embedded servers)."""
    name = urlsplit(url).path.lstrip("/")
    with _connected(url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT extname FROM pg_extension")
        present = {row[0] for row in cursor.fetchall()}
        wanted = [f"CREATE EXTENSION {extension}" for extension in EXTENSIONS if extension not in present]
        if own:
            wanted += [f'ALTER DATABASE "{name}" OWNER TO {OWNER}', f"ALTER SCHEMA public OWNER TO {OWNER}"]
        else:
            cursor.execute(
                "SELECT has_database_privilege(%s, current_database(), 'CREATE'),"
                " has_schema_privilege(%s, 'public', 'CREATE')",
                (OWNER, OWNER),
            )
            creates_schemas, creates_tables = cursor.fetchone() or (False, False)
            wanted += [] if creates_schemas else [f'GRANT CREATE, TEMPORARY ON DATABASE "{name}" TO {OWNER}']
            wanted += [] if creates_tables else [f"GRANT ALL ON SCHEMA public TO {OWNER}"]
        wanted += ["REVOKE CREATE ON SCHEMA public FROM PUBLIC", f"GRANT USAGE ON SCHEMA public TO {APP}"]
        _obtain(cursor, wanted)


def create_database(url: str, name: str) -> None:
    """Creates database `name`, owned by the owner role, unless it is there. `url` leads to another database."""
    with _connected(url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
        if cursor.fetchone() is None:
            cursor.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(OWNER))
            )


class _connected:
    """A connection in autocommit mode that is closed at the end, with readable refusals."""

    def __init__(self, url: str) -> None:
        self.url = url

    def __enter__(self) -> Any:
        try:
            self.connection = psycopg2.connect(self.url, connect_timeout=5)
        except psycopg2.OperationalError as refusal:
            address = self.url.rpartition("@")[2] or self.url
            raise LaunchProblem(
                f"无法连接数据库 {address}：{str(refusal).strip()}。请检查 DATABASE_URL (cannot connect to DATABASE_URL)"
            ) from None
        self.connection.autocommit = True
        return self.connection

    def __exit__(self, *_: object) -> None:
        self.connection.close()


def _obtain(cursor: Any, statements: Sequence[str]) -> None:
    """Runs the statements; a refusal becomes a sentence with everything an administrator has to type."""
    for position, statement in enumerate(statements):
        try:
            cursor.execute(statement)
        except (errors.InsufficientPrivilege, errors.UndefinedFile) as refusal:
            rest = "\n".join(f"  {missing};" for missing in statements[position:])
            raise LaunchProblem(
                f"DATABASE_URL 的登录用户权限不足（{str(refusal).strip()}）。请让数据库管理员以超级用户执行下列语句后重试"
                f" (ask an administrator to run these, then start again)：\n{rest}"
            ) from None
