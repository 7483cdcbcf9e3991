"""Relationship managers: entered, changed, graded, looked up; each with its event, personal data masked in it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from cmsys.org.models import OrgUnit
from managers.careers.models import Grade
from managers.careers.services.grades import grade_define
from managers.profiles.models import GradeCause, GradeRecord, RelationshipManager
from managers.profiles.services.managers import (
    contact_update,
    grade_begin,
    manager_create,
    manager_update,
    personal_data_reveal,
)
from tests.cast import TODAY, Cast
from tests.kernel.ledger import events, nothing_written, refused_without, said

pytestmark = pytest.mark.django_db

HRB, CM = "冯分行（hrb）", "陈思远（cm）"
APRIL, MAY = date(2026, 4, 1), date(2026, 5, 1)
NOBODY = 999_999_999


def create(cast: Cast, who: str = "hrb", **values: Any) -> RelationshipManager:
    given: dict[str, Any] = {"employee_no": "M-NEW", "name": "孙悦", "unit": cast.units["CX"]}
    return manager_create(actor=cast.user(who), today=TODAY, **given | values)


def update(cast: Cast, number: str, who: str = "hrb", **values: Any) -> RelationshipManager:
    return manager_update(
        actor=cast.user(who), manager_id=cast.managers[number].pk, values=values, reason="核对"
    )


def begin(cast: Cast, grade: str, on: date, number: str = "M-CD1", who: str = "hrb") -> GradeRecord:
    return grade_begin(
        actor=cast.user(who), manager_id=cast.managers[number].pk, grade=cast.grades[grade], starts_on=on,
        cause=GradeCause.CORRECTION, note="人发〔2026〕1 号",
    )  # fmt: skip


def history(manager: RelationshipManager) -> list[tuple[str, date, date | None]]:
    return list(
        manager.grade_records.order_by("starts_on").values_list("grade__code", "starts_on", "ends_on")
    )


# --- entry ----------------------------------------------------------------------------------------------------------------
def test_entering_somebody(cast: Cast) -> None:
    with events() as written:
        manager = create(
            cast, mobile="13812345678", email="sun@example.com", birth_date=date(1990, 5, 17), hire_date=APRIL,
            grade=cast.grades["JUNIOR"], industries=["制造业", "农业"],
        )  # fmt: skip
    assert manager.name_pinyin == "sun yue"
    assert history(manager) == [("JUNIOR", APRIL, None)]
    assert [said(event) for event in written] == [
        {
            "kind": "manager.create", "who": HRB, "object": "孙悦（M-NEW）", "before": {}, "reason": "",
            "after": {
                "employee_no": "M-NEW", "name": "孙悦", "unit": "城西支行", "hire_date": "2026-04-01",
                "mobile": "138****5678", "email": "s**@example.com", "birth_date": "1990-**-**",
                "industries": ["制造业", "农业"],
            },
        },
        {
            "kind": "manager.grade", "who": HRB, "object": "孙悦（M-NEW）", "before": {"grade": None}, "reason": "",
            "after": {"grade": "初级客户经理", "starts_on": "2026-04-01", "cause": "hired"},
        },
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("values", "begun"),
    [
        ({"graded_on": MAY, "hire_date": APRIL}, MAY),
        ({"hire_date": APRIL}, APRIL),
        ({}, TODAY),
    ],
)
def test_the_first_grade_begins_on_its_day_else_with_the_hire_else_today(
    cast: Cast, values: dict[str, date], begun: date
) -> None:
    assert history(create(cast, grade=cast.grades["JUNIOR"], **values)) == [("JUNIOR", begun, None)]


@pytest.mark.parametrize(
    ("values", "errors"),
    [
        ({"employee_no": "M-CD1"}, {"employee_no": ["具有 工号 的 客户经理 已存在。"]}),
        ({"name": ""}, {"name": ["此字段不能为空。"]}),
        ({"name": "名" * 101}, {"name": ["确保该变量包含不超过 100 字符 (目前字符数 101)。"]}),
        ({"status": "asleep"}, {"status": ["值 'asleep' 不是有效选项。"]}),
        ({"email": "no address"}, {"email": ["请输入合法的邮件地址。"]}),
        ({"experience_years": 61}, {"__all__": ["从业年限须在 0 到 60 之间"]}),
        (
            {"birth_date": date(2000, 1, 1), "hire_date": date(2000, 1, 1)},
            {"__all__": ["入职日期须晚于出生日期"]},
        ),
        ({"mobile": "138****5678"}, {"mobile": ["收到的是打码后的值，请填写完整内容。"]}),
        ({"email": "s**@example.com"}, {"email": ["收到的是打码后的值，请填写完整内容。"]}),
    ],
)
def test_what_a_profile_cannot_be(cast: Cast, values: dict[str, Any], errors: dict[str, list[str]]) -> None:
    with nothing_written(), pytest.raises(ValidationError) as refusal:
        create(cast, **values)
    assert refusal.value.message_dict == errors


def test_nobody_enters_people_into_units_out_of_reach_or_closed(cast: Cast) -> None:
    with nothing_written(), pytest.raises(ValidationError) as refusal:
        create(cast, unit=cast.units["PD"])
    assert refusal.value.message_dict == {"unit": ["机构不在您的管理范围内。"]}
    OrgUnit.objects.filter(code="CX").update(closed_on=APRIL)
    with nothing_written(), pytest.raises(ValidationError) as refusal:
        create(cast, unit=OrgUnit.objects.get(code="CX"))
    assert refusal.value.message_dict == {"unit": ["机构“城西支行”已撤销。"]}


@pytest.mark.parametrize("name", ["𠮷田", "㛃", "买买提·吐尔逊", "名" * 30, "O'Brien <b>", "欧阳 若 兰"])
def test_names_are_kept_and_found_to_the_last_character(cast: Cast, signed_in: Any, name: str) -> None:
    create(cast, name=name)
    assert RelationshipManager.objects.get(employee_no="M-NEW").name == name
    listed = signed_in("hrb").get("/managers/", {"q": name.split()[0]})
    assert [row["cells"][0]["text"] for row in listed.context["page"].rows] == [name]


@pytest.mark.parametrize("field", ["name", "employee_no", "major", "q"])
def test_a_null_character_is_a_mistake_with_words_not_a_failure(
    cast: Cast, signed_in: Any, field: str
) -> None:
    browser = signed_in("hrb")
    if field == "q":
        assert browser.get("/managers/?q=%00").status_code == 400
        assert browser.get("/managers/%00/").status_code == 404
        assert browser.get("/managers/?sort=%00&page=%00&columns=%00").status_code == 200
        return
    body = {"employee_no": "M-NEW", "name": "孙悦", "unit": "CX", "status": "active", "industries": ""}
    answer = browser.post("/managers/new/", body | {field: "a\x00b"})
    assert answer.status_code == 422
    assert list(answer.context["page"].form.errors) == [field]


# --- change ---------------------------------------------------------------------------------------------------------------
def test_a_change_says_only_what_differs_masked_and_nothing_the_second_time(cast: Cast) -> None:
    values = {"name": "陈思源", "mobile": "13800000000", "major": "金融学", "birth_date": date(1990, 5, 18)}
    with events() as written:
        changed = update(cast, "M-CD1", **values)
    assert changed.name_pinyin == "chen si yuan"
    assert [said(event) for event in written] == [
        {
            "kind": "manager.update", "who": HRB, "object": "陈思源（M-CD1）", "reason": "核对",
            "before": {"name": "陈思远", "mobile": "138****5678", "birth_date": "1990-**-**"},
            "after": {"name": "陈思源", "mobile": "138****0000", "birth_date": "1990-**-**"},
        }
    ]  # fmt: skip
    with nothing_written():
        update(cast, "M-CD1", **values)


@pytest.mark.parametrize("field", ["grade", "employee_no", "name_pinyin", "nonsense"])
def test_a_field_that_is_not_changed_this_way(cast: Cast, field: str) -> None:
    with nothing_written(), pytest.raises(ValueError, match=f"not editable here: \\['{field}'\\]"):
        update(cast, "M-CD1", **{field: "x"})


def test_people_are_moved_within_reach_only(cast: Cast) -> None:
    with nothing_written(), pytest.raises(ValidationError) as refusal:
        update(cast, "M-CD1", unit=cast.units["PD"])
    assert refusal.value.error_dict["unit"][0].code == "out_of_scope"
    assert update(cast, "M-CD1", unit=cast.units["CX"]).unit.code == "CX"
    assert update(cast, "M-CD1", who="hrh", unit=cast.units["PD"]).unit.code == "PD"


def test_somebody_in_a_closed_unit_can_still_be_corrected(cast: Cast) -> None:
    OrgUnit.objects.filter(code="CD").update(closed_on=APRIL)
    changed = update(cast, "M-CD1", unit=OrgUnit.objects.get(code="CD"), major="法学")
    assert changed.major == "法学"


# --- ones own contact -------------------------------------------------------------------------------------------------------
def test_ones_own_number(cast: Cast) -> None:
    def change(number: str, mobile: str) -> RelationshipManager:
        manager = cast.managers[number]
        return contact_update(
            actor=cast.user("cm"), manager_id=manager.pk, mobile=mobile, email=manager.email
        )

    with events() as written:
        change("M-CD1", "13811112222")
    assert [said(event) for event in written] == [
        {
            "kind": "manager.update", "who": CM, "object": "陈思远（M-CD1）", "reason": "",
            "before": {"mobile": "138****5678"}, "after": {"mobile": "138****2222"},
        }
    ]  # fmt: skip
    with nothing_written():
        change("M-CD1", "13811112222")
    with nothing_written(), pytest.raises(RelationshipManager.DoesNotExist):
        change("M-CD2", "13811112222")
    with nothing_written(), pytest.raises(ValidationError):
        change("M-CD1", "138****2222")


# --- grades -----------------------------------------------------------------------------------------------------------------
def test_a_grade_ends_where_the_next_begins(cast: Cast) -> None:
    with events() as written:
        begin(cast, "SENIOR", APRIL)
    manager = RelationshipManager.objects.get(employee_no="M-CD1")
    assert manager.grade == cast.grades["SENIOR"]
    assert history(manager) == [("MIDDLE", date(2018, 7, 1), APRIL), ("SENIOR", APRIL, None)]
    assert [said(event) for event in written] == [
        {
            "kind": "manager.grade", "who": HRB, "object": "陈思远（M-CD1）", "reason": "人发〔2026〕1 号",
            "before": {"grade": "中级客户经理"},
            "after": {"grade": "高级客户经理", "starts_on": "2026-04-01", "cause": "correction"},
        }
    ]  # fmt: skip


def test_the_same_grade_or_an_earlier_day_is_refused(cast: Cast) -> None:
    with nothing_written(), pytest.raises(ValidationError) as refusal:
        begin(cast, "MIDDLE", APRIL)
    assert refusal.value.message_dict == {"grade": ["已经是“中级客户经理”。"]}
    for day in (date(2018, 6, 30), date(2018, 7, 1)):
        with nothing_written(), pytest.raises(ValidationError) as refusal:
            begin(cast, "SENIOR", day)
        assert refusal.value.message_dict == {"starts_on": ["开始日期须晚于现等级的开始日期 2018-07-01。"]}
    begin(cast, "SENIOR", date(2018, 7, 2))


def test_the_database_keeps_one_grade_a_day(cast: Cast) -> None:
    manager = cast.managers["M-CD1"]
    with pytest.raises(IntegrityError, match="profiles_one_grade_a_day"), transaction.atomic():
        GradeRecord.objects.create(
            manager=manager, grade=cast.grades["SENIOR"], starts_on=APRIL, cause="imported"
        )
    with pytest.raises(IntegrityError, match="profiles_grade_period"), transaction.atomic():
        GradeRecord.objects.create(
            manager=manager, grade=cast.grades["SENIOR"], starts_on=date(2017, 1, 1), ends_on=date(2017, 1, 1),
            cause="imported",
        )  # fmt: skip
    GradeRecord.objects.create(
        manager=manager,
        grade=cast.grades["JUNIOR"],
        starts_on=date(2017, 1, 1),
        ends_on=date(2018, 7, 1),
        cause="imported",
    )


def test_people_and_grades_that_are_referred_to_stay(cast: Cast) -> None:
    with pytest.raises(ProtectedError):
        cast.managers["M-CD1"].delete()
    with pytest.raises(ProtectedError):
        cast.grades["MIDDLE"].delete()


def test_a_step_of_the_ladder_is_made_changed_and_left_alone(cast: Cast) -> None:
    def define(name: str, order: int) -> Grade:
        return grade_define(actor=cast.user("hrh"), code="CHIEF", name=name, order=order)

    with events() as written:
        define("首席客户经理", 9)
        define("首席", 9)
    with nothing_written():
        define("首席", 9)
    assert [(event.kind, event.before, event.after) for event in written] == [
        (
            "grade_definition.create", {},
            {"code": "CHIEF", "name": "首席客户经理", "order": 9, "series": "business"},
        ),
        (
            "grade_definition.update", {"name": "首席客户经理", "order": 9, "series": "business"},
            {"name": "首席", "order": 9, "series": "business"},
        ),
    ]  # fmt: skip
    with nothing_written(), pytest.raises(ValidationError):
        define("首席", 1)
    with refused_without("维护等级阶梯"):
        grade_define(actor=cast.user("hrb"), code="X", name="X", order=10)


# --- looking at personal data -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("field", "value"),
    [("mobile", "13900001111"), ("email", "m-cd2@example.com"), ("birth_date", "1990-05-17")],
)
def test_a_look_needs_a_reason_and_is_an_event_without_the_value(cast: Cast, field: str, value: str) -> None:
    def look(reason: str) -> str:
        return personal_data_reveal(
            actor=cast.user("hrb"), manager_id=cast.managers["M-CD2"].pk, field=field, reason=reason
        )

    for reason in ("", "   "):
        with nothing_written(), pytest.raises(ValidationError) as refusal:
            look(reason)
        assert refusal.value.message_dict == {"reason": ["请填写查看原因。"]}
    with events() as written:
        assert look("核对社保") == value
    assert [said(event) for event in written] == [
        {
            "kind": "pii.reveal", "who": HRB, "object": "王雅琴（M-CD2）", "before": {}, "after": {"field": field},
            "reason": "核对社保",
        }
    ]  # fmt: skip
    assert value not in str(written[0].__dict__)


def test_ones_own_data_needs_no_reason_and_is_an_event_all_the_same(cast: Cast) -> None:
    with events() as written:
        shown = personal_data_reveal(
            actor=cast.user("cm"), manager_id=cast.managers["M-CD1"].pk, field="email", reason=""
        )
    assert shown == "m-cd1@example.com"
    assert [event.kind for event in written] == ["pii.reveal"]


def test_a_supervisor_looks_at_numbers_of_his_people_only(cast: Cast) -> None:
    def look(number: str, field: str) -> str:
        return personal_data_reveal(
            actor=cast.user("mgr"), manager_id=cast.managers[number].pk, field=field, reason="走访"
        )

    assert look("M-CD2", "mobile") == "13900001111"
    with refused_without("查看客户经理个人信息原文"):
        look("M-CD2", "email")
    with nothing_written(), pytest.raises(RelationshipManager.DoesNotExist):
        look("M-CX1", "mobile")
    with nothing_written(), pytest.raises(ValueError, match="name is not masked"):
        look("M-CD2", "name")


# --- refusals -----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("who", ["sys", "sec", "aud", "mgr", "cm", "cmd", "da", "trn", "nobody"])
def test_without_the_function_nothing_is_written(cast: Cast, who: str) -> None:
    with refused_without("维护客户经理档案"):
        create(cast, who)
    with refused_without("维护客户经理档案"):
        update(cast, "M-CD1", who, name="x")
    with refused_without("维护客户经理档案"):
        begin(cast, "SENIOR", APRIL, who=who)


@pytest.mark.parametrize("who", ["sys", "sec", "aud", "hrh", "hrb", "mgr", "cmd", "da", "trn", "nobody"])
def test_contact_is_for_the_person_himself(cast: Cast, who: str) -> None:
    with refused_without("维护本人联系方式"):
        contact_update(actor=cast.user(who), manager_id=cast.managers["M-CD1"].pk, mobile="1", email="")


def test_out_of_scope_does_not_exist(cast: Cast) -> None:
    with nothing_written(), pytest.raises(RelationshipManager.DoesNotExist):
        update(cast, "M-PD1", name="x")
    with nothing_written(), pytest.raises(RelationshipManager.DoesNotExist):
        begin(cast, "SENIOR", APRIL, number="M-PD1")
    with nothing_written(), pytest.raises(RelationshipManager.DoesNotExist):
        personal_data_reveal(
            actor=cast.user("hrb"), manager_id=cast.managers["M-PD1"].pk, field="mobile", reason="x"
        )
    with nothing_written(), pytest.raises(RelationshipManager.DoesNotExist):
        manager_update(actor=cast.user("hrh"), manager_id=NOBODY, values={"name": "x"})


def test_a_post_of_another_branch_cannot_be_given(cast: Cast) -> None:
    with pytest.raises(ValidationError) as refusal:
        manager_update(
            actor=cast.user("hrb"),
            manager_id=cast.managers["M-CD1"].pk,
            values={"post": cast.posts["P-PD"]},
        )
    assert refusal.value.message_dict == {"post": ["岗位不在您的管理范围内。"]}
    assert RelationshipManager.objects.get(employee_no="M-CD1").post is None
