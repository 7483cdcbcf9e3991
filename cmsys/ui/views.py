"""The views of a declared resource: list, page, forms and export, and the paths to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, get_args

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from cmsys.access.actors import require
from cmsys.accounts.requests import SignedInRequest
from cmsys.transfers.export import ExportColumn, Format, export_response
from cmsys.ui.listing import Listing
from cmsys.ui.pages import DetailPage, FormPage
from cmsys.ui.registry import buttons_for, cards_for
from cmsys.ui.resource import Resource, ResourceForm

View = Callable[..., HttpResponse]


class ResourceViews:
    """One instance for each resource; every view first requires the function, then reads through visible_to."""

    def __init__(self, resource: Resource) -> None:
        self.resource = resource

    def urls(self) -> list[URLPattern]:
        """The paths of the resource; forms only where one is declared, export only where a function allows it."""
        resource, key = self.resource, self.resource.key
        patterns = [path(f"{key}/", require_GET(self.list), name=resource.url_name("list"))]
        if "export" in getattr(resource.model, "functions", {}):
            for fmt in get_args(Format):
                view = require_GET(self._export(fmt))
                patterns.append(path(f"{key}/export.{fmt}", view, name=resource.url_name(f"export_{fmt}")))
        if resource.form_class is not None:
            form_methods = require_http_methods(["GET", "POST"])
            patterns += [
                path(f"{key}/new/", form_methods(self.create), name=resource.url_name("create")),
                path(f"{key}/<str:key>/edit/", form_methods(self.edit), name=resource.url_name("edit")),
            ]
        patterns.append(path(f"{key}/<str:key>/", require_GET(self.detail), name=resource.url_name("detail")))
        return patterns

    def list(self, request: SignedInRequest) -> HttpResponse:
        require(request.user, self.resource.function(self.resource.list_action))
        listing = Listing(self.resource, request)
        fragment = request.headers.get("HX-Request") and not request.headers.get("HX-History-Restore-Request")
        template = "ui/_results.html" if fragment else self.resource.template_list
        context = {"page": listing.page(), "resource": self.resource}
        response = render(request, template, context, status=200 if listing.valid or fragment else 400)
        response["Vary"] = "HX-Request"
        return response

    def detail(self, request: SignedInRequest, key: str) -> HttpResponse:
        require(request.user, self.resource.function("view"))
        instance = self.resource.find(request.user, key)
        page = self.page_of(request, instance)
        template = "ui/drawer.html" if request.GET.get("drawer") else "ui/detail.html"
        return render(request, template, {"page": page, "object": instance})

    def page_of(self, request: SignedInRequest, instance: Any) -> DetailPage:
        """What the page of one object shows: the room's own and what rooms above add, as far as the reader reaches it."""
        offered = list(cards_for(self.resource.key, request.user))
        buttons = list(buttons_for(self.resource.key, request.user))
        functions = [card.function for card in offered] + [one.function for one in buttons]
        asked = {function for function in functions if function is not None}
        reached, cards = self.resource.within_reach(request.user, asked, instance), []
        for card in offered:
            # Having the function for somebody else's object is not enough.
            if card.function and card.function not in reached:
                continue
            html = card.render(request, instance)
            if html:
                cards.append({"key": card.key, "title": card.title, "html": html, "span": card.span})
        actions = list(self.resource.object_actions(request, instance))
        for one in buttons:
            if one.function is None or one.function in reached:
                actions += one.actions(request, instance)
        return DetailPage(
            title=self.resource.object_title(instance),
            subtitle=self.resource.object_subtitle(instance),
            identity=self.resource.identity(instance),
            figures=self.resource.figures(request, instance),
            actions=actions,
            cards=cards,
            url=self.resource.url("detail", instance),
        )

    def create(self, request: SignedInRequest) -> HttpResponse:
        require(request.user, self.resource.function("create"))
        title = _("新建%(noun)s") % {"noun": self.resource.noun}
        return self._form(request, None, title, self.resource.url("list"))

    def edit(self, request: SignedInRequest, key: str) -> HttpResponse:
        require(request.user, self.resource.function("edit"))
        instance = self.resource.find(request.user, key, "edit")
        title = _("编辑 %(what)s") % {"what": self.resource.object_title(instance)}
        return self._form(request, instance, title, self.resource.url("detail", instance))

    def _form(self, request: SignedInRequest, instance: Any, title: str, cancel_url: str) -> HttpResponse:
        assert self.resource.form_class is not None
        version = instance.updated_at.isoformat() if instance is not None else ""
        form = self.resource.form_class(request.POST or None, instance=instance, actor=request.user)
        if request.method == "POST" and form.is_valid():
            if form.cleaned_data.get("version", "") != version:
                form.add_error(None, _("您打开之后，这条记录已被他人修改。请重新打开后再改。"))
            else:
                saved = self._save(request, form, instance)
                if saved is not None:
                    messages.success(request, _("已保存。"))
                    return HttpResponseRedirect(self.resource.url("detail", saved))
        page = FormPage(title=title, form=form, fieldsets=fieldsets_of(form), cancel_url=cancel_url)
        return render(request, "ui/form.html", {"page": page}, status=422 if form.errors else 200)

    def _save(self, request: SignedInRequest, form: ResourceForm, instance: Any) -> Any:
        try:
            if instance is None:
                return self.resource.create(request.user, form.values())
            return self.resource.update(request.user, instance, form.values())
        except ValidationError as error:
            add_service_error(form, error)
            return None

    def _export(self, fmt: Format) -> View:
        def export(request: SignedInRequest) -> HttpResponse:
            require(request.user, self.resource.function("export"))
            listing = Listing(self.resource, request)
            # What may be listed is not always what may be exported: both must hold.
            allowed = self.resource.queryset(request.user, "export").values("pk")
            rows = listing.filtered().filter(pk__in=allowed)
            columns = listing.columns()
            return export_response(
                actor=request.user,
                title=str(self.resource.noun),
                columns=[ExportColumn(column.key, str(column.label), column.kind) for column in columns],
                rows=_values(rows, columns),
                fmt=fmt,
                filters=request.GET.urlencode(),
                now=timezone.now(),
            )

        return export


def _values(rows: Any, columns: Sequence[Any]) -> Iterator[list[Any]]:
    for instance in rows.iterator(chunk_size=2000):
        yield [column.value(instance) for column in columns]


def fieldsets_of(form: ResourceForm) -> list[dict[str, Any]]:
    """The form's declared groups with their bound fields; one group of all visible fields where none are declared."""
    groups = form.fieldsets or (("", "", tuple(field.name for field in form.visible_fields())),)
    return [
        {"title": title, "hint": hint, "fields": [form[name] for name in names if name in form.fields]}
        for title, hint, names in groups
    ]


def add_service_error(form: Any, error: ValidationError) -> None:
    """Puts a service's refusal where it belongs: at its field if the form has it, else on top."""
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    for name, errors in error.error_dict.items():
        for single in errors:
            form.add_error(name if name in form.fields else None, single)
