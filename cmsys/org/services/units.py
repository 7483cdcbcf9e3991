"""Units are opened, changed, moved and closed here; the tree of every earlier day stays known."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Concat, Substr
from django.utils.translation import gettext as _

from cmsys.access.actors import Actor, require
from cmsys.access.functions import Function
from cmsys.access.refusals import refused
from cmsys.audit.ledger import changes_between, record
from cmsys.org.models import OrgUnit, UnitPlacement
from cmsys.org.permissions import UNIT_EDIT
from cmsys.org.tree import lock_paths, lock_tree

EDITABLE = ("name", "kind", "region_code", "latitude", "longitude", "head", "opened_on")


@transaction.atomic
def unit_create(*, actor: Actor, today: date, code: str, parent: OrgUnit | None, **values: Any) -> OrgUnit:
    """Opens a unit below `parent` (None for a root). Three writes and an event.

    Raises MissingFunction, ValidationError (code taken, closed parent, a value out of range).
    """
    require(actor, UNIT_EDIT)
    lock_tree()
    if parent is not None:
        parent = OrgUnit.objects.select_for_update().get(pk=parent.pk)
        _check_open(parent)
    unit = OrgUnit(code=code, parent=parent, **values)
    unit.full_clean()
    unit.save()
    unit.path = f"{parent.path if parent else '/'}{unit.pk}/"
    unit.save(update_fields=["path", "updated_at"])
    UnitPlacement.objects.create(unit=unit, parent=parent, starts_on=unit.opened_on or today)
    record("unit.create", unit, actor=actor, after={"code": code, "parent": parent, **values})
    return unit


@transaction.atomic
def unit_update(*, actor: Actor, unit_id: int, values: Mapping[str, Any], reason: str = "") -> OrgUnit:
    """Changes the named fields (EDITABLE) of a unit the actor may edit; no event when nothing differs.

    Raises MissingFunction, OrgUnit.DoesNotExist (out of scope), ValidationError.
    """
    require(actor, UNIT_EDIT)
    unit = OrgUnit.objects.visible_to(actor, "edit").select_for_update(of=("self",)).get(pk=unit_id)
    unknown = set(values) - set(EDITABLE)
    if unknown:
        raise ValueError(f"not editable here: {sorted(unknown)}")
    before, after = changes_between({name: getattr(unit, name) for name in values}, values)
    if not after:
        return unit
    for name, value in values.items():
        setattr(unit, name, value)
    unit.full_clean()
    unit.save()
    record("unit.update", unit, actor=actor, before=before, after=after, reason=reason)
    return unit


@transaction.atomic
def unit_move(*, actor: Actor, today: date, unit_id: int, parent_id: int, on: date, reason: str) -> OrgUnit:
    """Puts a unit with all below it under another parent from a day on; earlier days keep the old tree.

    Paths of the whole subtree change in one statement. Raises MissingFunction, OrgUnit.DoesNotExist,
    ValidationError (below itself, closed parent, a day before the last move or after today).
    """
    require(actor, UNIT_EDIT)
    _check_not_ahead(on, today)
    lock_tree()
    lock_paths()
    locked = OrgUnit.objects.visible_to(actor, "edit").select_for_update(of=("self",)).order_by("pk")
    units = {unit.pk: unit for unit in locked.filter(pk__in=[unit_id, parent_id])}
    if unit_id not in units or parent_id not in units:
        raise OrgUnit.DoesNotExist
    unit, parent = units[unit_id], units[parent_id]
    _check_open(parent)
    if (parent.path or "").startswith(unit.path or "?"):
        raise refused("parent", "conflict", _("机构不能移到自己或自己的下级之下。"))
    if unit.parent_id == parent.pk:
        return unit
    placement = UnitPlacement.objects.select_for_update().filter(unit=unit, ends_on__isnull=True).first()
    if placement is not None:
        if placement.starts_on >= on:
            raise refused(
                "on", "conflict", _("调整日期须晚于上一次调整（%(day)s）。") % {"day": placement.starts_on}
            )
        placement.ends_on = on
        placement.save(update_fields=["ends_on"])
    UnitPlacement.objects.create(unit=unit, parent=parent, starts_on=on)
    old_parent, old_path, new_path = unit.parent, unit.path or "", f"{parent.path}{unit.pk}/"
    unit.parent = parent
    unit.save(update_fields=["parent", "updated_at"])
    OrgUnit.objects.filter(path__startswith=old_path).update(
        path=Concat(Value(new_path), Substr(F("path"), len(old_path) + 1))
    )
    unit.path = new_path
    record(
        "unit.move",
        unit,
        actor=actor,
        before={"parent": old_parent},
        after={"parent": parent, "on": on},
        reason=reason,
    )
    return unit


@transaction.atomic
def unit_close(*, actor: Actor, today: date, unit_id: int, on: date, reason: str) -> OrgUnit:
    """Closes a unit from a day on. What refers to it stays. Open units below it must be moved or closed first."""
    require(actor, UNIT_EDIT)
    _check_not_ahead(on, today)
    unit = OrgUnit.objects.visible_to(actor, "edit").select_for_update(of=("self",)).get(pk=unit_id)
    if unit.children.filter(closed_on__isnull=True).exists():
        raise ValidationError(
            _("“%(unit)s”下还有未撤销的机构，请先移走或撤销它们。") % {"unit": unit.name}, code="conflict"
        )
    before = unit.closed_on
    unit.closed_on = on
    unit.full_clean()
    unit.save()
    record(
        "unit.close", unit, actor=actor, before={"closed_on": before}, after={"closed_on": on}, reason=reason
    )
    return unit


def check_placeable(actor: Actor, unit: OrgUnit | None, function: Function) -> None:
    """Whether the actor may put something into the unit: it is open and within his reach for the function.

    Raises ValidationError for the field `unit` with code conflict or out_of_scope; one query.
    """
    if unit is None:
        return
    if unit.closed_on is not None:
        raise refused("unit", "conflict", _("机构“%(unit)s”已撤销。") % {"unit": unit.name})
    if not OrgUnit.objects.reached_by(actor, function).filter(pk=unit.pk).exists():
        raise refused("unit", "out_of_scope", _("机构不在您的管理范围内。"))


def _check_not_ahead(on: date, today: date) -> None:
    # Path and closing count from the moment they are written; a day to come would be believed at once.
    if on > today:
        raise refused(
            "on", "bad_value", _("日期不能晚于今天（%(today)s），请到当天再办理。") % {"today": today}
        )


def _check_open(unit: OrgUnit) -> None:
    if unit.closed_on is not None:
        raise refused("parent", "conflict", _("上级机构“%(unit)s”已撤销。") % {"unit": unit.name})
