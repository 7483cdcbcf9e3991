"""The list of who has answered his sheet and been talked to."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appraisal.feedback.choices import TONES, Signature
from appraisal.feedback.filters import AnswerFilterSet
from appraisal.feedback.permissions import FEEDBACK_EXPORT, FEEDBACK_LIST
from appraisal.feedback.selectors import with_answers
from appraisal.scoring.models import ScoreSheet
from cmsys.access.functions import Function
from cmsys.ui.context import covered
from cmsys.ui.pages import Empty
from cmsys.ui.registry import Text
from cmsys.ui.resource import Column, Resource


def _day(at: Any) -> Any:
    return timezone.localtime(at).date() if at else None


def talk_said(sheet: Any) -> tuple[str, str]:
    """Where the talk stands, and its tone."""
    if sheet.talked_on is None:
        return _("未面谈"), "warn"
    return (_("已确认"), "up") if sheet.talk_signed_at else (_("待本人确认"), "info")


class AnswerResource(Resource):
    """签收与面谈: who of those within reach has signed, in which words, and been talked to."""

    key = "acknowledgements"
    noun = gettext_lazy("签收与面谈")
    model = ScoreSheet
    filterset = AnswerFilterSet
    list_action = "list"
    default_sort = ("unit__path", "manager__name_pinyin")
    columns = (
        Column("name", gettext_lazy("姓名"), lambda s: s.manager.name, sort=("manager__name_pinyin",)),
        Column("employee_no", gettext_lazy("工号"), lambda s: s.manager.employee_no, sort=("manager__employee_no",)),
        Column("unit", gettext_lazy("机构"), lambda s: s.unit.name, sort=("unit__path",)),
        Column(
            "signature", gettext_lazy("签收"), lambda s: Signature(s.signature).label, sort=("signature",),
            tone=lambda s: TONES[s.signature],
        ),
        Column("answered_at", gettext_lazy("签收日期"), lambda s: _day(s.answered_at), sort=("answered_at",), kind="date"),
        Column("talk", gettext_lazy("面谈"), lambda s: talk_said(s)[0], tone=lambda s: talk_said(s)[1]),
        Column("talked_on", gettext_lazy("面谈日期"), lambda s: s.talked_on, sort=("talked_on",), kind="date"),
        Column(
            "talk_signed_at", gettext_lazy("本人确认"), lambda s: _day(s.talk_signed_at), sort=("talk_signed_at",),
            kind="date", shown=False,
        ),
    )  # fmt: skip

    def function(self, action: str) -> Function:
        return FEEDBACK_EXPORT if action == "export" else FEEDBACK_LIST

    def queryset(self, actor: Any, action: str) -> QuerySet[Any]:
        rows = ScoreSheet.objects.reached_by(actor, self.function(action))
        return with_answers(rows.select_related("manager", "unit")).defer("reasons")

    def subtitle(self, request: Any, total: int) -> Text:
        where = covered(request.user, FEEDBACK_LIST)
        return _("%(where)s · 考核表重新计算后，原签字自动作废") % {"where": where}

    def empty(self, request: Any, filtered: bool) -> Empty:
        if filtered:
            return super().empty(request, True)
        return Empty(_("还没有考核结果。周期运行定级之后，这里列出谁已签收、谁已面谈。"))

    def url(self, what: str, instance: Any = None) -> str:
        """A row leads to the sheet itself."""
        return (
            reverse("score_sheets_detail", args=[instance.pk])
            if what == "detail"
            else super().url(what, instance)
        )


ANSWERS = AnswerResource()
