"""Deputies are named and taken back here (代理)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from cmsys.access.actors import Actor, require
from cmsys.access.refusals import Conflict, refused
from cmsys.access.roles import SEPARATION
from cmsys.accounts.models import User
from cmsys.audit.ledger import record
from cmsys.inbox.permissions import DEPUTY_EDIT, DEPUTY_OWN
from cmsys.inbox.selectors import endable, in_business, last_day, lendable, whole_within
from cmsys.inbox.sending import message_send
from cmsys.org.models import Deputyship, RoleGrant

LONGEST = timedelta(days=366)


@transaction.atomic
def deputy_begin(
    *, actor: Actor, principal_id: int, deputy_id: int, starts_on: date, last_on: date, reason: str, today: date,
    now: datetime,
) -> Deputyship:  # fmt: skip
    """`deputy_id` stands in for `principal_id` from a day to a last day (both included). Locks both accounts; an event
    and a message to each of them.

    For oneself with DEPUTY_OWN, for somebody within reach with DEPUTY_EDIT and a reason. Raises MissingFunction,
    User.DoesNotExist (a principal out of reach), ValidationError: no reason, days in the past, too long or in the wrong
    order, somebody who is inactive, holds no business role or one of the three administrators', the recorder himself,
    nothing that could be lent, another deputy at the time.
    """
    own = actor.actor_id is not None and actor.actor_id == principal_id
    require(actor, DEPUTY_OWN if own else DEPUTY_EDIT)
    # In the order of their keys, so that two who name each other do not wait for each other.
    people = {
        one.pk: one
        for one in User.objects.select_for_update().filter(pk__in=[principal_id, deputy_id]).order_by("pk")
    }
    if not own and not whole_within(actor, today).filter(pk=principal_id).exists():
        raise User.DoesNotExist
    principal, deputy = people[principal_id], people.get(deputy_id)
    _check_days(starts_on, last_on, today)
    _check_deputy(actor, principal, deputy, own, starts_on)
    _check_apart(principal, deputy, starts_on, last_on)
    if not lendable(principal, starts_on):
        raise refused(
            "principal", "nothing", _("委托人没有可以代理的职责：只有复核、审定这类职责可以交人代理。")
        )
    if not reason.strip():
        raise refused("reason", "missing", _("请填写事由，如休假、出差。"))
    row = Deputyship(
        principal=principal,
        deputy=deputy,
        starts_on=starts_on,
        ends_on=last_on + timedelta(days=1),
        reason=reason.strip(),
    )
    row.full_clean()
    row.save()
    after = {"principal": principal, "deputy": deputy, "starts_on": starts_on, "ends_on": row.ends_on}
    record("deputy.begin", row, actor=actor, after=after, reason=reason, now=now)
    _tell_begun(actor, row, now)
    return row


@transaction.atomic
def deputy_end(*, actor: Actor, deputyship_id: int, reason: str, today: date, now: datetime) -> Deputyship:
    """Takes a deputyship back: it ends today, or has never been when it has not begun. An event and a message to both.

    By the principal himself, or by human resources within reach with a reason. Raises MissingFunction,
    Deputyship.DoesNotExist (somebody else's), Conflict (over already), ValidationError (no reason).
    """
    own = Deputyship.objects.filter(pk=deputyship_id, principal=actor.actor_id or 0).exists()
    require(actor, DEPUTY_OWN if own else DEPUTY_EDIT)
    row: Deputyship = endable(actor, today).select_for_update(of=("self",)).get(pk=deputyship_id)
    if not own and not reason.strip():
        raise refused("reason", "missing", _("请填写撤回的原因。"))
    if row.revoked_at is not None or row.ends_on <= today:
        raise Conflict(_("这项代理已经结束。请刷新页面。"))
    before = row.ends_on
    row.ends_on, row.revoked_at = max(row.starts_on, today), now
    row.save(update_fields=["ends_on", "revoked_at"])
    record(
        "deputy.end",
        row,
        actor=actor,
        before={"ends_on": before},
        after={"ends_on": row.ends_on},
        reason=reason,
        now=now,
    )
    _tell_ended(actor, row, now)
    return row


def _check_days(starts_on: date, last_on: date, today: date) -> None:
    if starts_on < today:
        raise refused("starts_on", "bad_value", _("开始日期不能早于今天（%(today)s）。") % {"today": today})
    if last_on < starts_on:
        raise refused("last_on", "bad_value", _("最后一天不能早于开始日期。"))
    if last_on - starts_on >= LONGEST:
        raise refused("last_on", "bad_value", _("一次代理最长一年，请缩短日期，到期后再续。"))


def _check_deputy(actor: Actor, principal: User, deputy: User | None, own: bool, day: date) -> None:
    if deputy is None:
        raise refused("deputy", "not_found", _("没有这个账号，请重新查找。"))
    if deputy.pk == principal.pk:
        raise refused("deputy", "own", _("代理人不能是本人。"))
    if not own and deputy.pk == actor.actor_id:
        raise refused("deputy", "recorder", _("登记人不能指定自己为代理人，请由他人登记。"))
    if not in_business(day).filter(pk=deputy.pk).exists():
        raise refused(
            "deputy",
            "no_role",
            _("%(name)s的账号已停用，或者没有业务角色，不能作代理人。") % {"name": deputy.name},
        )
    if not in_business(day).filter(pk=principal.pk).exists():
        raise refused(
            "principal",
            "no_role",
            _("%(name)s的账号已停用，或者没有业务角色，不能委托。") % {"name": principal.name},
        )


def _check_apart(principal: User, deputy: User | None, starts_on: date, last_on: date) -> None:
    """三员分立 holds for all the days: nobody on either side may become one of the three administrators meanwhile."""
    grants = RoleGrant.objects.filter(
        user__in=[principal, deputy], role__in=list(SEPARATION), starts_on__lte=last_on
    )
    for grant in grants.select_related("user"):
        if grant.ends_on is None or grant.ends_on > starts_on:
            said = _("%(name)s在这段时间里担任%(role)s；三员与业务不得互相代理。")
            raise refused(
                "deputy", "separation", said % {"name": grant.user.name, "role": grant.get_role_display()}
            )


def _tell_begun(actor: Actor, row: Deputyship, now: datetime) -> None:
    days = {"from": row.starts_on, "to": last_day(row), "reason": row.reason}
    url = reverse("deputies_list")
    message_send(
        [row.deputy_id], kind="deputy", key=f"deputy:{row.pk}:begin", now=now, url=url,
        title=_("您将代理%(name)s") % {"name": row.principal.name},
        body=_("自 %(from)s 至 %(to)s。事由：%(reason)s。期间他的复核、审定事项会出现在您的待办里，办理记录写明由您代办。") % days,
    )  # fmt: skip
    message_send(
        [row.principal_id], kind="deputy", key=f"deputy:{row.pk}:begin", now=now, url=url,
        title=_("%(name)s将代理您") % {"name": row.deputy.name},
        body=_("自 %(from)s 至 %(to)s。事由：%(reason)s。由%(who)s登记，您可以随时提前撤回。") % (days | {"who": actor.actor_name}),
    )  # fmt: skip


def _tell_ended(actor: Actor, row: Deputyship, now: datetime) -> None:
    names = {"principal": row.principal.name, "deputy": row.deputy.name, "who": actor.actor_name}
    message_send(
        [row.principal_id, row.deputy_id], kind="deputy", key=f"deputy:{row.pk}:end", now=now, url=reverse("deputies_list"),
        title=_("%(deputy)s对%(principal)s的代理已结束") % names, body=_("由%(who)s提前撤回，从现在起不再有效。") % names,
    )  # fmt: skip
