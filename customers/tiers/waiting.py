"""Proposals that wait for somebody who may decide on them."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmsys.access.actors import Actor
from cmsys.inbox.items import InboxItem, InboxSource
from customers.tiers.choices import RunState
from customers.tiers.flows import finding
from customers.tiers.models import TierRun
from customers.tiers.permissions import RUN_DECIDE


def _rows(actor: Actor, today: date) -> Any:
    return TierRun.objects.reached_by(actor, RUN_DECIDE).filter(state=RunState.PROPOSED)


def _items(actor: Actor, today: date, limit: int) -> list[InboxItem]:
    found = _rows(actor, today).select_related("rule").order_by("moved_at", "pk")[:limit]
    return [
        InboxItem(
            title=_("%(rule)s的分级建议") % {"rule": run.rule.name}, at=run.moved_at or run.created_at,
            detail=_("批次 %(number)s · %(said)s") % {"number": run.number, "said": finding(run)},
            url=reverse("tier_runs_detail", args=[run.number]),
        )
        for run in found
    ]  # fmt: skip


PROPOSALS = InboxSource(
    "tiers.proposals", gettext_lazy("待决定的分级建议"), 65, waits=_rows, items=_items, function=RUN_DECIDE
)
