"""Units to choose from in filters and forms, indented as the tree is."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django_filters import ModelChoiceFilter

from cmsys.org.models import OrgUnit


class UnitChoiceField(forms.ModelChoiceField):
    """A unit by its code, shown with its depth in the tree."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("to_field_name", "code")
        super().__init__(*args, **kwargs)

    def label_from_instance(self, obj: Any) -> str:
        return f"{'　' * obj.depth}{obj.name}"


class UnitFilter(ModelChoiceFilter):
    """Rows of a unit and of everything below it. `path_lookup` leads from the row to the unit's path."""

    field_class = UnitChoiceField

    def __init__(self, *args: Any, path_lookup: str = "unit__path", **kwargs: Any) -> None:
        kwargs.setdefault("queryset", visible_units)
        super().__init__(*args, **kwargs)
        self.path_lookup = path_lookup

    def filter(self, qs: QuerySet[Any], value: OrgUnit | None) -> QuerySet[Any]:
        return qs if value is None else qs.filter(**{f"{self.path_lookup}__startswith": value.path})


def visible_units(request: Any) -> QuerySet[OrgUnit]:
    """The units the asker may see; none where nobody asks (schema generation)."""
    if request is None:
        return OrgUnit.objects.none()
    return OrgUnit.objects.visible_to(request.user).order_by("path")
