"""Roles are given and taken back here, always with a unit and dates."""

from __future__ import annotations

from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from cmsys.access.actors import Actor, require
from cmsys.access.roles import Role, side_of
from cmsys.accounts.models import User
from cmsys.accounts.services.users import end_sessions
from cmsys.audit.ledger import record
from cmsys.org.models import BusinessLine, OrgUnit, RoleGrant
from cmsys.org.permissions import GRANT_EDIT


@transaction.atomic
def role_grant(
    *,
    actor: Actor,
    user: User,
    role: Role,
    unit: OrgUnit,
    starts_on: date,
    ends_on: date | None = None,
    line: BusinessLine | None = None,
    reason: str,
) -> RoleGrant:
    """Gives a person a role at a unit from a day on (until a day, excluded). One insert and an event.

    Raises MissingFunction, ValidationError: one's own account, the same grant already in force, the three
    administrators and business mixed (checked by the database too, for concurrent grants).
    """
    require(actor, GRANT_EDIT)
    if actor.actor_id == user.pk:
        raise ValidationError(_("不能给自己授权。"), code="own")
    locked = User.objects.select_for_update().get(pk=user.pk)
    overlapping = RoleGrant.objects.filter(Q(ends_on__isnull=True) | Q(ends_on__gt=starts_on), user=locked)
    if ends_on is not None:
        overlapping = overlapping.filter(starts_on__lt=ends_on)
    if overlapping.filter(role=role, unit=unit, line=line).exists():
        raise ValidationError(_("该账号在此机构已有同一角色。"), code="duplicate")
    grant = RoleGrant(
        user=locked,
        role=role,
        unit=unit,
        line=line,
        side=side_of(role),
        starts_on=starts_on,
        ends_on=ends_on,
        reason=reason,
        granted_by_id=actor.actor_id,
    )
    grant.full_clean(exclude=["granted_by"])
    grant.save()
    record(
        "grant.give",
        grant,
        actor=actor,
        label=f"{locked.name}：{grant}",
        reason=reason,
        after={
            "user": locked,
            "role": role,
            "unit": unit,
            "line": line,
            "starts_on": starts_on,
            "ends_on": ends_on,
        },
    )
    return grant


@transaction.atomic
def role_revoke(*, actor: Actor, grant_id: int, on: date, reason: str) -> RoleGrant:
    """Ends a grant on a day (excluded) and the person's sessions when that day is here; a grant not yet begun is removed.

    Raises MissingFunction, RoleGrant.DoesNotExist, ValidationError (one's own, already ended).
    """
    require(actor, GRANT_EDIT)
    grant = RoleGrant.objects.select_for_update(of=("self",)).select_related("user", "unit").get(pk=grant_id)
    if actor.actor_id == grant.user_id:
        raise ValidationError(_("不能收回自己的角色。"), code="own")
    if grant.ends_on is not None and grant.ends_on <= on:
        raise ValidationError(_("该授权已于 %(day)s 失效。") % {"day": grant.ends_on}, code="conflict")
    before, label = grant.ends_on, f"{grant.user.name}：{grant}"
    if grant.starts_on >= on:
        record(
            "grant.withdraw",
            grant,
            actor=actor,
            label=label,
            before={"starts_on": grant.starts_on},
            reason=reason,
        )
        grant.delete()
    else:
        grant.ends_on = on
        grant.save(update_fields=["ends_on"])
        record(
            "grant.revoke",
            grant,
            actor=actor,
            label=label,
            before={"ends_on": before},
            after={"ends_on": on},
            reason=reason,
        )
    end_sessions(grant.user)
    return grant
