"""Readings are entered and taken back here."""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from appraisal.figures.known import check_code, known_codes, period_of
from appraisal.figures.models import Reading
from appraisal.figures.permissions import FIGURES_EDIT
from cmsys.access.actors import Actor, require
from cmsys.access.refusals import refused
from cmsys.audit.ledger import changes_between, record
from managers.profiles.models import RelationshipManager


@transaction.atomic
def reading_set(
    *,
    actor: Actor,
    period: str,
    indicator_code: str,
    value: Decimal,
    manager_id: int,
    source: str = "",
    replace: bool = True,
) -> Reading:
    """A person's figure for an indicator in a period; no event when nothing differs.

    Locks the person. Raises MissingFunction, ValidationError (out of reach, no period, unknown indicator, and without
    `replace` a figure that is there already).
    """
    require(actor, FIGURES_EDIT)
    period = period_of(period)
    codes = known_codes()
    check_code(indicator_code, codes.readings, open=codes.open)
    people = RelationshipManager.objects.reached_by(actor, FIGURES_EDIT)
    manager = people.select_for_update(of=("self",), no_key=True).filter(pk=manager_id).first()
    if manager is None:
        raise refused("manager", "out_of_scope", _("该客户经理不在您的管理范围内。"))
    key = {"period": period, "indicator_code": indicator_code, "manager": manager}
    reading = Reading.objects.filter(**key).first()
    if reading is None:
        reading = Reading(value=value, source=source, **key)
        reading.full_clean()
        reading.save()
        after = key | {"value": reading.value, "source": source}
        record("reading.create", reading, actor=actor, label=f"{manager} {reading}", after=after)
        return reading
    if not replace:
        message = _("%(name)s在 %(period)s 已有这个指标的实际值（%(value)s），请打开它修改。")
        shown = {"name": manager.name, "period": period, "value": f"{reading.value.normalize():f}"}
        raise refused("indicator_code", "duplicate", message % shown)
    before, after = changes_between(
        {"value": reading.value.normalize(), "source": reading.source},
        {"value": value.normalize(), "source": source},
    )
    if not after:
        return reading
    reading.value, reading.source = value, source
    reading.full_clean()
    reading.save()
    record("reading.update", reading, actor=actor, label=f"{manager} {reading}", before=before, after=after)
    return reading


@transaction.atomic
def reading_remove(*, actor: Actor, reading_id: int, reason: str) -> None:
    """Takes a figure back, so that the system's own computation counts again; the event keeps what it was.

    Raises MissingFunction, Reading.DoesNotExist (out of scope).
    """
    require(actor, FIGURES_EDIT)
    readings = Reading.objects.visible_to(actor, "edit").select_related("manager")
    reading = readings.select_for_update(of=("self",)).get(pk=reading_id)
    before = {
        "period": reading.period, "indicator_code": reading.indicator_code, "manager": reading.manager,
        "value": reading.value, "source": reading.source,
    }  # fmt: skip
    label = f"{reading.manager} {reading}"
    record("reading.remove", reading, actor=actor, label=label, before=before, reason=reason)
    reading.delete()
