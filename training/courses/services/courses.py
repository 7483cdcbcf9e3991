"""Competencies and courses are entered and changed here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from cmsys.access.actors import Actor, require
from cmsys.audit.ledger import changes_between, record
from training.courses.models import Competency, Course
from training.courses.permissions import COURSE_EDIT

COURSE_FIELDS = ("name", "competency", "level", "line", "kind", "hours", "cost", "description", "offered")
COMPETENCY_FIELDS = ("name", "indicators")


@transaction.atomic
def course_create(*, actor: Actor, code: str, **values: Any) -> Course:
    """Enters a course (values of COURSE_FIELDS). Raises MissingFunction, ValidationError (code taken, out of range)."""
    require(actor, COURSE_EDIT)
    course = Course(code=code, **values)
    course.full_clean()
    course.save()
    record("course.create", course, actor=actor, after={"code": code, **values})
    return course


@transaction.atomic
def course_update(*, actor: Actor, course_id: int, values: Mapping[str, Any]) -> Course:
    """Changes the named fields; no event when nothing differs. Raises MissingFunction, Course.DoesNotExist, ValidationError."""
    require(actor, COURSE_EDIT)
    course: Course = (
        Course.objects.visible_to(actor, "edit").select_for_update(of=("self",)).get(pk=course_id)
    )
    if _changed(course, values, COURSE_FIELDS, actor, "course.update"):
        course.save()
    return course


@transaction.atomic
def competency_create(*, actor: Actor, code: str, **values: Any) -> Competency:
    """Enters a competency (values of COMPETENCY_FIELDS). Raises MissingFunction, ValidationError."""
    require(actor, COURSE_EDIT)
    competency = Competency(code=code, **values)
    competency.full_clean()
    competency.save()
    record("competency.create", competency, actor=actor, after={"code": code, **values})
    return competency


@transaction.atomic
def competency_update(*, actor: Actor, competency_id: int, values: Mapping[str, Any]) -> Competency:
    """Changes name or indicators. Raises MissingFunction, Competency.DoesNotExist, ValidationError."""
    require(actor, COURSE_EDIT)
    rows = Competency.objects.visible_to(actor, "edit").select_for_update(of=("self",))
    competency: Competency = rows.get(pk=competency_id)
    if _changed(competency, values, COMPETENCY_FIELDS, actor, "competency.update"):
        competency.save()
    return competency


def _changed(row: Any, values: Mapping[str, Any], fields: tuple[str, ...], actor: Actor, kind: str) -> bool:
    """Sets what differs, checks the whole, writes the event; whether anything did."""
    if set(values) - set(fields):
        raise ValueError(f"not editable here: {sorted(set(values) - set(fields))}")
    before, after = changes_between({name: getattr(row, name) for name in values}, values)
    if not after:
        return False
    for name, value in values.items():
        setattr(row, name, value)
    row.full_clean()
    record(kind, row, actor=actor, before=before, after=after)
    return True
