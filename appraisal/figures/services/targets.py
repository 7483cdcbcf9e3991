"""Targets are set and taken back here."""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from appraisal.figures.known import check_code, known_codes, period_of
from appraisal.figures.models import Target
from appraisal.figures.permissions import FIGURES_EDIT
from cmsys.access.actors import Actor, require
from cmsys.access.refusals import refused
from cmsys.audit.ledger import changes_between, record
from cmsys.org.models import OrgUnit
from managers.profiles.models import RelationshipManager

Owner = RelationshipManager | OrgUnit


@transaction.atomic
def target_set(
    *,
    actor: Actor,
    period: str,
    indicator_code: str,
    value: Decimal,
    manager_id: int | None = None,
    unit_id: int | None = None,
    replace: bool = True,
) -> Target:
    """The target of one person or one unit for an indicator in a period; no event when it already is this value.

    Locks the owner. Raises MissingFunction, ValidationError (nobody or both named, out of reach, no period, unknown
    indicator, and without `replace` a target that is there already).
    """
    require(actor, FIGURES_EDIT)
    period = period_of(period)
    codes = known_codes()
    check_code(indicator_code, codes.targets, open=codes.open)
    owner = _locked_owner(actor, manager_id, unit_id)
    named = {"manager": owner} if isinstance(owner, RelationshipManager) else {"unit": owner}
    target = Target.objects.filter(period=period, indicator_code=indicator_code, **named).first()
    if target is None:
        target = Target(period=period, indicator_code=indicator_code, value=value, **named)
        target.full_clean()
        target.save()
        after = {"period": period, "indicator_code": indicator_code, "value": target.value, **named}
        record("target.create", target, actor=actor, label=_label(target, owner), after=after)
        return target
    if not replace:
        message = _("%(owner)s在 %(period)s 已有这个指标的目标（%(value)s），请打开它修改。")
        shown = {"owner": owner.name, "period": period, "value": f"{target.value.normalize():f}"}
        raise refused("indicator_code", "duplicate", message % shown)
    before, after = changes_between({"value": target.value.normalize()}, {"value": value.normalize()})
    if not after:
        return target
    target.value = value
    target.full_clean()
    target.save()
    record("target.update", target, actor=actor, label=_label(target, owner), before=before, after=after)
    return target


@transaction.atomic
def target_remove(*, actor: Actor, target_id: int, reason: str) -> None:
    """Takes a target back; the event keeps what it was. Raises MissingFunction, Target.DoesNotExist (out of scope)."""
    require(actor, FIGURES_EDIT)
    target = Target.objects.visible_to(actor, "edit").select_for_update(of=("self",)).get(pk=target_id)
    owner = target.manager or target.unit
    before = {"period": target.period, "indicator_code": target.indicator_code, "value": target.value}
    owned = {"manager": target.manager} if target.manager else {"unit": target.unit}
    record(
        "target.remove",
        target,
        actor=actor,
        label=_label(target, owner),
        before=before | owned,
        reason=reason,
    )
    target.delete()


def _locked_owner(actor: Actor, manager_id: int | None, unit_id: int | None) -> Owner:
    if (manager_id is None) == (unit_id is None):
        raise refused("manager", "missing", _("目标须属于一名客户经理或一个机构，二者选一。"))
    found: Owner | None
    if manager_id is not None:
        people = RelationshipManager.objects.reached_by(actor, FIGURES_EDIT)
        found = people.select_for_update(of=("self",), no_key=True).filter(pk=manager_id).first()
        if found is None:
            raise refused("manager", "out_of_scope", _("该客户经理不在您的管理范围内。"))
        return found
    units = OrgUnit.objects.reached_by(actor, FIGURES_EDIT)
    found = units.select_for_update(of=("self",), no_key=True).filter(pk=int(unit_id or 0)).first()
    if found is None:
        raise refused("unit", "out_of_scope", _("该机构不在您的管理范围内。"))
    return found


def _label(target: Target, owner: Owner | None) -> str:
    return f"{owner} {target}"
