"""改进协议 on paper: what was agreed, what the check-points found, and places to sign; the same data, the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, KeepTogether

from appraisal.appeals.models import ImprovementPlan
from cmsys.ui.paper import COLUMN, HEAD, SMALL, TITLE, UNDER, WIDTH, document, grid, text


def agreement_pdf(plan: ImprovementPlan, reader: str) -> bytes:
    """The file; `reader` is the watermark. Two queries; `plan.manager` comes loaded with its unit."""
    title = _("改进协议 %(name)s") % {"name": f"{plan.manager.name} {plan.manager.employee_no}"}
    at = timezone.localtime(plan.updated_at).strftime("%Y-%m-%d %H:%M")
    footer = _("%(title)s · 数据更新于 %(at)s") % {"title": title, "at": at}
    return document(title, _story(plan), footer, reader, "agreement")


def _story(plan: ImprovementPlan) -> list[Flowable]:
    manager = plan.manager
    story: list[Flowable] = [
        text(_("改进协议"), TITLE),
        text(f"{plan.starts_on} — {plan.ends_on}", UNDER),
        _rows([
            (_("姓名"), f"{manager.name}（{manager.employee_no}）"), (_("机构"), manager.unit.name),
            (_("起因"), f"{plan.get_cause_display()}：{plan.note}"), (_("改进目标"), plan.goal),
            (_("辅导人"), plan.coach), (_("状态"), plan.get_state_display()),
        ]),
        text(_("改进措施"), HEAD),
        _table(
            (_("措施"), _("衡量办法"), _("完成期限")),
            [(one.text, one.how, one.due_on) for one in plan.measures.order_by("position")],
            (WIDTH * 0.45, WIDTH * 0.37, WIDTH * 0.18),
        ),
        text(_("检查点"), HEAD),
        _table(
            (_("日期"), _("结果"), _("检查情况")),
            [(one.on, one.get_progress_display(), one.note) for one in plan.checks.order_by("on")],
            (WIDTH * 0.16, WIDTH * 0.18, WIDTH * 0.66),
        ),
    ]  # fmt: skip
    if plan.closed_at is not None:
        story += [text(_("结果"), HEAD), _rows([(plan.get_state_display(), plan.result)])]
    story.append(KeepTogether([text(_("签字"), HEAD), _signatures(plan), text(_("本协议一式两份。"), SMALL)]))
    return story


def _rows(pairs: Sequence[tuple[Any, Any]]) -> Flowable:
    rows = [[text(label, COLUMN), text(value or "—")] for label, value in pairs]
    return grid(rows, [26 * mm, WIDTH - 26 * mm])


def _table(heads: Sequence[str], rows: Sequence[Sequence[Any]], widths: Sequence[float]) -> Flowable:
    said = [[text(value or "—") for value in row] for row in rows]
    return grid([[text(head, COLUMN) for head in heads], *said], widths, 1)


def _signatures(plan: ImprovementPlan) -> Flowable:
    supervisor = plan.supervisor.name if plan.supervisor is not None else ""
    return _rows([
        (_("主管"), _signed(supervisor, plan.issued_at)),
        (_("本人"), _("拒签，见证人 %(who)s") % {"who": plan.witness}
         if plan.witness else _signed(plan.manager.name, plan.signed_at)),
        (_("本人意见"), plan.opinion),
        (_("盖章"), "\n\n"),
    ])  # fmt: skip


def _signed(name: str, at: Any) -> str:
    if at is None:
        return _("签字：\n日期：　　　　年　　月　　日")
    day = timezone.localtime(at).strftime("%Y-%m-%d %H:%M")
    return _("%(name)s 于 %(at)s 在系统内签署") % {"name": name, "at": day}
