"""移交清单 on paper: both sides, every customer with his figures at the cut-off, and three places to sign; the same data, the
same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, KeepTogether, Spacer

from cmsys.ui.paper import (
    COLUMN,
    COLUMN_RIGHT,
    FIGURE,
    GROUND,
    HEAD,
    SMALL,
    TITLE,
    UNDER,
    WIDTH,
    document,
    grid,
    pairs,
    text,
)
from customers.handover.brief import revenue_of, yuan
from customers.handover.choices import LineKind
from customers.handover.models import Handover, HandoverLine

WIDTHS = [9 * mm, WIDTH - 139 * mm, 26 * mm, 30 * mm, 30 * mm, 15 * mm, 15 * mm, 14 * mm]


def handover_pdf(handover: Handover, lines: Sequence[HandoverLine], reader: str) -> bytes:
    """The file; `reader` is the watermark. Customers stand under their masked names. No query."""
    title = _("客户移交清单 %(number)s") % {"number": handover.number}
    at = timezone.localtime(handover.updated_at).strftime("%Y-%m-%d %H:%M")
    footer = _("%(title)s · 数据更新于 %(at)s") % {"title": title, "at": at}
    return document(title, _story(handover, lines), footer, reader, "handover")


def _story(handover: Handover, lines: Sequence[HandoverLine]) -> list[Flowable]:
    giver, taker = handover.giver, handover.taker
    plan = handover.plan.number if handover.plan else _("手工登记")
    return [
        text(_("客户移交清单"), TITLE),
        text(handover.number, UNDER),
        pairs([
            (_("移交人"), f"{giver.name} {giver.employee_no}"), (_("所在机构"), giver.unit.name), (_("截止日"), handover.cutoff_on.isoformat()),
            (_("接交人"), f"{taker.name} {taker.employee_no}"), (_("所在机构"), taker.unit.name), (_("依据"), plan),
            (_("客户数"), str(handover.customers)), (_("不移交"), str(handover.stays)), (_("签字期限"), handover.due_on.isoformat()),
        ], 3),
        text(_("清单"), HEAD),
        _table(lines),
        text(_("金额为截止日的在执行合同金额和此前四个完整季度的业绩；工单为生成移交单时未办结的件数。"), SMALL),
        KeepTogether([Spacer(1, 3 * mm), text(_("签字"), HEAD), _signatures(handover)]),
    ]  # fmt: skip


def _table(lines: Sequence[HandoverLine]) -> Flowable:
    heads = [text(name, COLUMN) for name in (_("序号"), _("客户"), _("移交方式"))]
    heads += [
        text(name, COLUMN_RIGHT)
        for name in (_("在执行合同"), _("近四季业绩"), _("到期"), _("商机"), _("工单"))
    ]
    rows: list[list[Any]] = [heads]
    for place, line in enumerate(lines, start=1):
        shot, contracts = line.snapshot, line.snapshot["contracts"]
        kind = str(line.get_kind_display())
        rows.append([
            text(place), text(f"{line.customer.masked_name}\n{line.customer.customer_no}"),
            text(f"{kind}：{line.reason}" if line.kind == LineKind.STAY else kind, SMALL),
            text(_("%(n)d 份\n%(amount)s") % {"n": contracts["n"], "amount": yuan(contracts["fen"])}, FIGURE),
            text(yuan(revenue_of(shot)), FIGURE), text(shot["renewals"]["n"], FIGURE), text(shot["opportunities"]["n"], FIGURE),
            text(shot["tickets"]["n"], FIGURE),
        ])  # fmt: skip
    return grid(rows, WIDTHS, 1)


def _signatures(handover: Handover) -> Flowable:
    given = _signed(handover.given_name, handover.given_at)
    if handover.witness:
        given += "\n" + _("代移交人签字，见证人：%(who)s") % {"who": handover.witness}
    rows = [
        [text(_("移交人"), COLUMN), text(handover.giver.name), text(given)],
        [text(_("接交人"), COLUMN), text(handover.taker.name), text(_signed(handover.taken_name, handover.taken_at))],
        [text(_("监交人"), COLUMN), text(handover.unit.name), text(_signed(handover.watched_name, handover.watched_at))],
    ]  # fmt: skip
    return grid(
        rows, [28 * mm, 48 * mm, WIDTH - 76 * mm], 0, ("BACKGROUND", (0, 0), (0, -1), GROUND),
        ("TOPPADDING", (0, 0), (-1, -1), 8), ("BOTTOMPADDING", (0, 0), (-1, -1), 8),
    )  # fmt: skip


def _signed(name: str, at: Any) -> str:
    if at is None:
        return _("签字：\n日期：　　　　年　　月　　日")
    moment = timezone.localtime(at).strftime("%Y-%m-%d %H:%M")
    return _("%(name)s 于 %(at)s 在系统内签字") % {"name": name, "at": moment}
