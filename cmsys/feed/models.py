"""FeedChange and FeedMark."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from cmsys.audit.models import NextEventId


class FeedChange(models.Model):
    """One change of one row that clients may keep: where it could be seen before, and where afterwards.

    Written by triggers in the transaction of the change and never touched again until it is too old. The id is drawn from
    the ledger's sequence while the row is locked, so that changes of one row are in their order; it is what clients are
    told as `seq`. `path_was` and `path_now` are the unit path by which the row is shown, empty for a row without a unit,
    null where the row did not exist (any more); `scope_was` and `scope_now` name which scope it took.
    """

    id = models.BigIntegerField(primary_key=True, db_default=NextEventId())
    at = models.DateTimeField(_("时间"))
    # Changes of one row in one transaction are one change: nobody could see what was between.
    transaction = models.BigIntegerField()
    resource = models.CharField(_("资源"), max_length=40)
    object_id = models.CharField(_("对象"), max_length=60)
    version = models.DateTimeField(_("版本"), null=True)
    path_was = models.CharField(max_length=255, null=True)
    path_now = models.CharField(max_length=255, null=True)
    scope_was = models.CharField(max_length=40)
    scope_now = models.CharField(max_length=40)

    class Meta:
        verbose_name = _("变更")
        db_table = "feed_change"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.id} {self.resource} {self.object_id}"


class FeedMark(models.Model):
    """How far everything was settled at a moment: what lies at or below is at least that old. One a day.

    `is_floor` says that changes up to here have been cleared away, so that a client standing below must begin anew.
    """

    settled = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField(_("时间"))
    is_floor = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("变更流标记")
        db_table = "feed_mark"
        ordering = ["settled"]

    def __str__(self) -> str:
        return str(self.settled)
