"""Conditions of the kernel's lists."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cmsys.accounts.models import User
from cmsys.audit.models import Event
from cmsys.jobs.models import Job, JobState
from cmsys.org.choices import UnitFilter
from cmsys.org.models import OrgUnit, UnitKind
from cmsys.ui.kinds import kind_choices


class UnitFilterSet(django_filters.FilterSet):
    """Name or code, kind, everything below a unit, open or closed."""

    q = django_filters.CharFilter(label=_("名称/编码"), method="search")
    kind = django_filters.ChoiceFilter(label=_("类型"), choices=UnitKind.choices, empty_label=_("全部"))
    under = UnitFilter(label=_("所属上级"), path_lookup="path", empty_label=_("全部"))
    open = django_filters.BooleanFilter(
        label=_("状态"), field_name="closed_on", lookup_expr="isnull",
        widget=forms.Select(choices=(("", _("全部")), ("true", _("存续")), ("false", _("已撤销")))),
    )  # fmt: skip

    class Meta:
        model = OrgUnit
        fields: tuple[str, ...] = ()

    def search(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(Q(name__icontains=value) | Q(code__icontains=value))


class UserFilterSet(django_filters.FilterSet):
    """Name, account or number; enabled or not."""

    q = django_filters.CharFilter(label=_("姓名/账号/工号"), method="search")
    active = django_filters.BooleanFilter(
        label=_("状态"), field_name="is_active",
        widget=forms.Select(choices=(("", _("全部")), ("true", _("启用")), ("false", _("停用")))),
    )  # fmt: skip

    class Meta:
        model = User
        fields: tuple[str, ...] = ()

    def search(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        found = Q(name__icontains=value) | Q(username__icontains=value) | Q(employee_no__icontains=value)
        return queryset.filter(found | Q(name_pinyin__icontains=value))


class JobFilterSet(django_filters.FilterSet):
    """State, and what it is about."""

    state = django_filters.ChoiceFilter(label=_("状态"), choices=JobState.choices, empty_label=_("全部"))
    key = django_filters.CharFilter(label=_("对象"), lookup_expr="icontains")

    class Meta:
        model = Job
        fields: tuple[str, ...] = ()


class EventFilterSet(django_filters.FilterSet):
    """Who, what, which object, when."""

    who = django_filters.CharFilter(label=_("操作人"), field_name="actor_name", lookup_expr="icontains")
    object = django_filters.CharFilter(label=_("对象"), field_name="object_label", lookup_expr="icontains")
    kind = django_filters.ChoiceFilter(label=_("事件"), choices=kind_choices, empty_label=_("全部"))
    since = django_filters.DateFilter(label=_("从"), method="from_day", widget=forms.DateInput())
    until = django_filters.DateFilter(label=_("到"), method="to_day", widget=forms.DateInput())
    success = django_filters.BooleanFilter(
        label=_("结果"),
        widget=forms.Select(choices=(("", _("全部")), ("true", _("成功")), ("false", _("失败")))),
    )
    request_id = django_filters.CharFilter(label=_("请求号"))

    class Meta:
        model = Event
        fields: tuple[str, ...] = ()

    def from_day(self, queryset: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        return queryset.filter(at__gte=_midnight(value))

    def to_day(self, queryset: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        """The day itself included."""
        return queryset.filter(at__lt=_midnight(value + timedelta(days=1)))


def _midnight(day: Any) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
