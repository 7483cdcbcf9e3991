"""Writes the demonstration bank: units and accounts through the services, people in bulk with an event each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.auth.hashers import make_password
from faker import Faker

from cmsys.access.actors import SystemActor
from cmsys.access.roles import Role, side_of
from cmsys.accounts.models import User
from cmsys.accounts.pinyin import pinyin_of
from cmsys.accounts.services.users import random_password, user_create
from cmsys.api.services.clients import client_create
from cmsys.audit.ledger import masked, record, record_many
from cmsys.audit.models import Event
from cmsys.demo import bank
from cmsys.demo.dealings import Dealings, holders_of
from cmsys.demo.portfolio import Portfolio
from cmsys.demo.seasons import Seasons
from cmsys.org.models import BusinessLine, OrgUnit, RoleGrant
from cmsys.org.services.grants import role_grant
from cmsys.org.services.units import unit_create, unit_update
from managers.careers.models import Grade, Post
from managers.careers.services.grades import grade_define
from managers.careers.services.posts import post_create
from managers.profiles.models import (
    Certificate,
    GradeCause,
    GradeRecord,
    ManagerCategory,
    RelationshipManager,
)

ACTOR = SystemActor("系统：演示数据")
SCOPES = ("changes:read", "grades:read", "managers:read", "org:read")


@dataclass(frozen=True)
class Account:
    """A demonstration account as demo.json names it."""

    role: str
    username: str
    password: str
    unit: str


@dataclass(frozen=True)
class Filled:
    """What was made; `api` is the client with its secret."""

    units: int
    managers: int
    customers: int
    transactions: int
    accounts: tuple[Account, ...]
    api: dict[str, Any]


def fill(
    *, managers: int, customers: int, months: int | None, seed: int, today: date, now: datetime
) -> Filled:
    """Makes the bank in the present transaction, with dealings of the last `months` months (None: five quarters and the
    present one). Raises ValueError when there are accounts already."""
    if User.objects.exists() or OrgUnit.objects.exists():
        raise ValueError("库中已有账号或机构；演示数据只写入空库 (the database is not empty)")
    shape = bank.units_for(managers)
    units = _units(shape, today)
    lines = {code: BusinessLine.objects.create(code=code, name=name) for code, name in bank.LINES}
    categories = {
        code: ManagerCategory.objects.create(code=code, name=name) for code, name in bank.CATEGORIES
    }
    grades = {
        code: grade_define(actor=ACTOR, code=code, name=name, order=order)
        for code, name, order in bank.GRADES
    }
    people = list(bank.people_for(managers, shape, seed=seed, today=today))
    posts = _posts(people, units)
    rows = _people(people, units, posts, lines, categories, grades, now)
    dealings = _dealings(customers, months, seed, today, now)
    heads = _heads(shape, units, seed, today)
    accounts = _accounts(units, rows, heads, today)
    client, secret = client_create(actor=ACTOR, now=now, name="演示接口客户端", scopes=SCOPES)
    api = {"client_id": client.client_id, "client_secret": secret, "scopes": " ".join(SCOPES)}
    record(
        "demo.fill", None, actor=ACTOR, resource="demo", after={"managers": len(rows), "seed": seed}, now=now
    )
    return Filled(
        units=len(units), managers=len(rows), customers=dealings["customers"], transactions=dealings["transactions"],
        accounts=tuple(accounts), api=api,
    )  # fmt: skip


def first_day(today: date, months: int | None) -> date:
    """The first day of the dealings: so many months before the present one, or five quarters before the present one."""
    back = months if months is not None else 15 + (today.month - 1) % 3
    number = today.year * 12 + today.month - 1 - back
    return date(number // 12, number % 12 + 1, 1)


def _dealings(customers: int, months: int | None, seed: int, today: date, now: datetime) -> dict[str, int]:
    """Customers, their dealings, targets and ratings; for the last four quarters that are over and the present one."""
    if customers == 0:
        return {"customers": 0, "transactions": 0}
    portfolio = Portfolio(
        holders_of(today), customers, seed=seed, start=first_day(today, months), today=today
    )
    counts = Dealings(portfolio, actor=ACTOR, now=now).fill()
    graded = list(range(len(portfolio.quarters)))[-5:]
    return counts | Seasons(portfolio, graded, now=now, today=today).fill()


def _units(shape: list[bank.Unit], today: date) -> dict[str, OrgUnit]:
    units: dict[str, OrgUnit] = {}
    for unit in shape:
        units[unit.code] = unit_create(
            actor=ACTOR, today=today, code=unit.code, name=unit.name, kind=unit.kind,
            parent=units[unit.parent] if unit.parent else None, region_code=unit.region_code, latitude=unit.latitude,
            longitude=unit.longitude, opened_on=date(2003, 7, 1),
        )  # fmt: skip
    return units


def _posts(people: list[bank.Person], units: dict[str, OrgUnit]) -> dict[str, Post]:
    filled: dict[str, int] = {}
    for person in people:
        filled[person.post] = filled.get(person.post, 0) + (person.status != "left")
    return {
        code: post_create(
            actor=ACTOR, code=code, name="公司客户经理岗" if code.endswith("GS") else "个人客户经理岗",
            headcount=count + (place % 3), unit=units[code.split("-")[0]],
        )
        for place, (code, count) in enumerate(sorted(filled.items()))
    }  # fmt: skip


def _people(
    people: list[bank.Person],
    units: dict[str, OrgUnit],
    posts: dict[str, Post],
    lines: dict[str, BusinessLine],
    categories: dict[str, ManagerCategory],
    grades: dict[str, Grade],
    now: datetime,
) -> list[RelationshipManager]:
    rows = [
        RelationshipManager(
            employee_no=p.employee_no, name=p.name, name_pinyin=pinyin_of(p.name), gender=p.gender,
            birth_date=p.birth_date, unit=units[p.unit], post=posts[p.post], line=lines[p.line],
            category=categories[p.category], grade=grades[p.grades[-1][0]], status=p.status, hire_date=p.hire_date,
            education=p.education, major=p.major, experience_years=p.experience_years, industries=list(p.industries),
            region_code=p.region_code, mobile=p.mobile, email=p.email, capacity=p.capacity,
        )
        for p in people
    ]  # fmt: skip
    RelationshipManager.objects.bulk_create(rows, batch_size=1000)
    records, certificates, events = [], [], []
    for row, person in zip(rows, people, strict=True):
        starts = [*(day for _code, day in person.grades), None]
        for place, (code, day) in enumerate(person.grades):
            cause = GradeCause.HIRED if place == 0 else GradeCause.IMPORTED
            records.append(
                GradeRecord(
                    manager=row, grade=grades[code], starts_on=day, ends_on=starts[place + 1], cause=cause
                )
            )
        for one in person.certificates:
            certificates.append(
                Certificate(
                    manager=row, name=one.name, issuer=one.issuer, number=one.number, issued_on=one.issued_on,
                    expires_on=one.expires_on,
                )
            )  # fmt: skip
        after = {"unit": row.unit, "grade": row.grade, "hire_date": row.hire_date, "mobile": row.mobile}
        events.append(
            Event(
                at=now, kind="manager.create", resource=row.resource, object_id=str(row.pk), object_label=str(row),
                actor_name=ACTOR.actor_name, after=masked(after, row.audit_masks),
            )
        )  # fmt: skip
    GradeRecord.objects.bulk_create(records, batch_size=2000)
    Certificate.objects.bulk_create(certificates, batch_size=2000)
    record_many(events)
    return rows


def _heads(shape: list[bank.Unit], units: dict[str, OrgUnit], seed: int, today: date) -> dict[str, User]:
    """A head for each branch and sub-branch: an account nobody can sign in with until its password is reset."""
    names = Faker("zh_CN")
    names.seed_instance(seed + 1)
    closed = make_password(None)
    heads: dict[str, User] = {}
    for place, unit in enumerate(unit for unit in shape if unit.kind in ("branch", "subbranch")):
        name = names.name()
        heads[unit.code] = User(
            username=f"h{200001 + place}", name=name, name_pinyin=pinyin_of(name), password=closed,
            employee_no=f"{200001 + place}", is_demo=True, must_change_password=False,
        )  # fmt: skip
    User.objects.bulk_create(heads.values())
    RoleGrant.objects.bulk_create(
        RoleGrant(
            user=user, role=Role.MGR, unit=units[code], side=side_of(Role.MGR), starts_on=today - timedelta(days=900),
            reason="演示数据",
        )
        for code, user in heads.items()
    )  # fmt: skip
    for code, user in heads.items():
        unit_update(actor=ACTOR, unit_id=units[code].pk, values={"head": user}, reason="演示数据")
    return heads


def _accounts(
    units: dict[str, OrgUnit], rows: list[RelationshipManager], heads: dict[str, User], today: date
) -> list[Account]:
    """One account for each role, with a random password; 机构主管 is the head of the first sub-branch."""
    own = next(row for row in rows if row.status == "active")
    places = {
        Role.SYS: ("sys", "系统管理员", "YS"), Role.SEC: ("sec", "安全管理员", "YS"), Role.AUD: ("aud", "安全审计员", "YS"),
        Role.HRH: ("hrh", "何晓岚", "YS-HR"), Role.HRB: ("hrb", "方文博", "B01"), Role.CM: ("cm", own.name, own.unit.code),
        Role.CMD: ("cmd", "邱明达", "YS-KH"), Role.DA: ("da", "戴书音", "YS-KH"), Role.TRN: ("trn", "唐若宁", "YS-HR"),
        Role.LDR: ("ldr", "高怀谷", "YS"),
    }  # fmt: skip
    accounts = []
    for role, (username, name, code) in places.items():
        password = random_password()
        user = user_create(
            actor=ACTOR, username=username, name=name, password=password, is_demo=True,
            employee_no=own.employee_no if role is Role.CM else None,
        )  # fmt: skip
        role_grant(
            actor=ACTOR,
            user=user,
            role=role,
            unit=units[code],
            starts_on=today - timedelta(days=400),
            reason="演示账号",
        )
        accounts.append(Account(role.value, username, password, code))
    head = heads["B011"]
    head.username = "mgr"
    password = random_password()
    head.set_password(password)
    head.save(update_fields=["username", "password"])
    accounts.append(Account(Role.MGR.value, "mgr", password, "B011"))
    return accounts
