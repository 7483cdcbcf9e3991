"""PublicNotice, NoticeLine, NoticeObjection, ServiceOfNotice and AppointmentLetter."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from appraisal.grading.models import GradeDecision, GradingRound
from appraisal.notices import permissions
from appraisal.notices.choices import LineState, Method, NoticeState, ObjectionState, ServiceState
from cmsys.access.actors import Actor
from cmsys.access.functions import Function
from cmsys.access.masks import Mask
from cmsys.org.models import OrgUnit
from cmsys.org.scope import NOTHING, ScopedQuerySet, ScopeFields
from managers.profiles.models import RelationshipManager


class Numbered(models.Model):
    """A document with a number of its own (文号): counted anew each year, never given twice, never given back."""

    series: ClassVar[str] = ""

    year = models.PositiveSmallIntegerField(_("年份"), null=True, blank=True, editable=False)
    serial = models.PositiveIntegerField(_("序号"), null=True, blank=True, editable=False)

    class Meta:
        abstract = True

    @property
    def number(self) -> str:
        """`公示〔2026〕3号`; empty before it has one."""
        return _t("%(series)s〔%(year)d〕%(serial)d号") % {
            "series": self.series, "year": self.year, "serial": self.serial,
        } if self.serial else ""  # fmt: skip


def _above(path: str) -> list[str]:
    """The paths of a unit and of all above it: `/1/7/` → `/1/`, `/1/7/`."""
    parts = [part for part in path.split("/") if part]
    return [f"/{'/'.join(parts[: depth + 1])}/" for depth in range(len(parts))]


class NoticeQuerySet(ScopedQuerySet):
    """Scope as everywhere for human resources; everybody else reads what runs today where he works, and whatever names
    himself. Nothing of a draft is shown to either."""

    def _reach(self, user: Actor, function: Function) -> Q:
        seen = super()._reach(user, function)
        if function is permissions.NOTICE_READ and user.actor_id is not None:
            today = timezone.localdate()
            running = Q(state=NoticeState.PUBLISHED, starts_on__lte=today, ends_on__gte=today)
            seen |= (running & self._where(user)) | (Q(published_at__isnull=False) & _names(user))
        return seen

    def addressed_to(self, user: Actor) -> Self:
        """Published at any time to an audience of which the actor is one, whatever became of it since."""
        return self.filter(self._where(user), published_at__isnull=False)

    def _where(self, user: Actor) -> Q:
        reaches = user.access.reaches(permissions.OBJECTION_LODGE)
        if not reaches:
            return NOTHING
        paths = {path for reached in reaches for path in _above(reached.unit_path)}
        audience = Q(audience__isnull=True) | Q(audience__path__in=sorted(paths))
        number = getattr(user, "employee_no", None)
        if number:
            posted = RelationshipManager.objects.filter(
                employee_no=number, unit__path__startswith=OuterRef("audience__path")
            )
            audience |= Q(Exists(posted))
        return audience


def _names(user: Actor) -> Q:
    number = getattr(user, "employee_no", None)
    if not number or not user.access.reaches(permissions.NOTICE_READ):
        return NOTHING
    own = NoticeLine.objects.filter(notice=OuterRef("pk"), decision__manager__employee_no=number)
    return Q(Exists(own))


class PublicNotice(Numbered):
    """公示: intended promotions are shown to colleagues for some working days, so that whoever knows better can say so.

    It names people, their unit, the grade they have and the one they shall have, and nothing else; demotions are never on
    one (a trigger refuses them). `audience` empty means the whole institution. The day of publication is not counted
    (民法典 art. 201): `ends_on` is the last of `days` working days after `starts_on` and still belongs to it.
    """

    resource: ClassVar[str] = "public-notices"
    series: ClassVar[str] = "公示"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}
    functions: ClassVar[Mapping[str, Function]] = {
        "view": permissions.NOTICE_READ,
        "edit": permissions.NOTICE_EDIT,
    }
    scope: ClassVar[ScopeFields] = ScopeFields(unit_path="audience__path")

    round = models.ForeignKey(
        GradingRound, verbose_name=_("定级批次"), on_delete=models.PROTECT, related_name="notices"
    )
    state = models.CharField(_("状态"), max_length=10, choices=NoticeState.choices, default=NoticeState.DRAFT)
    title = models.CharField(_("标题"), max_length=120)
    text = models.TextField(_("正文"), max_length=2000)
    audience = models.ForeignKey(
        OrgUnit, verbose_name=_("公示范围"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    starts_on = models.DateField(_("公布日"))
    days = models.PositiveSmallIntegerField(_("公示工作日"))
    ends_on = models.DateField(_("截止日"), null=True, blank=True)
    channel = models.CharField(_("异议受理"), max_length=300)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    created_at = models.DateTimeField(_("起草时间"), editable=False)
    published_at = models.DateTimeField(_("发布时间"), null=True, blank=True, editable=False)
    published_by = models.CharField(_("发布人"), max_length=120, blank=True, editable=False)
    closed_at = models.DateTimeField(_("结束时间"), null=True, blank=True, editable=False)
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("公示")
        ordering = ["-starts_on", "-pk"]
        indexes = [models.Index(fields=["state", "ends_on"], name="notices_notice_running")]
        constraints = [
            models.UniqueConstraint(fields=["year", "serial"], name="notices_notice_number"),
            models.CheckConstraint(
                name="notices_notice_published",
                condition=Q(state="draft", serial__isnull=True, published_at__isnull=True, ends_on__isnull=True)
                | Q(state="withdrawn")
                | Q(state__in=("published", "ended"), serial__isnull=False, published_at__isnull=False, ends_on__isnull=False),
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")), name="notices_notice_period"
            ),
            models.CheckConstraint(
                condition=Q(state__in=("draft", "published"), closed_at__isnull=True)
                | Q(state__in=("ended", "withdrawn"), closed_at__isnull=False),
                name="notices_notice_closed",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.number} {self.title}".strip()

    def is_open(self, today: date) -> bool:
        """Whether an objection can be lodged on that day."""
        return (
            self.state == NoticeState.PUBLISHED
            and self.ends_on is not None
            and self.starts_on <= today <= self.ends_on
        )


class NoticeLine(models.Model):
    """One person on a notice, in the words that were published; there is no column for anything else."""

    notice = models.ForeignKey(PublicNotice, on_delete=models.CASCADE, related_name="lines", db_index=False)
    decision = models.ForeignKey(GradeDecision, on_delete=models.PROTECT, related_name="notice_lines")
    name = models.CharField(_("姓名"), max_length=100)
    unit_name = models.CharField(_("机构"), max_length=120)
    from_grade = models.CharField(_("现等级"), max_length=80, blank=True)
    to_grade = models.CharField(_("拟晋升等级"), max_length=80)
    state = models.CharField(_("状态"), max_length=10, choices=LineState.choices, default=LineState.STANDING)
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("公示人员")
        ordering = ["notice", "unit_name", "name", "pk"]
        indexes = [models.Index(fields=["notice", "state"], name="notices_line_notice")]
        constraints = [
            models.UniqueConstraint(
                fields=["decision"], condition=Q(state="standing"), name="notices_line_once",
                violation_error_message=_("该人员已在另一份公示中"),
            ),
            models.CheckConstraint(
                condition=Q(state="standing", closed_at__isnull=True)
                | (~Q(state="standing") & Q(closed_at__isnull=False)),
                name="notices_line_closed",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.name} {self.to_grade}"


class ObjectionQuerySet(ScopedQuerySet):
    """Nobody finds who objected to himself, not even in human resources."""

    def _reach(self, user: Actor, function: Function) -> Q:
        seen = super()._reach(user, function)
        if function is permissions.OBJECTION_VIEW and user.actor_id is not None:
            # Human resources as well lodge objections of their own.
            seen |= Q(objector=user.actor_id) if user.access.reaches(function) else NOTHING
        number = getattr(user, "employee_no", None)
        return seen & ~Q(line__decision__manager__employee_no=number) if number else seen


class NoticeObjection(models.Model):
    """公示异议: a colleague says by name that a promotion on a notice is not justified, and which facts say so.

    Lodged while the notice runs, answered in writing by somebody who neither reviewed nor confirmed that case. The line
    does not clear before. Only whoever may answer it learns who lodged it.
    """

    resource: ClassVar[str] = "notice-objections"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}
    functions: ClassVar[Mapping[str, Function]] = {
        "view": permissions.OBJECTION_VIEW,
        "handle": permissions.OBJECTION_HANDLE,
    }
    scope: ClassVar[ScopeFields] = ScopeFields(
        unit_path="line__decision__unit__path", line="line__decision__manager__line_id", account="objector_id"
    )

    line = models.ForeignKey(
        NoticeLine, verbose_name=_("公示人员"), on_delete=models.PROTECT, related_name="objections"
    )
    objector = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("异议人"), on_delete=models.PROTECT, related_name="+"
    )
    text = models.CharField(_("异议内容"), max_length=500)
    facts = models.TextField(_("事实与依据"), max_length=2000)
    lodged_at = models.DateTimeField(_("提出时间"))
    due_on = models.DateField(_("答复截止日"))
    state = models.CharField(
        _("状态"), max_length=10, choices=ObjectionState.choices, default=ObjectionState.OPEN
    )
    answer = models.TextField(_("答复"), max_length=2000, blank=True)
    answered_at = models.DateTimeField(_("答复时间"), null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("答复人"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="+",
    )  # fmt: skip
    answered_name = models.CharField(max_length=120, blank=True)
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    objects = ObjectionQuerySet.as_manager()

    class Meta:
        verbose_name = _("公示异议")
        ordering = ["-lodged_at", "-pk"]
        indexes = [models.Index(fields=["state", "due_on"], name="notices_objection_open")]
        constraints = [
            models.UniqueConstraint(
                fields=["line", "objector"], condition=Q(state="open"), name="notices_objection_once",
                violation_error_message=_("您对这一项已经提出异议，正在办理"),
            ),
            models.CheckConstraint(
                condition=Q(state="open", answered_at__isnull=True, answer="")
                | (~Q(state="open") & Q(answered_at__isnull=False) & ~Q(answer="")),
                name="notices_objection_answered",
            ),
            models.CheckConstraint(
                condition=Q(answered_by__isnull=True) | ~Q(answered_by=F("objector")),
                name="notices_objection_other",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        # Without the objector: this stands in the ledger and in messages.
        return f"{self.line}"


class ServiceOfNotice(Numbered):
    """送达: a demotion is handed to the person with its reasons and how to appeal, and never shown to anybody else.

    The appeal runs from the day of service, whether the receipt is signed or refused; refusal needs two witnesses.
    """

    resource: ClassVar[str] = "services-of-notice"
    series: ClassVar[str] = "送达"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}
    functions: ClassVar[Mapping[str, Function]] = {
        "list": permissions.SERVICE_LIST,
        "view": permissions.SERVICE_VIEW,
        "serve": permissions.SERVICE_SERVE,
        "sign": permissions.SERVICE_SIGN,
    }
    scope: ClassVar[ScopeFields] = ScopeFields(
        unit_path="decision__unit__path", line="decision__manager__line_id", employee_no="decision__manager__employee_no"
    )  # fmt: skip

    decision = models.ForeignKey(
        GradeDecision, verbose_name=_("等级变更"), on_delete=models.PROTECT, related_name="services"
    )
    state = models.CharField(
        _("状态"), max_length=10, choices=ServiceState.choices, default=ServiceState.SERVED
    )
    method = models.CharField(_("方式"), max_length=10, choices=Method.choices)
    mail_no = models.CharField(_("邮件单号"), max_length=40, blank=True)
    from_grade = models.CharField(_("原等级"), max_length=80, blank=True)
    to_grade = models.CharField(_("现定等级"), max_length=80)
    reasons = models.TextField(_("理由"), max_length=2000)
    served_on = models.DateField(_("送达日期"))
    served_at = models.DateTimeField(_("登记时间"))
    served_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("送达人"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    served_name = models.CharField(_("送达人"), max_length=120)
    appeal_until = models.DateField(_("申诉截止日"))
    channel = models.CharField(_("申诉受理"), max_length=300)
    closed_at = models.DateTimeField(_("签收时间"), null=True, blank=True)
    # The person's own words when signing, or what happened when he would not.
    note = models.CharField(_("说明"), max_length=500, blank=True)
    on_paper = models.BooleanField(_("纸质回执"), default=False)
    witness_one = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("见证人一"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="+",
    )  # fmt: skip
    witness_two = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("见证人二"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="+",
    )  # fmt: skip
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("送达")
        ordering = ["-served_on", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["year", "serial"], name="notices_service_number"),
            models.UniqueConstraint(
                fields=["decision"], condition=~Q(state="void"), name="notices_service_once",
                violation_error_message=_("该决定已经送达"),
            ),
            models.CheckConstraint(
                condition=Q(serial__isnull=False, year__isnull=False), name="notices_service_numbered"
            ),
            models.CheckConstraint(
                condition=Q(state="served", closed_at__isnull=True)
                | (~Q(state="served") & Q(closed_at__isnull=False)),
                name="notices_service_closed",
            ),
            models.CheckConstraint(
                condition=Q(witness_one__isnull=True, witness_two__isnull=True)
                | (Q(witness_one__isnull=False, witness_two__isnull=False) & ~Q(witness_one=F("witness_two"))),
                name="notices_service_witnesses",
                violation_error_message=_("须有两名不同的见证人"),
            ),
            models.CheckConstraint(
                condition=~Q(state="refused") | Q(witness_one__isnull=False), name="notices_service_refused"
            ),
            models.CheckConstraint(
                condition=Q(served_by__isnull=True) | Q(witness_one__isnull=True)
                | (~Q(witness_one=F("served_by")) & ~Q(witness_two=F("served_by"))),
                name="notices_service_not_server",
                violation_error_message=_("送达人不能作见证人"),
            ),
            models.CheckConstraint(
                condition=Q(appeal_until__gte=F("served_on")), name="notices_service_appeal"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.number} {self.decision.manager.name}"


class AppointmentLetter(Numbered):
    """聘任通知: the paper on which a promotion that has taken effect is told; numbered when it is first printed."""

    resource: ClassVar[str] = "appointment-letters"
    series: ClassVar[str] = "聘任"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}

    decision = models.OneToOneField(
        GradeDecision, verbose_name=_("等级变更"), on_delete=models.PROTECT, related_name="letter"
    )
    issued_on = models.DateField(_("签发日期"))
    issued_by = models.CharField(_("签发人"), max_length=120)

    class Meta:
        verbose_name = _("聘任通知")
        constraints = [
            models.UniqueConstraint(fields=["year", "serial"], name="notices_letter_number"),
            models.CheckConstraint(
                condition=Q(serial__isnull=False, year__isnull=False), name="notices_letter_numbered"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.decision.manager.name}"
