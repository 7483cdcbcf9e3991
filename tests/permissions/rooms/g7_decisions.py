"""Decisions of everybody at each stage, and a round at each of its own.

`reviewing`, `reviewed`, `returned` and `told` (served) cases are named by their manager; rounds by what they are: one nobody has
submitted, one under way, one of which nothing is pending.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from appraisal.cycles.models import Cycle
from appraisal.grading.models import GradeDecision, GradingRound
from appraisal.grading.services.proposing import propose
from cmsys.access.roles import Role
from cmsys.accounts.models import User
from cmsys.accounts.services.users import user_create
from cmsys.org.services.grants import role_grant
from tests.appraisal_pages.graded import graded
from tests.cast import PASSWORD, STAGE

if TYPE_CHECKING:
    from tests.permissions.house import House

MISSING_ID = 999_999_999
# kind of object → scheme and quarter whose cases stand there
STAGES = {
    "reviewing": ("DECIDE1", "2025Q3", "in_review"), "reviewed": ("DECIDE1", "2025Q4", "reviewed"),
    "returned": ("DECIDE2", "2025Q3", "returned"), "told": ("DECIDE2", "2025Q4", "served"),
    "drafted": ("DECIDE3", "2025Q3", "drafted"), "withdrawn": ("DECIDE3", "2025Q4", "withdrawn"),
}  # fmt: skip
ROUNDS = {"draft": "drafted", "running": "reviewing", "done": "withdrawn"}


def furnish(house: House) -> None:
    """A colleague to hand cases to, six cycles, and their cases moved to where they stand."""
    colleague = user_create(actor=STAGE, username="mgr9", name="何平", password=PASSWORD, is_demo=True)
    role_grant(
        actor=STAGE,
        user=colleague,
        role=Role.MGR,
        unit=house.cast.units["CX"],
        starts_on=date(2020, 1, 1),
        reason="测试",
    )
    for code in ("DECIDE1", "DECIDE2", "DECIDE3"):
        graded(house.cast, code=code, records=False)
    rounds = {kind: _stage(house, kind, *where) for kind, where in STAGES.items()}
    for name, kind in ROUNDS.items():
        house.objects["round", name] = {"key": rounds[kind].pk}
        house.objects[f"round_{name}", name] = {"pk": rounds[kind].pk}
        house.objects[f"round_{name}", "none"] = {"pk": MISSING_ID}
    house.objects["round", "none"] = {"key": MISSING_ID}
    house.objects["round", "letters"] = {"key": "abc"}


def _stage(house: House, kind: str, code: str, period: str, state: str) -> GradingRound:
    cycle = Cycle.objects.get(scheme_code=code, period=period)
    propose(actor=STAGE, cycle=cycle, now=timezone.now())
    rows = GradeDecision.objects.filter(cycle=cycle)
    rows.update(state=state, reviewed_by=house.cast.users["mgr"] if state in ("reviewed", "served") else None)
    for decision in rows.select_related("manager"):
        house.objects[kind, decision.manager.employee_no] = {"key": decision.pk}
        house.objects[f"{kind}_page", decision.manager.employee_no] = {"key": decision.pk}
    house.objects[kind, "none"] = house.objects[f"{kind}_page", "none"] = {"key": MISSING_ID}
    house.objects[f"{kind}_page", "letters"] = {"key": "abc"}
    found: GradingRound = GradingRound.objects.get(cycle=cycle)
    if state != "drafted":
        today = timezone.localdate()
        found.state, found.submitted_at, found.review_due_on, found.effective_on = (
            "review",
            timezone.now(),
            today,
            today,
        )
        found.save()
    return found


def _sent(**more: Any) -> Callable[[House, str], dict[str, Any]]:
    return lambda house, name: {"nonce": f"form-{name}", "reason": "例行核对", **more}


def _amended(house: House, name: str) -> dict[str, Any]:
    """Another grade than the one that stands there, one step from the present one."""
    grade = {"M-CD1": "JUNIOR", "M-CD2": "MIDDLE"}.get(name, "MIDDLE")
    return {"nonce": f"form-{name}", "reason": "例行核对", "grade": grade}


def _handed(house: House, name: str) -> dict[str, Any]:
    return {"nonce": f"form-{name}", "reason": "例行核对", "assignee": User.objects.get(username="mgr9").pk}


def _batch(kind: str) -> Callable[[House, str], dict[str, Any]]:
    return lambda house, name: {"nonce": "batch", "selected": [house.objects[kind, "M-CD1"]["key"]]}


def _days(house: House, name: str) -> dict[str, Any]:
    return {
        "review_due_on": "2099-01-05",
        "effective_on": "2099-02-02",
        "notice_days": "5",
        "appeal_days": "5",
    }


BODIES: dict[str, Callable[[House, str], dict[str, Any]]] = {
    "grade_review_batch": _batch("reviewing"),
    "grade_confirm_batch": _batch("reviewed"),
    "grade_decisions_approve": _sent(),
    "grade_decisions_return": _sent(),
    "grade_decisions_amend": _amended,
    "grade_decisions_delegate": _handed,
    "grade_decisions_confirm": _sent(),
    "grade_decisions_send_back": _sent(),
    "grade_decisions_resubmit": _sent(),
    "grade_decisions_withdraw": _sent(),
    "grading_rounds_submit": _days,
    "grading_rounds_close": lambda house, name: {},
}
