"""ImportBatch, ImportFile and ImportChange: what was brought in, from which file, and what it changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from cmsys.access.masks import Mask


class Mode(models.TextChoices):
    """What happens when some rows are wrong."""

    ALL = "all", _("全部无误才导入")
    SKIP = "skip", _("跳过有错的行")


class State(models.TextChoices):
    """Where a batch stands. A checked one is a preview: nothing has been written for it."""

    CHECKING = "checking", _("检查中")
    CHECKED = "checked", _("待确认")
    QUEUED = "queued", _("排队导入")
    DONE = "done", _("已导入")
    PARTLY_UNDONE = "partly_undone", _("部分撤销")
    UNDONE = "undone", _("已撤销")
    DISCARDED = "discarded", _("已放弃")


class ImportBatch(models.Model):
    """One file of one kind, e.g. 客户经理名册.xlsx: checked, then brought in as one batch that can be taken back.

    `report` is a `cmsys.transfers.report.Report`: counts, findings, a few rows of each class.
    """

    resource: ClassVar[str] = "imports"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}

    kind = models.CharField(_("类别"), max_length=40)
    file_name = models.CharField(_("文件名"), max_length=200)
    sha256 = models.CharField(_("文件摘要"), max_length=64)
    size = models.PositiveBigIntegerField(_("字节数"))
    mapping = models.TextField(_("映射"), blank=True)
    mode = models.CharField(_("方式"), max_length=10, choices=Mode.choices, default=Mode.ALL)
    state = models.CharField(_("状态"), max_length=20, choices=State.choices, default=State.CHECKED)
    report = models.JSONField(_("检查结果"), default=dict)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("导入人"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    actor_name = models.CharField(_("导入人姓名"), max_length=120)
    created_at = models.DateTimeField(_("上传时间"))
    done_at = models.DateTimeField(_("导入时间"), null=True, blank=True)
    undone_at = models.DateTimeField(_("撤销时间"), null=True, blank=True)
    undone_by = models.CharField(_("撤销人"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("导入批次")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["actor", "-id"], name="transfers_batch_actor"),
            models.Index(fields=["kind", "-id"], name="transfers_batch_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.file_name} #{self.pk}"


class ImportFile(models.Model):
    """The uploaded bytes, kept for seven days for the commit and the marked copy; then only their sum remains."""

    batch = models.OneToOneField(ImportBatch, on_delete=models.CASCADE, related_name="file")
    content = models.BinaryField(_("内容"))
    expires_at = models.DateTimeField(_("保留至"), db_index=True)

    class Meta:
        verbose_name = _("导入文件")

    def __str__(self) -> str:
        return str(self.batch)


class ImportChange(models.Model):
    """One object a batch created or changed, with the stored values of both sides, so that it can be taken back."""

    batch = models.ForeignKey(ImportBatch, on_delete=models.CASCADE, related_name="changes")
    row = models.PositiveIntegerField(_("行号"))
    resource = models.CharField(_("对象类型"), max_length=60)
    object_id = models.CharField(_("对象编号"), max_length=60)
    label = models.CharField(_("对象"), max_length=200)
    op = models.CharField(_("操作"), max_length=10)
    before = models.JSONField(_("导入前"), default=dict, encoder=DjangoJSONEncoder)
    after = models.JSONField(_("导入后"), default=dict, encoder=DjangoJSONEncoder)
    undone_at = models.DateTimeField(_("撤销时间"), null=True, blank=True)
    kept = models.CharField(_("未撤销的原因"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("导入变更")
        ordering = ["batch", "row"]
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "resource", "object_id"], name="transfers_change_object_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.op} {self.label}"
