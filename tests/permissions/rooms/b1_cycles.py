"""Schemes and cycles: DEMO in two versions, the first one used by a graded, open cycle of 2025Q4."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time
from typing import Any

from django.utils import timezone

from appraisal.cycles.models import Cycle
from appraisal.cycles.services.cycles import cycle_open
from appraisal.schemes.services.schemes import scheme_import
from appraisal.scoring.models import RegradeSchedule
from appraisal.scoring.services.schedules import schedule_set
from tests.cast import STAGE, TODAY
from tests.permissions.house import MISSING_ID, House

DOCUMENT = """
code: {code}
version: {version}
name: 示例方案
cycle: quarter
dimensions:
  - code: performance
    name: 绩效
    weight: 100
    indicators:
      - {{code: SALES, name: 销售额, weight: 100, source: reading, method: {{type: ratio, floor: 0, cap: 120}}, missing: block}}
grades: [{{code: JUNIOR, name: 初级, order: 1}}, {{code: MIDDLE, name: 中级, order: 2}}, {{code: SENIOR, name: 高级, order: 3}}]
promotion: [{{to: SENIOR, when: {{value: performance, op: ">=", than: 90}}}}]
"""


def furnish(house: House) -> None:
    first = scheme_import(actor=STAGE, text=DOCUMENT.format(code="DEMO", version=1)).version
    cycle = cycle_open(actor=STAGE, scheme_code="DEMO", period="2025Q4", today=TODAY)
    Cycle.objects.filter(pk=cycle.pk).update(graded_at=timezone.now())
    cycle.refresh_from_db()
    second = scheme_import(actor=STAGE, text=DOCUMENT.format(code="DEMO", version=2)).version
    scheme_import(actor=STAGE, text=DOCUMENT.format(code="DEMO2", version=1))
    schedule = schedule_set(
        actor=STAGE, scheme_code="DEMO", enabled=True, days_after=5, at=time(2, 30), now=timezone.now()
    )
    for name, key in (("demo", schedule.pk), ("none", MISSING_ID), ("letters", "abc")):
        house.objects["schedule", name] = {"key": key}
    for name, pk in (("used", first.pk), ("new", second.pk), ("none", MISSING_ID), ("letters", "abc")):
        house.objects["scheme", name] = {"key": pk}
        if name != "letters":
            house.objects["scheme_number", name] = {"pk": pk}
    for name, pk in (("graded", cycle.pk), ("none", MISSING_ID), ("letters", "abc")):
        house.objects["cycle", name] = {"key": pk}
        if name != "letters":
            house.objects["cycle_number", name] = {"pk": pk}


BODIES: dict[str, Callable[[House, str], dict[str, Any]]] = {
    "schemes_import": lambda house, name: {"document": DOCUMENT.format(code="DEMO", version=3)},
    "cycles_open": lambda house, name: {"scheme_code": "DEMO", "period": "2025Q3"},
    "cycles_close": lambda house, name: {},
    "cycles_regrade": lambda house, name: {"unit": ""},
    "regrade_schedules_create": lambda house, name: {
        "scheme_code": "DEMO2",
        "enabled": "on",
        "days_after": "5",
        "at": "02:30",
    },
    "regrade_schedules_edit": lambda house, name: {
        "days_after": "9",
        "at": "02:30",
        "version": RegradeSchedule.objects.get().updated_at.isoformat(),
    },
}
