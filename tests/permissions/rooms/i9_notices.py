"""Notices, objections and service, in cycles of long ago.

Notices: `running` to the whole house, `bj_running` and `bj_draft` to 北京分行, `draft` to the whole house, `own` is over and
names 陈思远. Objections: `cx` of 陈思远 about 赵立群, `mgr` of 李敏 about 周婷. Demotions to be served, served ones and
promotions in effect are named by their person.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from appraisal.cycles.models import Cycle
from appraisal.grading.models import GradeDecision, GradingRound
from appraisal.notices.models import NoticeLine, NoticeObjection, PublicNotice, ServiceOfNotice
from appraisal.scoring.models import ScoreSheet
from cmsys.org.workdays import add_working_days

if TYPE_CHECKING:
    from tests.permissions.house import House

MISSING_ID = 999_999_999
REASON = {"reason": "例行核对"}


def furnish(house: House) -> None:
    _notices(house)
    for number in house.cast.managers:
        _name(
            house, "unserved", number, _case(house, _round(house, "2021Q4"), number, "demotion", "confirmed")
        )
        _name(house, "served", number, _served(house, number))
        letter = _case(house, _round(house, "2022Q2"), number, "promotion", "effective")
        _name(house, "appointed", number, letter)
        house.objects["served_page", number] = house.objects["served", number]
    for kind in ("unserved", "served", "appointed", "notice_here", "notice_draft", "board", "objection"):
        house.objects[kind, "none"] = {"key": MISSING_ID}
    for kind in ("notice", "board", "objection", "served"):
        house.objects[f"{kind}_page", "none"] = {"key": MISSING_ID}
        house.objects[f"{kind}_page", "letters"] = {"key": "abc"}


def _notices(house: House) -> None:
    drafted, put_up = _round(house, "2021Q1"), _round(house, "2021Q2")
    _case(house, _round(house, "2021Q3"), "M-CX1", "promotion", "confirmed")
    made = {
        "bj_draft": _notice(house, drafted, "M-CX1", "draft", "BJ"),
        "draft": _notice(house, drafted, "M-PD1", "draft"),
        "bj_running": _notice(house, put_up, "M-CX1", "published", "BJ"),
        "running": _notice(house, put_up, "M-PD1", "published"),
        "own": _notice(house, put_up, "M-CD1", "ended"),
    }
    for name, notice in made.items():
        kinds = ("board", "board_page") if name == "running" else ("notice_here", "notice_page")
        for kind in (*kinds, "notice_draft"):
            _name(house, kind, name, notice)
    for name, who, notice in (("cx", "cm", "bj_running"), ("mgr", "mgr", "running")):
        objection = NoticeObjection.objects.create(
            line=made[notice].lines.get(), objector=house.cast.users[who], text="不实", facts="见附件",
            lodged_at=timezone.now(), due_on=add_working_days(timezone.localdate(), 5),
        )  # fmt: skip
        _name(house, "objection", name, objection)
        _name(house, "objection_page", name, objection)


def _name(house: House, kind: str, name: str, row: Any) -> None:
    house.objects[kind, name] = {"key": row.pk}


def _round(house: House, period: str) -> GradingRound:
    found = GradingRound.objects.filter(cycle__period=period).first()
    if found is not None:
        return found
    scheme = Cycle.objects.get(period="2025Q4", scheme_code="DEMO").scheme
    year, quarter = int(period[:4]), int(period[-1])
    starts_on = date(year, 3 * quarter - 2, 1)
    cycle = Cycle.objects.create(
        scheme=scheme, scheme_code="DEMO", period=period, starts_on=starts_on, ends_on=starts_on + timedelta(days=90),
        graded_at=timezone.now(), state="closed", closed_at=timezone.now(),
    )  # fmt: skip
    return GradingRound.objects.create(
        cycle=cycle,
        state="review",
        submitted_at=timezone.now(),
        review_due_on=starts_on,
        effective_on=starts_on,
    )


def _case(house: House, round_: GradingRound, number: str, kind: str, state: str) -> GradeDecision:
    manager = house.cast.managers[number]
    base: dict[str, Any] = {"cycle": round_.cycle, "manager": manager, "unit": manager.unit, "proposal": kind}
    sheet = ScoreSheet.objects.create(**base, grade_code="MIDDLE")
    return GradeDecision.objects.create(
        **base, round=round_, sheet=sheet, kind=kind, state=state, grade=house.cast.grades["SENIOR"],
        previous_grade=house.cast.grades["MIDDLE"], effective_from=round_.effective_on,
    )  # fmt: skip


def _notice(house: House, round_: GradingRound, number: str, state: str, unit: str = "") -> PublicNotice:
    today, now, draft = timezone.localdate(), timezone.now(), state == "draft"
    ended = state == "ended"
    case = _case(
        house, round_, number, "promotion", {"draft": "confirmed", "ended": "cleared"}.get(state, "on_notice")
    )
    count = PublicNotice.objects.filter(serial__isnull=False).count()
    notice = PublicNotice.objects.create(
        round=round_, state=state, title="拟晋升公示", text="现予公示。", days=5, channel="人力资源部", created_at=now,
        audience=house.cast.units[unit] if unit else None, starts_on=today - timedelta(days=30 if ended else 0),
        ends_on=None if draft else today + timedelta(days=-9 if ended else 9), year=None if draft else 2021,
        serial=None if draft else count + 1, published_at=None if draft else now, closed_at=now if ended else None,
    )  # fmt: skip
    NoticeLine.objects.create(
        notice=notice, decision=case, name=case.manager.name, unit_name=case.unit.name, to_grade="高级客户经理",
        state="cleared" if ended else "standing", closed_at=now if ended else None,
    )  # fmt: skip
    return notice


def _served(house: House, number: str) -> ServiceOfNotice:
    case, today = _case(house, _round(house, "2022Q1"), number, "demotion", "served"), timezone.localdate()
    return ServiceOfNotice.objects.create(
        decision=case, method="in_person", to_grade="初级客户经理", reasons="绩效不达标", served_on=today,
        served_at=timezone.now(), served_name="某人", appeal_until=add_working_days(today, 5), channel="人力资源部", year=2022,
        serial=case.pk,
    )  # fmt: skip


def _draft(house: House, name: str) -> dict[str, Any]:
    """The promotion that waits in 2021Q3, or whoever stands on the draft."""
    line = (
        NoticeLine.objects.filter(notice=house.objects["notice_draft", name]["key"]).first() if name else None
    )
    waiting = GradeDecision.objects.get(cycle__period="2021Q3").pk
    return {
        "decisions": [str(line.decision_id if line else waiting)], "title": "公示", "text": "现予公示。",
        "audience": "" if name == "draft" else "BJ", "starts_on": timezone.localdate().isoformat(), "channel": "人力资源部",
    }  # fmt: skip


def _objection(house: House, name: str) -> dict[str, Any]:
    kind = "board" if name == "running" else "notice_here"
    line = NoticeLine.objects.filter(notice=house.objects[kind, name]["key"]).first()
    return {"line": str(line.pk) if line else "", "text": "不实", "facts": "见附件"}


BODIES: dict[str, Callable[[Any, str], dict[str, Any]]] = {
    "notices_new": _draft,
    "notices_change": _draft,
    "notices_discard": lambda house, name: REASON,
    "notices_publish": lambda house, name: {},
    "notices_object": _objection,
    "notice_objections_answer": lambda house, name: {"verdict": "reject", "answer": "经核实不成立。"},
    "served_new": lambda house, name: {
        "method": "in_person",
        "reasons": "绩效不达标",
        "channel": "人力资源部",
    },
    "served_sign": lambda house, name: {"note": ""},
    "served_receipt": lambda house, name: {"note": "已签，存卷"},
    "served_refused": lambda house, name: {"witness_one": "trn", "witness_two": "cmd", "note": "当面拒签"},
}
