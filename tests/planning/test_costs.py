"""Lists of allocation, training and the ladder cost the same for few rows and for thirty more; those of clients too."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from appraisal.scoring.models import ScoreSheet
from cmsys.api.services.clients import client_create
from cmsys.org.models import Deputyship
from customers.allocation.models import AllocationPolicy
from customers.planning.choices import PlanState
from customers.planning.models import AllocationPlan
from managers.careers.models import Grade
from tests.appraisal_pages.graded import graded
from tests.cast import STAGE, TODAY, Cast
from tests.permissions.house import token_of
from tests.planning.world import policy
from training.courses.models import Competency, Course
from training.plans.models import PlanItem, TrainingPlan

pytestmark = pytest.mark.django_db
SignedIn = Callable[[str], Client]
PAGE_LIMIT, API_LIMIT = 25, 10
# Who asks for which list.
LISTS = {
    "/allocation-plans/": "cmd", "/allocation-policies/": "cmd", "/training-plans/": "trn", "/courses/": "trn",
    "/competencies/": "trn", "/grades/": "hrh", "/deputies/": "hrh",
}  # fmt: skip
RESOURCES = ("allocation-plans", "training-plans", "courses")


def cost(browser: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(address).status_code == 200
    return len(queries)


def more(
    cast: Cast, some: AllocationPolicy, sheets: dict[tuple[str, str], ScoreSheet], start: int, count: int
) -> None:
    """`count` of everything."""
    competency = Competency.objects.create(code=f"K-{start}", name=f"胜任力 {start}", indicators=["COMM"])
    courses = [
        Course.objects.create(code=f"C-{n}", name=f"课 {n}", competency=competency, hours=8, line=cast.line)
        for n in range(start, start + count)
    ]
    for n in range(start, start + count):
        AllocationPolicy.objects.create(
            code=f"P-{n}",
            version=1,
            name="政策",
            unit=cast.units["BJ"],
            text="",
            document=some.document,
            digest="",
        )
        AllocationPlan.objects.create(
            number=f"FK-1-{n}", policy=some, unit=cast.units["CD"], as_of=TODAY, state=PlanState.FAILED
        )
        Competency.objects.create(code=f"M-{n}", name=f"能力 {n}")
        Grade.objects.create(code=f"G-{n}", name="等级", order=100 + n)
        Deputyship.objects.create(
            principal=cast.users["mgr"], deputy=cast.users["hrb"], starts_on=date(2030 + n, 1, 1), ends_on=date(2030 + n, 2, 1),
            reason="休假",
        )  # fmt: skip
    for sheet in list(sheets.values())[: 2 if start == 1 else 8]:
        plan, made = TrainingPlan.objects.get_or_create(
            sheet=sheet, defaults={"manager": sheet.manager, "starts_on": TODAY, "ends_on": date(2099, 1, 1)}
        )
        if made:
            PlanItem.objects.bulk_create(PlanItem(plan=plan, course=course) for course in courses)


def test_lists_and_resources_cost_the_same(cast: Cast, signed_in: SignedIn) -> None:
    some = policy()
    sheets = graded(cast, code="COSTS", records=False).sheets
    more(cast, some, sheets, 1, 2)
    client, _secret = client_create(
        actor=STAGE, now=timezone.now(), name="费用", scopes=["allocation-plans:read", "training:read"]
    )
    caller: Any = Client(headers={"Authorization": f"Bearer {token_of(client)}"})
    asked = [(signed_in(who), address, PAGE_LIMIT) for address, who in LISTS.items()]
    asked += [(caller, f"/api/v1/{name}/?page_size=100", API_LIMIT) for name in RESOURCES]
    for browser, address, _limit in asked:
        cost(browser, address)
    few = [cost(browser, address) for browser, address, _limit in asked]
    more(cast, some, sheets, 3, 30)
    assert [cost(browser, address) for browser, address, _limit in asked] == few
    over = [address for (_browser, address, limit), spent in zip(asked, few, strict=True) if spent > limit]
    assert over == []
