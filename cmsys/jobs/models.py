"""Job: one piece of work that is done in the background, from the moment it is asked for to its result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from cmsys.access.functions import Function
from cmsys.access.masks import Mask
from cmsys.jobs.kinds import label_of
from cmsys.jobs.permissions import JOB_EDIT, JOB_VIEW
from cmsys.org.scope import ScopedQuerySet, ScopeFields


class JobState(models.TextChoices):
    """docs/states/job.md draws the way from one to the other."""

    QUEUED = "queued", _("排队中")
    RUNNING = "running", _("执行中")
    DONE = "done", _("已完成")
    FAILED = "failed", _("已失败")
    CANCELLED = "cancelled", _("已取消")


OPEN = (JobState.QUEUED, JobState.RUNNING)
_IS_OPEN = Q(state__in=("queued", "running"))


class Job(models.Model):
    """后台任务. The row is written in the transaction that asks for the work; messages only carry its id.

    `lease_until` is, while queued, the moment before which it is not sent again, and while running the moment at which
    its worker counts as dead. `lease_token` is held by the one worker that may write. `attempt` counts the tries of the
    present chunk. The JSON columns are documents of the kind (cmsys.jobs.documents): ids and counts, nothing personal.
    """

    resource: ClassVar[str] = "jobs"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}
    scope: ClassVar[ScopeFields] = ScopeFields(account="actor_id")
    functions: ClassVar[Mapping[str, Function]] = {"view": JOB_VIEW, "edit": JOB_EDIT}

    kind = models.CharField(_("任务种类"), max_length=60)
    key = models.CharField(_("对象"), max_length=120)
    args = models.JSONField(_("参数"), default=dict)
    state = models.CharField(_("状态"), max_length=10, choices=JobState.choices, default=JobState.QUEUED)
    priority = models.SmallIntegerField(_("优先级"), default=5)
    due_at = models.DateTimeField(_("计划执行时间"), db_default=Now())
    attempt = models.SmallIntegerField(_("尝试次数"), default=0)
    max_attempts = models.SmallIntegerField(_("最多尝试次数"), default=3)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    lease_token = models.UUIDField(null=True, blank=True, editable=False)
    cursor = models.JSONField(null=True, blank=True, editable=False)
    progress_done = models.BigIntegerField(_("已处理"), default=0)
    progress_total = models.BigIntegerField(_("总数"), default=0)
    message = models.CharField(_("进展"), max_length=300, blank=True)
    result = models.JSONField(_("结果"), default=dict)
    error = models.CharField(_("失败原因"), max_length=500, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("发起人"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="+",
    )  # fmt: skip
    actor_name = models.CharField(_("发起人"), max_length=120)
    # The moment of the schedule this run belongs to; empty for work that somebody asked for.
    scheduled_for = models.DateTimeField(_("计划批次"), null=True, blank=True)
    created_at = models.DateTimeField(_("提交时间"), db_default=Now())
    started_at = models.DateTimeField(_("开始时间"), null=True, blank=True)
    finished_at = models.DateTimeField(_("结束时间"), null=True, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("后台任务")
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["state", "priority", "due_at", "id"], condition=_IS_OPEN, name="jobs_job_open"
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["kind", "key"], condition=_IS_OPEN, name="jobs_job_one_open"),
            models.UniqueConstraint(
                fields=["kind", "scheduled_for"],
                condition=Q(scheduled_for__isnull=False),
                name="jobs_job_one_per_period",
            ),
            models.CheckConstraint(condition=Q(state__in=JobState.values), name="jobs_job_state"),
            models.CheckConstraint(
                condition=Q(state="running", lease_token__isnull=False, lease_until__isnull=False)
                | (~Q(state="running") & Q(lease_token__isnull=True)),
                name="jobs_job_lease",
            ),
            models.CheckConstraint(
                condition=(_IS_OPEN & Q(finished_at__isnull=True))
                | (~_IS_OPEN & Q(finished_at__isnull=False)),
                name="jobs_job_finished",
            ),
            models.CheckConstraint(
                condition=Q(attempt__gte=0, attempt__lte=F("max_attempts"), max_attempts__gte=1),
                name="jobs_job_attempt",
            ),
            models.CheckConstraint(
                condition=Q(progress_done__gte=0, progress_total__gte=0), name="jobs_job_progress"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind_label} {self.key}".rstrip()

    @property
    def kind_label(self) -> str:
        return label_of(self.kind)

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def percent(self) -> int | None:
        """Whole percent of the work done, None while the total is not known."""
        return min(100, self.progress_done * 100 // self.progress_total) if self.progress_total else None
