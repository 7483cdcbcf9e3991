"""Pages of imports: choose a kind, upload, look at what would happen, bring in, take back."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cmsys.access.actors import require
from cmsys.accounts.models import User
from cmsys.transfers import pages
from cmsys.transfers.engine.problems import FileRefused
from cmsys.transfers.forms import CommitForm, UndoForm, UploadForm
from cmsys.transfers.kinds import ImportKind, kind_of, kinds_for
from cmsys.transfers.marking import marked_workbook
from cmsys.transfers.models import ImportBatch, Mode, State
from cmsys.transfers.permissions import IMPORT_USE
from cmsys.transfers.report import load_report
from cmsys.transfers.selectors import batches_visible_to
from cmsys.transfers.services.batches import UNDOABLE, batch_discard, batch_undo, source_of
from cmsys.transfers.services.queued import commit as commit_batch
from cmsys.transfers.services.queued import has_failed, job_of, upload
from cmsys.transfers.template import template_workbook

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PER_PAGE = 20


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """The kinds one may import, and the batches one may see."""
    user = _importer(request)
    batches = Paginator(batches_visible_to(user), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": {"title": _("导入"), "subtitle": _("一批一批地导入，导入之前先看结果，导入之后可以撤销")},
        "kinds": kinds_for(user),
        "batches": [pages.batch_line(batch) for batch in batches],
        "paging": batches,
    }
    return render(request, "transfers/home.html", context)


@require_GET
def template(request: HttpRequest, kind: str) -> HttpResponse:
    """The workbook to fill in."""
    found = _kind(request, kind)
    return _download(template_workbook(found), _("%(kind)s导入模板.xlsx") % {"kind": found.label})


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, kind: str) -> HttpResponse:
    """Upload; the answer to a good form is the batch with its findings."""
    found = _kind(request, kind)
    sent = request.method == "POST"
    form = UploadForm(request.POST if sent else None, request.FILES if sent else None, kind=found)
    if sent and form.is_valid():
        file = form.cleaned_data["file"]
        batch = upload(
            actor=_importer(request),
            kind=found,
            name=file.name,
            content=file.read(),
            mapping=form.cleaned_data["mapping"],
            now=timezone.now(),
            today=timezone.localdate(),
        )
        return HttpResponseRedirect(reverse("imports_batch", args=[batch.pk]))
    context = {
        "page": {
            "title": _("导入%(kind)s") % {"kind": found.label},
            "subtitle": _("先检查，确认之后才写入"),
        },
        "kind": found,
        "form": form,
        "columns": pages.column_lines(found),
        "steps": pages.steps("upload"),
    }
    return render(request, "transfers/new.html", context, status=422 if form.errors else 200)


@require_GET
def batch(request: HttpRequest, pk: int) -> HttpResponse:
    """What a batch would do, is doing, or did."""
    found, kind = _batch(request, pk)
    return render(request, "transfers/batch.html", _batch_context(found, kind))


@require_GET
def poll(request: HttpRequest, pk: int) -> HttpResponse:
    """The waiting part of the page again; when the waiting is over, the whole page is loaded anew."""
    found, _kind_of = _batch(request, pk)
    job = job_of(found)
    response = render(request, "transfers/_waiting.html", {"batch": found, "job": job})
    if job is None or has_failed(job):
        response["HX-Refresh"] = "true"
    return response


@require_POST
def commit(request: HttpRequest, pk: int) -> HttpResponse:
    """Brings the batch in."""
    found, kind = _batch(request, pk)
    form = CommitForm(request.POST)
    if not form.is_valid():
        return _refused(request, found, kind, _("请选择“全部无误才导入”或“跳过有错的行”。"))
    now = timezone.now()
    try:
        done = commit_batch(
            actor=_importer(request),
            batch_id=found.pk,
            mode=form.cleaned_data["mode"],
            now=now,
            today=timezone.localdate(now),
        )
    except ValidationError as error:
        return _refused(request, found, kind, " ".join(error.messages))
    if done.state == State.DONE:
        messages.success(request, _("已导入。如有不对，可在本页撤销。"))
    elif done.state == State.CHECKED:
        messages.error(request, _("没有导入：有的行现在有错，请看下面的原因。"))
    return HttpResponseRedirect(reverse("imports_batch", args=[done.pk]))


@require_POST
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Drops the preview and the file."""
    found, kind = _batch(request, pk)
    try:
        batch_discard(actor=_importer(request), batch_id=found.pk, now=timezone.now())
    except ValidationError as error:
        return _refused(request, found, kind, " ".join(error.messages))
    messages.success(request, _("已放弃，文件已删除。"))
    return HttpResponseRedirect(reverse("imports_home"))


@require_http_methods(["GET", "POST"])
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Takes a batch back, with a reason."""
    found, kind = _batch(request, pk)
    form = UndoForm(request.POST if request.method == "POST" else None)
    if found.state not in UNDOABLE:
        text = _("这一批是“%(state)s”，没有可撤销的内容。") % {"state": found.get_state_display()}
        return _refused(request, found, kind, text)
    if request.method == "POST" and form.is_valid():
        undone = batch_undo(
            actor=_importer(request),
            batch_id=found.pk,
            reason=form.cleaned_data["reason"],
            now=timezone.now(),
            today=timezone.localdate(),
        )
        if undone.kept:
            messages.warning(request, _("已部分撤销，保留的对象和原因见下。"))
        else:
            messages.success(request, _("已撤销，恢复到导入之前。"))
        return HttpResponseRedirect(reverse("imports_batch", args=[found.pk]))
    page = {
        "title": _("撤销导入"),
        "subtitle": f"{kind.label} · {found.file_name}",
        "form": form,
        "effects": pages.undo_effects(found),
        "submit_label": _("撤销这一批"),
        "danger": True,
        "cancel_url": reverse("imports_batch", args=[found.pk]),
    }
    return render(request, "ui/confirm.html", {"page": page}, status=422 if form.errors else 200)


@require_GET
def marked(request: HttpRequest, pk: int) -> HttpResponse:
    """The person's own sheet with the findings in it."""
    found, kind = _batch(request, pk)
    report = load_report(found.report)
    try:
        content = marked_workbook(source_of(found), [*report.errors, *report.warnings], report.header_row)
    except (ValidationError, FileRefused) as error:
        reason = " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
        return _refused(request, found, kind, reason)
    stem = found.file_name.rpartition(".")[0] or found.file_name
    return _download(content, _("%(name)s-错误已标出.xlsx") % {"name": stem})


def _importer(request: HttpRequest) -> User:
    require(request.user, IMPORT_USE)  # type: ignore[arg-type]
    assert isinstance(request.user, User)
    return request.user


def _kind(request: HttpRequest, code: str) -> ImportKind:
    """A kind the person may import: 404 when there is none of that name, 403 when it is not his."""
    user = _importer(request)
    found = kind_of(code)
    if found is None:
        raise Http404
    require(user, found.function)
    return found


def _batch(request: HttpRequest, pk: int) -> tuple[ImportBatch, ImportKind]:
    found = batches_visible_to(_importer(request)).filter(pk=pk).first()
    kind = kind_of(found.kind) if found is not None else None
    if found is None or kind is None:
        raise Http404
    return found, kind


def _batch_context(found: ImportBatch, kind: ImportKind) -> dict[str, Any]:
    report = load_report(found.report)
    job = job_of(found)
    return {
        "page": {
            "title": pages.batch_title(found, kind),
            "subtitle": _("%(who)s 于 %(at)s 上传 · 批次 %(batch)s")
            % {
                "who": found.actor_name,
                "at": timezone.localtime(found.created_at).strftime("%Y-%m-%d %H:%M"),
                "batch": found.pk,
            },
        },
        "batch": found,
        "kind": kind,
        "report": report,
        "steps": pages.steps_of(found, report),
        "figures": pages.figures(found, report),
        "classes": pages.sample_tables(report),
        "errors": report.errors[: pages.SHOWN],
        "more_errors": max(report.error_count - pages.SHOWN, 0),
        "warnings": report.warnings[: pages.SHOWN],
        "kept": pages.kept_lines(found),
        "modes": Mode,
        "can_undo": found.state in UNDOABLE,
        "waiting": found.state in (State.CHECKING, State.QUEUED),
        "job": job,
        "failed": has_failed(job),
        "has_file": hasattr(found, "file"),
    }


def _refused(request: HttpRequest, found: ImportBatch, kind: ImportKind, reason: str) -> HttpResponse:
    """The batch's page again with the reason on top; nothing was written."""
    context = _batch_context(found, kind) | {"refusal": reason}
    return render(request, "transfers/batch.html", context, status=422)


def _download(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=XLSX)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return response
