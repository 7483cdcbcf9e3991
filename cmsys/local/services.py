"""The database and the broker of one `make run`: embedded, or the real servers that DATABASE_URL and REDIS_URL name."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import psycopg2
import redis

from cmsys.local.broker import Broker, binary
from cmsys.local.places import Places
from cmsys.local.postgres import Cluster, binaries
from cmsys.local.problems import LaunchProblem
from cmsys.local.roles import APP, OWNER, create_database, prepare_database, prepare_roles
from cmsys.local.runfile import RunFile

DATABASE = "cmsys"


@dataclass
class Services:
    """What runs, and under which addresses. Empty `cluster` or `broker` means that a real server is used instead."""

    cluster: Cluster | None
    broker: Broker | None
    database_url: str
    owner_database_url: str
    redis_url: str

    @classmethod
    def start(cls, places: Places, say: Callable[[str], None]) -> Services:
        """Starts what is not given from outside, and makes roles, database and extensions. Ends again what it started
        when something fails."""
        found = cls(None, None, "", "", "")
        try:
            found._start_database(places, say)
            found._start_broker(places, say)
        except BaseException:
            found.stop()
            raise
        return found

    def _start_database(self, places: Places, say: Callable[[str], None]) -> None:
        given = os.environ.get("DATABASE_URL", "")
        if given:
            say(f"使用外部数据库 {_without_password(given)}")
            prepare_roles(given)
            prepare_database(given, own=False)
            self.database_url = self.owner_database_url = given
            return
        servant, folder = places.servant, places.services
        # Long homes have no room for a socket's path; the short folder lies in /tmp then.
        sockets = servant.socket_folder(folder if folder != places.home else None)
        cluster = Cluster(
            folder / "pg", sockets, places.log("postgres"), binaries(servant, folder / "lib" / "pg"), servant
        )
        self.cluster = cluster
        if not (cluster.data / "cmsys-complete").exists():
            say("建立内置 PostgreSQL 数据库")
        cluster.ensure_data()
        cluster.start()
        prepare_roles(cluster.url(database="postgres"))
        create_database(cluster.url(database="postgres"), DATABASE)
        prepare_database(cluster.url(), own=True)
        self.database_url, self.owner_database_url = cluster.url(APP), cluster.url(OWNER)

    def _start_broker(self, places: Places, say: Callable[[str], None]) -> None:
        given = os.environ.get("REDIS_URL", "")
        if given:
            say(f"使用外部 Redis {_without_password(given)}")
            try:
                redis.Redis.from_url(given, socket_connect_timeout=3, socket_timeout=3).ping()
            except (redis.RedisError, ValueError) as refusal:
                raise LaunchProblem(
                    f"无法连接 {_without_password(given)}：{refusal}。请检查 REDIS_URL (cannot connect to REDIS_URL)"
                ) from None
            self.redis_url = given
            return
        program = binary(places.servant, places.services / "lib")
        self.broker = Broker(places.services / "valkey", places.log("valkey"), program, places.servant)
        self.broker.start()
        self.redis_url = self.broker.url

    def identity(self) -> str:
        """Which database this is, whatever its address: `<system identifier>/<name>`."""
        with psycopg2.connect(self.owner_database_url) as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT system_identifier::text || '/' || current_database() FROM pg_control_system()"
            )
            row = cursor.fetchone()
        connection.close()
        assert row is not None
        return str(row[0])

    def schema(self) -> str:
        """How far the database has been migrated; empty for a new one."""
        with psycopg2.connect(self.owner_database_url) as connection, connection.cursor() as cursor:
            cursor.execute(f"SET ROLE {OWNER}")
            cursor.execute("SELECT to_regclass('public.django_migrations') IS NOT NULL")
            if cursor.fetchone() != (True,):
                return ""
            cursor.execute(
                "SELECT md5(string_agg(app || '.' || name, ' ' ORDER BY id)) FROM django_migrations"
            )
            row = cursor.fetchone()
        connection.close()
        return str(row[0] or "") if row else ""

    def has_people(self) -> bool:
        """Whether anybody has an account: such a database gets no demonstration data."""
        with psycopg2.connect(self.owner_database_url) as connection, connection.cursor() as cursor:
            cursor.execute(f"SET ROLE {OWNER}")
            cursor.execute("SELECT to_regclass('public.accounts_user') IS NOT NULL")
            if cursor.fetchone() != (True,):
                return False
            cursor.execute("SELECT EXISTS (SELECT 1 FROM accounts_user)")
            answer = cursor.fetchone()
        connection.close()
        return answer == (True,)

    def fill(self, run: RunFile) -> RunFile:
        return replace(
            run,
            database_url=self.database_url,
            owner_database_url=self.owner_database_url,
            redis_url=self.redis_url,
        )

    def restart_dead(self) -> str | None:
        """Starts an embedded server again that has died under us; returns its name when it did."""
        if self.cluster is not None and not self.cluster.alive():
            self.cluster.start()
            return "PostgreSQL"
        if self.broker is not None and not self.broker.alive():
            self.broker.start()
            return "Valkey"
        return None

    def stop(self) -> None:
        """Ends the embedded servers in order; what is committed is on disk afterwards."""
        if self.broker is not None:
            self.broker.stop()
        if self.cluster is not None:
            self.cluster.stop()
            shutil.rmtree(self.cluster.sockets, ignore_errors=True)


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
