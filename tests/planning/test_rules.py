"""Every hard rule against a world in which the cheapest plan without it breaks it, from the rows to the plan.

Each case is planned twice on the same rows: without the rule, where it must come out broken (or the case would prove
nothing), and with it. Loads are left alone unless a case says so, so that nobody moves without a reason.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from cmsys.accounts.services.users import user_create
from customers.allocation.models import CustomerRule, EvaluationState, RuleKind, StaffEvaluation
from customers.planning.models import AllocationMove, AllocationPlan, PlanManager
from customers.planning.snapshots import unpacked
from customers.planning.words import note_said
from customers.registry.models import Customer
from customers.service.models import Ticket
from managers.conduct.models import InterestDeclaration, RelationKind
from managers.profiles.models import Certificate, RelationshipManager, Status
from tests.allocation_engine.exact import broken_rules
from tests.cast import PASSWORD, STAGE, TODAY, Cast
from tests.customers.stage import Register
from tests.planning.world import planned, policy

pytestmark = pytest.mark.django_db
Rows = Callable[[Cast, Register], None]
TIERS: dict[str, dict[str, Any]] = {
    "A": {"effort": 10, "weight": 3, "wanted_grade": "SENIOR", "move_price": [60000, 120000, 200000]},
    "B": {"effort": 4, "weight": 2, "wanted_grade": "MIDDLE", "move_price": [30000, 60000, 100000]},
    "C": {"effort": 1, "move_price": [10000, 20000, 30000]},
    "none": {"effort": 1, "move_price": [5000, 10000, 15000]},
}
ROOM = {"JUNIOR": 20, "MIDDLE": 30, "SENIOR": 40, "none": 10}
STAY = {"C-HD": "M-CD1", "C-LI": "M-CD1", "C-OY": "M-CD2"}
BEYOND = {"CD": {}, "BJ": {"C-CX": "M-CX1"}, "HO": {"C-CX": "M-CX1", "C-PD": "M-PD1"}}


def tiers(**changes: dict[str, Any]) -> dict[str, Any]:
    return {"tiers": {code: tier | changes.get(code, {}) for code, tier in TIERS.items()}}


def nothing(cast: Cast, stage: Register) -> None:
    """The rows of the stage."""


def change(employee_no: str, **values: object) -> Rows:
    return lambda cast, stage: RelationshipManager.objects.filter(employee_no=employee_no).update(**values) and None  # fmt: skip


def customer(number: str, **values: object) -> Rows:
    def apply(cast: Cast, stage: Register) -> None:
        given = {
            key: cast.units[str(value)]
            if key == "unit"
            else cast.tiers[str(value)]
            if key == "tier"
            else value
            for key, value in values.items()
        }
        Customer.objects.filter(customer_no=number).update(**given)

    return apply


def together(*steps: Rows) -> Rows:
    def apply(cast: Cast, stage: Register) -> None:
        for step in steps:
            step(cast, stage)

    return apply


def agreed(kind: RuleKind, number: str, employee_no: str) -> Rows:
    def apply(cast: Cast, stage: Register) -> None:
        CustomerRule.objects.create(
            customer=stage.customers[number], manager=cast.managers[employee_no], kind=kind, starts_on=TODAY, reason="x"
        )  # fmt: skip

    return apply


def declared(by: str, about: str, ends_on: date | None = None) -> Rows:
    """The account of one manager declares a relation to another."""

    def apply(cast: Cast, stage: Register) -> None:
        user = cast.users["cm"]
        if by != "M-CD1":
            user = user_create(
                actor=STAGE,
                username=by.lower(),
                name="王雅琴",
                employee_no=by,
                password=PASSWORD,
                is_demo=True,
            )
        InterestDeclaration.objects.create(
            declarant=user, manager=cast.managers[about], kind=RelationKind.SPOUSE, starts_on=date(2026, 1, 1), ends_on=ends_on,
            end_reason="" if ends_on is None else "x",
        )  # fmt: skip

    return apply


def holds(employee_no: str, expires_on: date | None = None) -> Rows:
    def apply(cast: Cast, stage: Register) -> None:
        Certificate.objects.create(
            manager=cast.managers[employee_no], name="AFP", issued_on=date(2020, 1, 1), expires_on=expires_on
        )

    return apply


def complained(number: str, employee_no: str, *, upheld: bool = True, on: date = date(2026, 2, 1)) -> Rows:
    """A complaint of the customer that was closed on a day, and laid to the manager."""

    def apply(cast: Cast, stage: Register) -> None:
        at = timezone.make_aware(datetime.combine(on, time(9)))
        Ticket.objects.create(
            ticket_no=f"T-{number}", customer=stage.customers[number], kind="complaint", opened_at=at, resolved_at=at,
            upheld=upheld, responsible=cast.managers[employee_no],
        )  # fmt: skip

    return apply


def sheet(employee_no: str, merit: int, until: date = date(2027, 1, 1), *, confirmed: bool = True) -> Rows:
    def apply(cast: Cast, stage: Register) -> None:
        signed = {
            "state": EvaluationState.CONFIRMED if confirmed else EvaluationState.DRAFT, "valid_from": date(2025, 1, 1),
            "valid_until": until, "hr_by": cast.users["hrh"], "head_by": cast.users["mgr"],
        }  # fmt: skip
        points = dict.fromkeys(("ability", "experience", "results", "merit"), Decimal(merit))
        StaffEvaluation.objects.update_or_create(
            manager=cast.managers[employee_no], defaults={**points, **signed}
        )

    return apply


@dataclass(frozen=True)
class Case:
    """`off`, `on`: what the policy says without and with the rule; `rows`: the world; `more`: rows that make the rule (for
    rules that are rows). `without`, `then`: who holds whom of the three customers of 城东 and those named, where it differs
    from today. `unit`: what is planned."""

    name: str
    without: dict[str, str]
    then: dict[str, str]
    off: dict[str, Any] = field(default_factory=dict)
    on: dict[str, Any] = field(default_factory=dict)
    rows: Rows = nothing
    more: Rows = nothing
    unit: str = "CD"
    unmet: tuple[str, ...] = ()


NEWCOMER = customer("C-NO", unit="CD")
MERIT = {"weights": {"fairness": 0, "merit": 60, "waste": 0, "shortfall": 0}}
LEFT = change("M-CD2", status=Status.LEFT)
CASES = (
    # 陈思远 (MIDDLE) carries 10 + 1 points.
    Case("capacity by grade", {}, {"C-LI": "M-CD2"}, on={"capacity": ROOM | {"MIDDLE": 10}}),
    Case("minimum grade of a tier", {}, {"C-HD": "M-CD2"}, on=tiers(A={"minimum_grade": "SENIOR"})),
    Case("certificate", {}, {"C-OY": "M-CD1"}, rows=holds("M-CD1"), on=tiers(B={"certificates": ["AFP"]})),
    Case("certificate run out today", {}, {"C-OY": "M-CD1"}, rows=together(holds("M-CD1"), holds("M-CD2", TODAY)),
         on=tiers(B={"certificates": ["AFP"]})),
    Case("pin", {}, {"C-HD": "M-CD2"}, more=agreed(RuleKind.PIN, "C-HD", "M-CD2")),
    Case("exclusion", {}, {"C-OY": "M-CD1"}, more=agreed(RuleKind.EXCLUDE, "C-OY", "M-CD2")),
    # 王雅琴 has left; 陈思远 is the nearest and fits best, but is related to her: her customer goes to 赵立群 of 城西.
    Case("conflict of interest he declared", {"C-OY": "M-CD1"}, {"C-OY": "M-CX1"}, rows=LEFT, more=declared("M-CD1", "M-CD2"),
         off={"area": "branch"}, on={"area": "branch"}, unit="BJ"),
    Case("conflict of interest she declared", {"C-OY": "M-CD1"}, {"C-OY": "M-CX1"}, rows=LEFT, more=declared("M-CD2", "M-CD1"),
         off={"area": "branch"}, on={"area": "branch"}, unit="BJ"),
    # On leave he keeps what he has (the policy without the rule lets him take hers).
    Case("leave", {"C-OY": "M-CD1"}, {"C-OY": "M-CX1"}, rows=together(LEFT, change("M-CD1", status=Status.ON_LEAVE)),
         off={"area": "branch", "intake": {"on_leave": "open"}}, on={"area": "branch"}, unit="BJ"),
    Case("secondment", {}, {"C-HD": "M-CD2", "C-LI": "M-CD2"}, rows=change("M-CD1", status=Status.SECONDED),
         off={"intake": {"seconded": "open"}}),
    Case("leaving", {}, {"C-OY": "M-CD1"}, more=LEFT),
    # TODAY is 2026-03-02: twelve months reach back to the second of March of the year before, that day left out.
    Case("an upheld complaint", {}, {"C-OY": "M-CD1"}, rows=complained("C-OY", "M-CD2"),
         off={"complaint_months": None}, on={"complaint_months": 12}),
    Case("an upheld complaint of the first day that counts", {}, {"C-OY": "M-CD1"},
         rows=complained("C-OY", "M-CD2", on=date(2025, 3, 3)),
         off={"complaint_months": None}, on={"complaint_months": 12}),
    # 恒达 and 欧阳 have been with their managers for fourteen whole months, 李雪梅 for thirteen.
    Case("tenure limit", {}, {"C-HD": "M-CD2", "C-OY": "M-CD1"}, on={"tenure_limit_months": 14}),
    Case("limit of key customers", {}, {"C-LI": "M-CD2"},
         rows=together(customer("C-HD", category="key"), customer("C-LI", category="key")), on={"key_limit": 1}),
    Case("a group stays together", {}, {"C-OY": "M-CD1"},
         rows=together(customer("C-HD", group_no="G"), customer("C-OY", group_no="G")), off={"together": False}),
    # 赵立群 has left: without the rule his customer goes to another sub-branch.
    Case("area of sub-branches", {"C-CX": "M-CD1"}, {"C-CX": ""}, rows=change("M-CX1", status=Status.LEFT),
         off={"area": "branch"}, unit="BJ", unmet=("C-CX", "C-NO")),
    Case("area of branches", {"C-PD": "M-CD2"}, {"C-PD": ""}, rows=change("M-PD1", status=Status.LEFT),
         off={"area": "all"}, on={"area": "branch"}, unit="HO", unmet=("C-PD",)),
    # 11 and 4 points for rooms of 30 and 40: the large ones would change hands for equal loads; 30 % of three are none.
    Case("move budget", {"C-HD": "M-CD2", "C-OY": "M-CD1"}, {}, off={"weights": {"fairness": 20_000}},
         on={"weights": {"fairness": 20_000}, "budget_percent": 30}),
    # A new customer goes to whom the valid sheet speaks for.
    Case("evaluation sheets that have run out", {"C-NO": "M-CD1"}, {"C-NO": "M-CD2"}, off=MERIT, on=MERIT,
         rows=together(NEWCOMER, sheet("M-CD1", 80), sheet("M-CD2", 60)), more=sheet("M-CD1", 80, TODAY)),
    Case("evaluation sheets nobody has confirmed", {"C-NO": "M-CD1"}, {"C-NO": "M-CD2"}, off=MERIT, on=MERIT,
         rows=together(NEWCOMER, sheet("M-CD1", 80), sheet("M-CD2", 60)), more=sheet("M-CD1", 80, confirmed=False)),
    # 100 against 80 is more than an industry 王雅琴 knows; above the cap of 80 it counts nothing.
    Case("merit cap", {"C-NO": "M-CD1"}, {"C-NO": "M-CD2"}, off=MERIT | {"merit_cap": 1000}, on=MERIT,
         rows=together(customer("C-NO", unit="CD", industry_code="C13"), change("M-CD2", industries=["制造业"]),
                       sheet("M-CD1", 100), sheet("M-CD2", 80))),
)  # fmt: skip


def holders(plan: AllocationPlan) -> dict[str, str]:
    """Who would look after whom: today's managers with the lines of the plan in place."""
    inside = unpacked(bytes(plan.snapshot.content)).customers.ids.tolist()
    rows = Customer.objects.filter(pk__in=inside).values_list("customer_no", "owner__employee_no")
    found = {number: owner or "" for number, owner in rows}
    lines = AllocationMove.objects.filter(plan=plan)
    return found | dict(lines.values_list("customer__customer_no", "proposed__employee_no"))


def named(plan: AllocationPlan) -> list[str]:
    """Customers for whom a rule cannot be met."""
    gone = [pk for lack in plan.unmet for pk in lack["customers"]]
    return sorted(Customer.objects.filter(pk__in=gone).values_list("customer_no", flat=True))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_plan_keeps_the_rule_that_a_cheaper_one_would_break(
    cast: Cast, stage: Register, case: Case
) -> None:
    case.rows(cast, stage)
    policy(**{**tiers(), **case.off})
    free = planned(cast, case.unit)
    today = {**STAY, **BEYOND[case.unit]}
    found, expected = holders(free), {**today, **case.without}
    assert {number: found.get(number) for number in expected} == expected
    case.more(cast, stage)
    policy(**{**tiers(), **case.on, "version": 2})
    bound = planned(cast, case.unit)
    found = holders(bound)
    expected = {**today, **case.then}
    assert {number: found.get(number, "") for number in expected} == expected
    assert set(case.unmet).isdisjoint(found)
    assert [number for number in named(bound) if number in case.unmet] == sorted(case.unmet)
    # The rule costs something, and the engine's own judge finds nothing broken.
    problem = unpacked(bytes(bound.snapshot.content))
    manager = problem.customers.owner.copy()
    for line in AllocationMove.objects.filter(plan=bound):
        place = problem.customers.ids.tolist().index(line.customer_id)
        manager[place] = problem.managers.ids.tolist().index(line.proposed_id)
    assert broken_rules(problem, manager) == []


def test_a_declaration_that_has_ended_keeps_nobody_away(cast: Cast, stage: Register) -> None:
    together(LEFT, declared("M-CD1", "M-CD2", ends_on=TODAY))(cast, stage)
    policy(**tiers(), area="branch")
    assert holders(planned(cast, "BJ"))["C-OY"] == "M-CD1"


def test_a_group_over_several_areas_is_named(cast: Cast, stage: Register) -> None:
    """恒达 is of 城东, 城西机械厂 of 城西; sub-branches are planned each for itself, branches as a whole."""
    together(customer("C-HD", group_no="G"), customer("C-CX", group_no="G"), customer("C-LI", group_no="H"))(
        cast, stage
    )
    policy(**tiers())
    assert "groups_apart:1" in planned(cast, "BJ").notes
    policy(**tiers(), area="branch", version=2)
    assert [note for note in planned(cast, "BJ").notes if note.startswith("groups")] == []
    policy(**tiers(), together=False, version=3)
    assert [note for note in planned(cast, "BJ").notes if note.startswith("groups")] == []
    assert note_said("groups_apart:1") == "1 个集团的成员分属不同的统筹范围，只能在各自范围内由同一人管户。"


@pytest.mark.parametrize(
    "rows",
    [
        complained("C-OY", "M-CD2", upheld=False),
        complained("C-OY", "M-CD1"),
        complained("C-OY", "M-CD2", on=date(2025, 3, 2)),
    ],
    ids=["not upheld", "laid to somebody else", "too long ago"],
)
def test_other_complaints_move_nobody(cast: Cast, stage: Register, rows: Rows) -> None:
    rows(cast, stage)
    policy(**tiers(), complaint_months=12)
    assert holders(planned(cast, "CD")) == STAY


def test_the_policy_of_a_unit_goes_before_that_of_the_bank(cast: Cast, stage: Register) -> None:
    """Beijing asks SENIOR for tier A: 恒达 leaves 陈思远; Shanghai, under the bank's policy, keeps 港务 with 周婷 (MIDDLE)."""
    policy(**tiers())
    assert holders(planned(cast, "CD", code=""))["C-HD"] == "M-CD1"
    policy(**tiers(A={"minimum_grade": "SENIOR"}), code="BJ-FK", unit="BJ")
    assert holders(planned(cast, "CD", code=""))["C-HD"] == "M-CD2"
    assert holders(planned(cast, "PD", code=""))["C-PD"] == "M-PD1"


def test_a_sheet_counts_as_it_was_when_the_plan_was_made(cast: Cast, stage: Register) -> None:
    together(NEWCOMER, sheet("M-CD1", 80), sheet("M-CD2", 60))(cast, stage)
    policy(**tiers(), **MERIT)
    plan = planned(cast, "CD")
    frozen = PlanManager.objects.get(plan=plan, manager__employee_no="M-CD1")
    StaffEvaluation.objects.update(merit=10)
    frozen.refresh_from_db()
    assert (frozen.merit, frozen.evaluation_id) == (
        800,
        StaffEvaluation.objects.get(manager=frozen.manager).pk,
    )
    problem = unpacked(bytes(AllocationPlan.objects.get(pk=plan.pk).snapshot.content))
    assert dict(zip(problem.managers.ids.tolist(), problem.managers.merit.tolist(), strict=True))[frozen.manager_id] == 800  # fmt: skip


def test_a_rule_that_cannot_be_met_is_named_with_its_customers(cast: Cast, stage: Register) -> None:
    """Two pinned to 陈思远 with 10 and 1 points, who has room for 10: the capacity is short by one point."""
    for number in ("C-HD", "C-LI"):
        agreed(RuleKind.PIN, number, "M-CD1")(cast, stage)
    policy(**tiers(), capacity=ROOM | {"MIDDLE": 10})
    plan = planned(cast, "CD")
    [lack] = plan.unmet
    assert (lack["rule"], lack["missing"], named(plan)) == ("capacity", 1, ["C-HD", "C-LI"])
