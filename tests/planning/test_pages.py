"""Policies, sheets, rules and plans in the browser: what a reader finds, and what costs the same for one row and thirty."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from customers.allocation.models import AllocationPolicy, CustomerRule, StaffEvaluation
from customers.planning.models import AllocationMove, AllocationPlan
from customers.registry.models import Customer
from managers.profiles.models import RelationshipManager, Status
from tests.cast import Cast
from tests.customers.stage import Register, thirty_customers
from tests.planning.world import document, planned, policy, run_jobs

pytestmark = pytest.mark.django_db
SignedIn = Callable[[str], Client]


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_a_policy_comes_in_by_the_page_with_its_faults_named(cast: Cast, signed_in: SignedIn) -> None:
    cmd = signed_in("cmd")
    refused = cmd.post("/allocation-policies/import/", {"document": document(budget_percent=200)})
    assert refused.status_code == 422
    assert "budget_percent：应是 0 到 100 的整数，收到的是 200" in text(refused)
    assert cmd.post("/allocation-policies/import/", {"document": document()}).status_code == 302
    found = AllocationPolicy.objects.get()
    page = text(cmd.get(f"/allocation-policies/{found.pk}/"))
    for part in ("专业匹配", "按支行统筹", "不满 12 个月", "满 36 个月", "200000", "5 个工作日内"):
        assert part in page
    assert "code: FK" in cmd.get(f"/allocation-policies/{found.pk}/download/").content.decode()
    # Who only reads sees no text of the document and no button to change it.
    assert "由此编写新版本" not in text(signed_in("hrh").get(f"/allocation-policies/{found.pk}/"))


def test_a_sheet_is_confirmed_from_both_sides(cast: Cast, signed_in: SignedIn) -> None:
    policy()
    sheet = StaffEvaluation.objects.create(
        manager=cast.managers["M-CD1"], ability=80, experience=70, results=90, merit=Decimal(82)
    )
    url = f"/staff-evaluations/{sheet.pk}/"
    hrb, mgr = signed_in("hrb"), signed_in("mgr")
    assert "待人力资源、主管确认" in text(hrb.get(url))
    assert mgr.post(f"{url}confirm-head/").status_code == 302
    assert "待人力资源确认" in text(hrb.get(url))
    assert hrb.post(f"{url}confirm-hr/").status_code == 302
    assert "已确认" in text(signed_in("cm").get(url))
    late = hrb.post(f"{url}confirm-hr/")
    assert late.status_code == 409


def test_a_rule_is_entered_with_the_refusal_at_its_field(
    cast: Cast, stage: Register, signed_in: SignedIn
) -> None:
    cmd = signed_in("cmd")
    body = {
        "customer_no": "NONE",
        "kind": "pin",
        "employee_no": "M-CD1",
        "starts_on": "2026-03-02",
        "reason": "客户要求",
    }
    refused = cmd.post("/customer-rules/new/", body)
    assert refused.status_code == 422
    assert "没有客户“NONE”" in text(refused)
    assert cmd.post("/customer-rules/new/", body | {"customer_no": "C-HD"}).status_code == 302
    rule = CustomerRule.objects.get()
    assert "深圳恒达科技有限公司 固定由 陈思远" in text(cmd.get(f"/customer-rules/{rule.pk}/"))
    assert (
        cmd.post(f"/customer-rules/{rule.pk}/end/", {"ends_on": "2026-06-01", "reason": "到期"}).status_code
        == 302
    )


def test_from_the_request_to_the_reasons_of_a_line(cast: Cast, stage: Register, signed_in: SignedIn) -> None:
    """王雅琴 has left: 欧阳 (B) goes to 陈思远, the only one left in 城东; nobody else could be asked."""
    policy()
    RelationshipManager.objects.filter(employee_no="M-CD2").update(status=Status.LEFT)
    cmd = signed_in("cmd")
    answer = cmd.post("/allocation-plans/new/", {"unit": "CD"})
    plan = AllocationPlan.objects.get()
    assert answer["Location"] == f"/allocation-plans/{plan.number}/"
    assert "正在计算" in text(cmd.get(answer["Location"]))
    run_jobs()
    page = text(cmd.get(answer["Location"]))
    for part in ("1 / 3", "33.3%", "欧阳**", "已离职、借调或不再接收", "陈思远 M-CD1", "15 / 30", "1 人没有有效的员工评估"):  # fmt: skip
        assert part in page
    move = AllocationMove.objects.get()
    why = text(cmd.get(f"/allocation-moves/{move.pk}/"))
    for part in ("为什么不留在现主办", "王雅琴 M-CD2：已离职、借调或不再接收", "合计", str(move.cost)):
        assert part in why
    mgr = signed_in("mgr")
    assert mgr.get(f"/allocation-moves/{move.pk}/").status_code == 200
    assert cmd.post(f"/allocation-plans/{plan.number}/discard/", {"reason": "改政策"}).status_code == 302
    assert "已放弃" in text(cmd.get(f"/allocation-plans/{plan.number}/"))


def test_what_cannot_be_met_is_said_with_a_remedy(cast: Cast, stage: Register, signed_in: SignedIn) -> None:
    policy()
    plan = planned(cast)
    page = text(signed_in("cmd").get(f"/allocation-plans/{plan.number}/"))
    assert "没有符合硬性规则的客户经理：1 户客户" in page
    assert "无主贸易公司" in page
    assert "在该范围补充符合条件的人员" in page


def test_lists_cost_the_same_for_one_row_and_thirty(cast: Cast, stage: Register, signed_in: SignedIn) -> None:
    policy()
    RelationshipManager.objects.filter(employee_no="M-CD1").update(status=Status.LEFT)
    plan = planned(cast, "CD")
    cmd = signed_in("cmd")

    def cost(url: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert cmd.get(url).status_code == 200
        return len(queries)

    urls = (
        "/allocation-moves/",
        "/customer-rules/",
        "/staff-evaluations/",
        f"/allocation-plans/{plan.number}/",
    )
    for url in urls:
        cost(url)
    few = [cost(url) for url in urls]
    sample = AllocationMove.objects.filter(plan=plan).first()
    assert sample is not None
    thirty_customers(cast)
    for customer in Customer.objects.filter(customer_no__startswith="K-"):
        CustomerRule.objects.create(
            customer=customer, manager=sample.proposed, kind="exclude", starts_on=plan.as_of, reason="x"
        )
        AllocationMove.objects.create(
            plan=plan, customer=customer, present=sample.present, proposed=sample.proposed, effort=1, metres=1,
            metres_before=1, fit=[0] * 5, fit_before=[0] * 5, cost=0,
        )  # fmt: skip
    for manager in cast.managers.values():
        StaffEvaluation.objects.create(manager=manager, ability=1, experience=1, results=1, merit=1)
    assert [cost(url) for url in urls] == few
