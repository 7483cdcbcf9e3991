"""Targets and readings: who sets them, for whom, what is refused, what the ledger says."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from appraisal.figures.models import Reading, Target
from appraisal.figures.services.readings import reading_remove, reading_set
from appraisal.figures.services.targets import target_remove, target_set
from cmsys.access.actors import MissingFunction
from cmsys.audit.models import Event
from tests.cast import STAGE, Cast
from tests.figures.schemes import store_demo

pytestmark = pytest.mark.django_db


def refusal(call: Any, **arguments: Any) -> tuple[list[str], list[str], str]:
    """(fields, codes, words) of what a service refuses; nothing may have been written."""
    before = (Target.objects.count(), Reading.objects.count(), Event.objects.count())
    with pytest.raises(ValidationError) as caught:
        call(**arguments)
    assert (Target.objects.count(), Reading.objects.count(), Event.objects.count()) == before
    found = caught.value.error_dict
    codes = [str(error.code) for errors in found.values() for error in errors]
    return sorted(found), codes, "".join(caught.value.messages)


def a_target(cast: Cast, who: str = "hrb", **changed: Any) -> dict[str, Any]:
    return {
        "actor": cast.user(who), "period": "2025Q4", "indicator_code": "SALES", "value": Decimal(3000),
        "manager_id": cast.managers["M-CD1"].pk,
    } | changed  # fmt: skip


def test_a_target_is_set_changed_and_taken_back_with_an_event_each(cast: Cast) -> None:
    target = target_set(**a_target(cast))
    created = Event.objects.get(kind="target.create")
    assert (created.object_id, created.object_label) == (str(target.pk), "陈思远（M-CD1） 2025Q4 SALES")
    assert created.after == {
        "period": "2025Q4", "indicator_code": "SALES", "value": "3000", "manager": "陈思远（M-CD1）",
    }  # fmt: skip
    assert target_set(**a_target(cast, value=Decimal("3000.00"))) == target
    assert Event.objects.filter(kind__startswith="target.").count() == 1
    target_set(**a_target(cast, value=Decimal("3000.5")))
    changed = Event.objects.get(kind="target.update")
    assert (changed.before, changed.after) == ({"value": "3000"}, {"value": "3000.5"})
    target_remove(actor=cast.user("hrb"), target_id=target.pk, reason="录错人")
    removed = Event.objects.get(kind="target.remove")
    assert (removed.before["value"], removed.reason) == ("3000.500000", "录错人")
    assert not Target.objects.exists()


def test_a_period_is_kept_in_one_spelling(cast: Cast) -> None:
    assert target_set(**a_target(cast, period=" 2025m3 ")).period == "2025M03"
    assert refusal(target_set, **a_target(cast, period="2025-03"))[:2] == (["period"], ["bad_value"])
    assert refusal(target_set, **a_target(cast, period="2025Q5"))[:2] == (["period"], ["bad_value"])


def test_a_target_belongs_to_a_person_or_to_a_unit(cast: Cast) -> None:
    unit = cast.units["CD"].pk
    both = refusal(target_set, **a_target(cast, unit_id=unit))
    neither = refusal(target_set, **a_target(cast, manager_id=None))
    assert both == neither
    assert both[:2] == (["manager"], ["missing"])
    target = target_set(**a_target(cast, manager_id=None, unit_id=unit))
    assert (target.manager, target.unit) == (None, cast.units["CD"])


def test_nobody_sets_figures_beyond_his_reach(cast: Cast) -> None:
    elsewhere = cast.managers["M-PD1"].pk
    assert refusal(target_set, **a_target(cast, manager_id=elsewhere))[:2] == (["manager"], ["out_of_scope"])
    outside = refusal(target_set, **a_target(cast, manager_id=None, unit_id=cast.units["HO"].pk))
    assert outside[:2] == (["unit"], ["out_of_scope"])
    assert refusal(reading_set, **a_target(cast, manager_id=elsewhere))[:2] == (["manager"], ["out_of_scope"])
    for who in ("mgr", "cm", "cmd", "da", "sys"):
        with pytest.raises(MissingFunction):
            target_set(**a_target(cast, who))
        with pytest.raises(MissingFunction):
            reading_set(**a_target(cast, who))
    assert not Target.objects.exists()
    assert not Reading.objects.exists()


def test_out_of_reach_nothing_is_taken_back(cast: Cast) -> None:
    target = target_set(**a_target(cast, "hrh", manager_id=cast.managers["M-PD1"].pk))
    reading = reading_set(**a_target(cast, "hrh", manager_id=cast.managers["M-PD1"].pk))
    with pytest.raises(Target.DoesNotExist):
        target_remove(actor=cast.user("hrb"), target_id=target.pk, reason="不")
    with pytest.raises(Reading.DoesNotExist):
        reading_remove(actor=cast.user("hrb"), reading_id=reading.pk, reason="不")
    with pytest.raises(MissingFunction):
        target_remove(actor=cast.user("mgr"), target_id=target.pk, reason="不")
    with pytest.raises(MissingFunction):
        reading_remove(actor=cast.user("cmd"), reading_id=reading.pk, reason="不")
    assert (Target.objects.count(), Reading.objects.count()) == (1, 1)


def test_entering_anew_does_not_replace_what_is_there(cast: Cast) -> None:
    target_set(**a_target(cast))
    fields, codes, words = refusal(target_set, **a_target(cast, value=Decimal(1), replace=False))
    assert (fields, codes) == (["indicator_code"], ["duplicate"])
    assert "陈思远在 2025Q4 已有这个指标的目标（3000），请打开它修改。" in words
    reading_set(**a_target(cast, value=Decimal("12.50")))
    fields, codes, words = refusal(reading_set, **a_target(cast, value=Decimal(1), replace=False))
    assert (fields, codes) == (["indicator_code"], ["duplicate"])
    assert "（12.5）" in words


def test_a_reading_is_set_changed_and_taken_back_with_an_event_each(cast: Cast) -> None:
    given = a_target(cast, value=Decimal(3482))
    reading = reading_set(**given, source="财务部报表")
    assert reading_set(**given, source="财务部报表") == reading
    assert Event.objects.filter(kind__startswith="reading.").count() == 1
    reading_set(**given, source="更正通知 7 号")
    changed = Event.objects.get(kind="reading.update")
    assert (changed.before, changed.after) == ({"source": "财务部报表"}, {"source": "更正通知 7 号"})
    reading_remove(actor=cast.user("hrh"), reading_id=reading.pk, reason="改由系统计算")
    removed = Event.objects.get(kind="reading.remove")
    assert removed.before == {
        "period": "2025Q4", "indicator_code": "SALES", "manager": "陈思远（M-CD1）", "value": "3482.000000",
        "source": "更正通知 7 号",
    }  # fmt: skip
    assert not Reading.objects.exists()


@pytest.mark.parametrize(
    "value",
    ["NaN", "Infinity", "0.0000001", "1000000000000000000"],
    ids=["nan", "infinite", "places", "digits"],
)
def test_a_value_the_column_cannot_hold_is_refused(cast: Cast, value: str) -> None:
    for call in (target_set, reading_set):
        assert refusal(call, **a_target(cast, value=Decimal(value)))[0] == ["value"]


def test_without_a_scheme_any_code_is_taken_with_one_only_those_that_some_version_names(cast: Cast) -> None:
    target_set(**a_target(cast, indicator_code="ANYTHING"))
    store_demo()
    fields, codes, words = refusal(target_set, **a_target(cast, indicator_code="SALE"))
    assert (fields, codes) == (["indicator_code"], ["not_found"])
    assert "是不是“SALES”（销售额）？" in words
    assert refusal(reading_set, **a_target(cast, indicator_code="XYZ"))[:2] == (
        ["indicator_code"], ["not_found"],
    )  # fmt: skip
    # What people say of each other is a rating, not a figure.
    assert refusal(reading_set, **a_target(cast, indicator_code="COMM"))[1] == ["not_found"]
    target_set(**a_target(cast))
    reading_set(**a_target(cast, indicator_code="OVERDUE"))


def test_figures_follow_their_person_to_another_unit(cast: Cast) -> None:
    """From the moved day on the old branch sees neither his targets nor his figures; the unit's own stay where it is."""
    target_set(**a_target(cast, "hrh"))
    reading_set(**a_target(cast, "hrh"))
    of_unit = target_set(**a_target(cast, "hrh", manager_id=None, unit_id=cast.units["CD"].pk))
    mgr = cast.user("mgr")
    assert (Target.objects.visible_to(mgr).count(), Reading.objects.visible_to(mgr).count()) == (2, 1)
    chen = cast.managers["M-CD1"]
    type(chen).objects.filter(pk=chen.pk).update(unit=cast.units["CX"])
    assert list(Target.objects.visible_to(mgr)) == [of_unit]
    assert not Reading.objects.visible_to(mgr).exists()
    assert Target.objects.visible_to(cast.user("hrb")).count() == 2


def test_a_person_sees_his_own_targets_and_not_those_of_his_unit(cast: Cast) -> None:
    own = target_set(**a_target(cast))
    target_set(**a_target(cast, manager_id=cast.managers["M-CD2"].pk))
    target_set(**a_target(cast, manager_id=None, unit_id=cast.units["CD"].pk))
    assert list(Target.objects.visible_to(cast.user("cm"))) == [own]


def test_a_grant_for_one_line_reaches_targets_of_that_line(cast: Cast) -> None:
    from datetime import date

    from cmsys.access.roles import Role
    from cmsys.org.models import BusinessLine
    from cmsys.org.services.grants import role_grant

    retail = BusinessLine.objects.create(code="RET", name="零售业务")
    role_grant(
        actor=STAGE, user=cast.users["nobody"], role=Role.HRB, unit=cast.units["BJ"], line=retail,
        starts_on=date(2020, 1, 1), reason="测试",
    )  # fmt: skip
    target_set(**a_target(cast))
    assert not Target.objects.visible_to(cast.user("nobody")).exists()
    wang = cast.managers["M-CD2"]
    type(wang).objects.filter(pk=wang.pk).update(line=retail)
    target = target_set(**a_target(cast, "nobody", manager_id=wang.pk))
    assert list(Target.objects.visible_to(cast.user("nobody"))) == [target]
