"""The declared class of score sheets."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db.models import F, OuterRef, QuerySet, Subquery, Value, Window
from django.db.models.functions import Coalesce, FirstValue, Lag, Lead
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appraisal.cycles.models import CycleMember
from appraisal.scoring.filters import SheetListFilterSet, cycle_label
from appraisal.scoring.models import ScoreSheet
from appraisal.scoring.paper import TONES, Paper, grade_label, grade_said, paper_of, proposal_said
from appraisal.scoring.permissions import SHEET_LIST
from appraisal.scoring.words import exact, said, words_of
from cmsys.access.actors import may
from cmsys.ui.context import covered
from cmsys.ui.listing import Listing
from cmsys.ui.pages import Action, Empty
from cmsys.ui.registry import Text
from cmsys.ui.resource import Column, Resource
from managers.careers.models import Grade

# What belongs to the place in the list and not to the list's conditions.
NOT_CONDITIONS = ("page", "size", "columns", "drawer")


def _words(sheet: Any) -> Any:
    return words_of(sheet.cycle.scheme)


def _cell(sheet: Any) -> str:
    return str(_words(sheet).cell_name(sheet.quadrant)) if sheet.quadrant else ""


def _level(sheet: Any) -> str:
    return str(_words(sheet).level_name(sheet.level)) if sheet.level else ""


def _grade(sheet: Any) -> str:
    return grade_said(_words(sheet), sheet)


class SheetResource(Resource):
    """考核表: results of a cycle, one sheet a person."""

    key = "score-sheets"
    noun = gettext_lazy("考核表")
    title = gettext_lazy("考核结果")
    model = ScoreSheet
    list_action = "list"
    filterset = SheetListFilterSet
    default_sort = ("unit__path", "manager__name_pinyin")
    columns = (
        Column("name", gettext_lazy("姓名"), lambda s: s.manager.name, sort=("manager__name_pinyin",)),
        Column("employee_no", gettext_lazy("工号"), lambda s: s.manager.employee_no, sort=("manager__employee_no",)),
        Column("unit", gettext_lazy("机构"), lambda s: s.unit.name, sort=("unit__path",)),
        Column("line", gettext_lazy("条线"), lambda s: s.manager.line and s.manager.line.name, shown=False),
        Column("grade", gettext_lazy("等级"), _grade, sort=("grade_order",)),
        Column(
            "ability", gettext_lazy("能力得分"), lambda s: exact(s.ability), sort=("ability_key",), numeric=True, kind="number",
        ),
        Column(
            "performance", gettext_lazy("绩效得分"), lambda s: exact(s.performance), sort=("performance_key",), numeric=True,
            kind="number",
        ),
        Column("total", gettext_lazy("综合得分"), lambda s: exact(s.total), sort=("total_key",), numeric=True, kind="number"),
        Column("quadrant", gettext_lazy("矩阵位置"), _cell, sort=("quadrant",)),
        Column("level", gettext_lazy("考核等次"), _level, sort=("level",), shown=False),
        Column(
            "proposal", gettext_lazy("等级建议"), lambda s: proposal_said(_words(s), s), sort=("proposal",),
            tone=lambda s: TONES[s.proposal],
        ),
        Column("cycle", gettext_lazy("周期"), lambda s: s.cycle.period, shown=False),
    )  # fmt: skip

    def queryset(self, actor: Any, action: str) -> QuerySet[Any]:
        rows = super().queryset(actor, action).select_related("manager__line", "unit", "cycle__scheme")
        rows = (
            rows.defer("cycle__scheme__document", "reasons")
            if action != "view"
            else rows.defer("cycle__scheme__document")
        )
        # Those without a score stand last when the best stand first.
        nothing = Value(-1)
        return rows.annotate(
            grade_label=grade_label(),
            grade_order=Subquery(Grade.objects.filter(code=OuterRef("grade_code")).values("order")[:1]),
            ability_key=Coalesce("ability", nothing, output_field=ScoreSheet._meta.get_field("ability")),
            performance_key=Coalesce(
                "performance", nothing, output_field=ScoreSheet._meta.get_field("performance")
            ),
            total_key=Coalesce("total", nothing, output_field=ScoreSheet._meta.get_field("total")),
        )

    def subtitle(self, request: Any, total: int) -> Text:
        return _("%(where)s · 查看每一分的来历") % {"where": covered(request.user, SHEET_LIST)}

    def list_actions(self, request: Any) -> list[Action]:
        tail = conditions(request.GET, ("cycle", "unit", "line", "grade"))
        return [Action(_("双维矩阵"), reverse("matrix") + tail, icon="matrix")]

    def empty(self, request: Any, filtered: bool) -> Empty:
        if set(request.GET) - {"cycle", *NOT_CONDITIONS, "sort"}:
            return super().empty(request, True)
        return Empty(_("还没有考核结果，或者都不在您的权限范围内。周期运行定级之后，结果会出现在这里。"))

    # --- one sheet --------------------------------------------------------------------------------------------------
    def object_title(self, instance: Any) -> str:
        return _("%(name)s的考核表") % {"name": instance.manager.name}

    def object_subtitle(self, instance: Any) -> Text:
        at = timezone.localtime(instance.updated_at).strftime("%Y-%m-%d %H:%M")
        return _("%(cycle)s v%(version)d · 更新于 %(at)s") % {
            "cycle": cycle_label(instance.cycle), "version": instance.cycle.scheme.version, "at": at,
        }  # fmt: skip

    def identity(self, instance: Any) -> dict[str, Any]:
        manager, paper = instance.manager, paper_for(instance)
        place = [instance.unit.name, manager.line and manager.line.name, paper.grade or _("未定级")]
        return {
            "initial": manager.name[:1],
            "lines": [
                f"{manager.name}（{manager.employee_no}）",
                " · ".join(str(item) for item in place if item),
            ],
        }

    def figures(self, request: Any, instance: Any) -> Sequence[dict[str, Any]]:
        paper = paper_for(instance)
        found: list[dict[str, Any]] = [
            {"label": _("%(name)s得分") % {"name": part.name}, "value": said(rounded(part.result), 2) if part.result is not None else "",
             "before": _("未评") if part.result is None else ""}
            for part in paper.parts
        ]  # fmt: skip
        if instance.quadrant:
            found.append({"label": _("矩阵位置"), "value": paper.cell_name, "before": paper.strategy})
        if paper.level:
            found.append({"label": _("考核等次"), "value": paper.level, "before": ""})
        before = _("已达到%(grade)s，名额已满") % {"grade": paper.eligible_for} if paper.eligible_for else ""
        found.append(
            {
                "label": _("等级建议"),
                "value": paper.proposal,
                "tone": TONES[instance.proposal],
                "before": before,
            }
        )
        return found

    def object_actions(self, request: Any, instance: Any) -> list[Action]:
        actions = []
        if may(request.user, SHEET_LIST):
            before, after = self.neighbours(request, instance)
            tail = conditions(request.GET)
            if before:
                actions.append(
                    Action(
                        _("上一人"), reverse("score_sheets_detail", args=[before]) + tail, icon="chevron-left"
                    )
                )
            if after:
                actions.append(
                    Action(
                        _("下一人"), reverse("score_sheets_detail", args=[after]) + tail, icon="chevron-right"
                    )
                )
        actions.append(
            Action(_("打印考核表"), reverse("sheet_print", args=[instance.pk]), primary=True, icon="print")
        )
        return actions

    def neighbours(self, request: Any, instance: Any) -> tuple[int | None, int | None]:
        """Who stands before and after in the list the reader came from; one query."""
        asked = copy(request)
        asked.GET = request.GET.copy()
        asked.GET["cycle"] = str(instance.cycle_id)
        listing = Listing(self, asked)
        order: Any = [*listing._order(), "pk"]
        # The filter stands on a window, so that it is asked after the neighbours have been found.
        rows = listing.filtered().annotate(
            before=Window(Lag("pk"), order_by=order),
            after=Window(Lead("pk"), order_by=order),
            here=Window(FirstValue("pk"), partition_by=[F("pk")]),
        )
        found = rows.filter(here=instance.pk).values("before", "after").first()
        return (found["before"], found["after"]) if found else (None, None)


def rounded(value: Any) -> Any:
    """A result as a headline shows it: two decimals, half up; the lines below carry it in full."""
    return None if value is None else value.quantize(Decimal("0.01"), ROUND_HALF_UP)


def conditions(query: QueryDict, only: Sequence[str] = ()) -> str:
    """The conditions of a list as the tail of an address, empty without any."""
    kept = query.copy()
    for name in list(kept):
        if name in NOT_CONDITIONS or (only and name not in only):
            kept.pop(name)
    return f"?{kept.urlencode()}" if kept else ""


def paper_for(sheet: Any) -> Paper:
    """The sheet in words, made once for each row loaded; two queries the first time."""
    if not hasattr(sheet, "_paper"):
        member = None
        if sheet.performance is None or sheet.ability is None:
            member = CycleMember.objects.filter(cycle_id=sheet.cycle_id, manager_id=sheet.manager_id).first()
        sheet._paper = paper_of(sheet, list(sheet.lines.all()), member)
    paper: Paper = sheet._paper
    return paper


SHEETS = SheetResource()
