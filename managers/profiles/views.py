"""Pages of the profile beyond list, page and form: own profile, reveal, contact, grade, certificates, composition."""

from __future__ import annotations

from typing import Any, get_args

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import BaseForm
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from cmsys.access.actors import may, require
from cmsys.accounts.requests import SignedInRequest
from cmsys.org.models import OrgUnit
from cmsys.transfers.export import ExportColumn, Format, export_response
from cmsys.ui.pages import ConfirmPage, FormPage
from cmsys.ui.views import add_service_error
from managers.profiles import permissions
from managers.profiles.composition import Dimension, composition
from managers.profiles.filters import ManagerFilterSet
from managers.profiles.forms import CertificateForm, ContactForm, GradeForm, ReasonForm
from managers.profiles.models import Certificate, GradeCause, RelationshipManager
from managers.profiles.resources import MANAGERS
from managers.profiles.services.certificates import certificate_add, certificate_remove, certificate_update
from managers.profiles.services.managers import contact_update, grade_begin, personal_data_reveal

FORM_METHODS = ["GET", "POST"]


@require_GET
def mine(request: SignedInRequest) -> HttpResponse:
    """The reader's own page; 404 where no profile carries his number."""
    require(request.user, permissions.CONTACT_EDIT)
    own = RelationshipManager.objects.visible_to(request.user, "contact").first()
    if own is None:
        raise Http404
    return redirect(MANAGERS.url("detail", own))


@require_http_methods(FORM_METHODS)
def contact(request: SignedInRequest) -> HttpResponse:
    """The reader's own telephone number and mail address."""
    require(request.user, permissions.CONTACT_EDIT)
    own = RelationshipManager.objects.visible_to(request.user, "contact").first()
    if own is None:
        raise Http404
    form = ContactForm(request.POST or None, instance=own)
    url = MANAGERS.url("detail", own)
    if request.method == "POST" and form.is_valid() and _done(
        request, form, lambda: contact_update(actor=request.user, manager_id=own.pk, **form.cleaned_data)
    ):  # fmt: skip
        return HttpResponseRedirect(url)
    return _form_page(request, form, _("修改联系方式"), url)


@require_http_methods(FORM_METHODS)
def reveal(request: SignedInRequest, employee_no: str, field: str) -> HttpResponse:
    """Asks for a reason, then shows the value once and writes the look into the ledger. One's own needs no reason."""
    if field not in RelationshipManager.audit_masks:
        raise Http404
    action = "reveal_mobile" if field == "mobile" else "reveal"
    require(request.user, RelationshipManager.functions[action])
    manager = MANAGERS.find(request.user, employee_no, action)
    form = ReasonForm(request.POST or None)
    form.fields["reason"].required = manager.employee_no != request.user.employee_no
    value = ""
    if request.method == "POST" and form.is_valid():
        value = personal_data_reveal(
            actor=request.user, manager_id=manager.pk, field=field, reason=form.cleaned_data["reason"]
        )  # fmt: skip
    label = RelationshipManager._meta.get_field(field).verbose_name  # type: ignore[union-attr]
    context = {
        "page": ConfirmPage(
            title=_("查看%(name)s的%(field)s") % {"name": manager.name, "field": label},
            form=form,
            effects=(
                _("显示一次原文，60 秒后自动隐藏。"),
                _("您的姓名、时间和原因记入操作日志，审计员可查。"),
            ),
            submit_label=_("查看"),
            cancel_url=MANAGERS.url("detail", manager),
        ),
        "value": value,
        "label": label,
    }
    status = 422 if form.errors else 200
    return render(request, "managers/reveal.html", context, status=status)


@require_http_methods(FORM_METHODS)
def grade_new(request: SignedInRequest, employee_no: str) -> HttpResponse:
    """A grade from a day on: first entry or correction."""
    require(request.user, permissions.MANAGER_EDIT)
    manager = MANAGERS.find(request.user, employee_no, "edit")
    form = GradeForm(request.POST or None)

    def save() -> Any:
        data = form.cleaned_data
        return grade_begin(
            actor=request.user, manager_id=manager.pk, grade=data["grade"], starts_on=data["starts_on"],
            cause=GradeCause(data["cause"]), note=data["note"],
        )  # fmt: skip

    url = MANAGERS.url("detail", manager)
    if request.method == "POST" and form.is_valid() and _done(request, form, save):
        return HttpResponseRedirect(url)
    present = manager.grade.name if manager.grade else _("未定级")
    notice = _("现等级：%(grade)s。考核产生的等级变更走审批，不在这里改。") % {"grade": present}
    return _form_page(request, form, _("登记%(name)s的等级") % {"name": manager.name}, url, notice)


@require_http_methods(FORM_METHODS)
def certificate_new(request: SignedInRequest, employee_no: str) -> HttpResponse:
    """Enter a certificate."""
    require(request.user, permissions.MANAGER_EDIT)
    manager = MANAGERS.find(request.user, employee_no, "edit")
    form = CertificateForm(request.POST or None)
    url = MANAGERS.url("detail", manager)
    if request.method == "POST" and form.is_valid() and _done(
        request, form, lambda: certificate_add(actor=request.user, manager_id=manager.pk, **form.cleaned_data)
    ):  # fmt: skip
        return HttpResponseRedirect(url)
    return _form_page(request, form, _("登记%(name)s的证书") % {"name": manager.name}, url)


@require_http_methods(FORM_METHODS)
def certificate_edit(request: SignedInRequest, employee_no: str, certificate_id: int) -> HttpResponse:
    """Change a certificate's entry."""
    require(request.user, permissions.MANAGER_EDIT)
    certificate = _certificate(request, employee_no, certificate_id)
    form = CertificateForm(request.POST or None, instance=certificate)
    url = MANAGERS.url("detail", certificate.manager)
    if request.method == "POST" and form.is_valid() and _done(
        request, form,
        lambda: certificate_update(actor=request.user, certificate_id=certificate.pk, values=form.cleaned_data),
    ):  # fmt: skip
        return HttpResponseRedirect(url)
    remove_url = reverse("certificate_remove", args=[employee_no, certificate.pk])
    return _form_page(request, form, _("修改证书"), url, remove_url=remove_url)


@require_http_methods(FORM_METHODS)
def certificate_delete(request: SignedInRequest, employee_no: str, certificate_id: int) -> HttpResponse:
    """Take an entry back, with a reason."""
    require(request.user, permissions.MANAGER_EDIT)
    certificate = _certificate(request, employee_no, certificate_id)
    form = ReasonForm(request.POST or None)
    url = MANAGERS.url("detail", certificate.manager)
    if request.method == "POST" and form.is_valid():
        certificate_remove(
            actor=request.user, certificate_id=certificate.pk, reason=form.cleaned_data["reason"]
        )  # fmt: skip
        messages.success(request, _("证书登记已撤销。"))
        return HttpResponseRedirect(url)
    page = ConfirmPage(
        title=_("撤销证书登记"),
        form=form,
        effects=(
            _("“%(name)s”从%(person)s的档案中移除。")
            % {"name": certificate.name, "person": certificate.manager.name},
            _("原内容和原因留在操作日志里。"),
        ),
        submit_label=_("撤销登记"),
        cancel_url=url,
        danger=True,
    )
    return render(request, "ui/confirm.html", {"page": page}, status=422 if form.errors else 200)


@require_GET
def roster_composition(request: SignedInRequest) -> HttpResponse:
    """名册构成: the people of a query by unit, region, education, major, experience, grade and status (MGR-2)."""
    filterset, dimensions = _composed(request)
    total = dimensions[0].total if dimensions else 0
    context: dict[str, Any] = {
        "dimensions": [_card(request, dimension) for dimension in dimensions],
        "total": total,
        "query": request.GET.urlencode(),
        "page": {
            "title": _("名册构成"),
            "subtitle": _("%(total)d 人 · 截至 %(day)s")
            % {"total": total, "day": timezone.localdate().isoformat()},
            "filter_form": filterset.form,
        },
    }
    context["may_export"] = may(request.user, permissions.MANAGER_EXPORT)
    if request.headers.get("HX-Request"):
        return render(request, "managers/_composition.html", context)
    return render(request, "managers/composition.html", context, status=200 if filterset.is_valid() else 400)


@require_GET
def composition_export(request: SignedInRequest, fmt: Format) -> HttpResponse:
    """The same numbers as a file."""
    require(request.user, permissions.MANAGER_EXPORT)
    if fmt not in get_args(Format):
        raise Http404
    _filterset, dimensions = _composed(request, action="export")
    rows = ([d.title, part.label, part.count, part.percent] for d in dimensions for part in d.parts)
    return export_response(
        actor=request.user, title=_("名册构成"), rows=rows, fmt=fmt, filters=request.GET.urlencode(), now=timezone.now(),
        columns=[
            ExportColumn("dimension", _("维度"), "text"), ExportColumn("part", _("类别"), "text"),
            ExportColumn("count", _("人数"), "number"), ExportColumn("percent", _("占比（%）"), "number"),
        ],
    )  # fmt: skip


def _composed(request: SignedInRequest, action: str = "list") -> tuple[ManagerFilterSet, list[Dimension]]:
    require(request.user, RelationshipManager.functions["list"])
    people = RelationshipManager.objects.visible_to(request.user, "list")
    if action != "list":
        people = people.visible_to(request.user, action)
    filterset = ManagerFilterSet(request.GET, queryset=people, request=request)
    if not filterset.is_valid():
        return filterset, []
    units = OrgUnit.objects.visible_to(request.user)
    return filterset, composition(filterset.qs, within=filterset.form.cleaned_data.get("unit"), units=units)


SHOWN_PARTS = 12


def _card(request: SignedInRequest, dimension: Dimension) -> dict[str, Any]:
    """A dimension as the page shows it: each bar leads to the list of exactly those people."""
    parts = dimension.parts[:SHOWN_PARTS]
    rest = dimension.parts[SHOWN_PARTS:]
    largest = max(parts, key=lambda part: part.count, default=None)
    finding = ""
    if largest is not None:
        finding = _("%(part)s最多，占 %(percent)s%%") % {"part": largest.label, "percent": largest.percent}
    more = ""
    if rest:
        more = _("另有 %(n)d 类共 %(people)d 人，导出可见全部。") % {
            "n": len(rest),
            "people": sum(p.count for p in rest),
        }
    bars = []
    for part in parts:
        query = request.GET.copy()
        query[dimension.key] = part.value
        url = f"{MANAGERS.url('list')}?{query.urlencode()}" if part.value else ""
        text = _("%(count)d 人") % {"count": part.count}
        bars.append(
            {"label": part.label, "value": part.count, "text": text, "note": f"{part.percent}%", "url": url}
        )
    return {
        "key": dimension.key, "title": dimension.title, "finding": finding, "bars": bars, "more": more,
        "total": dimension.total,
    }  # fmt: skip


def _certificate(request: SignedInRequest, employee_no: str, certificate_id: int) -> Certificate:
    visible = Certificate.objects.visible_to(request.user, "edit").select_related("manager")
    found = visible.filter(pk=certificate_id, manager__employee_no=employee_no).first()
    if found is None:
        raise Http404
    return found


def _done(request: SignedInRequest, form: BaseForm, save: Any) -> bool:
    try:
        save()
    except ValidationError as error:
        add_service_error(form, error)
        return False
    messages.success(request, _("已保存。"))
    return True


def _form_page(
    request: SignedInRequest, form: Any, title: str, url: str, notice: str = "", remove_url: str = ""
) -> HttpResponse:
    page = FormPage(
        title=title, form=form, cancel_url=url, notice=notice,
        fieldsets=[{"title": "", "hint": "", "fields": list(form.visible_fields())}],
    )  # fmt: skip
    context = {"page": page, "remove_url": remove_url}
    return render(request, "managers/form.html", context, status=422 if form.errors else 200)
