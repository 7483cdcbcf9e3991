"""The declared class of posts."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmsys.access.actors import may
from cmsys.accounts.requests import SignedInRequest
from cmsys.org.choices import UnitChoiceField
from cmsys.org.models import OrgUnit
from cmsys.org.permissions import UNIT_EDIT, UNIT_VIEW
from cmsys.ui.pages import Action
from cmsys.ui.registry import Text
from cmsys.ui.resource import Column, Resource, ResourceForm
from managers.careers.filters import PostFilterSet
from managers.careers.imports import POSTS_IMPORT
from managers.careers.models import Post
from managers.careers.services.posts import post_create, post_update


class PostForm(ResourceForm):
    """A post; without a unit it exists everywhere."""

    unit = UnitChoiceField(
        label=_("所属机构"), queryset=OrgUnit.objects.none(), required=False, help_text=_("不选则全行通用。")
    )

    class Meta:
        model = Post
        fields = ("code", "name", "series", "headcount", "unit")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        units = (
            OrgUnit.objects.reached_by(self.actor, UNIT_EDIT).filter(closed_on__isnull=True).order_by("path")
        )
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]
        if self.instance.pk:
            self.fields["code"].disabled = True
            self.initial["unit"] = self.instance.unit.code if self.instance.unit else None

    def values(self) -> dict[str, Any]:
        values = super().values()
        if self.instance.pk:
            values.pop("code")
        return values


class PostResource(Resource):
    """岗位: posts with their headcount and how much of it is filled."""

    key = "posts"
    noun = gettext_lazy("岗位")
    model = Post
    lookup = "code"
    filterset = PostFilterSet
    form_class = PostForm
    default_sort = ("unit__path", "code")
    columns = (
        Column("name", gettext_lazy("岗位名称"), lambda p: p.name, sort=("name",)),
        Column("code", gettext_lazy("岗位编码"), lambda p: p.code, sort=("code",)),
        Column(
            "unit", gettext_lazy("所属机构"), lambda p: p.unit.name if p.unit else _("全行通用"), sort=("unit__path",)
        ),
        Column("series", gettext_lazy("序列"), lambda p: p.get_series_display(), sort=("series",)),
        Column("headcount", gettext_lazy("编制"), lambda p: p.headcount, sort=("headcount",), numeric=True, kind="number"),
        Column("filled", gettext_lazy("在岗"), lambda p: p.filled, sort=("filled",), numeric=True, kind="number"),
        Column(
            "vacant", gettext_lazy("空缺"), lambda p: None if p.headcount is None else p.headcount - p.filled,
            numeric=True, kind="number",
        ),
    )  # fmt: skip

    def queryset(self, actor: Any, action: str) -> QuerySet[Any]:
        # A post of the whole bank is filled by people everywhere; the reader counts those of his own units.
        within = OrgUnit.objects.reached_by(actor, UNIT_VIEW)
        working = Q(managers__unit__in=within) & ~Q(managers__status="left")
        return (
            super()
            .queryset(actor, action)
            .select_related("unit")
            .annotate(filled=Count("managers", filter=working))
        )

    def page_title(self) -> Text:
        return _("岗位")

    def subtitle(self, request: Any, total: int) -> Text:
        return _("编制与在岗 · 截至 %(day)s") % {"day": timezone.localdate().isoformat()}

    def list_actions(self, request: Any) -> list[Action]:
        actions = super().list_actions(request)
        if may(request.user, POSTS_IMPORT):
            actions.insert(0, Action(_("导入"), reverse("imports_new", args=["posts"]), icon="upload"))
        return actions

    def object_subtitle(self, instance: Any) -> Text:
        return f"{instance.code} · {instance.get_series_display()}"

    def create(self, actor: Any, values: dict[str, Any]) -> Post:
        return post_create(actor=actor, **values)

    def update(self, actor: Any, instance: Any, values: dict[str, Any]) -> Post:
        return post_update(actor=actor, post_id=instance.pk, values=values)


POSTS = PostResource()


def post_card(request: SignedInRequest, post: Any) -> str:
    """What the post is, and how full it is."""
    facts = [
        {"label": _("岗位编码"), "value": post.code},
        {"label": _("序列"), "value": post.get_series_display()},
        {"label": _("所属机构"), "value": post.unit.name if post.unit else _("全行通用")},
        {"label": _("编制"), "value": post.headcount},
        {"label": _("在岗"), "value": post.filled},
        {"label": _("空缺"), "value": None if post.headcount is None else post.headcount - post.filled},
    ]
    return render_to_string("components/facts.html", {"facts": facts}, request=request)
