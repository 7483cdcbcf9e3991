"""The second half of the journey: from grades to the first allocation of customers nobody looked after, in Chromium."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from typing import Any

from django.test import Client as Caller
from django.utils import timezone
from playwright.sync_api import Page, expect

from cmsys.access.roles import Role
from cmsys.accounts.services.users import user_create
from cmsys.api.services.clients import client_create
from cmsys.org.models import OrgUnit, UnitPlacement
from cmsys.org.services.grants import role_grant
from cmsys.org.services.units import unit_create, unit_move
from customers.handover.models import FirstContact
from customers.planning.choices import LineState, PlanState
from customers.planning.models import AllocationMove, AllocationPlan, LineSide
from customers.registry.models import Assignment, Customer
from tests.browsing import follow
from tests.cast import PASSWORD, STAGE
from tests.cycles.test_maven_whole import EXAMPLE
from tests.permissions.house import token_of

OFFICES = ("OFFICE-Central", "OFFICE-East", "OFFICE-West")
ACCOUNTS = 85
# Who draws up, who decides above the offices, and the supervisor of the third office.
PEOPLE = (
    ("cmd", "蒋客管", Role.CMD, "MAVEN"), ("ldr", "许分管", Role.LDR, "MAVEN"), ("central", "钟中", Role.MGR, "OFFICE-Central"),
)  # fmt: skip


def one_roof() -> None:
    """The data set has three offices and no head office: one is put above them, with its people."""
    today = timezone.localdate()
    top = unit_create(actor=STAGE, today=today, code="MAVEN", name="MavenTech 总部", kind="head", opened_on=date(2016, 1, 1), parent=None)  # fmt: skip
    # The files say nothing of when the offices opened; they were imported today.
    UnitPlacement.objects.update(starts_on=date(2016, 1, 1))
    for code in OFFICES:
        office = OrgUnit.objects.get(code=code)
        unit_move(actor=STAGE, today=today, unit_id=office.pk, parent_id=top.pk, on=today, reason="归入总部")
    for username, name, role, unit in PEOPLE:
        user = user_create(actor=STAGE, username=username, name=name, password=PASSWORD, is_demo=True)
        role_grant(
            actor=STAGE, user=user, role=role, unit=OrgUnit.objects.get(code=unit), starts_on=date(2016, 1, 1), reason="测试"
        )  # fmt: skip


def first_allocation(person: Callable[..., Any], work: Callable[[], None]) -> None:
    """A policy, a draft, a lock and a bar, computed again, three offices asked, the head's word on a phone, carried out; the
    manager records a first contact on his phone, and a client reads who looks after whom."""
    one_roof()
    planner = person()
    planner.sign_in("cmd")
    page, at = planner.page, planner.address

    # --- the policy and the draft ---
    page.goto(f"{at}/allocation-policies/import/")
    page.locator("textarea[name=document]").fill((EXAMPLE / "policy.yaml").read_text(encoding="utf-8"))
    follow(page, page.locator("button[form=page-form][type=submit], #page-form button[type=submit]").last)
    expect(page.get_by_role("heading", level=1)).to_contain_text("首次分客")
    page.goto(f"{at}/allocation-plans/new/")
    follow(page, page.get_by_role("button", name="开始计算"))
    work()
    plan = AllocationPlan.objects.get()
    assert (plan.state, plan.customers, plan.first, plan.moves) == (PlanState.DRAFT, ACCOUNTS, ACCOUNTS, 0)
    assert plan.unmet == []
    assert plan.objective is not None
    assert plan.bound is not None
    assert plan.bound <= plan.objective

    # --- the workbench: one line locked, one barred, computed again ---
    page.goto(f"{at}/allocation-plans/{plan.number}/")
    kept, barred = AllocationMove.objects.filter(plan=plan).order_by("customer__customer_no")[:2]
    _pick(page, kept)
    follow(page, page.get_by_role("button", name="锁定", exact=True))
    _pick(page, barred)
    follow(page, page.get_by_role("button", name=re.compile("^驳回")))
    page.get_by_label("理由").fill("客户要求由本区服务")
    follow(page, page.locator("button[form=page-form][type=submit], #page-form button[type=submit]").last)
    follow(page, page.get_by_role("link", name=re.compile("按选择重算")).first)
    follow(page, page.locator("button[form=page-form][type=submit], #page-form button[type=submit]").last)
    work()
    plan.refresh_from_db()
    again = dict(AllocationMove.objects.filter(plan=plan).values_list("customer", "proposed"))
    assert (plan.state, plan.revision, len(again)) == (PlanState.DRAFT, 2, ACCOUNTS)
    assert again[kept.customer_id] == kept.proposed_id
    assert again[barred.customer_id] != barred.proposed_id

    # --- submitted; each office answers for what it takes, East refuses one ---
    page.goto(f"{at}/allocation-plans/{plan.number}/submit/")
    follow(page, page.locator("button[form=page-form][type=submit], #page-form button[type=submit]").last)
    refused = (
        LineSide.objects.filter(plan=plan, unit__path__startswith=_path("OFFICE-East")).order_by("pk").first()
    )
    assert refused is not None
    east = person(390)
    east.sign_in("east")
    desk = east.page
    desk.goto(f"{at}/allocation-reviews/{plan.number}/")
    desk.locator(f"input[name=side][value='{refused.pk}']").check()
    desk.locator("#answer summary").click()
    desk.locator("#answer textarea[name=reason]").fill("接收人近期无力承接")
    follow(desk, desk.get_by_role("button", name=re.compile("不同意所选")))
    for username, shown in (("east", east), ("west", person()), ("central", person())):
        if username != "east":
            shown.sign_in(username)
        shown.page.goto(f"{at}/allocation-reviews/{plan.number}/")
        follow(shown.page, shown.page.get_by_role("button", name=re.compile("同意全部")))
    plan.refresh_from_db()
    assert plan.state == PlanState.DECIDING

    # --- the head, on a phone ---
    head = person(390)
    head.sign_in("ldr")
    head.page.goto(f"{at}/allocation-plans/{plan.number}/approve/")
    expect(head.page.locator("#main")).to_contain_text("接收人近期无力承接")
    follow(head.page, head.page.get_by_role("button", name=f"批准 {ACCOUNTS - 1} 户"))
    plan.refresh_from_db()
    assert (plan.state, plan.effective_on) == (PlanState.APPROVED, timezone.localdate())

    # --- carried out ---
    page.goto(f"{at}/allocation-plans/{plan.number}/apply/")
    follow(page, page.locator("button[form=page-form][type=submit], #page-form button[type=submit]").last)
    work()
    plan.refresh_from_db()
    applied = AllocationMove.objects.filter(plan=plan, state=LineState.APPLIED)
    assert (plan.state, applied.count()) == (PlanState.APPLIED, ACCOUNTS - 1)
    owned = dict(Customer.objects.filter(owner__isnull=False).values_list("pk", "owner"))
    assert owned == dict(applied.values_list("customer", "proposed"))
    assert Customer.objects.get(owner__isnull=True).pk == refused.line.customer_id
    assert Assignment.objects.filter(role="primary", ends_on=None).count() == ACCOUNTS - 1
    _first_contact(person, at, applied.order_by("pk")[0])
    _read_by_a_client(applied.order_by("pk")[0])


def _pick(page: Page, line: AllocationMove) -> None:
    page.locator(
        f"input[name=selected][value='{line.pk}'], input[name=selected][value='{line.customer_id}']"
    ).first.check()


def _path(code: str) -> str:
    return OrgUnit.objects.get(code=code).path or "?"


def _first_contact(person: Callable[..., Any], at: str, line: AllocationMove) -> None:
    """The new manager records that he has called."""
    user = user_create(
        actor=STAGE, username="agent", name=line.proposed.name, password=PASSWORD, is_demo=True,
        employee_no=line.proposed.employee_no,
    )  # fmt: skip
    role_grant(
        actor=STAGE,
        user=user,
        role=Role.CM,
        unit=line.proposed.unit,
        starts_on=date(2016, 1, 1),
        reason="测试",
    )
    waiting = FirstContact.objects.get(assignment=line.assignment)
    phone = person(390)
    phone.sign_in("agent")
    phone.page.goto(f"{at}/first-contacts/{waiting.pk}/record/")
    follow(
        phone.page,
        phone.page.locator("button[form=page-form][type=submit], #page-form button[type=submit]").last,
    )
    waiting.refresh_from_db()
    assert waiting.done_on == timezone.localdate()


def _read_by_a_client(line: AllocationMove) -> None:
    """A client of the whole institution reads the assignment that the plan began."""
    client, _secret = client_create(
        actor=STAGE, now=timezone.now(), name="核心系统", scopes=["customers:read"], unit=None
    )
    caller = Caller(headers={"Authorization": f"Bearer {token_of(client)}"})
    asked = {"customer_no": line.customer.customer_no}
    [row] = json.loads(caller.get("/api/v1/assignments/", asked).content)["results"]
    assert row["manager"]["employee_no"] == line.proposed.employee_no
    assert (row["role"], row["starts_on"], row["ends_on"]) == (
        "primary",
        timezone.localdate().isoformat(),
        None,
    )
