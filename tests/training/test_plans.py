"""A plan from a sheet to its end, and every refusal with nothing written."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from appraisal.scoring.models import ScoreSheet
from cmsys.access.actors import MissingFunction
from cmsys.access.refusals import Conflict
from cmsys.audit.models import Event
from cmsys.inbox.items import sources_for
from cmsys.inbox.models import Message
from tests.permissions.house import mark_of_rows
from tests.training.conftest import Classroom
from training.courses.models import Competency, Course
from training.courses.services.courses import competency_update, course_create, course_update
from training.plans.choices import PLAN, ItemState, PlanState
from training.plans.models import TrainingPlan
from training.plans.services.plans import (
    item_add,
    item_remove,
    item_result,
    plan_accept,
    plan_drop,
    plan_propose,
    plan_sign,
)

pytestmark = pytest.mark.django_db
TODAY, END = date(2026, 3, 2), date(2026, 5, 31)
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


def proposed(room: Classroom, number: str = "M-CD1", by: str = "mgr") -> TrainingPlan:
    return plan_propose(
        actor=room.cast.user(by), sheet_id=room.sheets[number].pk, ends_on=END, now=NOW, today=TODAY
    )


def agreed(room: Classroom) -> TrainingPlan:
    plan = proposed(room)
    plan_accept(actor=room.cast.user("cm"), plan_id=plan.pk, now=NOW)
    return plan_sign(actor=room.cast.user("mgr"), plan_id=plan.pk, now=NOW)


def test_a_plan_is_what_the_sheet_shows(classroom: Classroom) -> None:
    """陈思远: COMM 70 of 80 at 60 % loses 6, TEAM 70 of 80 at 40 % loses 4; SALES 80.00 is at its limit. MIDDLE is the
    second of three grades, so the second level of 沟通 is his."""
    plan = proposed(classroom)
    rows = list(plan.items.values_list("course__code", "indicator_code", "score", "limit", "lost", "state"))
    assert rows == [("TALK-2", "COMM", 70, 80, 6, "planned"), ("TEAM-1", "TEAM", 70, 80, 4, "planned")]
    assert (plan.state, plan.starts_on, plan.ends_on) == (PlanState.PROPOSED, TODAY, END)
    event = Event.objects.get(kind="training_plan.propose")
    assert event.after == {"items": ["COMM", "TEAM"], "ends_on": "2026-05-31"}
    assert Message.objects.get(recipient=classroom.cast.users["cm"]).title == "陈思远的培训计划待商定"


def test_it_counts_when_both_have_agreed_in_either_order(classroom: Classroom) -> None:
    plan = proposed(classroom)
    signed = plan_sign(actor=classroom.cast.user("mgr"), plan_id=plan.pk, now=NOW)
    assert (signed.state, signed.signed_by) == (PlanState.PROPOSED, classroom.cast.users["mgr"])
    before = Event.objects.count()
    plan_sign(actor=classroom.cast.user("mgr"), plan_id=plan.pk, now=NOW)
    assert Event.objects.count() == before
    assert plan_accept(actor=classroom.cast.user("cm"), plan_id=plan.pk, now=NOW).state == PlanState.AGREED


def test_a_changed_plan_must_be_agreed_anew(classroom: Classroom) -> None:
    plan = proposed(classroom)
    plan_accept(actor=classroom.cast.user("cm"), plan_id=plan.pk, now=NOW)
    item_add(actor=classroom.cast.user("mgr"), plan_id=plan.pk, course_code="SELL-1", note="补充", now=NOW)
    plan.refresh_from_db()
    assert (plan.accepted_at, plan.items.count()) == (None, 3)
    item = plan.items.get(course__code="SELL-1")
    item_remove(actor=classroom.cast.user("trn"), plan_id=plan.pk, item_id=item.pk, reason="重复", now=NOW)
    assert plan.items.count() == 2


def test_results_end_the_plan(classroom: Classroom) -> None:
    plan = agreed(classroom)
    first, second = plan.items.order_by("pk")
    given = {"actor": classroom.cast.user("trn"), "plan_id": plan.pk, "now": NOW, "today": date(2026, 4, 1)}
    item_result(**given, item_id=first.pk, state=ItemState.COMPLETED, on=date(2026, 3, 20), note="")
    plan.refresh_from_db()
    assert plan.state == PlanState.AGREED
    item_result(**given, item_id=second.pk, state=ItemState.FAILED, on=date(2026, 3, 21), note="缺席")
    plan.refresh_from_db()
    assert plan.state == PlanState.DONE
    # What is completed is not suggested again within two years.
    plan_two = TrainingPlan(manager=plan.manager, sheet=plan.sheet, starts_on=TODAY, ends_on=END)
    with pytest.raises(ValidationError):
        plan_two.full_clean()


@pytest.mark.parametrize(
    ("by", "number", "error"),
    [
        ("hrh", "M-CD1", MissingFunction), ("hrb", "M-CD1", MissingFunction), ("cm", "M-CD1", MissingFunction),
        ("sys", "M-CD1", MissingFunction), ("nobody", "M-CD1", MissingFunction),
        ("mgr", "M-CX1", ScoreSheet.DoesNotExist), ("mgr", "M-PD1", ScoreSheet.DoesNotExist),
    ],
)  # fmt: skip
def test_who_may_not_propose(classroom: Classroom, by: str, number: str, error: type[Exception]) -> None:
    before = mark_of_rows()
    with pytest.raises(error):
        proposed(classroom, number, by)
    assert mark_of_rows() == before


@pytest.mark.parametrize(
    ("verb", "by", "error"),
    [
        ("accept", "mgr", MissingFunction), ("accept", "trn", MissingFunction), ("sign", "cm", MissingFunction),
        ("sign", "trn", MissingFunction), ("sign", "hrh", MissingFunction), ("drop", "cm", MissingFunction),
        ("drop", "hrb", MissingFunction), ("result", "cm", MissingFunction), ("result", "hrh", MissingFunction),
    ],
)  # fmt: skip
def test_who_may_not_do_what_with_a_plan(
    classroom: Classroom, verb: str, by: str, error: type[Exception]
) -> None:
    plan = proposed(classroom)
    item = plan.items.first()
    assert item is not None
    actor, before = classroom.cast.user(by), mark_of_rows()
    with pytest.raises(error):
        {
            "accept": lambda: plan_accept(actor=actor, plan_id=plan.pk, now=NOW),
            "sign": lambda: plan_sign(actor=actor, plan_id=plan.pk, now=NOW),
            "drop": lambda: plan_drop(actor=actor, plan_id=plan.pk, reason="不需要", now=NOW),
            "result": lambda: item_result(actor=actor, plan_id=plan.pk, item_id=item.pk, state=ItemState.COMPLETED,
                                          on=TODAY, note="", now=NOW, today=TODAY),
        }[verb]()  # fmt: skip
    assert mark_of_rows() == before


def test_another_persons_plan_is_not_there(classroom: Classroom) -> None:
    plan = proposed(classroom, "M-CD2")
    with pytest.raises(TrainingPlan.DoesNotExist):
        plan_accept(actor=classroom.cast.user("cm"), plan_id=plan.pk, now=NOW)
    far = proposed(classroom, "M-CX1", "trn") if classroom.sheets["M-CX1"].lines.exists() else None
    assert (
        far is None
        or not TrainingPlan.objects.visible_to(classroom.cast.user("mgr")).filter(pk=far.pk).exists()
    )


def test_what_is_refused_with_words(classroom: Classroom) -> None:
    plan = proposed(classroom)
    mgr, before = classroom.cast.user("mgr"), mark_of_rows()
    item = plan.items.first()
    assert item is not None

    def said(call: object) -> str:
        with pytest.raises((ValidationError, Conflict)) as refusal, transaction.atomic():
            call()  # type: ignore[operator]
        error = refusal.value
        return " ".join(error.messages) if isinstance(error, ValidationError) else str(error)

    assert said(lambda: proposed(classroom)) == "这张考核表已经有培训计划。"
    assert said(lambda: plan_drop(actor=mgr, plan_id=plan.pk, reason=" ", now=NOW)) == "请填写“终止”的理由。"
    assert said(lambda: item_add(actor=mgr, plan_id=plan.pk, course_code="NONE", note="x", now=NOW)) == "没有编码为“NONE”的在开课程。"  # fmt: skip
    assert (
        said(lambda: item_add(actor=mgr, plan_id=plan.pk, course_code="TALK-2", note="x", now=NOW))
        == "计划中已经有这门课程"
    )
    assert "现在是“待商定”" in said(
        lambda: item_result(actor=mgr, plan_id=plan.pk, item_id=item.pk, state=ItemState.COMPLETED, on=TODAY, note="", now=NOW, today=TODAY)
    )  # fmt: skip
    assert mark_of_rows() == before


def test_results_lie_between_the_beginning_and_today(classroom: Classroom) -> None:
    plan = agreed(classroom)
    item = plan.items.first()
    assert item is not None
    before = mark_of_rows()
    for on in (date(2026, 3, 1), date(2026, 4, 2)):
        with pytest.raises(ValidationError):
            item_result(
                actor=classroom.cast.user("mgr"), plan_id=plan.pk, item_id=item.pk, state=ItemState.COMPLETED, on=on,
                note="", now=NOW, today=date(2026, 4, 1),
            )  # fmt: skip
    with pytest.raises(ValidationError):
        item_result(
            actor=classroom.cast.user("mgr"), plan_id=plan.pk, item_id=item.pk, state=ItemState.FAILED, on=TODAY,
            note="", now=NOW, today=TODAY,
        )  # fmt: skip
    assert mark_of_rows() == before


def test_a_sheet_without_weakness_or_a_catalogue_without_courses_makes_no_plan(classroom: Classroom) -> None:
    Course.objects.update(offered=False)
    with pytest.raises(ValidationError, match="课程目录中没有针对 沟通协调、团队协作 的在开课程"):
        proposed(classroom)
    # 周婷 was not rated: no line has a score, so nothing is weak.
    with pytest.raises(ValidationError, match="没有需要补的短板"):
        proposed(classroom, "M-PD1", "trn")
    assert not TrainingPlan.objects.exists()


def test_the_database_keeps_both_agreements(classroom: Classroom) -> None:
    plan = proposed(classroom)
    with pytest.raises(IntegrityError), transaction.atomic():
        TrainingPlan.objects.filter(pk=plan.pk).update(state=PlanState.AGREED)


def test_what_waits_for_whom(classroom: Classroom) -> None:
    proposed(classroom)
    waiting = {
        who: {
            source.key: source.count(user, TODAY)
            for source in sources_for(user)
            if source.key.startswith("training")
        }
        for who in ("cm", "mgr", "trn")
        for user in [classroom.cast.user(who)]
    }
    assert waiting == {"cm": {"training.accept": 1}, "mgr": {"training.sign": 1}, "trn": {}}


def test_the_catalogue_is_the_training_administrators(classroom: Classroom) -> None:
    competency = Competency.objects.first()
    before = mark_of_rows()
    for who in ("hrh", "mgr", "cm", "sys"):
        with pytest.raises(MissingFunction):
            course_create(actor=classroom.cast.user(who), code="X", name="x", competency=competency, hours=1)
    assert mark_of_rows() == before
    trn = classroom.cast.user("trn")
    with pytest.raises(ValidationError, match="学时须在 1 到 500 之间"):
        course_create(actor=trn, code="X", name="x", competency=competency, hours=501)
    changed = course_update(actor=trn, course_id=classroom.courses["TALK-1"].pk, values={"hours": 12})
    assert changed.hours == 12
    assert Event.objects.get(kind="course.update").after == {"hours": 12}
    assert competency is not None
    competency_update(actor=trn, competency_id=competency.pk, values={"indicators": ["COMM", "TALK"]})
    competency.refresh_from_db()
    assert competency.indicators == ["COMM", "TALK"]


def test_the_states_of_the_documentation_are_those_of_the_machine() -> None:
    from pathlib import Path

    from django.conf import settings

    text = (Path(settings.BASE_DIR) / "docs" / "states" / "training_plan.md").read_text(encoding="utf-8")
    assert PLAN.diagram() in text
