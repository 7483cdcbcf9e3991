"""Filters of lists: only declared parameters, each once and with a value; a mistake is answered with its field."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_filters import BooleanFilter
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_field
from rest_framework.request import Request

from cmsys.api.problems import BadParameters, FieldError
from cmsys.org.models import OrgUnit

# An unescaped plus arrives as a space: 2026-01-01T00:00:00 08:00
_LOST_PLUS = re.compile(r"(?<=\d) (?=\d\d:\d\d$)")


class StrictFilterBackend(filters.DjangoFilterBackend):
    """django-filter that knows every parameter of the view and refuses all others, on details as well."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        """The filtered rows. Raises BadParameters; queries only what a filter itself needs."""
        is_list = not getattr(view, "detail", False)
        filterset_class = self.get_filterset_class(view, queryset) if is_list else None
        declared = dict(filterset_class.base_filters) if filterset_class is not None else {}
        paging = getattr(view.paginator, "parameters", ()) if is_list else ()
        refuse_unknown(request, declared, {*declared, *paging})
        if filterset_class is None:
            return queryset
        filterset = filterset_class(request.query_params, queryset=queryset, request=request)
        if not filterset.is_valid():
            raise BadParameters(
                [
                    FieldError(field, "bad_value", str(message))
                    for field, messages in filterset.form.errors.items()
                    for message in messages
                ]
            )
        return filterset.qs


def refuse_unknown(request: Request, declared: dict[str, Any], known: set[str]) -> None:
    """Raises BadParameters for parameters that are not known, are given twice, have no value, or are no boolean where one is
    declared."""
    errors = []
    for name, values in request.query_params.lists():
        if name not in known:
            message = _("没有参数“%(name)s”。可用的有：%(known)s。") % {
                "name": name[:60],
                "known": "、".join(sorted(known)) or _("无"),
            }
            errors.append(FieldError(name[:60], "unknown_parameter", message))
        elif len(values) > 1 and not isinstance(declared.get(name), filters.MultipleChoiceFilter):
            message = _("参数“%(name)s”只能出现一次。") % {"name": name}
            errors.append(FieldError(name, "repeated_parameter", message))
        elif "" in values:
            # A script whose variable was empty would otherwise get everything.
            message = _("参数“%(name)s”没有值；不需要时请去掉它。") % {"name": name}
            errors.append(FieldError(name, "bad_value", message))
        elif isinstance(declared.get(name), filters.BooleanFilter | BooleanFilter) and not _is_boolean(
            values
        ):
            message = _("参数“%(name)s”应是 true 或 false。") % {"name": name}
            errors.append(FieldError(name, "bad_value", message))
    if errors:
        raise BadParameters(errors)


def _is_boolean(values: list[str]) -> bool:
    """A word that is neither would count as no condition at all, and give everything."""
    return values[0].lower() in ("true", "false")


class InstantField(forms.CharField):
    """A moment with its offset (RFC 3339), or a date, which is that day's midnight in Asia/Shanghai."""

    default_error_messages = {
        "invalid": gettext_lazy("请填写带时区的时间，如 2026-01-31T08:00:00+08:00，或日期，如 2026-01-31。")
    }

    def to_python(self, value: Any) -> datetime | None:  # type: ignore[override]
        text = super().to_python(value)
        if not text:
            return None
        moment: datetime | None = None
        try:
            day: date | None = parse_date(text)
            if day is not None:
                moment = timezone.make_aware(datetime(day.year, day.month, day.day))  # noqa: DTZ001
            else:
                moment = parse_datetime(_LOST_PLUS.sub("+", text))
            if moment is not None:
                moment.astimezone(timezone.get_default_timezone())
        except (ValueError, OverflowError):
            moment = None
        if moment is None or timezone.is_naive(moment):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return moment


@extend_schema_field(
    {
        "anyOf": [{"type": "string", "format": "date-time"}, {"type": "string", "format": "date"}],
        "description": gettext_lazy("带时区的时间，或日期（上海时间当天零点）。"),
    }
)
class InstantFilter(filters.Filter):
    """Compares with a moment; see InstantField."""

    field_class = InstantField


class UnderUnitFilter(filters.CharFilter):
    """Rows of a unit and all below it, by the unit's code: `UnderUnitFilter(field_name="unit__path")`.

    An unknown unit and one that is out of the client's scope both give no rows. One query for the unit.
    """

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if not value:
            return qs
        path = path_of(self.parent.request, value)
        return qs.filter(**{f"{self.field_name}__startswith": path}) if path else qs.none()


def path_of(request: Request, code: str) -> str | None:
    """Where in the tree the unit stands, None for one that is not there for this client.

    Within the reach for the rows that are asked for: reading managers of a unit does not ask for the scope of units.
    """
    view: Any = request.parser_context["view"]
    within = Q(pk__in=())
    for function in view.required_functions():
        units: Any = OrgUnit.objects.order_by()
        within |= Q(pk__in=units.reached_by(request.user_actor, function).values("pk"))  # type: ignore[attr-defined]
    return OrgUnit.objects.filter(within, code=code).values_list("path", flat=True).first()


# Whatever stands in an address: no blanks, no control characters, and the comma is between them.
IDS = re.compile(r"[^,\x00-\x20]{1,64}(,[^,\x00-\x20]{1,64}){0,99}")
BIGGEST = 2**63 - 1


class IdsField(forms.CharField):
    """At most a hundred keys with commas between them."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if text and IDS.fullmatch(text) is None:
            raise ValidationError(_("ids 须为 1 到 100 个键，以逗号分隔，不加空格。"), code="invalid")
        return text.split(",") if text else []


@extend_schema_field(
    {
        "type": "string",
        "pattern": r"^[^,\x00-\x20]{1,64}(,[^,\x00-\x20]{1,64}){0,99}$",
        "description": gettext_lazy("只要这些键的行，以逗号分隔，最多 100 个；键与地址中的相同。"),
    }
)
class IdsFilter(filters.Filter):
    """Rows by their public keys, as `changes` names them; keys that are nobody's, or out of scope, are passed over."""

    field_class = IdsField

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if not value:
            return qs
        lookup: str = self.parent.request.parser_context["view"].lookup_field
        if lookup != "pk":
            return qs.filter(**{f"{lookup}__in": value})
        numbers = [int(key) for key in value if key.isascii() and key.isdigit() and len(key) < 20]
        return qs.filter(pk__in=[number for number in numbers if number <= BIGGEST])


class ResourceFilterSet(filters.FilterSet):
    """What every list offers; a room adds its own filters to it."""

    ids = IdsFilter(
        label=gettext_lazy("只要这些键的行，以逗号分隔，最多 100 个；键与地址中的相同。"), strip=False
    )
    updated_since = InstantFilter(
        field_name="updated_at", lookup_expr="gte", label=gettext_lazy("只要此时刻及以后更新过的行。")
    )

    def get_form_class(self) -> type[forms.Form]:
        """Each condition by itself: what a page's form asks of several together is for people. A program that asks for a
        period that ends before it begins, or for the year 1, gets the rows there are: none."""
        return type(
            f"{type(self).__name__}Form",
            (forms.Form,),
            {name: one.field for name, one in self.filters.items()},
        )
