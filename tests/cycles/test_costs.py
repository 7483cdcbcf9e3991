"""Lists of schemes, cycles, members and schedules cost the same for few rows and for many."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from appraisal.cycles.models import Cycle, CycleMember
from appraisal.cycles.services.cycles import cycle_open
from appraisal.schemes.models import SchemeVersion
from appraisal.schemes.services.schemes import scheme_import
from appraisal.scoring.models import RegradeSchedule
from managers.profiles.models import RelationshipManager
from tests.cast import STAGE, TODAY, Cast
from tests.permissions.rooms.b1_cycles import DOCUMENT

pytestmark = pytest.mark.django_db
SignedIn = Callable[[str], Browser]


def cost(browser: Browser, address: str) -> int:
    browser.get(address)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert browser.get(address).status_code == 200
    return len(asked)


def thirty_more(cast: Cast, cycle: Cycle) -> None:
    first = SchemeVersion.objects.get(code="DEMO")
    for number in range(30):
        version = SchemeVersion.objects.create(
            code=f"S{number}", version=1, name=f"方案{number}", cycle="quarter", document=first.document, digest="x"
        )  # fmt: skip
        Cycle.objects.create(
            scheme=version, scheme_code=version.code, period="2025Q4", starts_on=date(2025, 10, 1), ends_on=date(2026, 1, 1)
        )  # fmt: skip
        RegradeSchedule.objects.create(
            scheme_code=version.code, days_after=3, at=time(2, 0), since=timezone.now()
        )
        person = RelationshipManager.objects.create(
            employee_no=f"X{number}", name=f"员工{number}", name_pinyin="yuan gong", unit=cast.units["CD"]
        )  # fmt: skip
        CycleMember.objects.create(cycle=cycle, manager=person, unit=cast.units["CD"], included=True)


@pytest.mark.parametrize("address", ["/schemes/", "/cycles/", "/cycle-members/", "/regrade-schedules/"])
def test_a_list_costs_the_same_for_few_rows_and_for_thirty_more(
    cast: Cast, signed_in: SignedIn, address: str
) -> None:
    scheme_import(actor=STAGE, text=DOCUMENT.format(code="DEMO", version=1))
    cycle = cycle_open(actor=STAGE, scheme_code="DEMO", period="2025Q4", today=TODAY)
    RegradeSchedule.objects.create(scheme_code="DEMO", days_after=3, at=time(2, 0), since=timezone.now())
    browser = signed_in("hrh")
    few = cost(browser, f"{address}?size=50")
    thirty_more(cast, cycle)
    assert cost(browser, f"{address}?size=50") == few <= 25
    assert browser.get(f"{address}?size=50").content.decode().count("<tr") > 30
