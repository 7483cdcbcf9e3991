"""The declared class of ratings as they are shown."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db.models import DecimalField, F, QuerySet, Sum
from django.db.models.functions import Cast, Round
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appraisal.figures.known import known_codes
from appraisal.figures.resources import INDICATOR, INDICATOR_CODE, PERIOD, UPDATED, named, plain
from appraisal.ratings.filters import RatingFilterSet
from appraisal.ratings.models import LEAST_RATERS, RatingLine
from appraisal.ratings.permissions import RATING_IMPORT
from appraisal.ratings.selectors import with_names
from cmsys.access.actors import may
from cmsys.access.functions import Reach
from cmsys.ui.context import covered
from cmsys.ui.pages import Action
from cmsys.ui.registry import Text
from cmsys.ui.resource import Column, Resource, Total


def score_of(line: Any) -> Decimal:
    """The score without idle zeros."""
    return plain(line.score)


# Over the lines shown, each with its raters: what is not shown is in no sum either.
MEAN = Round(
    Cast(Sum(F("score") * F("raters")), DecimalField(max_digits=20, decimal_places=6)) / Sum("raters"),
    precision=2,
    output_field=DecimalField(max_digits=20, decimal_places=2),
)


class RatingResource(Resource):
    """能力评分: what superiors and the person said by name, of all others the mean and how many."""

    key = "ratings"
    noun = gettext_lazy("评分")
    title = gettext_lazy("能力评分")
    model = RatingLine
    filterset = RatingFilterSet
    default_sort = ("-period", "manager__employee_no", "indicator_code", "rater_group", "rater")
    totals = (
        Total("raters", gettext_lazy("评价人次"), Sum("raters")),
        Total("mean", gettext_lazy("平均分（按人次，不按方案权重）"), MEAN),
    )
    columns = (
        Column("name", gettext_lazy("被评人"), lambda r: r.manager.name, sort=("manager__name_pinyin",)),
        Column(
            "employee_no", gettext_lazy("被评人工号"), lambda r: r.manager.employee_no, sort=("manager__employee_no",)
        ),
        Column("unit", gettext_lazy("机构"), lambda r: r.manager.unit.name, sort=("manager__unit__path",)),
        PERIOD,
        INDICATOR,
        INDICATOR_CODE,
        Column("rater_group", gettext_lazy("评价关系"), lambda r: r.get_rater_group_display(), sort=("rater_group",)),
        Column("rater", gettext_lazy("评价人"), lambda r: r.rater_name or _("（匿名）")),
        Column(
            "raters", gettext_lazy("评价人数"), lambda r: r.raters, sort=("raters",), numeric=True, kind="number"
        ),
        Column("score", gettext_lazy("评分"), score_of, sort=("score",), numeric=True, kind="number"),
        Column("comment", gettext_lazy("评语"), lambda r: r.comment, shown=False),
        UPDATED,
    )  # fmt: skip

    def queryset(self, actor: Any, action: str) -> QuerySet[Any]:
        rows = super().queryset(actor, action).select_related("manager", "manager__unit")
        return with_names(named(rows, known_codes().names))

    def subtitle(self, request: Any, total: int) -> Text:
        reached = request.user.access.reaches(self.function("view"))
        own = all(one.reach is Reach.SELF for one in reached)
        where = _("本人") if own else covered(request.user, self.function("view"))
        rule = _("上级和本人署名；其他评价关系只显示平均分，满 %(least)d 人才显示") % {"least": LEAST_RATERS}
        return f"{where} · {rule}"

    def list_actions(self, request: Any) -> list[Action]:
        if may(request.user, RATING_IMPORT):
            return [Action(_("导入"), reverse("imports_new", args=["ratings"]), icon="upload")]
        return []

    def object_title(self, instance: Any) -> str:
        return _("%(name)s的评分") % {"name": instance.manager.name}

    def object_subtitle(self, instance: Any) -> Text:
        return f"{instance.period} · {instance.indicator_name}（{instance.indicator_code}）"


RATINGS = RatingResource()
