"""The kind tickets (interfaces 2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from django.conf import settings
from django.utils.translation import gettext_lazy as _lazy

from cmsys.access.functions import Function
from cmsys.facts.rules import Flaw, Named
from cmsys.transfers.engine.columns import Choice, Column, Type, choices_of
from cmsys.transfers.engine.problems import Code, _
from cmsys.transfers.kinds import Context
from customers.engagement.arrivals import DealingKind, owners, stamp
from customers.engagement.imports import CUSTOMER
from customers.registry.models import Customer
from customers.service.models import Ticket, TicketKind
from customers.service.permissions import TICKET_IMPORT
from managers.profiles.models import RelationshipManager

OPENED_ON = f"({{}}_opened_at AT TIME ZONE '{settings.TIME_ZONE}')::date"


class TicketFactKind(DealingKind):
    """Tickets by their number; the manager is the customer's primary manager on the day the ticket was opened."""

    code = "tickets"
    label = _lazy("服务工单")
    order = 90
    function: ClassVar[Function] = TICKET_IMPORT
    model = Ticket
    noun = "ticket"
    columns = (
        Column("ticket_no", _lazy("工单编号"), key=True, required=True, max_length=60, aliases=("工单号",), example="GD-2025-001"),
        CUSTOMER,
        Column("kind", _lazy("工单类型"), Type.CHOICE, required=True, aliases=("类型",), choices=choices_of(TicketKind.choices), example="投诉"),
        Column("channel", _lazy("渠道"), max_length=40, aliases=("受理渠道",), example="电话"),
        Column("opened_at", _lazy("受理时间"), Type.DATETIME, required=True, aliases=("受理日期",), example="2025-03-01 09:30"),
        Column("responded_at", _lazy("响应时间"), Type.DATETIME, aliases=("首次响应时间",), example="2025-03-01 10:05"),
        Column("resolved_at", _lazy("解决时间"), Type.DATETIME, aliases=("办结时间",), example="2025-03-02 16:00"),
        Column("rating", _lazy("评价"), Type.DECIMAL, low=1, high=5, places=1, aliases=("满意度",), help=_lazy("客户评分，1 到 5"), example="4"),
        Column("cause", _lazy("原因"), max_length=300, aliases=("问题原因",), example="手续费未说明"),
        Column(
            "upheld", _lazy("是否成立"), Type.CHOICE, help=_lazy("投诉经核实是否成立"),
            choices=(Choice("true", _lazy("是"), ("成立", "1", "Y", "yes")), Choice("false", _lazy("否"), ("不成立", "0", "N", "no"))),
            example="否",
        ),
        Column(
            "responsible", _lazy("责任人工号"), Type.REFERENCE, max_length=40, aliases=("责任人",), refers_to="managers",
            help=_lazy("成立的投诉记在谁名下"), example="100086",
        ),
    )  # fmt: skip
    fields: ClassVar[Mapping[str, str]] = {
        "ticket_no": "ticket_no", "customer_no": "customer", "kind": "kind", "channel": "channel",
        "opened_at": "opened_at", "responded_at": "responded_at", "resolved_at": "resolved_at", "rating": "rating",
        "cause": "cause", "upheld": "upheld", "responsible": "responsible",
    }  # fmt: skip
    references: ClassVar[Mapping[str, Named]] = {
        "customer_no": Named(Customer, "customer_no"),
        "responsible": Named(RelationshipManager, "employee_no"),
    }
    derived: ClassVar[Mapping[str, str]] = {"manager": stamp(OPENED_ON, stated="NULL::bigint")}

    def joins(self, context: Context) -> str:
        return owners(OPENED_ON)

    def flaws(self, context: Context) -> Sequence[Flaw]:
        return [
            *super().flaws(context),
            Flaw(
                "responded_at",
                Code.CONFLICT,
                _("响应时间不能早于受理时间"),
                "y.a_responded_at < y.a_opened_at",
            ),
            Flaw(
                "resolved_at", Code.CONFLICT, _("解决时间不能早于受理时间"), "y.a_resolved_at < y.a_opened_at"
            ),
        ]
