"""A regrading that changes sheets makes the answers to them void, and says so to whoever had given one."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F
from django.urls import reverse
from django.utils.translation import gettext as _

from appraisal.cycles.models import Cycle
from appraisal.feedback.models import SheetAcknowledgement
from cmsys.access.actors import Actor
from cmsys.accounts.models import User
from cmsys.audit.ledger import record
from cmsys.inbox.sending import message_send


def on_publication(actor: Actor, cycle: Cycle, now: datetime) -> None:
    """Follows a publication. The sheets it changed carry its moment. Set-wise: two queries, a message each, an event."""
    fallen = SheetAcknowledgement.objects.filter(sheet__cycle=cycle, sheet__updated_at=now)
    fallen = fallen.exclude(digest=F("sheet__digest")).order_by()
    numbers = set(fallen.values_list("sheet__manager__employee_no", flat=True))
    if not numbers:
        return
    message_send(
        User.objects.filter(employee_no__in=numbers).values_list("pk", flat=True), kind="feedback",
        key=f"sheet-void:{cycle.pk}:{now.isoformat()}", now=now, url=reverse("my_grade"),
        title=_("%(period)s 考核表已重新计算，原签字作废") % {"period": cycle.period},
        body=_("考核表的内容有变化。请看过新的考核表后重新签收；原来的签字留存备查。"),
    )  # fmt: skip
    record("sheet.void", cycle, actor=actor, after={"people": len(numbers)}, now=now)
