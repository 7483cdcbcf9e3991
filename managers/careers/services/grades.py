"""The steps of the ladder are made and renamed here."""

from __future__ import annotations

from django.db import transaction

from cmsys.access.actors import Actor, require
from cmsys.audit.ledger import record
from managers.careers.models import Grade, Series
from managers.careers.permissions import GRADE_EDIT


@transaction.atomic
def grade_define(*, actor: Actor, code: str, name: str, order: int, series: str = Series.BUSINESS) -> Grade:
    """Makes a grade or changes its name and order; repeating changes nothing. Raises MissingFunction, ValidationError."""
    require(actor, GRADE_EDIT)
    grade = Grade.objects.select_for_update().filter(code=code).first()
    values = {"name": name, "order": order, "series": str(series)}
    if grade is None:
        grade = Grade(code=code, **values)
        grade.full_clean()
        grade.save()
        record("grade_definition.create", grade, actor=actor, after={"code": code, **values})
        return grade
    before = {field: getattr(grade, field) for field in values}
    if before != values:
        for field, value in values.items():
            setattr(grade, field, value)
        grade.full_clean()
        grade.save()
        record("grade_definition.update", grade, actor=actor, before=before, after=values)
    return grade
