"""The declared class of schemes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Count, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appraisal.schemes.adapters import loaded
from appraisal.schemes.engine.document import read_yaml
from appraisal.schemes.engine.lint import ADVICE, lint
from appraisal.schemes.filters import SchemeFilterSet
from appraisal.schemes.models import SchemeVersion
from appraisal.schemes.permissions import SCHEME_EDIT
from cmsys.access.actors import may
from cmsys.accounts.requests import SignedInRequest
from cmsys.ui.pages import Action
from cmsys.ui.registry import Text
from cmsys.ui.resource import Column, Resource


class SchemeResource(Resource):
    """考核方案: every version, newest first."""

    key = "schemes"
    noun = gettext_lazy("考核方案")
    model = SchemeVersion
    filterset = SchemeFilterSet
    default_sort = ("code", "-version")
    columns = (
        Column("name", gettext_lazy("方案名称"), lambda s: s.name, sort=("name",)),
        Column("code", gettext_lazy("方案编码"), lambda s: s.code, sort=("code",)),
        Column("version", gettext_lazy("版本"), lambda s: s.version, sort=("version",), numeric=True, kind="number"),
        Column("cycle", gettext_lazy("周期"), lambda s: s.get_cycle_display(), sort=("cycle",)),
        Column(
            "used", gettext_lazy("状态"), lambda s: _("已用于 %(count)s 个周期") % {"count": s.used} if s.used else _("未使用"),
            tone=lambda s: "up" if s.used else "hold",
        ),
        Column("created_at", gettext_lazy("录入日期"), lambda s: timezone.localdate(s.created_at), sort=("created_at",), kind="date"),
    )  # fmt: skip

    def queryset(self, actor: Any, action: str) -> QuerySet[Any]:
        return super().queryset(actor, action).annotate(used=Count("cycles"))

    def page_title(self) -> Text:
        return _("考核方案")

    def subtitle(self, request: Any, total: int) -> Text:
        return _(
            "方案就是文件：权重、计分方法、矩阵与升降级规则都写在里面；用过的版本不再改动，只能由新版本接替"
        )

    def list_actions(self, request: Any) -> list[Action]:
        if may(request.user, SCHEME_EDIT):
            return [Action(_("导入方案"), reverse("schemes_import"), primary=True, icon="upload")]
        return []

    def object_subtitle(self, instance: Any) -> Text:
        return _("%(code)s 第 %(version)s 版 · 按%(cycle)s考核") % {
            "code": instance.code,
            "version": instance.version,
            "cycle": instance.get_cycle_display(),
        }

    def object_actions(self, request: Any, instance: Any) -> list[Action]:
        actions = [Action(_("下载文件"), reverse("schemes_download", args=[instance.pk]), icon="download")]
        if may(request.user, SCHEME_EDIT):
            url = f"{reverse('schemes_import')}?from={instance.pk}"
            actions.append(Action(_("以此为底写新版本"), url, primary=True, icon="edit"))
        return actions

    def figures(self, request: Any, instance: Any) -> Sequence[dict[str, Any]]:
        scheme = loaded(instance)
        return (
            {"label": _("维度"), "value": len(scheme.dimensions), "before": ""},
            {"label": _("指标"), "value": sum(1 for _one in scheme.indicators()), "before": ""},
            {"label": _("等级"), "value": len(scheme.grades), "before": ""},
            {"label": _("考核周期"), "value": instance.used, "before": ""},
        )  # fmt: skip


SCHEMES = SchemeResource()


def advice_card(request: SignedInRequest, version: SchemeVersion) -> str:
    """What the lint would rather see; nothing when it is content."""
    advice = [{"path": path, "text": ADVICE[code][0]} for path, code in lint(read_yaml(version.document))]
    if not advice:
        return ""
    return render_to_string("schemes/cards/advice.html", {"advice": advice}, request=request)


def document_card(request: SignedInRequest, version: SchemeVersion) -> str:
    """The document as it came in."""
    return render_to_string("schemes/cards/document.html", {"document": version.document}, request=request)
