"""SheetAcknowledgement and FeedbackInterview."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from appraisal.feedback import permissions
from appraisal.feedback.choices import Outcome
from appraisal.scoring.models import ScoreSheet
from appraisal.scoring.permissions import SHEET_VIEW
from cmsys.access.functions import Function
from cmsys.access.masks import Mask
from cmsys.org.scope import ScopedQuerySet, ScopeFields

OF_THE_SHEET = ScopeFields(
    unit_path="sheet__unit__path", line="sheet__manager__line_id", employee_no="sheet__manager__employee_no"
)


class SheetAcknowledgement(models.Model):
    """考核表签收: the answer to one version of a sheet (`digest`), one for each. A regrading that changes the sheet makes
    it an answer to something that is no more: it stays on record and counts no longer.

    The person signs himself, perhaps with a remark; where he refuses, his supervisor records that before two witnesses.
    """

    resource: ClassVar[str] = "sheet-acknowledgements"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}
    functions: ClassVar[Mapping[str, Function]] = {"view": SHEET_VIEW}
    scope: ClassVar[ScopeFields] = OF_THE_SHEET

    sheet = models.ForeignKey(
        ScoreSheet, verbose_name=_("考核表"), on_delete=models.PROTECT, related_name="acknowledgements",
        db_index=False,
    )  # fmt: skip
    digest = models.CharField(_("考核表版本"), max_length=32, blank=True)
    outcome = models.CharField(_("签收结果"), max_length=10, choices=Outcome.choices)
    remark = models.CharField(_("意见"), max_length=500, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("办理人"), on_delete=models.PROTECT, related_name="+"
    )
    witness = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("见证人"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="+",
    )  # fmt: skip
    second_witness = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("第二见证人"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="+",
    )  # fmt: skip
    at = models.DateTimeField(_("时间"))

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("考核表签收")
        ordering = ["sheet", "-at"]
        constraints = [
            models.UniqueConstraint(
                fields=["sheet", "digest"], name="feedback_once_a_version",
                violation_error_message=_("这一版考核表已经签收"),
            ),
            models.CheckConstraint(
                condition=Q(outcome="refused", witness__isnull=False, second_witness__isnull=False)
                | (~Q(outcome="refused") & Q(witness__isnull=True, second_witness__isnull=True)),
                name="feedback_refusal_is_witnessed", violation_error_message=_("拒签须有两名见证人"),
            ),
            models.CheckConstraint(
                condition=Q(witness__isnull=True)
                | (~Q(witness=F("second_witness")) & ~Q(witness=F("by")) & ~Q(second_witness=F("by"))),
                name="feedback_witnesses_are_others",
                violation_error_message=_("两名见证人须不同，也不能是登记人"),
            ),
            models.CheckConstraint(
                condition=Q(outcome="signed") | ~Q(remark=""), name="feedback_says_why",
                violation_error_message=_("有异议或者拒签须写明情况"),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.sheet} {self.get_outcome_display()}"


class FeedbackInterview(models.Model):
    """反馈面谈: what supervisor and person agreed on after a cycle, one for each sheet. Written by the supervisor,
    countersigned by the person; from then on it stands."""

    resource: ClassVar[str] = "feedback-interviews"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}
    functions: ClassVar[Mapping[str, Function]] = {"view": SHEET_VIEW, "edit": permissions.FEEDBACK_GIVE}
    scope: ClassVar[ScopeFields] = OF_THE_SHEET

    sheet = models.OneToOneField(
        ScoreSheet, verbose_name=_("考核表"), on_delete=models.PROTECT, related_name="interview"
    )
    held_on = models.DateField(_("面谈日期"))
    strengths = models.CharField(_("优点与成绩"), max_length=1000)
    actions = models.CharField(_("改进行动"), max_length=1000)
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("面谈人"), on_delete=models.PROTECT, related_name="+"
    )
    written_at = models.DateTimeField(_("记录时间"))
    signed_at = models.DateTimeField(_("本人确认时间"), null=True, blank=True)
    remark = models.CharField(_("本人意见"), max_length=500, blank=True)
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("反馈面谈")
        ordering = ["sheet"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(strengths="") & ~Q(actions=""),
                name="feedback_interview_says_both",
                violation_error_message=_("优点和改进行动都须填写"),
            ),
            models.CheckConstraint(
                condition=Q(signed_at__isnull=False) | Q(remark=""), name="feedback_remark_when_signed"
            ),
        ]

    def __str__(self) -> str:
        return str(self.sheet)
