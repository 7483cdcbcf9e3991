"""The small bank over National Day 2026: a plan whose lines are carried out on Tuesday 29 September.

Working days after it: 30 Sep, 8 Oct, 9 Oct, 10 Oct (a Saturday worked for the holiday), 12 Oct, 13, 14, 15, 16, 19 Oct. So a
first contact within five working days is due on 12 October, three signatures within ten on 19 October.

C-HD and C-LI go from 陈思远 to 王雅琴, C-CX from 赵立群 to 陈思远, C-NO has nobody and gets 王雅琴.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from cmsys.access.roles import Role
from cmsys.accounts.models import User
from cmsys.accounts.services.users import user_create
from cmsys.org.services.grants import role_grant
from cmsys.workflow.form import Form
from customers.handover.models import FirstContact, Handover, HandoverLine
from customers.planning import followers
from customers.planning.choices import LineState, PlanState
from customers.planning.models import AllocationMove, AllocationPlan
from customers.registry.models import Assignment, Customer
from tests.cast import PASSWORD, STAGE, Cast
from tests.customers.stage import Register, register
from tests.planning.world import policy

EFFECTIVE = date(2026, 9, 29)
CONTACT_DUE, SIGN_DUE = date(2026, 10, 12), date(2026, 10, 19)
MOVES = (
    ("C-HD", "M-CD1", "M-CD2"),
    ("C-LI", "M-CD1", "M-CD2"),
    ("C-CX", "M-CX1", "M-CD1"),
    ("C-NO", None, "M-CD2"),
)


def moment(day: date, hour: int = 10) -> datetime:
    """A time of that day in Shanghai."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo("Asia/Shanghai"))


NOW = moment(EFFECTIVE)


def person(
    cast: Cast, username: str, name: str, role: Role, unit: str, employee_no: str | None = None
) -> User:
    """One more account with a role."""
    user = user_create(
        actor=STAGE, username=username, name=name, employee_no=employee_no, password=PASSWORD, is_demo=True
    )
    role_grant(
        actor=STAGE, user=user, role=role, unit=cast.units[unit], starts_on=date(2020, 1, 1), reason="测试"
    )
    cast.users[username] = user
    return user


@dataclass
class World:
    """The bank, its customers, and a plan with applied lines whose followers have not been told yet."""

    cast: Cast
    stage: Register
    plan: AllocationPlan
    lines: dict[str, AllocationMove]
    effective: date = EFFECTIVE

    def apply(self, *numbers: str, today: date = EFFECTIVE) -> None:
        """Tells followers that lines (all of them) were carried out."""
        keys = [self.lines[number].pk for number in numbers or self.lines]
        followers.lines_applied(STAGE, self.plan, keys, moment(today), today)

    def revert(self, *numbers: str, today: date = EFFECTIVE) -> None:
        """Tells followers that lines (all of them) were taken back."""
        keys = [self.lines[number].pk for number in numbers or self.lines]
        AllocationMove.objects.filter(pk__in=keys).update(state=LineState.REVERTED)
        followers.lines_reverted(STAGE, self.plan, keys, moment(today, 15), today)

    def paper(self, giver: str = "M-CD1") -> Handover:
        """The handover of a giver."""
        return Handover.objects.get(giver__employee_no=giver)

    def line(self, number: str) -> HandoverLine:
        return HandoverLine.objects.get(customer__customer_no=number)

    def contact(self, number: str) -> FirstContact:
        return FirstContact.objects.get(customer__customer_no=number)

    def sign(
        self, take: Any, who: str, giver: str = "M-CD1", day: date = EFFECTIVE, **given: Any
    ) -> Handover:
        """One act on the paper of a giver."""
        form = Form(reason=given.pop("reason", ""), nonce=given.pop("nonce", ""))
        paper: Handover = take(
            actor=self.cast.user(who),
            handover_id=self.paper(giver).pk,
            form=form,
            now=moment(day),
            today=day,
            **given,
        )
        return paper


def move(world: World, number: str, giver: str | None, taker: str) -> AllocationMove:
    """An applied line with the assignments that ended and began."""
    cast, customer = world.cast, world.stage.customers[number]
    former = None
    if giver is not None:
        former = Assignment.objects.get(customer=customer, role="primary", ends_on=None)
        former.ends_on = world.effective
        former.save()
    begun = Assignment.objects.create(
        customer=customer, manager=cast.managers[taker], role="primary", starts_on=world.effective
    )
    Customer.objects.filter(pk=customer.pk).update(owner=cast.managers[taker])
    return AllocationMove.objects.create(
        plan=world.plan,
        customer=customer,
        present=cast.managers[giver] if giver else None,
        proposed=cast.managers[taker],
        effort=1,
        metres=0,
        fit=[0] * 5,
        cost=0,
        state=LineState.APPLIED,
        former=former,
        assignment=begun,
        done_at=NOW,
    )


def world(cast: Cast, effective: date = EFFECTIVE) -> World:
    """王雅琴 has an account too (`wang`), 赵立群 has none; `bjm` heads 北京分行, `cxm` 城西支行."""
    person(cast, "wang", "王雅琴", Role.CM, "CD", "M-CD2")
    person(cast, "bjm", "高分行", Role.MGR, "BJ")
    person(cast, "cxm", "许城西", Role.MGR, "CX")
    plan = AllocationPlan.objects.create(
        number="FK-2026-0001",
        policy=policy(),
        unit=cast.units["BJ"],
        as_of=date(2026, 9, 1),
        state=PlanState.APPLYING,
        effective_on=effective,
        approved_by=cast.users["cmd"],
        approved_at=NOW,
    )
    made = World(cast, register(cast), plan, {}, effective)
    for number, giver, taker in MOVES:
        made.lines[number] = move(made, number, giver, taker)
    return made
