"""Appeals of everybody at each stage, and an open improvement plan for each person.

Told decisions without an appeal are named by their manager, and so are the appeals lodged against others; `heard` and
`stayed` appeals are named by who hears them (hrh that of 周婷, hrb that of 赵立群). Plans: 陈思远's waits for his
signature, the others are drafts.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from appraisal.appeals.models import GradeAppeal, ImprovementPlan, PlanCheck
from appraisal.cycles.models import Cycle
from appraisal.grading.models import GradeDecision, GradingRound
from appraisal.scoring.models import ScoreSheet
from cmsys.org.workdays import add_working_days

if TYPE_CHECKING:
    from tests.permissions.house import House

MISSING_ID = 999_999_999
NONCE = {"nonce": "n" * 32}


def furnish(house: House) -> None:
    """Four cycles of long ago, each with a decision for everybody that everybody was told today."""
    free, lodged, heard, stayed = (_decisions(house, quarter) for quarter in (1, 2, 3, 4))
    for number, decision in free.items():
        house.objects["appealable", number] = {"decision_id": decision.pk}
    house.objects["appealable", "none"] = {"decision_id": MISSING_ID}
    for number, decision in lodged.items():
        _name(house, "appeal", number, _appeal(decision))
    for who, number in (("hrh", "M-PD1"), ("hrb", "M-CX1")):
        handler = house.cast.users[who]
        _name(house, "heard_appeal", who, _appeal(heard[number], state="hearing", handler=handler))
        suspended = _appeal(stayed[number], state="hearing", handler=handler, suspended=True)
        _name(house, "stayed_appeal", who, suspended)
    for kind in ("appeal", "heard_appeal", "stayed_appeal"):
        house.objects[kind, "none"] = {"key": MISSING_ID}
    house.objects["appeal_page", "letters"] = {"key": "abc"}
    for number in (*house.cast.managers, "none"):
        house.objects["appeal_page", number] = house.objects["appeal", number]
    _plans(house)


def _decisions(house: House, quarter: int) -> dict[str, GradeDecision]:
    scheme = Cycle.objects.get(period="2025Q4", scheme_code="DEMO").scheme
    starts_on = date(2023, 3 * quarter - 2, 1)
    cycle = Cycle.objects.create(
        scheme=scheme, scheme_code="DEMO", period=f"2023Q{quarter}", starts_on=starts_on,
        ends_on=starts_on + timedelta(days=90), graded_at=timezone.now(), state="closed", closed_at=timezone.now(),
    )  # fmt: skip
    round_ = GradingRound.objects.create(cycle=cycle)
    made = {}
    for number, manager in house.cast.managers.items():
        sheet = ScoreSheet.objects.create(
            cycle=cycle, manager=manager, unit=manager.unit, grade_code="MIDDLE", proposal="hold"
        )
        made[number] = GradeDecision.objects.create(
            round=round_, cycle=cycle, manager=manager, unit=manager.unit, sheet=sheet, proposal="hold",
            kind="hold", state="cleared", grade=house.cast.grades["MIDDLE"],
        )  # fmt: skip
        made[number].steps.create(
            verb="clear", actor_name="system", from_state="confirmed", to_state="cleared", at=timezone.now()
        )
    return made


def _appeal(decision: GradeDecision, **given: Any) -> GradeAppeal:
    today = timezone.localdate()
    return GradeAppeal.objects.create(
        decision=decision, ground="unfair", text="评分依据不足", wish="请复核", told_on=today,
        window_ends_on=add_working_days(today, 5), lodged_at=timezone.now(), due_on=add_working_days(today, 15),
        **given,
    )  # fmt: skip


def _name(house: House, kind: str, name: str, case: Any) -> None:
    house.objects[kind, name] = {"key": case.pk}


def _plans(house: House) -> None:
    today, now = timezone.localdate(), timezone.now()
    for number, manager in house.cast.managers.items():
        signing = number == "M-CD1"
        plan = ImprovementPlan.objects.create(
            manager=manager, cause="manual", note="连续两期未完成目标", state="signing" if signing else "draft",
            goal="完成目标的 90%", coach="李敏", starts_on=today, ends_on=today + timedelta(days=90), due_on=today,
            opened_at=now, issued_at=now if signing else None,
        )  # fmt: skip
        plan.measures.create(position=1, text="每周拜访五户", how="拜访记录", due_on=today)
        check = PlanCheck.objects.create(plan=plan, on=today)
        house.objects["open_plan", number] = {"key": plan.pk}
        house.objects["plan_page", number] = {"key": plan.pk}
        house.objects["signing_plan" if signing else "draft_plan", number] = {"key": plan.pk}
        house.objects["plan_check", number] = {"pk": plan.pk, "check_id": check.pk}
    foreign = house.objects["plan_check", "M-CD2"]["check_id"]
    house.objects["plan_check", "theirs"] = {
        "pk": house.objects["open_plan", "M-CD1"]["key"],
        "check_id": foreign,
    }
    house.objects["plan_check", "none"] = {"pk": MISSING_ID, "check_id": MISSING_ID}
    house.objects["open_plan", "none"] = house.objects["plan_page", "none"] = {"key": MISSING_ID}
    house.objects["draft_plan", "none"] = house.objects["signing_plan", "none"] = {"key": MISSING_ID}
    # A draft is not printed, and out of the reach of whoever signs or takes back.
    house.objects["signing_plan", "foreign"] = house.objects["open_plan", "M-PD1"]
    house.objects["plan_page", "letters"] = {"key": "abc"}


def _draft(house: House, name: str) -> dict[str, Any]:
    today = timezone.localdate()
    return NONCE | {
        "goal": "完成目标", "coach": "李敏", "starts_on": today.isoformat(),
        "ends_on": (today + timedelta(days=60)).isoformat(), "m1_text": "每周拜访五户", "m1_how": "拜访记录",
        "m1_due_on": today.isoformat(), "c1_on": today.isoformat(),
    }  # fmt: skip


BODIES: dict[str, Callable[[Any, str], dict[str, Any]]] = {
    "appeal_lodge": lambda house, name: NONCE | {"ground": "data", "text": "少计", "wish": "更正"},
    "appeal_act": lambda house, name: NONCE | {"reason": "已核对", "outcome": "rejected", "remedy": "none"},
    # 王雅琴 has a plan already: the service says so on the form.
    "improvement_plan_open": lambda house, name: NONCE | {"employee_no": "M-CD2", "note": "未完成目标"},
    "improvement_plan_write": _draft,
    "improvement_plan_check": lambda house, name: NONCE | {"progress": "behind", "note": "未完成"},
    "improvement_plan_act": lambda house, name: (
        NONCE
        | {
            "reason": "情况属实",
            "witness": "吴工会",
            "ends_on": (timezone.localdate() + timedelta(days=200)).isoformat(),
        }
    ),
}
