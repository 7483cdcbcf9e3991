"""Rating, and RatingLine: what people are shown of ratings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from appraisal.ratings import permissions
from cmsys.access.functions import Function
from cmsys.access.masks import Mask
from cmsys.org.scope import ScopedQuerySet, ScopeFields
from managers.profiles.models import RelationshipManager


class RaterGroup(models.TextChoices):
    """评价关系: what the rater is to the person rated."""

    SUPERIOR = "superior", _("上级")
    PEER = "peer", _("同级")
    CUSTOMER = "customer", _("客户")
    DEPARTMENT = "department", _("其他部门")
    SUBORDINATE = "subordinate", _("下级")
    SELF = "self", _("本人")


# Groups whose raters stand by their names; all others are shown as a mean and a count, from LEAST_RATERS on.
NAMED = (RaterGroup.SUPERIOR, RaterGroup.SELF)
LEAST_RATERS = 3


def hidden(_value: str) -> str:
    """Nothing of a rating stands in the ledger: most raters were promised to stay unknown."""
    return "***"


class Rating(models.Model):
    """评分: what one rater says of one person for one indicator in one period, 0 to 100.

    `rater` is an employee number, or a name where somebody outside was asked. Ratings of the anonymous groups are shown
    to nobody singly: pages, exports and clients read RatingLine instead.
    """

    resource: ClassVar[str] = "ratings"
    audit_masks: ClassVar[Mapping[str, Mask]] = {"rater": hidden, "score": hidden, "comment": hidden}
    functions: ClassVar[Mapping[str, Function]] = {
        "view": permissions.RATING_VIEW,
        "give": permissions.RATING_GIVE,
        "self": permissions.RATING_SELF,
        "export": permissions.RATING_EXPORT,
        "import": permissions.RATING_IMPORT,
    }
    scope: ClassVar[ScopeFields] = ScopeFields(
        unit_path="manager__unit__path", line="manager__line_id", employee_no="manager__employee_no"
    )

    id = models.BigAutoField(primary_key=True)
    period = models.CharField(_("期间"), max_length=7)
    manager = models.ForeignKey(
        RelationshipManager,
        verbose_name=_("被评人"),
        on_delete=models.PROTECT,
        related_name="ratings",
        db_index=False,
    )
    rater = models.CharField(_("评价人"), max_length=80)
    rater_group = models.CharField(_("评价关系"), max_length=20, choices=RaterGroup.choices)
    indicator_code = models.CharField(_("指标编码"), max_length=40)
    score = models.DecimalField(_("评分"), max_digits=6, decimal_places=2)
    comment = models.CharField(_("评语"), max_length=500, blank=True)
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("能力评分")
        ordering = ["-period", "manager", "indicator_code", "rater"]
        indexes = [
            models.Index(fields=["manager", "period"], name="ratings_rating_manager"),
            models.Index(fields=["updated_at", "id"], name="ratings_rating_updated"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["period", "manager", "rater", "indicator_code"], name="ratings_rating_once"
            ),
            models.CheckConstraint(
                condition=Q(score__range=(0, 100)), name="ratings_rating_range",
                violation_error_message=_("评分须在 0 到 100 之间"),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.period} {self.indicator_code}"


class RatingLine(models.Model):
    """评分 as they are shown: superior and self one by one, every other group as its mean and count where at least
    LEAST_RATERS rated. A view of the database, so that no filter, sum or export can reach a single rating.

    A group is the raters of one relation for one person, indicator and period: whatever is filtered, it is shown whole
    or not at all. `id` is that of the rating, of the group's first one.
    """

    resource: ClassVar[str] = "ratings"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}
    functions: ClassVar[Mapping[str, Function]] = {
        "view": permissions.RATING_VIEW,
        "export": permissions.RATING_EXPORT,
    }
    scope: ClassVar[ScopeFields] = Rating.scope

    id = models.BigIntegerField(primary_key=True)
    period = models.CharField(_("期间"), max_length=7)
    manager = models.ForeignKey(
        RelationshipManager, verbose_name=_("被评人"), on_delete=models.DO_NOTHING, related_name="+"
    )
    rater_group = models.CharField(_("评价关系"), max_length=20, choices=RaterGroup.choices)
    indicator_code = models.CharField(_("指标编码"), max_length=40)
    # Empty for a group.
    rater = models.CharField(_("评价人"), max_length=80)
    raters = models.IntegerField(_("评价人数"))
    score = models.DecimalField(_("评分"), max_digits=6, decimal_places=2)
    comment = models.CharField(_("评语"), max_length=500)
    updated_at = models.DateTimeField(_("更新时间"))

    objects = ScopedQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = "appraisal_ratings_line"
        verbose_name = _("能力评分")
        ordering = ["-period", "id"]

    def __str__(self) -> str:
        return f"{self.period} {self.indicator_code}"
