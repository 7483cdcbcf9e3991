"""Appeals whose answer is late: human resources of the head office are told, once."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from appraisal.appeals.permissions import APPEAL_WATCH
from appraisal.appeals.selectors import overdue_appeals
from cmsys.access.actors import Actor, require
from cmsys.audit.ledger import record
from cmsys.inbox.sending import message_send
from cmsys.org.holders import accounts_everywhere


@transaction.atomic
def appeals_escalate(*, actor: Actor, now: datetime, today: date) -> int:
    """Tells head office of every open appeal that should have been answered before today; says how many. Locks them.

    Raises MissingFunction."""
    require(actor, APPEAL_WATCH)
    appeals = list(overdue_appeals(today).select_for_update(of=("self",)))
    told = accounts_everywhere(APPEAL_WATCH, today) if appeals else []
    for appeal in appeals:
        manager = appeal.decision.manager
        title = _("%(name)s的申诉逾期未答复（期限 %(due)s）") % {"name": manager.name, "due": appeal.due_on}
        body = _("由 %(who)s 办理。") % {"who": appeal.handler} if appeal.handler else _("还没有人受理。")
        url, key = reverse("appeals_detail", args=[appeal.pk]), f"appeal-{appeal.pk}-overdue"
        message_send(told, kind="appeal", key=key, title=title, body=body, url=url, now=now)
        appeal.escalated_at = now
        appeal.save(update_fields=["escalated_at", "updated_at"])
        record("appeal.escalate", appeal, actor=actor, after={"due_on": appeal.due_on}, now=now)
    return len(appeals)
