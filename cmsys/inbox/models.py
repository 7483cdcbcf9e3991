"""Message: what somebody is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cmsys.access.masks import Mask


class Message(models.Model):
    """消息: one notice to one account, with a link to what it is about. What waits to be done is no message: that is
    computed (items.InboxSource), so that it can never be out of date.

    `key` makes sending idempotent: one message of a key for a recipient.
    """

    resource: ClassVar[str] = "messages"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}

    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("收件人"), on_delete=models.CASCADE, related_name="messages",
        db_index=False,
    )  # fmt: skip
    kind = models.CharField(_("类别"), max_length=40)
    title = models.CharField(_("标题"), max_length=160)
    body = models.CharField(_("内容"), max_length=500, blank=True)
    url = models.CharField(max_length=200, blank=True)
    key = models.CharField(max_length=120)
    at = models.DateTimeField(_("时间"))
    read_at = models.DateTimeField(_("已读时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("消息")
        ordering = ["-at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["recipient", "key"], name="inbox_message_once")]
        indexes = [
            models.Index(fields=["recipient", "-at"], name="inbox_message_newest"),
            models.Index(
                fields=["recipient"], name="inbox_message_unread", condition=Q(read_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return self.title
