"""Relations are declared and ended here (回避)."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from cmsys.access.actors import Actor, require
from cmsys.access.refusals import Conflict, refused
from cmsys.accounts.models import User
from cmsys.audit.ledger import record
from managers.conduct.models import InterestDeclaration, RelationKind
from managers.conduct.permissions import DECLARATION_EDIT, DECLARATION_OWN
from managers.conduct.selectors import endable
from managers.profiles.models import RelationshipManager


@transaction.atomic
def declaration_make(
    *,
    actor: Actor,
    declarant_id: int,
    manager_id: int,
    kind: RelationKind,
    detail: str,
    today: date,
    now: datetime,
) -> InterestDeclaration:
    """Declares from today on that an account holder stands in a relation to a relationship manager. Locks the declarant;
    one event.

    One's own with DECLARATION_OWN, to anybody; for somebody else with DECLARATION_EDIT, to people within reach. Raises
    MissingFunction, User.DoesNotExist, RelationshipManager.DoesNotExist (out of reach), ValidationError: about oneself,
    an inactive account, declared already, 其他 without saying what.
    """
    own = actor.actor_id is not None and actor.actor_id == declarant_id
    require(actor, DECLARATION_OWN if own else DECLARATION_EDIT)
    people = (
        RelationshipManager.objects.all()
        if own
        else RelationshipManager.objects.reached_by(actor, DECLARATION_EDIT)
    )
    manager: RelationshipManager = people.get(pk=manager_id)
    declarant = User.objects.select_for_update().get(pk=declarant_id)
    if not declarant.is_active:
        raise refused(
            "declarant", "inactive", _("%(name)s的账号已停用，不用申报。") % {"name": declarant.name}
        )
    if declarant.employee_no and declarant.employee_no == manager.employee_no:
        raise refused("manager", "own", _("不用申报与本人的关系：本人的事项一律由他人办理。"))
    if kind == RelationKind.OTHER and not detail.strip():
        raise refused("detail", "missing", _("关系选“其他”时，请在说明里写明是什么关系。"))
    if InterestDeclaration.objects.filter(
        declarant=declarant, manager=manager, ends_on__isnull=True
    ).exists():
        raise refused("manager", "duplicate", _("该关系已经申报，解除之后才能重新申报。"))
    row = InterestDeclaration(
        declarant=declarant, manager=manager, kind=kind, detail=detail.strip(), starts_on=today
    )
    row.full_clean()
    row.save()
    after = {
        "declarant": declarant,
        "manager": manager,
        "kind": kind,
        "detail": row.detail,
        "starts_on": today,
    }
    record("declaration.make", row, actor=actor, after=after, now=now)
    return row


@transaction.atomic
def declaration_end(
    *, actor: Actor, declaration_id: int, reason: str, today: date, now: datetime
) -> InterestDeclaration:
    """Ends a declaration: from today on it keeps nobody apart. It stays on record; one event.

    By the declarant himself or by human resources within reach. Raises MissingFunction, InterestDeclaration.DoesNotExist,
    Conflict (ended already), ValidationError (no reason).
    """
    require(actor, DECLARATION_OWN)
    rows = InterestDeclaration.objects.select_for_update(of=("self",)).select_related("declarant", "manager")
    row: InterestDeclaration = rows.filter(pk__in=endable(actor)).get(pk=declaration_id)
    if row.ends_on is not None:
        raise Conflict(_("这项申报已于 %(day)s 解除。请刷新页面。") % {"day": row.ends_on})
    if not reason.strip():
        raise refused("reason", "missing", _("请填写解除的原因，如关系已不存在。"))
    row.ends_on, row.end_reason = today, reason.strip()
    row.full_clean()
    row.save(update_fields=["ends_on", "end_reason", "updated_at"])
    record(
        "declaration.end",
        row,
        actor=actor,
        before={"ends_on": None},
        after={"ends_on": today},
        reason=reason,
        now=now,
    )
    return row
