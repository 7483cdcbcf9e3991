"""The workbench as its planner reads it: figures, lines that can be narrowed and grouped, what a choice does, what changed, two
plans side by side. The bank is that of test_choices: 欧阳 must leave 王雅琴 for 陈思远 or 赵立群."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import assume, given, settings

from cmsys.api.services.clients import client_create
from customers.allocation.engine.explain import Explainer
from customers.allocation.engine.plan import Unplannable, propose
from customers.planning.counterfactuals import changes_of
from customers.planning.drawings import Share, lorenz
from customers.planning.models import AllocationMove, AllocationPlan, PlanChoice
from customers.planning.words import change_said, signed
from customers.registry.models import Customer
from managers.profiles.models import RelationshipManager, Status
from tests.allocation_engine.small import problems
from tests.cast import STAGE, Cast
from tests.customers.stage import Register, thirty_customers
from tests.permissions.house import token_of
from tests.planning.world import NOW, planned, policy, run_jobs

SignedIn = Callable[[str], Client]


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


@pytest.fixture
def plan(cast: Cast, stage: Register) -> AllocationPlan:
    policy(area="branch")
    RelationshipManager.objects.filter(employee_no="M-CD2").update(status=Status.LEFT)
    return planned(cast, "BJ")


@pytest.mark.django_db
def test_a_line_is_looked_at_sent_elsewhere_and_planned_again(
    cast: Cast, stage: Register, plan: AllocationPlan, signed_in: SignedIn
) -> None:
    cmd, url, customer = signed_in("cmd"), f"/allocation-plans/{plan.number}/", stage.customers["C-OY"].pk
    page = text(cmd.get(url))
    for part in (
        "已离职、借调或不再接收",
        "无主贸易公司",
        "负荷洛伦兹曲线",
        "规则的代价",
        "多移动也不会更好",
        "按选择重算",
    ):
        assert part in page
    effect = text(cmd.get(f"{url}effect/", {"selected": [customer, stage.customers["C-NO"].pk, "x"]}))
    assert "已选 2 行" in effect
    assert "2 户必须移动或尚无主办" in effect
    line = plan.lines.get(customer=customer)
    why = text(cmd.get(f"/allocation-moves/{line.pk}/why/"))
    assert "王雅琴（M-CD2）" not in why
    # 赵立群 costs 13 320 more: weight 2 × 20 for a grade that is 333 permille short. 223 permille × weight 2 × 30 are more.
    for part in (
        "为什么是 陈思远？",
        "最小的改变",
        "赵立群的专业匹配高 0.223，就会由其管户",
        "整个方案的代价高 13320",
    ):
        assert part in why
    shown = text(cmd.post(f"{url}choose/", {"act": "assign", "selected": [customer]}))
    assert "目标值 +13,320 · 匹配 ±0 · 基尼 −0.116" in shown
    assert "王雅琴 M-CD2：已离职、借调或不再接收" in shown
    assert not PlanChoice.objects.exists()
    to = cast.managers["M-CX1"].pk
    body = {"act": "assign", "selected": [customer], "manager": to, "nonce": "n-1", "sure": "1"}
    assert cmd.post(f"{url}choose/", body)["Location"] == f"{url}#lines"
    cmd.post(f"{url}choose/", body)
    assert PlanChoice.objects.get().manager_id == to
    assert cmd.post(f"{url}again/", {"percent": "", "nonce": "n-2"})["Location"] == url
    page = text(cmd.get(url))
    for part in (
        '欧阳** C-OY：陈思远 <span aria-hidden="true">→</span> 赵立群',
        "+13,320",
        "曲线正在计算",
        "蒋客管（cmd）",
    ):
        assert part in page
    refused = cmd.post(f"{url}choose/", {"act": "bar", "selected": [customer], "reason": "不合", "sure": "1"})
    assert refused.status_code == 422
    assert "已锁定该客户经理，请先撤销再驳回" in text(refused)
    cmd.post(f"{url}choose/", {"act": "undo", "selected": [customer]})
    assert not PlanChoice.objects.exists()
    # Who only reads sees what there is and no way to change it.
    reader = text(signed_in("ldr").get(url)) if "ldr" in cast.users else ""
    assert "plan-bench" not in reader.replace('class="plan-bench"', "")


@pytest.mark.django_db
def test_lines_are_narrowed_and_grouped(cast: Cast, plan: AllocationPlan, signed_in: SignedIn) -> None:
    cmd, url = signed_in("cmd"), f"/allocation-plans/{plan.number}/"

    def numbers(query: str) -> list[str]:
        page = text(cmd.get(url + query))
        return [number for number in ("C-NO", "C-OY") if f'<small class="cell-sub">{number}</small>' in page]

    assert numbers("") == ["C-NO", "C-OY"]
    assert numbers("?kind=forced") == ["C-OY"]
    assert numbers("?kind=first") == ["C-NO"]
    assert numbers("?proposed=M-CX1") == ["C-NO"]
    assert numbers("?mark=lock") == []
    cmd.post(
        f"{url}choose/",
        {"act": "keep", "selected": [plan.lines.get(customer__customer_no="C-OY").customer_id]},
    )
    assert numbers("?mark=lock") == ["C-OY"]
    assert numbers("?mark=none") == ["C-NO"]
    # 陈思远 has 11 of 30 points and would have 15.
    assert "陈思远 M-CD1 <small>负荷 37% → 50%</small>" in text(cmd.get(f"{url}?group=proposed"))


@pytest.mark.django_db
def test_two_plans_side_by_side(
    cast: Cast, stage: Register, plan: AllocationPlan, signed_in: SignedIn
) -> None:
    other = planned(cast, "BJ")
    cmd, url = signed_in("cmd"), f"/allocation-plans/{other.number}/"
    customer = stage.customers["C-OY"].pk
    cmd.post(f"{url}choose/", {"act": "bar", "selected": [customer], "reason": "不合", "sure": "1"})
    cmd.post(f"{url}again/", {"percent": "10"})
    assert f"{url}compare/{plan.number}/" in text(cmd.get(url))
    page = text(cmd.get(f"/allocation-plans/{plan.number}/compare/{other.number}/"))
    for part in (
        "1 户的安排不同",
        "180,465",
        "193,785",
        "+13,320",
        "欧阳** <small>C-OY</small>",
        "不限",
        "FK v1",
    ):
        assert part in page
    assert "C-NO" not in page
    same = text(cmd.get(f"/allocation-plans/{plan.number}/compare/{planned(cast, 'BJ').number}/"))
    assert "两份方案的安排完全相同" in same
    elsewhere = planned(cast, "CD")
    assert cmd.get(f"/allocation-plans/{plan.number}/compare/{elsewhere.number}/").status_code == 404
    assert cmd.get(f"/allocation-plans/{plan.number}/compare/{plan.number}/").status_code == 404


@pytest.mark.django_db
def test_a_plan_is_asked_for_with_a_budget_of_its_own(
    cast: Cast, stage: Register, signed_in: SignedIn
) -> None:
    policy(area="branch", weights={"fairness": 500_000})
    cmd = signed_in("cmd")
    assert cmd.post("/allocation-plans/new/", {"unit": "BJ", "percent": "101"}).status_code == 422
    assert cmd.post("/allocation-plans/new/", {"unit": "BJ", "percent": "0"}).status_code == 302
    run_jobs()
    found = AllocationPlan.objects.get()
    assert (found.percent, found.budget, found.moves) == (0, 0, 0)


@pytest.mark.django_db
def test_clients_read_lines_and_curve(cast: Cast, stage: Register, plan: AllocationPlan) -> None:
    client, _secret = client_create(
        actor=STAGE, now=timezone.now(), name="核对", scopes=["allocation-plans:read"]
    )
    caller: Any = Client(headers={"Authorization": f"Bearer {token_of(client)}"})
    url = f"/api/v1/allocation-plans/{plan.number}/"
    detail = caller.get(url).json()
    assert (detail["percent"], detail["revision"]) == (None, 1)
    first = caller.get(f"{url}lines/?page_size=1").json()
    rows = first["results"] + caller.get(first["next"]).json()["results"]
    assert sorted((row["customer_no"], row["present"], row["proposed"], row["reasons"], row["cost"]) for row in rows) == [
        ("C-NO", None, "M-CX1", [], 2_500), ("C-OY", "M-CD2", "M-CD1", ["intake"], 107_000),
    ]  # fmt: skip
    line = next(row for row in rows if row["customer_no"] == "C-OY")
    # Weight 2: 30 × 700 for expertise and 5 × 500 for merit, and 60 000 for the move.
    assert (line["match"]["expertise_match"], line["match"]["merit"], line["continuity"]) == (
        700,
        500,
        60_000,
    )
    assert line["cost"] == 2 * (30 * 700 + 5 * 500) + 60_000
    found = caller.get(f"{url}curve/").json()
    assert [point["moves"] for point in found["points"]] == [1]
    assert {price["rule"] for price in found["prices"]} >= {"expertise_match", "minimum_grade"}


@pytest.mark.django_db
def test_the_page_costs_the_same_for_two_lines_and_twenty(
    cast: Cast, stage: Register, plan: AllocationPlan, signed_in: SignedIn
) -> None:
    cmd, url = signed_in("cmd"), f"/allocation-plans/{plan.number}/"

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert cmd.get(url).status_code == 200
        return len(queries)

    cmd.post(
        f"{url}choose/",
        {"act": "keep", "selected": [plan.lines.get(customer__customer_no="C-OY").customer_id]},
    )
    cmd.post(f"{url}again/", {"percent": ""})
    planned(cast, "BJ")
    cost()
    few = cost()
    thirty_customers(cast)
    for customer in Customer.objects.filter(customer_no__startswith="K-"):
        PlanChoice.objects.create(
            plan=plan, customer=customer, manager=cast.managers["M-CD1"], kind="lock", by_name="x", at=NOW
        )
        AllocationMove.objects.create(
            plan=plan, customer=customer, present=cast.managers["M-CD1"], proposed=cast.managers["M-CX1"], effort=1, metres=1,
            metres_before=1, fit=[0] * 5, fit_before=[0] * 5, cost=0,
        )  # fmt: skip
    assert cost() == few
    assert few <= 25


# --- by hand ------------------------------------------------------------------------------------------------------------------
def test_a_lorenz_curve_by_hand() -> None:
    """Uses 0.1, 0.3 and 0.6: a third of the people have 10 %, two thirds 40 %; who may carry nothing does not count."""
    assert lorenz([6, 1, 3, 9], [10, 10, 10, 0]) == [
        Share(0.0, 0.0),
        Share(33.3, 10.0),
        Share(66.7, 40.0),
        Share(100.0, 100.0),
    ]
    assert lorenz([0, 0], [5, 5]) == []


def test_signs() -> None:
    assert [signed(0), signed(1234), signed(-0.05, 2), signed(0.0004, 3)] == ["±0", "+1,234", "−0.05", "±0"]


@settings(max_examples=40, deadline=None)
@given(problems())
def test_the_smallest_change_is_the_smallest(problem: Any) -> None:
    """With it the line would cost less elsewhere, with one permille less it would not: the merit is raised and counted anew."""
    problem = problem.with_policy(budget=None)
    try:
        plan = propose(problem)
    except Unplannable:
        assume(False)
        raise
    why = Explainer(problem, plan.manager)
    for customer in range(len(problem.customers)):
        found = why.explain(customer, len(problem.managers))
        for change in changes_of(problem, found):
            assert change.manager != plan.manager[customer]
            assert change_said(change, "何欣")
            if change.kind != "merit":
                continue
            assert _margin(problem, plan.manager, customer, change.manager, change.amount) < 0
            assert _margin(problem, plan.manager, customer, change.manager, change.amount - 1) >= 0


def _margin(problem: Any, manager: Any, customer: int, other: int, better: int) -> int:
    """What moving the customer would cost if the other's merit counted so many permille more for this customer alone."""
    found = Explainer(problem, manager).explain(customer, len(problem.managers))
    [one] = [one for one in found.runners if one.line.manager == other]
    part = next(part for part in one.line.parts if part.term == "merit")
    merits = problem.managers.merit.copy()
    merits[other] = min(int(merits[other]), problem.policy.merit_cap) + better
    assert merits[other] <= problem.policy.merit_cap
    after = 1000 - int(np.minimum(merits[other], problem.policy.merit_cap))
    weight = int(problem.customers.weight[customer])
    return one.change - weight * part.weight * (part.permille - after)
