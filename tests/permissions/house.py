"""The cast on stage, everybody signed in, and what is needed to ask an address: objects and their keys, rows as a mark."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.apps import apps
from django.core.cache import cache
from django.db import connection
from django.test import Client as Browser
from django.utils import timezone
from oauth2_provider.models import AccessToken

from cmsys.access.functions import declared
from cmsys.api import throttling
from cmsys.api.models import Client
from cmsys.api.services.clients import client_create
from cmsys.audit.models import Event
from cmsys.jobs.models import Job, JobState
from cmsys.org.models import RoleGrant
from cmsys.transfers.kinds import kind_of
from cmsys.transfers.models import ImportBatch
from cmsys.transfers.services.queued import commit, upload
from managers.careers.services.posts import post_create
from managers.profiles.models import Certificate
from managers.profiles.services.certificates import certificate_add
from tests.cast import PEOPLE, STAGE, TODAY, Cast, stage
from tests.permissions.rooms import rooms

PERSONS = tuple(PEOPLE)
MISSING_ID = 999_999_999


@dataclass
class House:
    """Browsers of everybody by name; `clients` by scope: right, below BJ, wrong."""

    cast: Cast
    persons: dict[str, Browser]
    clients: dict[str, dict[str, Browser]]
    certificates: dict[str, Certificate] = field(default_factory=dict)
    grants: dict[str, RoleGrant] = field(default_factory=dict)
    jobs: dict[tuple[str, str], Job] = field(default_factory=dict)
    batches: dict[tuple[str, str], ImportBatch] = field(default_factory=dict)
    client_id: str = ""
    client_secret: str = ""
    rows: str = ""
    # What the rooms in tests/permissions/rooms brought: (kind, name) → the parts of an address.
    objects: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    def browser(self, principal: str, scope: str | None) -> Browser:
        """The principal's browser; clients depend on the scope an address asks for."""
        if principal.startswith("client"):
            return self.clients[scope or next(iter(self.clients))][principal]
        return self.persons[principal]

    def keys(self, kind: str, name: str) -> dict[str, Any]:
        """The parts of the address that name an object of matrix.yaml."""
        own: dict[str, Any]
        if (kind, name) in self.objects:
            return self.objects[kind, name]
        if kind in ("unit", "post", "manager"):
            own = {"key": name}
        elif kind == "user":
            named = {"none": MISSING_ID, "letters": "abc"}
            own = {"key": named[name] if name in named else self.cast.users[name].pk}
        elif kind == "event":
            named = {"none": MISSING_ID, "letters": "abc", "first": 0}
            own = {"key": named[name] or Event.objects.order_by("pk")[0].pk}
        elif kind in ("open_job", "ended_job"):
            own = {"pk": MISSING_ID if name == "none" else self.jobs[kind, name].pk}
        elif kind in ("checked_batch", "done_batch"):
            own = {"pk": MISSING_ID if name == "none" else self.batches[kind, name].pk}
        elif kind == "certificate_row":
            named = {"none": MISSING_ID, "letters": "abc"}
            own = {"key": named[name] if name in named else self.certificates[name].pk}
        elif kind == "certificate":
            holder = name if name in self.certificates else "M-CD1"
            numbers = {"none": MISSING_ID, "theirs": self.certificates["M-CD2"].pk}
            number = numbers[name] if name in numbers else self.certificates[name].pk
            own = {"employee_no": holder, "certificate_id": number}
        elif kind == "grant":
            holder = name if name in self.grants else "mgr"
            numbers = {"none": MISSING_ID, "theirs": self.grants["hrb"].pk}
            number = numbers[name] if name in numbers else self.grants[name].pk
            own = {"key": self.cast.users[holder].pk, "grant_id": number}
        else:
            raise KeyError(kind)
        return own


def furnish() -> House:
    """The cast, two more posts, a certificate for everybody, sessions and tokens."""
    cache.clear()
    throttling._resume_at = 0.0
    cast = stage()
    cast.posts["P-CX"] = post_create(
        actor=STAGE, code="P-CX", name="小微客户经理岗", headcount=1, unit=cast.units["CX"]
    )
    cast.posts["P-ALL"] = post_create(actor=STAGE, code="P-ALL", name="见习岗")
    house = House(cast, persons={"anonymous": Browser()}, clients={})
    for employee_no, manager in cast.managers.items():
        house.certificates[employee_no] = certificate_add(
            actor=STAGE, manager_id=manager.pk, name="AFP", issued_on=date(2024, 5, 1)
        )
    for name, user in cast.users.items():
        house.persons[name] = signed_in(user)
        grant = RoleGrant.objects.filter(user=user).first()
        if grant is not None:
            house.grants[name] = grant
    for name in ("sys", "hrh", "hrb", "cm"):
        for kind, state in (("open_job", JobState.QUEUED), ("ended_job", JobState.FAILED)):
            user = cast.users[name]
            house.jobs[kind, name] = Job.objects.create(
                kind="probe", key=f"{kind}-{name}", state=state, actor_id=user.pk, actor_name=str(user),
                finished_at=None if state == JobState.QUEUED else timezone.now(),
            )  # fmt: skip
    for name in ("hrh", "hrb"):
        for kind in ("checked_batch", "done_batch"):
            house.batches[kind, name] = uploaded(cast, name, done=kind == "done_batch")
    for scope in sorted({function.scope for function in declared() if function.scope}):
        house.clients[scope] = clients_of(cast, scope)
    client, house.client_secret = client_create(
        actor=STAGE, now=timezone.now(), name="数据仓库", scopes=["org:read"]
    )
    house.client_id = client.client_id
    for room in rooms():
        room.furnish(house)
    house.rows = mark_of_rows()
    return house


def signed_in(user: Any) -> Browser:
    """A browser with a session that needs no refreshing for an hour, however slowly the tests run."""
    browser = Browser()
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    session = browser.session
    session["seen_at"] = int(timezone.now().timestamp()) + 3600
    session.save()
    return browser


def uploaded(cast: Cast, who: str, *, done: bool) -> ImportBatch:
    """A sheet with one person: a new one to be decided on, or one of the cast whose capacity is in already."""
    when: dict[str, Any] = {"now": timezone.now(), "today": TODAY}
    user = cast.user(who)
    content = sheet(f"M-{who}".upper())
    if done:
        manager = cast.managers["M-CX1" if who == "hrh" else "M-CD2"]
        content = f"工号,姓名,机构编码,客户容量\n{manager.employee_no},{manager.name},{manager.unit.code},120\n".encode()
    kind = kind_of("managers")
    assert kind is not None
    batch = upload(actor=user, kind=kind, name="名册.csv", content=content, **when)
    return commit(actor=user, batch_id=batch.pk, mode="all", **when) if done else batch


def sheet(number: str) -> bytes:
    """A roster of one."""
    return f"工号,姓名,机构编码\n{number},孙悦,CX\n".encode()


def clients_of(cast: Cast, scope: str) -> dict[str, Browser]:
    """Three programs: one with the scope everywhere, one below BJ, one with every other scope."""
    others = sorted({function.scope for function in declared() if function.scope} - {scope})
    made = {}
    for principal, scopes, unit in (
        ("client", [scope], None),
        ("client_bj", [scope], cast.units["BJ"]),
        ("client_wrong", others, None),
    ):
        client, _secret = client_create(
            actor=STAGE, now=timezone.now(), name=f"{principal} {scope}", scopes=scopes, unit=unit
        )
        made[principal] = Browser(headers={"Authorization": f"Bearer {token_of(client)}"})
    return made


def token_of(client: Client) -> str:
    """A token as the endpoint would have given it, but for its time: on a slow machine one world is asked for longer than a
    quarter of an hour."""
    text = f"token-{client.pk}"
    AccessToken.objects.create(
        application=client,
        token=text,
        scope=" ".join(client.allowed_scopes),
        expires=timezone.now() + timedelta(days=1),
    )
    return text


# A session notes when it was last seen; a refusal is itself an event.
_LEFT_OUT = {"django_session", "django_migrations"}
# Of the transaction that was looked at last: by table how much was done to it until then, within which savepoints, and the
# mark of its rows. Good as long as those savepoints are open and nothing more was done.
_seen: dict[tuple[int, Any], dict[str, tuple[int, tuple[str | None, ...], str]]] = {}
# The server counts rows inserted, changed and deleted in the transaction, also in savepoints that were taken back.
_DONE = (
    "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del, pg_backend_pid(), transaction_timestamp()"
    " FROM pg_stat_xact_user_tables WHERE schemaname = 'public'"
)


def mark_of_rows() -> str:
    """All rows of all tables as one value: equal before and after means that nothing was written.

    Reads every row the first time in a transaction, and afterwards those of tables to which something was done since.
    """
    # Views have no rows of their own.
    named = {model._meta.db_table for model in apps.get_models() if model._meta.managed}
    tables = sorted(named - _LEFT_OUT)
    with connection.cursor() as cursor:
        cursor.execute(_DONE)
        rows = cursor.fetchall()
        done, within = {row[0]: row[1] for row in rows}, rows[0][2:]
        marks = _seen.get(within, {}) if connection.in_atomic_block else {}
        inside = tuple(connection.savepoint_ids)
        stale = [table for table in tables if not _still_good(marks.get(table), done[table], inside)]
        if stale:
            cursor.execute(" UNION ALL ".join(map(_mark, stale)))
            marks |= {table: (done[table], inside, mark) for table, mark in cursor.fetchall()}
    _seen.clear()
    _seen[within] = marks
    return "\n".join(marks[table][2] for table in tables)


def _still_good(
    seen: tuple[int, tuple[str | None, ...], str] | None, done: int, inside: tuple[str | None, ...]
) -> bool:
    return seen is not None and seen[0] == done and inside[: len(seen[1])] == seen[1]


def _mark(table: str) -> str:
    where = "WHERE kind <> 'access.denied'" if table == "audit_event" else ""
    rows = "count(*) || ':' || coalesce(sum(hashtext(t::text)), 0)"
    return f"SELECT '{table}', '{table}' || {rows} FROM \"{table}\" t {where}"
