"""FactSlice: what taking a part of a batch back needs, packed."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from cmsys.transfers.models import ImportBatch


class FactSlice(models.Model):
    """A stretch of a batch of facts, some ten thousand lines: 20 bytes for each created row.

    `rows`, `ids` and `marks` belong together: the line in the file, the created object, a hash over its values as the
    batch left it. `changed` are rows that were there before: line, id, mark, and the stored values before.
    """

    id = models.BigAutoField(primary_key=True)
    batch = models.ForeignKey(ImportBatch, on_delete=models.CASCADE, related_name="slices")
    number = models.PositiveIntegerField(_("序号"))
    rows = ArrayField(models.IntegerField(), verbose_name=_("行号"))
    ids = ArrayField(models.BigIntegerField(), verbose_name=_("新增的对象"))
    marks = ArrayField(models.BigIntegerField(), verbose_name=_("校验值"))
    changed = models.JSONField(_("更新的对象"), default=list)

    class Meta:
        verbose_name = _("事实导入分段")
        ordering = ["batch", "number"]
        constraints = [models.UniqueConstraint(fields=["batch", "number"], name="facts_slice_once")]

    def __str__(self) -> str:
        return f"{self.batch_id}-{self.number}"
