"""Event and Seal: what happened, and the chain that shows it was not touched since; Settled: how far that is known."""

from __future__ import annotations

from django.db import models
from django.db.models import Func
from django.utils.translation import gettext_lazy as _


class NextEventId(Func):
    """Draws an event id after forcing the transaction id, so that the sealer can tell when an id is settled."""

    function = "audit_next_id"
    output_field = models.BigIntegerField()
    arity = 0


class Event(models.Model):
    """One change: who did what to which object, when, from what to what, and why.

    Written in the transaction of the change and never touched again; the application's database role may only insert
    and read. The actor is kept as id and name, without a foreign key: the ledger outlives accounts.
    """

    id = models.BigIntegerField(primary_key=True, db_default=NextEventId())
    at = models.DateTimeField(_("时间"))
    kind = models.CharField(_("事件"), max_length=60)
    resource = models.CharField(_("对象类型"), max_length=60)
    object_id = models.CharField(_("对象编号"), max_length=60)
    object_label = models.CharField(_("对象"), max_length=200, blank=True)
    actor_id = models.BigIntegerField(_("操作人编号"), null=True)
    actor_name = models.CharField(_("操作人"), max_length=120)
    role = models.CharField(_("角色"), max_length=20, blank=True)
    before = models.JSONField(_("变更前"), default=dict)
    after = models.JSONField(_("变更后"), default=dict)
    reason = models.CharField(_("原因"), max_length=500, blank=True)
    request_id = models.CharField(_("请求号"), max_length=40, blank=True)
    address = models.CharField(_("来源地址"), max_length=45, blank=True)
    success = models.BooleanField(_("成功"), default=True)

    class Meta:
        verbose_name = _("操作日志")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["resource", "object_id", "-id"], name="audit_event_object"),
            models.Index(fields=["kind", "-id"], name="audit_event_kind"),
            models.Index(fields=["actor_id", "-id"], name="audit_event_actor"),
            models.Index(fields=["-at"], name="audit_event_at"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_label}"


class Seal(models.Model):
    """One link of the chain: the event's place in the one fixed order and the hash over it and the link before it."""

    seq = models.BigIntegerField(primary_key=True)
    event = models.OneToOneField(Event, on_delete=models.DO_NOTHING, related_name="seal", db_constraint=False)
    sealed_at = models.DateTimeField()
    hash = models.BinaryField(max_length=32)

    class Meta:
        verbose_name = _("封存")

    def __str__(self) -> str:
        return str(self.seq)


class Settled(models.Model):
    """One row: at or below `event_id` no number of the ledger can still appear, whoever drew it and for what.

    Written by the sealer when it moves. Readers in the order of these numbers (docs/adr/0132) read up to here: the last
    sealed event may lie below, because not every number is that of an event.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    event_id = models.BigIntegerField()

    class Meta:
        verbose_name = _("已确定的编号")
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="audit_settled_one_row")]

    def __str__(self) -> str:
        return str(self.event_id)


def settled_to() -> int:
    """The number at or below which everything is there that will ever be; 0 before the sealer ran. One query."""
    return Settled.objects.values_list("event_id", flat=True).first() or 0
