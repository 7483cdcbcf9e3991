"""The declared class of tickets."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, DecimalField, DurationField, ExpressionWrapper, F, Func, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmsys.access.actors import Actor
from cmsys.ui.pages import Empty
from cmsys.ui.registry import Text
from cmsys.ui.resource import Column, Total
from customers.engagement.ratios import ratio
from customers.engagement.resources import DealingResource, about
from customers.service.filters import TicketListFilterSet
from customers.service.models import Ticket, TicketKind

KIND_TONES = {TicketKind.COMPLAINT: "warn", TicketKind.DISPUTE: "down"}
WAITED = ExpressionWrapper(F("responded_at") - F("opened_at"), output_field=DurationField())
SECONDS = Func(
    WAITED, template="EXTRACT(EPOCH FROM %(expressions)s)", output_field=DecimalField(max_digits=30, decimal_places=6)
)  # fmt: skip
UPHELD = Q(kind=TicketKind.COMPLAINT, upheld=True)


def _upheld(ticket: Any) -> str | None:
    if ticket.upheld is None:
        return None
    return _("成立") if ticket.upheld else _("不成立")


class TicketResource(DealingResource):
    """服务工单: without conditions it shows this month."""

    key = import_kind = "tickets"
    noun = gettext_lazy("服务工单")
    model = Ticket
    filterset = TicketListFilterSet
    default_sort = ("-opened_at", "-pk")
    columns = (
        *about("ticket_no", gettext_lazy("工单编号")),
        Column(
            "kind", gettext_lazy("工单类型"), lambda t: t.get_kind_display(), sort=("kind",),
            tone=lambda t: KIND_TONES.get(t.kind, "hold"),
        ),
        Column("channel", gettext_lazy("渠道"), lambda t: t.channel, shown=False),
        Column("opened_at", gettext_lazy("受理时间"), lambda t: t.opened_at, sort=("opened_at",), kind="date"),
        Column("responded_at", gettext_lazy("响应时间"), lambda t: t.responded_at, kind="date", shown=False),
        Column("resolved_at", gettext_lazy("解决时间"), lambda t: t.resolved_at, kind="date"),
        Column("rating", gettext_lazy("评价"), lambda t: t.rating, sort=("rating",), numeric=True, kind="number"),
        Column(
            "upheld", gettext_lazy("投诉认定"), _upheld, sort=("upheld",), tone=lambda t: "down" if t.upheld else "up"
        ),
        Column("manager", gettext_lazy("责任客户经理"), lambda t: t.manager and t.manager.name, sort=("manager__name_pinyin",)),
        Column("unit", gettext_lazy("机构"), lambda t: t.manager and t.manager.unit.name, sort=("manager__unit__path",)),
        Column("responsible", gettext_lazy("责任人"), lambda t: t.responsible and t.responsible.name, sort=("responsible__name_pinyin",)),
        Column("cause", gettext_lazy("原因"), lambda t: t.cause, shown=False),
    )  # fmt: skip
    totals = (
        Total("mean_rating", gettext_lazy("平均评价"), ratio(Sum("rating"), Count("rating"))),
        Total("rated", gettext_lazy("有评价"), Count("rating")),
        Total("upheld", gettext_lazy("成立的投诉"), Count("pk", filter=UPHELD)),
        Total(
            "response_hours", gettext_lazy("平均响应小时"), ratio(Sum(SECONDS), Count("responded_at") * 3600)
        ),
    )

    def queryset(self, actor: Actor, action: str) -> QuerySet[Any]:
        return super().queryset(actor, action).select_related("responsible")

    def empty(self, request: Any, filtered: bool) -> Empty:
        if any(request.GET.get(name) for name in TicketListFilterSet.narrow):
            return super().empty(request, filtered)
        return Empty(
            _("默认只列本月受理的工单，本月还没有符合条件的。请填写更早的“受理日期起”再查询。"),
            _("不限日期起"),
            f"{self.url('list')}?from=1900-01-01",
        )

    def object_subtitle(self, instance: Any) -> Text:
        return _("%(kind)s · 受理 %(at)s") % {
            "kind": instance.get_kind_display(),
            "at": timezone.localtime(instance.opened_at).strftime("%Y-%m-%d %H:%M"),
        }


TICKETS = TicketResource()
