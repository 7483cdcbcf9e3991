"""公示: what goes out, on which days, to whom, and how it ends."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from appraisal.grading.models import DecisionStep, GradeDecision
from appraisal.grading.services.moving import decision_move
from appraisal.notices.drafting import Wording
from appraisal.notices.following import astray, over, settle, take_down
from appraisal.notices.models import NoticeLine, PublicNotice
from appraisal.notices.selectors import shown_lines, waiting_for_notice
from appraisal.notices.services.drafts import notice_change, notice_discard, notice_draft
from appraisal.notices.services.publishing import draft_publish, line_clear, line_strike, notice_publish
from appraisal.notices.words import effective_from, last_day
from cmsys.access.actors import MissingFunction
from cmsys.access.refusals import Conflict
from cmsys.audit.models import Event
from cmsys.inbox.models import Message
from cmsys.workflow.form import Form
from managers.conduct.models import InterestDeclaration, RelationKind
from tests.cast import STAGE
from tests.notices.world import BEFORE, Decided, at

pytestmark = pytest.mark.django_db

# The State Council's arrangement for 2026: 10-01 to 10-07 off, Saturday 10-10 worked, Sunday 9-20 worked, 9-25 to 9-27
# off; 2-15 to 2-23 off, Saturdays 2-14 and 2-28 worked; 5-01 to 5-05 off, Saturday 5-09 worked. The first day is not counted.
DAYS = [
    # over National Day: 9-29, 9-30, 10-08, 10-09, 10-10
    ("2026-09-28", 5, "2026-10-10"),
    # put up on the last working day before it: 10-08, 10-09, 10-10, 10-12, 10-13
    ("2026-09-30", 5, "2026-10-13"),
    # put up within the holiday
    ("2026-10-03", 5, "2026-10-13"),
    # over Mid-Autumn, with the Sunday that is worked: 9-18 put up, 9-20, 9-21, 9-22, 9-23, 9-24
    ("2026-09-18", 5, "2026-09-24"),
    # over Spring Festival: 2-13, 2-14, 2-24, 2-25, 2-26
    ("2026-02-12", 5, "2026-02-26"),
    # 2-14 (Saturday), 2-24, 2-25, 2-26, 2-27, 2-28 (Saturday), 3-02
    ("2026-02-13", 7, "2026-03-02"),
    # over Labour Day: 4-29, 4-30, 5-06, 5-07, 5-08
    ("2026-04-28", 5, "2026-05-08"),
    ("2026-06-01", 1, "2026-06-02"),
]  # fmt: skip


@pytest.mark.parametrize(("starts", "days", "ends"), DAYS)
def test_the_last_day_by_the_working_calendar(starts: str, days: int, ends: str) -> None:
    assert last_day(date.fromisoformat(starts), days) == date.fromisoformat(ends)


@pytest.mark.parametrize(
    ("planned", "ended", "from_"),
    [
        ("2026-10-01", "2026-10-10", "2026-10-11"),
        ("2026-11-01", "2026-10-10", "2026-11-01"),
        ("2026-10-10", "2026-10-10", "2026-10-11"),
    ],
)
def test_nothing_takes_effect_before_the_notice_is_over(planned: str, ended: str, from_: str) -> None:
    assert effective_from(date.fromisoformat(planned), date.fromisoformat(ended)) == date.fromisoformat(from_)


def published(world: Decided, who: str = "hrh", day: date = BEFORE, **rest: Any) -> PublicNotice:
    return notice_publish(actor=world.user(who), round_id=world.round.pk, now=at(day), today=day, **rest)


def rows() -> tuple[Any, ...]:
    """What a refusal must leave alone."""
    return (
        *PublicNotice.objects.order_by("pk").values_list(),
        *NoticeLine.objects.order_by("pk").values_list(),
        *GradeDecision.objects.order_by("pk").values_list(),
        Event.objects.count(), Message.objects.count(), DecisionStep.objects.count(),
    )  # fmt: skip


def test_a_whole_round_goes_out_over_national_day(world: Decided) -> None:
    notice = published(world)
    assert (notice.number, notice.state) == ("公示〔2026〕1号", "published")
    assert (notice.starts_on, notice.days, notice.ends_on) == (BEFORE, 5, date(2026, 10, 10))
    assert notice.title == "关于2025Q4客户经理拟晋升人员的公示"
    said = [(line.name, line.unit_name, line.from_grade, line.to_grade) for line in shown_lines(notice)]
    assert said == [
        ("赵立群", "城西支行", "初级客户经理", "中级客户经理"),
        ("周婷", "浦东支行", "中级客户经理", "高级客户经理"),
    ]
    for number in ("M-CX1", "M-PD1"):
        decision = world.decision(number)
        assert (decision.state, decision.status) == ("on_notice", "published")
        assert decision.effective_from == date(2026, 10, 11)
    # Nobody else has moved.
    assert {world.decision(n).state for n in ("M-CD1", "M-CD2")} == {"confirmed"}
    assert not waiting_for_notice(world.user("hrh")).exists()
    event = Event.objects.get(kind="notice.publish")
    assert event.after == {
        "state": "published", "number": "公示〔2026〕1号", "starts_on": "2026-09-28", "ends_on": "2026-10-10",
        "audience": "全行", "managers": 2, "effective_from": "2026-10-11",
    }  # fmt: skip
    told = Message.objects.filter(kind="notice.published").values_list("recipient__username", flat=True)
    assert sorted(told) == ["zhao", "zhou"]
    again = published_numbers(world)
    assert again == ["公示〔2026〕1号"]


def published_numbers(world: Decided) -> list[str]:
    return [notice.number for notice in PublicNotice.objects.order_by("pk")]


def test_numbers_count_anew_each_year(world: Decided) -> None:
    one = published(world, decision_ids=[world.keys["M-CX1"]], day=date(2026, 12, 30))
    two = published(world, decision_ids=[world.keys["M-PD1"]], day=date(2027, 1, 4))
    assert [one.number, two.number] == ["公示〔2026〕1号", "公示〔2027〕1号"]


def test_a_draft_is_looked_at_changed_and_put_up_later(world: Decided) -> None:
    hrh = world.user("hrh")
    draft = notice_draft(actor=hrh, round_id=world.round.pk, now=at(BEFORE), today=BEFORE)
    assert (draft.number, draft.state, draft.ends_on) == ("", "draft", None)
    assert world.decision("M-CX1").state == "confirmed"
    # On a draft, it waits for no other one.
    assert not waiting_for_notice(hrh).exists()
    changed = notice_change(
        actor=hrh, notice_id=draft.pk, values={"title": "更正后的标题"}, decision_ids=[world.keys["M-CX1"]],
        now=at(BEFORE), today=BEFORE,
    )  # fmt: skip
    assert [line.name for line in shown_lines(changed)] == ["赵立群"]
    assert [d.pk for d in waiting_for_notice(hrh)] == [world.keys["M-PD1"]]
    event = Event.objects.get(kind="notice.change")
    assert (event.before, event.after) == (
        {"title": "关于2025Q4客户经理拟晋升人员的公示", "managers": 2}, {"title": "更正后的标题", "managers": 1},
    )  # fmt: skip
    # Two days later than it was written: it begins on the day it goes out.
    notice = draft_publish(actor=hrh, notice_id=draft.pk, now=at(date(2026, 9, 30)), today=date(2026, 9, 30))
    assert (notice.starts_on, notice.ends_on) == (date(2026, 9, 30), date(2026, 10, 13))
    assert world.decision("M-CX1").effective_from == date(2026, 10, 14)


def test_a_draft_is_put_up_once(world: Decided) -> None:
    draft = notice_draft(actor=world.user("hrh"), round_id=world.round.pk, now=at(BEFORE), today=BEFORE)
    draft_publish(actor=world.user("hrh"), notice_id=draft.pk, now=at(BEFORE), today=BEFORE)
    before = rows()
    with pytest.raises(Conflict, match=r"郑人事（hrh） 已于 2026-09-28 09:00:00 处理，现在是“公示中”"):
        draft_publish(actor=world.user("second"), notice_id=draft.pk, now=at(BEFORE, 10), today=BEFORE)
    assert rows() == before


def test_a_draft_that_has_changed_since_is_not_put_up(world: Decided) -> None:
    hrh = world.user("hrh")
    draft = notice_draft(actor=hrh, round_id=world.round.pk, now=at(BEFORE), today=BEFORE)
    version = draft.updated_at.isoformat()
    notice_change(actor=hrh, notice_id=draft.pk, values={"title": "别的"}, now=at(BEFORE), today=BEFORE)
    before = rows()
    with pytest.raises(Conflict, match="已被修改"):
        draft_publish(actor=hrh, notice_id=draft.pk, version=version, now=at(BEFORE), today=BEFORE)
    assert rows() == before


def test_a_discarded_draft_lets_its_people_wait_again(world: Decided) -> None:
    hrh = world.user("hrh")
    draft = notice_draft(actor=hrh, round_id=world.round.pk, now=at(BEFORE), today=BEFORE)
    before = rows()
    with pytest.raises(ValidationError, match="请填写“作废草稿”的理由"):
        notice_discard(actor=hrh, notice_id=draft.pk, reason=" ", now=at(BEFORE))
    assert rows() == before
    gone = notice_discard(actor=hrh, notice_id=draft.pk, reason="重写", now=at(BEFORE))
    assert (gone.state, gone.number) == ("withdrawn", "")
    assert waiting_for_notice(hrh).count() == 2
    # Nobody outside of human resources ever learns of it, the people concerned included.
    assert not PublicNotice.objects.visible_to(world.user("zhao"), "view").exists()


# --- what never stands on a notice ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("number", ["M-CD1", "M-CD2"])
def test_only_promotions_are_put_up(world: Decided, number: str) -> None:
    before = rows()
    with pytest.raises(ValidationError, match="已不在待公示之列"):
        published(world, decision_ids=[world.keys["M-CX1"], world.keys[number]])
    assert rows() == before


@pytest.mark.parametrize("number", ["M-CD1", "M-CD2"])
def test_the_database_refuses_what_is_no_promotion(world: Decided, number: str) -> None:
    notice = published(world)
    insert = (
        "INSERT INTO appraisal_notices_noticeline (notice_id, decision_id, name, unit_name, from_grade, to_grade, state)"
        " VALUES (%s, %s, '某人', '某处', '', '', 'standing')"
    )
    with (
        pytest.raises(IntegrityError, match="only promotions"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(insert, [notice.pk, world.keys[number]])
    with (
        pytest.raises(IntegrityError, match="only promotions"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "UPDATE appraisal_notices_noticeline SET decision_id = %s WHERE notice_id = %s",
            [world.keys[number], notice.pk],
        )
    assert NoticeLine.objects.count() == 2


def test_a_line_has_no_column_for_a_score() -> None:
    assert [field.name for field in NoticeLine._meta.fields] == [
        "id", "notice", "decision", "name", "unit_name", "from_grade", "to_grade", "state", "closed_at",
    ]  # fmt: skip


# --- who ----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("who", ["mgr", "cm", "cmd", "da", "trn", "sys", "sec", "aud", "nobody"])
def test_only_human_resources_put_up_notices(world: Decided, who: str) -> None:
    before = rows()
    with pytest.raises(MissingFunction):
        published(world, who)
    assert rows() == before


def test_a_branch_puts_up_its_own_people_to_its_own_house(world: Decided) -> None:
    before = rows()
    with pytest.raises(ValidationError, match="向全行公示由总部人力资源办理"):
        published(world, "hrb")
    with pytest.raises(ValidationError, match="这个机构不在您的权限范围内"):
        published(world, "hrb", wording=Wording(audience=world.cast.units["SH"]))
    with pytest.raises(ValidationError, match="不包含：赵立群"):
        published(world, "hrb", wording=Wording(audience=world.cast.units["CD"]))
    with pytest.raises(ValidationError, match="已不在待公示之列"):
        published(
            world, "hrb", decision_ids=[world.keys["M-PD1"]], wording=Wording(audience=world.cast.units["BJ"])
        )
    assert rows() == before
    notice = published(world, "hrb", wording=Wording(audience=world.cast.units["BJ"]))
    assert [line.name for line in shown_lines(notice)] == ["赵立群"]
    assert world.decision("M-PD1").state == "confirmed"


def test_nobody_puts_up_a_relative(world: Decided) -> None:
    zhao = world.cast.managers["M-CX1"]
    InterestDeclaration.objects.create(
        declarant=world.user("hrh"), manager=zhao, kind=RelationKind.SPOUSE, starts_on=date(2020, 1, 1)
    )
    before = rows()
    with pytest.raises(ValidationError, match="您与赵立群有已申报的利害关系"):
        published(world, decision_ids=[world.keys["M-CX1"]])
    assert rows() == before
    # Taking all leaves him out, for somebody else.
    assert [line.name for line in shown_lines(published(world))] == ["周婷"]
    assert [line.name for line in shown_lines(published(world, "second"))] == ["赵立群"]


AUDIENCES = {
    None: {"hrh", "hrb", "hrsh", "mgr", "chief", "chiefpd", "cm", "zhao", "zhou", "wang", "cmd", "da", "trn", "second"},
    # Head office prepares notices anywhere and so reads them; other people of head office are not the branch.
    "BJ": {"hrh", "second", "hrb", "mgr", "chief", "cm", "zhao", "wang"},
    "CX": {"hrh", "second", "hrb", "chief", "zhao"},
}  # fmt: skip
EVERYBODY = sorted(AUDIENCES[None] | {"sys", "sec", "aud", "nobody"})


@pytest.mark.parametrize("audience", AUDIENCES)
def test_who_reads_a_running_notice(world: Decided, audience: str | None, monkeypatch: Any) -> None:
    unit = world.cast.units[audience] if audience else None
    notice = published(world, decision_ids=[world.keys["M-CX1"]], wording=Wording(audience=unit))

    def readers(day: str) -> set[str]:
        monkeypatch.setattr("django.utils.timezone.localdate", lambda: date.fromisoformat(day))
        return {
            who for who in EVERYBODY
            if PublicNotice.objects.visible_to(world.user(who), "view").filter(pk=notice.pk).exists()
        }  # fmt: skip

    for day in ("2026-09-28", "2026-10-05", "2026-10-10"):
        assert readers(day) == AUDIENCES[audience], day
    # Before and after it is there for those who keep it and for whoever stands on it.
    keepers = {"hrh", "second", "zhao"} | ({"hrb"} if audience else set())
    assert readers("2026-09-27") == keepers
    assert readers("2026-10-11") == keepers


def test_a_notice_that_begins_later_is_not_shown_before(world: Decided, monkeypatch: Any) -> None:
    later = date(2026, 10, 12)
    notice = published(world, wording=Wording(starts_on=later))
    assert (notice.starts_on, notice.ends_on) == (later, date(2026, 10, 19))
    assert world.decision("M-CX1").effective_from == date(2026, 10, 20)
    seen = []
    for day in (date(2026, 10, 11), later):
        monkeypatch.setattr("django.utils.timezone.localdate", lambda day=day: day)
        seen.append(PublicNotice.objects.visible_to(world.user("cmd"), "view").exists())
    assert seen == [False, True]


def test_a_notice_does_not_begin_in_the_past(world: Decided) -> None:
    before = rows()
    with pytest.raises(ValidationError, match="公布日不能早于今天"):
        published(world, wording=Wording(starts_on=BEFORE - timedelta(days=1)))
    assert rows() == before


# --- how it ends ---------------------------------------------------------------------------------------------------------
def end(day: date) -> int:
    return settle(over(day, 0, 100), at(day, 0, 5), day)


def test_a_notice_ends_on_the_day_after_its_last_one(world: Decided) -> None:
    notice = published(world)
    before = rows()
    # Saturday 10-10 is worked and belongs to it.
    assert end(date(2026, 10, 10)) == 0
    assert rows() == before
    assert end(date(2026, 10, 11)) == 2
    for number in ("M-CX1", "M-PD1"):
        decision = world.decision(number)
        assert (decision.state, decision.effective_from) == ("cleared", date(2026, 10, 11))
    notice.refresh_from_db()
    assert (notice.state, notice.closed_at) == ("ended", at(date(2026, 10, 11), 0, 5))
    assert Event.objects.filter(kind="notice.end").count() == 1
    assert Message.objects.filter(kind="notice.cleared").count() == 2
    # Once is enough.
    after = rows()
    assert end(date(2026, 10, 12)) == 0
    assert rows() == after


def test_an_early_hand_clears_nothing(world: Decided) -> None:
    notice = published(world)
    before = rows()
    line = notice.lines.first()
    assert line is not None
    assert (
        line_clear(actor=STAGE, line_id=line.pk, now=at(date(2026, 10, 10)), today=date(2026, 10, 10)) is None
    )
    assert rows() == before


def test_whoever_is_withdrawn_comes_off_and_the_notice_goes_with_the_last(world: Decided) -> None:
    notice, hrh = published(world), world.user("hrh")
    for number, left in (("M-CX1", ["周婷"]), ("M-PD1", [])):
        moved = decision_move(
            actor=hrh, decision_id=world.keys[number], verb="withdraw", form=Form(reason="撤回"), now=at(BEFORE),
            today=BEFORE,
        )  # fmt: skip
        take_down(moved.decision, at(BEFORE))
        notice.refresh_from_db()
        assert [line.name for line in shown_lines(notice)] == left
    assert notice.state == "withdrawn"
    assert [event.kind for event in Event.objects.filter(resource="public-notices").order_by("pk")][-3:] == [
        "notice.strike", "notice.strike", "notice.withdraw",
    ]  # fmt: skip
    struck = Message.objects.filter(kind="notice.struck").values_list("recipient__username", flat=True)
    assert sorted(struck) == ["zhao", "zhou"]
    # Off a notice is off: a second time nothing happens.
    before = rows()
    take_down(world.decision("M-CX1"), at(BEFORE))
    assert line_strike(actor=STAGE, line_id=notice.lines.all()[0].pk, now=at(BEFORE)) is None
    assert rows() == before


def test_a_case_that_went_elsewhere_is_not_shown_even_before_its_line_is_struck(world: Decided) -> None:
    notice = published(world)
    GradeDecision.objects.filter(pk=world.keys["M-CX1"]).update(state="in_review", kind="demotion")
    assert [line.name for line in shown_lines(notice)] == ["周婷"]
    assert astray() == [notice.lines.get(name="赵立群").pk]


def test_struck_from_a_draft_nobody_is_told(world: Decided) -> None:
    notice_draft(actor=world.user("hrh"), round_id=world.round.pk, now=at(BEFORE), today=BEFORE)
    take_down(world.decision("M-CX1"), at(BEFORE))
    assert list(NoticeLine.objects.filter(state="standing").values_list("name", flat=True)) == ["周婷"]
    assert not Message.objects.exists()


def test_a_second_round_of_notice_follows_a_new_confirmation(world: Decided) -> None:
    published(world, decision_ids=[world.keys["M-CX1"]])
    decision = world.decision("M-CX1")
    GradeDecision.objects.filter(pk=decision.pk).update(state="confirmed", effective_from=None)
    take_down(world.decision("M-CX1"), at(BEFORE))
    again = published(world, decision_ids=[world.keys["M-CX1"]], day=date(2026, 10, 12))
    assert again.number == "公示〔2026〕2号"
