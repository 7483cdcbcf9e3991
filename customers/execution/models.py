"""LineTrace: what a line that was carried out has to be given back, beyond what the line itself says."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from cmsys.org.models import OrgUnit
from customers.planning.models import AllocationMove


class LineTrace(models.Model):
    """执行留痕: the day on which the former assignment was to end anyway, and the unit the customer was put into. Only for
    lines with one of both; taking the line back needs them."""

    line = models.OneToOneField(
        AllocationMove, on_delete=models.CASCADE, related_name="trace", primary_key=True
    )
    former_ends_on = models.DateField(_("原定结束日期"), null=True, blank=True)
    unit_set = models.ForeignKey(
        OrgUnit, verbose_name=_("随主办转入机构"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )  # fmt: skip

    class Meta:
        verbose_name = _("执行留痕")

    def __str__(self) -> str:
        return str(self.line_id)
