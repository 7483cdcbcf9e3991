"""What appraisals say of managers to the allocation of customers: the newest finished sheet of each (004 五（三）)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from django.utils.translation import gettext as _

from appraisal.scoring.models import ScoreSheet
from customers.allocation.evidence import Evidence

CENT, FULL = Decimal("0.01"), Decimal(100)


def merits(managers: Collection[int], today: date) -> dict[int, Evidence]:
    """Ability and performance of the newest period that is over, capped at 100; people without both scores are left out.
    One query."""
    rows = ScoreSheet.objects.filter(
        manager__in=list(managers),
        cycle__ends_on__lte=today,
        ability__isnull=False,
        performance__isnull=False,
    )
    newest = rows.order_by("manager", "-cycle__starts_on", "cycle__scheme_code").distinct("manager")
    return {
        manager: Evidence(_capped(ability), _capped(performance), _("%(period)s 考核") % {"period": period})
        for manager, ability, performance, period in newest.values_list(
            "manager", "ability", "performance", "cycle__period"
        )
    }


def _capped(score: Decimal | None) -> Decimal:
    return min(max(score or Decimal(0), Decimal(0)), FULL).quantize(CENT, ROUND_HALF_UP)
