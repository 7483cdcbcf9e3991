"""Grades of a scheme of their own, and clients in three states; what is sent to the API where it writes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from appraisal.grading.models import GradeDecision, GradingRound
from appraisal.scoring.documents import Reasons
from appraisal.scoring.models import ScoreSheet
from cmsys.api.models import Client
from cmsys.api.services.clients import client_create, client_rotate
from tests.appraisal_pages.graded import cycle_of, scheme_version
from tests.cast import STAGE

if TYPE_CHECKING:
    from tests.permissions.house import House

MISSING_ID = 999_999_999
REASON = {"reason": "例行核对"}
A_FIGURE = {"employee_no": "M-CX1", "period": "2025Q2", "indicator_code": "SALES", "value": 12}
RIGHTS = {"purpose": "同步等级", "allowed_scopes": ["org:read"], "addresses": ""}


def furnish(house: House) -> None:
    """Decisions on notice in one quarter, confirmed and not public in the other; clients that wait, work, rotate."""
    version = scheme_version(code="CLIENTS")
    for kind, period, state in (
        ("published_grade", "2025Q3", "on_notice"),
        ("confirmed_grade", "2025Q4", "confirmed"),
    ):
        cycle = cycle_of(version, period)
        round = GradingRound.objects.create(cycle=cycle)
        for number, manager in house.cast.managers.items():
            sheet = ScoreSheet.objects.create(
                cycle=cycle, manager=manager, unit=manager.unit, grade_code="MIDDLE", proposal="hold",
                reasons=Reasons().stored(),
            )  # fmt: skip
            decision = GradeDecision.objects.create(
                round=round, cycle=cycle, manager=manager, unit=manager.unit, sheet=sheet, proposal="hold", kind="hold",
                previous_grade=house.cast.grades["MIDDLE"], grade=house.cast.grades["MIDDLE"], state=state,
            )  # fmt: skip
            house.objects[kind, number] = {"key": decision.pk}
        house.objects[kind, "none"] = {"key": MISSING_ID}
    house.objects["published_grade", "letters"] = {"key": "abc"}
    now = timezone.now()
    for name in ("waiting", "active", "two"):
        client, _secret = client_create(actor=STAGE, now=now, name=name, scopes=["org:read"])
        house.objects["api_client", name] = {"key": client.pk}
    Client.objects.filter(name="waiting").update(approved_at=None)
    client_rotate(actor=STAGE, now=now, client_id=client.pk, reason="到期")
    house.objects["api_client", "none"] = {"key": MISSING_ID}
    house.objects["api_client", "letters"] = {"key": "abc"}
    for name in ("waiting", "none", "letters"):
        house.objects["api_client_waiting", name] = house.objects["api_client", name]


BODIES: dict[str, Callable[[Any, str], dict[str, Any]]] = {
    "targets-list": lambda house, name: A_FIGURE,
    "targets-detail": lambda house, name: {"value": 13},
    "readings-list": lambda house, name: A_FIGURE,
    "readings-detail": lambda house, name: {"value": 13},
    "api_clients_create": lambda house, name: RIGHTS | {"name": "数据仓库"},
    "api_clients_edit": lambda house, name: RIGHTS | REASON,
    "api_clients_approve": lambda house, name: {"version": ""},
    "api_bulk": lambda house, name: {},
    "api_digest": lambda house, name: {},
    "api_clients_rotate": lambda house, name: REASON,
    "api_clients_retire": lambda house, name: REASON,
    "api_clients_revoke": lambda house, name: REASON,
}
