"""Relationship managers are entered and changed here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from cmsys.access.actors import Actor, require
from cmsys.access.refusals import refused
from cmsys.accounts.pinyin import pinyin_of
from cmsys.audit.ledger import changes_between, record
from cmsys.org.services.units import check_placeable
from managers.careers.models import Grade, Post
from managers.profiles.models import GradeCause, GradeRecord, RelationshipManager
from managers.profiles.permissions import CONTACT_EDIT, MANAGER_EDIT

# The grade is not among them: it changes through grade_begin, with a date.
EDITABLE = (
    "name",
    "gender",
    "birth_date",
    "unit",
    "post",
    "line",
    "category",
    "status",
    "hire_date",
    "education",
    "major",
    "experience_years",
    "industries",
    "region_code",
    "mobile",
    "email",
    "capacity",
)
CONTACT = ("mobile", "email")


@transaction.atomic
def manager_create(
    *,
    actor: Actor,
    today: date,
    employee_no: str,
    grade: Grade | None = None,
    graded_on: date | None = None,
    **values: Any,
) -> RelationshipManager:
    """Enters a person (values of EDITABLE); with a grade, its history begins on `graded_on`, else the hire date, else today.

    Raises MissingFunction, ValidationError (number taken, unit or line out of reach, unit closed, a value out of range).
    """
    require(actor, MANAGER_EDIT)
    _check_values(values)
    check_placeable(actor, values.get("unit"), MANAGER_EDIT)
    _check_post(actor, values.get("post"))
    manager = RelationshipManager(
        employee_no=employee_no, name_pinyin=pinyin_of(values.get("name", "")), **values
    )
    manager.full_clean()
    manager.save()
    _check_line(actor, manager)
    record("manager.create", manager, actor=actor, after={"employee_no": employee_no, **values})
    if grade is not None:
        _begin(manager, actor, grade, graded_on or manager.hire_date or today, GradeCause.HIRED, "")
    return manager


@transaction.atomic
def manager_update(
    *, actor: Actor, manager_id: int, values: Mapping[str, Any], reason: str = ""
) -> RelationshipManager:
    """Changes the named fields of a person within the actor's reach; no event when nothing differs. Locks the row.

    Raises MissingFunction, RelationshipManager.DoesNotExist (out of scope), ValidationError.
    """
    require(actor, MANAGER_EDIT)
    _check_values(values)
    manager = _locked(actor, "edit", manager_id)
    if "unit" in values and values["unit"] != manager.unit:
        check_placeable(actor, values["unit"], MANAGER_EDIT)
    if "post" in values and values["post"] != manager.post:
        _check_post(actor, values["post"])
    changed = _change(manager, actor, values, reason)
    if {"unit", "line"} & set(values):
        _check_line(actor, changed)
    return changed


@transaction.atomic
def contact_update(*, actor: Actor, manager_id: int, mobile: str, email: str) -> RelationshipManager:
    """The person's own telephone and mail address, changed by himself. Raises MissingFunction, DoesNotExist, ValidationError."""
    require(actor, CONTACT_EDIT)
    return _change(_locked(actor, "contact", manager_id), actor, {"mobile": mobile, "email": email}, "")


@transaction.atomic
def grade_begin(
    *, actor: Actor, manager_id: int, grade: Grade, starts_on: date, cause: GradeCause, note: str
) -> GradeRecord:
    """Gives a person a grade from a day on and ends the one before. Entry and correction only; changes of grade that
    follow from an appraisal are decisions and come with them.

    Raises MissingFunction, RelationshipManager.DoesNotExist, ValidationError (same grade, a day not after the last).
    """
    require(actor, MANAGER_EDIT)
    return _begin(_locked(actor, "edit", manager_id), actor, grade, starts_on, cause, note)


@transaction.atomic
def grade_appraise(
    *, actor: Actor, manager_id: int, grade: Grade, starts_on: date, note: str
) -> GradeRecord | None:
    """Gives a person the grade an appraisal has decided, from a day on; None when he has it already, nothing is written
    then. A grade that an appraisal began on this very day is put right in place.

    Raises MissingFunction, RelationshipManager.DoesNotExist, ValidationError (a day not after the last).
    """
    require(actor, MANAGER_EDIT)
    manager = _locked(actor, "edit", manager_id)
    present = GradeRecord.objects.select_for_update().filter(manager=manager, ends_on__isnull=True).first()
    if present is not None and present.grade_id == grade.pk:
        return None
    if present is None or present.starts_on != starts_on or present.cause != GradeCause.APPRAISAL:
        return _begin(manager, actor, grade, starts_on, GradeCause.APPRAISAL, note)
    before = manager.grade
    present.grade, present.note, manager.grade = grade, note, grade
    present.save(update_fields=["grade", "note"])
    manager.save(update_fields=["grade", "updated_at"])
    after = {"grade": grade, "starts_on": starts_on, "cause": GradeCause.APPRAISAL}
    record("manager.grade", manager, actor=actor, before={"grade": before}, after=after, reason=note)
    return present


@transaction.atomic
def personal_data_reveal(*, actor: Actor, manager_id: int, field: str, reason: str) -> str:
    """The value of `mobile`, `email` or `birth_date` in clear; the look itself is an event with its reason.

    Raises MissingFunction, RelationshipManager.DoesNotExist, ValidationError (no reason), ValueError (another field).
    """
    if field not in RelationshipManager.audit_masks:
        raise ValueError(f"{field} is not masked")
    action = "reveal_mobile" if field == "mobile" else "reveal"
    require(actor, RelationshipManager.functions[action])
    manager = RelationshipManager.objects.visible_to(actor, action).get(pk=manager_id)
    if not reason.strip() and manager.employee_no != getattr(actor, "employee_no", None):
        raise refused("reason", "missing", _("请填写查看原因。"))
    record("pii.reveal", manager, actor=actor, after={"field": field}, reason=reason)
    return str(getattr(manager, field) or "")


def _locked(actor: Actor, action: str, manager_id: int) -> RelationshipManager:
    # Not the key: whoever gives this person a customer holds the customer and then only refers to the person, while a
    # change of the name goes on to the customers.
    found = (
        RelationshipManager.objects.visible_to(actor, action)
        .select_for_update(of=("self",), no_key=True)
        .get(pk=manager_id)
    )
    assert isinstance(found, RelationshipManager)
    return found


def _check_line(actor: Actor, manager: RelationshipManager) -> None:
    """Who is limited to a business line neither enters people of another one nor hands people over to it. One query."""
    if not RelationshipManager.objects.visible_to(actor, "edit").filter(pk=manager.pk).exists():
        raise refused("line", "out_of_scope", _("条线不在您的管理范围内。"))


def _check_post(actor: Actor, post: Post | None) -> None:
    if post is not None and not Post.objects.reached_by(actor, MANAGER_EDIT).filter(pk=post.pk).exists():
        raise refused("post", "out_of_scope", _("岗位不在您的管理范围内。"))


def _check_values(values: Mapping[str, Any]) -> None:
    if set(values) - set(EDITABLE):
        raise ValueError(f"not editable here: {sorted(set(values) - set(EDITABLE))}")
    for field in CONTACT:
        if "*" in (values.get(field) or ""):
            raise refused(field, "bad_value", _("收到的是打码后的值，请填写完整内容。"))


def _change(
    manager: RelationshipManager, actor: Actor, values: Mapping[str, Any], reason: str
) -> RelationshipManager:
    _check_values(values)
    before, after = changes_between({name: getattr(manager, name) for name in values}, values)
    if not after:
        return manager
    for name, value in values.items():
        setattr(manager, name, value)
    if "name" in after:
        manager.name_pinyin = pinyin_of(manager.name)
    manager.full_clean()
    manager.save()
    record("manager.update", manager, actor=actor, before=before, after=after, reason=reason)
    return manager


def _begin(
    manager: RelationshipManager, actor: Actor, grade: Grade, starts_on: date, cause: GradeCause, note: str
) -> GradeRecord:
    present = GradeRecord.objects.select_for_update().filter(manager=manager, ends_on__isnull=True).first()
    if present is not None:
        if present.grade_id == grade.pk:
            raise refused("grade", "unchanged", _("已经是“%(grade)s”。") % {"grade": grade.name})
        if present.starts_on >= starts_on:
            raise refused(
                "starts_on",
                "conflict",
                _("开始日期须晚于现等级的开始日期 %(day)s。") % {"day": present.starts_on},
            )
        present.ends_on = starts_on
        present.save(update_fields=["ends_on"])
    begun = GradeRecord.objects.create(
        manager=manager, grade=grade, starts_on=starts_on, cause=cause, note=note
    )
    before = manager.grade
    manager.grade = grade
    manager.save(update_fields=["grade", "updated_at"])
    record(
        "manager.grade",
        manager,
        actor=actor,
        before={"grade": before},
        reason=note,
        after={"grade": grade, "starts_on": starts_on, "cause": cause},
    )
    return begun
