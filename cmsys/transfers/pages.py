"""What the pages of imports read: plain values, so that a template computes nothing."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmsys.transfers.engine.columns import Type
from cmsys.transfers.kinds import ImportKind, kind_of
from cmsys.transfers.models import ImportBatch, State
from cmsys.transfers.report import Report, SampleRow, load_report
from cmsys.transfers.template import TYPE_LABELS

SHOWN = 100
SHOWN_ROWS = 10
TONES = {
    State.CHECKING: "info", State.CHECKED: "warn", State.QUEUED: "info", State.DONE: "up",
    State.PARTLY_UNDONE: "warn", State.UNDONE: "hold", State.DISCARDED: "hold",
}  # fmt: skip
CLASSES = {
    "create": gettext_lazy("新增"),
    "update": gettext_lazy("更新"),
    "unchanged": gettext_lazy("无变化"),
    "error": gettext_lazy("有错"),
}
_STEPS = (
    ("upload", gettext_lazy("上传文件")),
    ("check", gettext_lazy("逐行检查")),
    ("confirm", gettext_lazy("确认结果")),
    ("done", gettext_lazy("导入完成")),
)


def steps(present: str, *, bad: bool = False) -> list[dict[str, Any]]:
    """The stepper with one step on; those before it are done. `bad` marks the present one."""
    codes = [code for code, _label in _STEPS]
    here = codes.index(present)
    states = ["done"] * here + ["bad" if bad else "on"] + [""] * (len(codes) - here - 1)
    return [
        {"label": label, "note": "", "state": state}
        for (_code, label), state in zip(_STEPS, states, strict=True)
    ]


def steps_of(batch: ImportBatch, report: Report) -> list[dict[str, Any]]:
    """Where a batch stands in the stepper."""
    if batch.state == State.CHECKING:
        return steps("check")
    if batch.state in (State.CHECKED, State.DISCARDED):
        return steps("confirm", bad=report.error_count > 0)
    if batch.state == State.QUEUED:
        return steps("confirm")
    done = steps("done")
    done[-1]["state"] = "done"
    return done


def batch_title(batch: ImportBatch, kind: ImportKind) -> str:
    """What the page says first: the result, not the procedure."""
    report = load_report(batch.report)
    names = {"kind": kind.label, "file": batch.file_name}
    if batch.state == State.CHECKED and report.error_count:
        return _("%(file)s：%(count)s 处需要改正") % {**names, "count": report.error_count}
    if batch.state == State.CHECKED:
        return _("%(file)s：可以导入") % names
    return _("%(file)s：%(state)s") % {**names, "state": batch.get_state_display()}


def batch_line(batch: ImportBatch) -> dict[str, Any]:
    """One line of the list of batches."""
    kind, report = kind_of(batch.kind), load_report(batch.report)
    return {
        "url": reverse("imports_batch", args=[batch.pk]),
        "number": batch.pk,
        "file": batch.file_name,
        "kind": kind.label if kind else batch.kind,
        "who": batch.actor_name,
        "at": timezone.localtime(batch.created_at).strftime("%Y-%m-%d %H:%M"),
        "state": batch.get_state_display(),
        "tone": TONES[State(batch.state)],
        "created": report.created,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "refused": report.refused,
    }


def figures(batch: ImportBatch, report: Report) -> list[dict[str, Any]]:
    """Five counts of rows; what was read stands beside each."""
    of = _("共 %(read)s 行") % {"read": report.read}
    written = batch.state in (State.DONE, State.PARTLY_UNDONE, State.UNDONE)
    skipped = _("另有 %(count)s 行按映射略过") % {"count": report.skipped} if report.skipped else ""
    return [
        {"label": _("已读取") if written else _("读取"), "value": report.read, "before": skipped},
        {"label": _("已新增") if written else _("将新增"), "value": report.created, "before": of},
        {"label": _("已更新") if written else _("将更新"), "value": report.updated, "before": of},
        {"label": _("无变化"), "value": report.unchanged, "before": of},
        {
            "label": _("有错的行"),
            "value": report.refused,
            "before": _("%(count)s 处错误") % {"count": report.error_count},
            "tone": "down" if report.refused else "",
        },
    ]


def sample_tables(report: Report) -> list[dict[str, Any]]:
    """The first rows of each class; new ones with their values, changed ones with before → after."""
    counts = {"create": report.created, "update": report.updated, "unchanged": report.unchanged}
    tables = []
    for action, count in counts.items():
        rows = report.samples.get(action, [])[:SHOWN_ROWS]
        if not count or not rows:
            continue
        headers = list(dict.fromkeys(cell.header for row in rows for cell in row.cells))
        tables.append(
            {
                "action": action,
                "label": CLASSES[action],
                "count": count,
                "more": count > len(rows),
                "headers": headers if action == "create" else [],
                "rows": [_sample_line(row, headers) for row in rows],
            }
        )
    return tables


def _sample_line(row: SampleRow, headers: list[str]) -> dict[str, Any]:
    """A row with a value below every header of its table."""
    by_header = {cell.header: cell.after for cell in row.cells}
    values = [{"header": header, "text": by_header.get(header, "")} for header in headers]
    return {"label": row.label, "row": row.row, "cells": row.cells, "values": values}


def column_lines(kind: ImportKind) -> list[dict[str, Any]]:
    """The columns of a kind as a person fills them in."""
    return [
        {
            "header": column.header,
            "code": column.code,
            "required": column.required,
            "key": column.key,
            "what": "、".join(str(choice.label) for choice in column.choices)
            if column.type is Type.CHOICE
            else TYPE_LABELS[column.type],
            "help": column.help,
            "example": column.example,
        }
        for column in kind.columns
    ]


def kept_lines(batch: ImportBatch) -> list[dict[str, Any]]:
    """What an undo left as it was, and why; one query."""
    if batch.state != State.PARTLY_UNDONE:
        return []
    kept = batch.changes.exclude(kept="").order_by("row")[:SHOWN]
    return [{"row": change.row, "label": change.label, "why": change.kept} for change in kept]


def undo_effects(batch: ImportBatch) -> list[str]:
    """What an undo will do, in sentences; two queries."""
    kind = kind_of(batch.kind)
    created, updated = kind.open_changes(batch) if kind is not None else (0, 0)
    effects = []
    if created:
        effects.append(_("删除这一批新增的 %(count)s 条，已被别处引用的保留并列出。") % {"count": created})
    if updated:
        effects.append(_("把更新过的 %(count)s 条恢复成导入之前的内容。") % {"count": updated})
    effects.append(_("导入之后又有人改过的不动，并逐条列出原因。"))
    return effects
