"""Resource: one declared class makes the list, the page, the forms and the export of a model.

A room subclasses it, names columns, filters and services, and calls `register`. Pages, API and export share the
model's `visible_to`, the filterset and the functions, so that there is one answer to who may see what.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from django import forms
from django.db.models import Model, QuerySet
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _
from django_filters import FilterSet

from cmsys.access.actors import Actor, may
from cmsys.access.functions import Function
from cmsys.ui.pages import Action, Empty
from cmsys.ui.registry import Text


@dataclass(frozen=True)
class Column:
    """One column of a list and of its export.

    `value(row)` touches only what the resource's queryset has loaded. `sort` are order_by expressions, empty for a
    column that cannot be sorted; `tone(row)` shows the text as a tag; `url(row)` links it. Without the `function` there
    is no such column; `value` leaves out rows beyond its reach.
    """

    key: str
    label: Text
    value: Callable[[Any], Any]
    sort: tuple[str, ...] = ()
    numeric: bool = False
    kind: Literal["text", "number", "date"] = "text"
    tone: Callable[[Any], str] | None = None
    url: Callable[[Any], str] | None = None
    shown: bool = True
    function: Function | None = None


@dataclass(frozen=True)
class Total:
    """A figure over all rows that match a list's conditions, not only over those on the page.

    `expression` is an aggregate, computed in the one query that counts the rows. `kind` says how it is written: money in
    yuan, a number grouped, a percentage whose value is already times hundred. Readers without the `function` do not get it.
    """

    key: str
    label: Text
    expression: Any
    kind: Literal["money", "number", "percent"] = "number"
    function: Function | None = None


class ResourceForm(forms.ModelForm):
    """Parses what a person typed; the service decides and writes. `fieldsets` group the fields on the page."""

    fieldsets: ClassVar[Sequence[tuple[Text, Text, tuple[str, ...]]]] = ()
    version = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.actor = actor
        for field in self.fields.values():
            _say_what_to_do(field)
        updated_at = getattr(self.instance, "updated_at", None)
        self.fields["version"].initial = updated_at.isoformat() if self.instance.pk and updated_at else ""

    def values(self) -> dict[str, Any]:
        """The cleaned values that belong to the model."""
        return {name: value for name, value in self.cleaned_data.items() if name != "version"}


def _say_what_to_do(field: forms.Field) -> None:
    """An empty choice reads 请选择 (or 不填) instead of a row of dashes."""
    empty = _("请选择") if field.required else _("不填")
    if isinstance(field, forms.ModelChoiceField):
        field.empty_label = empty
    elif isinstance(field, forms.TypedChoiceField):
        listed: Any = field.choices
        field.choices = [(key, empty if key == "" else label) for key, label in listed]


class Resource:
    """A model as people meet it. Class attributes declare; the methods below may be overridden."""

    key: ClassVar[str]
    noun: ClassVar[Text]
    model: ClassVar[type[Model]]
    columns: ClassVar[Sequence[Column]]
    filterset: ClassVar[type[FilterSet]]
    totals: ClassVar[Sequence[Total]] = ()
    # For tables of a million rows: counted and paged no further than so many, and the list says that there are more.
    count_limit: ClassVar[int | None] = None
    # For tables in which few rows of many match: found in no order first, and sorted then, see KEYS_FIRST.
    keys_first: ClassVar[bool] = False
    default_sort: ClassVar[tuple[str, ...]] = ("pk",)
    lookup: ClassVar[str] = "pk"
    list_action: ClassVar[str] = "view"
    title: ClassVar[Text] = ""
    form_class: ClassVar[type[ResourceForm] | None] = None
    template_list: ClassVar[str] = "ui/list.html"

    # --- what exists and for whom -----------------------------------------------------------------------------------
    def function(self, action: str) -> Function:
        """The function behind an action (view, list, edit, create, export …); create falls back to edit."""
        functions: Mapping[str, Function] = self.model.functions  # type: ignore[attr-defined]
        return functions.get(action) or functions["edit" if action == "create" else "view"]

    def queryset(self, actor: Actor, action: str) -> QuerySet[Any]:
        """Visible rows with everything the columns and the page touch already joined in."""
        known = action if action in self.model.functions else "view"  # type: ignore[attr-defined]
        return self.model.objects.visible_to(actor, known)  # type: ignore[attr-defined]

    def within_reach(self, actor: Actor, functions: Collection[Function], instance: Any) -> set[Function]:
        """Those of the functions that reach this very object; one query where the model has a scope."""
        if not hasattr(self.model, "scope") or not functions:
            return {function for function in functions if may(actor, function)}
        named = {f"reached_{number}": function for number, function in enumerate(functions)}
        rows: QuerySet[Any] = self.model.objects.filter(pk=instance.pk)  # type: ignore[attr-defined]
        found = rows.with_rights(actor, **named).values(*named).first()  # type: ignore[attr-defined]
        return {function for name, function in named.items() if found and found[name]}

    # --- words ------------------------------------------------------------------------------------------------------
    def page_title(self) -> Text:
        return self.title or self.noun

    def subtitle(self, request: Any, total: int) -> Text:
        """What the list covers."""
        return ""

    def object_title(self, instance: Any) -> str:
        return str(instance)

    def object_subtitle(self, instance: Any) -> Text:
        return ""

    def identity(self, instance: Any) -> dict[str, Any] | None:
        return None

    def figures(self, request: Any, instance: Any) -> Sequence[dict[str, Any]]:
        return ()

    def list_actions(self, request: Any) -> list[Action]:
        """Buttons of the list; by default the one that makes a new row, for those who may."""
        if self.form_class is not None and may(request.user, self.function("create")):
            label = _("新建%(noun)s") % {"noun": self.noun}
            return [Action(label, self.url("create"), primary=True, icon="plus")]
        return []

    def object_actions(self, request: Any, instance: Any) -> list[Action]:
        """Buttons of one object's page; by default the edit form, for those who may edit this very object."""
        if self.form_class is None or not may(request.user, self.function("edit")):
            return []
        if not self.queryset(request.user, "edit").filter(pk=instance.pk).exists():
            return []
        return [Action(_("编辑"), self.url("edit", instance), primary=True, icon="edit")]

    def empty(self, request: Any, filtered: bool) -> Empty:
        if filtered:
            return Empty(
                _("没有符合条件的%(noun)s，请放宽条件。") % {"noun": self.noun},
                _("重置条件"),
                self.url("list"),
            )
        return Empty(_("还没有%(noun)s，或者都不在您的权限范围内。") % {"noun": self.noun})

    # --- writing: services of the room ------------------------------------------------------------------------------
    def create(self, actor: Actor, values: dict[str, Any]) -> Any:
        raise NotImplementedError

    def update(self, actor: Actor, instance: Any, values: dict[str, Any]) -> Any:
        raise NotImplementedError

    # --- addresses --------------------------------------------------------------------------------------------------
    def url_name(self, what: str) -> str:
        return f"{self.key.replace('-', '_')}_{what}"

    def url(self, what: str, instance: Any = None) -> str:
        args = [] if instance is None else [getattr(instance, self.lookup)]
        return reverse(self.url_name(what), args=args)

    def find(self, actor: Actor, key: str, action: str = "view") -> Any:
        """The object with that public key, or Http404 alike for missing and out of scope."""
        try:
            return self.queryset(actor, action).get(**{self.lookup: key})
        except (self.model.DoesNotExist, ValueError, OverflowError) as error:  # type: ignore[attr-defined]
            raise Http404 from error
