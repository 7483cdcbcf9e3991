"""A plan of 北京分行 by hand, and the people around it.

line      from → to                 giving  taking   points
C-HD      陈思远 M-CD1 → 赵立群 M-CX1   城东     城西      10
C-LI      陈思远 M-CD1 → 王雅琴 M-CD2   城东 both          1
C-OY      王雅琴 M-CD2 → 赵立群 M-CX1   城东     城西       4
C-CX      赵立群 M-CX1 → 王雅琴 M-CD2   城西     城东       4
C-NO      nobody      → 王雅琴 M-CD2            城东       1

Loads in points: 陈思远 11 of 30, 王雅琴 4 of 40, 赵立群 4 of 14. All of it: 0, 6, 14 – 赵立群 is full to the last point.

mgr at 城东, mgrcx at 城西, mgrbj above both; ldr 分管领导 at 北京, ldrho at 总行, ldrsh at 上海; two deputies without roles of their own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from cmsys.access.roles import Role
from cmsys.accounts.models import User
from cmsys.accounts.services.users import user_create
from cmsys.audit.models import Event
from cmsys.inbox.models import Message
from cmsys.org.models import Deputyship
from cmsys.org.services.grants import role_grant
from cmsys.workflow.form import Form
from customers.allocation.selectors import document_of
from customers.allocation.services.policies import policy_import
from customers.approval.services import answering, deciding, submitting
from customers.planning.choices import PlanState
from customers.planning.models import AllocationMove, AllocationPlan, LineSide, PlanManager, PlanSnapshot
from customers.planning.reading import read
from customers.planning.snapshots import packed
from customers.registry.models import Customer
from tests.cast import PASSWORD, STAGE, TODAY, Cast
from tests.planning.world import document

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
# Five working days after Monday 2 March.
DUE = date(2026, 3, 9)
# customer, from, to, points
LINES = (
    ("C-HD", "M-CD1", "M-CX1", 10),
    ("C-LI", "M-CD1", "M-CD2", 1),
    ("C-OY", "M-CD2", "M-CX1", 4),
    ("C-CX", "M-CX1", "M-CD2", 4),
    ("C-NO", None, "M-CD2", 1),
)
# number → capacity, load now, load after, customers now, customers after
STAFF = {"M-CD1": (30, 11, 0, 2, 0), "M-CD2": (40, 4, 6, 1, 3), "M-CX1": (14, 4, 14, 1, 2)}
MORE: dict[str, tuple[str, Role | None, str, str | None]] = {
    "mgrcx": ("高城西", Role.MGR, "CX", None),
    "mgrbj": ("马北京", Role.MGR, "BJ", None),
    "mgrpd": ("林浦东", Role.MGR, "PD", None),
    "ldrho": ("申总行", Role.LDR, "HO", None),
    "ldrsh": ("沪上海", Role.LDR, "SH", None),
    "cmd2": ("秦客管", Role.CMD, "HO", None),
    "aide": ("代城东", None, "HO", None),
    "aide2": ("代分管", None, "HO", None),
}
SIDES = [
    ("C-CX", "giving", "CX"), ("C-CX", "taking", "CD"), ("C-HD", "giving", "CD"), ("C-HD", "taking", "CX"),
    ("C-LI", "both", "CD"), ("C-NO", "taking", "CD"), ("C-OY", "giving", "CD"), ("C-OY", "taking", "CX"),
]  # fmt: skip


@dataclass
class Bench:
    """The plan by its key, and everybody by name."""

    cast: Cast
    pk: int
    people: dict[str, User] = field(default_factory=dict)

    def user(self, name: str) -> User:
        """As a new request would load the account."""
        return User.objects.get(username=name)

    @property
    def plan(self) -> AllocationPlan:
        return AllocationPlan.objects.select_related("unit", "policy").get(pk=self.pk)

    # --- rows -----------------------------------------------------------------------------------------------------------
    def sides(self, **conditions: Any) -> list[tuple[Any, ...]]:
        rows = LineSide.objects.filter(plan=self.pk, **conditions)
        return list(rows.order_by("line__customer__customer_no", "side").values_list("line__customer__customer_no", "side", "unit__code"))  # fmt: skip

    def side(self, customer: str, side: str) -> LineSide:
        return LineSide.objects.get(plan=self.pk, line__customer__customer_no=customer, side=side)

    def keys(self, *pairs: tuple[str, str]) -> list[int]:
        return [self.side(customer, side).pk for customer, side in pairs]

    def line(self, customer: str) -> AllocationMove:
        return AllocationMove.objects.get(plan=self.pk, customer__customer_no=customer)

    def lines(self, field: str = "state") -> dict[str, Any]:
        return dict(AllocationMove.objects.filter(plan=self.pk).values_list("customer__customer_no", field))

    @property
    def steps(self) -> list[tuple[str, str, str]]:
        return list(self.plan.steps.order_by("pk").values_list("verb", "from_state", "to_state"))

    def events(self, kind: str = "plan.") -> list[str]:
        return list(Event.objects.filter(kind__startswith=kind).order_by("pk").values_list("kind", flat=True))

    def letters(self, name: str) -> list[str]:
        return list(Message.objects.filter(recipient=self.people[name]).order_by("pk").values_list("title", flat=True))  # fmt: skip

    # --- acts -----------------------------------------------------------------------------------------------------------
    def form(self, **given: str) -> Form:
        return Form(**given)

    def submit(self, who: Any = "cmd", *, now: datetime = NOW, today: date = TODAY, **given: str) -> Any:
        return submitting.plan_submit(
            actor=self._who(who), plan_id=self.pk, form=Form(**given), now=now, today=today
        )

    def answer(
        self, who: Any, sides: list[int] | None = None, verdict: str = "agreed", words: str = "", *,
        now: datetime = NOW, **given: str,
    ) -> Any:  # fmt: skip
        return answering.lines_answer(
            actor=self._who(who), plan_id=self.pk, side_ids=sides, verdict=verdict, reason=words, form=Form(**given),
            now=now, today=TODAY,
        )  # fmt: skip

    def approve(
        self, who: Any = "ldr", *, on: date = TODAY, despite: tuple[int, ...] = (), drop: tuple[int, ...] = (), **given: str
    ) -> Any:  # fmt: skip
        return deciding.plan_approve(
            actor=self._who(who), plan_id=self.pk, effective_on=on, despite=despite, drop=drop, form=Form(**given),
            now=NOW, today=TODAY,
        )  # fmt: skip

    def send_back(self, who: Any = "ldr", **given: str) -> Any:
        given.setdefault("reason", "请按各方意见调整")
        return deciding.plan_return(
            actor=self._who(who), plan_id=self.pk, form=Form(**given), now=NOW, today=TODAY
        )

    def recall(self, who: Any = "cmd", **given: str) -> Any:
        given.setdefault("reason", "政策有调整")
        return submitting.plan_recall(
            actor=self._who(who), plan_id=self.pk, form=Form(**given), now=NOW, today=TODAY
        )

    def remind(self, who: Any = "cmd", *, today: date = TODAY) -> int:
        return submitting.plan_remind(actor=self._who(who), plan_id=self.pk, now=NOW, today=today)

    def _who(self, who: Any) -> Any:
        return self.user(who) if isinstance(who, str) else who

    # --- scenes ---------------------------------------------------------------------------------------------------------
    def answered(self) -> Bench:
        """Submitted, and all sides agree: it waits for the head."""
        self.submit()
        self.answer("mgr")
        self.answer("mgrcx")
        return self

    def stand_in(self, principal: str, deputy: str) -> None:
        Deputyship.objects.create(
            principal=self.people[principal], deputy=self.people[deputy], starts_on=date(2020, 1, 1),
            ends_on=date(2099, 1, 1), reason="出差",
        )  # fmt: skip


def more_people(cast: Cast) -> dict[str, User]:
    """The further accounts, with their roles, beside those of the cast."""
    people = cast.users
    for username, (name, role, unit, number) in MORE.items():
        people[username] = user_create(
            actor=STAGE, username=username, name=name, employee_no=number, password=PASSWORD, is_demo=True
        )
        if role is not None:
            role_grant(
                actor=STAGE, user=people[username], role=role, unit=cast.units[unit], starts_on=date(2020, 1, 1),
                reason="测试",
            )  # fmt: skip
    return people


def bench(cast: Cast, lines: tuple[tuple[str, str | None, str, int], ...] = LINES, **policy: Any) -> Bench:
    """The draft as the merge would have left it."""
    people = more_people(cast)
    made = policy_import(actor=STAGE, text=document(code="BJ-FK", unit="BJ", **policy)).policy
    first = sum(present is None for _number, present, _proposed, _points in lines)
    plan = AllocationPlan.objects.create(
        number="FK-2026-0001", policy=made, unit=cast.units["BJ"], state=PlanState.DRAFT, as_of=TODAY,
        asked_by=people["cmd"], customers=5, managers=3, held=4, moves=len(lines) - first, first=first, objective=100,
        bound=90, before={"max_mean": 2.0, "gini": 0.3, "match": 800}, after={"max_mean": 1.2, "gini": 0.2, "match": 820},
        digest="d" * 64, moved_at=NOW - timedelta(hours=1), moved_by="system:allocation",
    )  # fmt: skip
    for number, (capacity, before, after, had, has) in STAFF.items():
        PlanManager.objects.create(
            plan=plan, manager=cast.managers[number], capacity=capacity, merit=500, intake="open", load_before=before,
            load_after=after, customers_before=had, customers_after=has,
        )  # fmt: skip
    for number, present, proposed, points in lines:
        AllocationMove.objects.create(
            plan=plan, customer=Customer.objects.get(customer_no=number),
            present=cast.managers[present] if present else None, proposed=cast.managers[proposed], effort=points,
            metres=1500, metres_before=4000 if present else None, fit=[100, 200, 0, 0, 300],
            fit_before=[400, 600, 0, 0, 300] if present else None, cost=1000,
        )  # fmt: skip
    problem = read(plan.unit, document_of(made), TODAY).problem
    PlanSnapshot.objects.create(plan=plan, content=packed(problem))
    return Bench(cast, plan.pk, people)
