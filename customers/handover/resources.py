"""The declared classes of handovers, their lines, and first contacts."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmsys.access.actors import Actor, may
from cmsys.access.functions import Function, Reach
from cmsys.ui.context import covered
from cmsys.ui.pages import Action
from cmsys.ui.registry import Text
from cmsys.ui.resource import Column, Resource
from customers.engagement.selectors import customer_name, with_named_customer
from customers.handover.brief import revenue_of, yuan
from customers.handover.choices import PENDING, ContactState, HandoverState, LineKind
from customers.handover.filters import ContactFilterSet, HandoverFilterSet, LineFilterSet
from customers.handover.models import FirstContact, Handover, HandoverLine
from customers.handover.permissions import (
    FIRST_CONTACT_RECORD,
    FIRST_CONTACT_VIEW,
    HANDOVER_ARRANGE,
    HANDOVER_SIGN,
    HANDOVER_VIEW,
)
from customers.handover.selectors import number_of, to_stand_in, to_watch

TONES: dict[str, str] = {
    HandoverState.OPEN: "warn", HandoverState.GIVEN: "warn", HandoverState.TAKEN: "info", HandoverState.CLOSED: "up",
    HandoverState.CANCELLED: "hold",
}  # fmt: skip
KIND_TONES: dict[str, str] = {LineKind.CARE: "hold", LineKind.FULL: "info", LineKind.STAY: "warn"}
CONTACT_TONES: dict[str, str] = {
    ContactState.DUE: "warn", ContactState.LATE: "down", ContactState.DONE: "up", ContactState.CANCELLED: "hold",
}  # fmt: skip


def overdue(handover: Any) -> bool:
    """Past its day, and not signed by all three."""
    return handover.state in PENDING and handover.due_on < timezone.localdate()


def state_said(handover: Any) -> str:
    """The state, and that it is late."""
    label = str(handover.get_state_display())
    return _("%(state)s（已逾期）") % {"state": label} if overdue(handover) else label


def tone(handover: Any) -> str:
    return "down" if overdue(handover) else TONES[handover.state]


def contact_state(contact: Any) -> ContactState:
    return ContactState(contact.state(timezone.localdate()))


def subtitle_of(request: Any, function: Function) -> Text:
    reached = request.user.access.reaches(function)
    if all(one.reach is Reach.SELF for one in reached):
        return _("本人")
    return covered(request.user, function)


class HandoverResource(Resource):
    """客户移交: one's own on either side, those of a head's people, all for customers management."""

    key = "handovers"
    noun = gettext_lazy("移交单")
    title = gettext_lazy("客户移交")
    model = Handover
    lookup = "number"
    filterset = HandoverFilterSet
    default_sort = ("-opened_at", "-pk")
    columns = (
        Column("number", gettext_lazy("移交单号"), lambda h: h.number, sort=("year", "serial")),
        Column("giver", gettext_lazy("移交人"), lambda h: h.giver.name, sort=("giver__name_pinyin",)),
        Column("giver_no", gettext_lazy("移交人工号"), lambda h: h.giver.employee_no, shown=False),
        Column("giver_unit", gettext_lazy("移出机构"), lambda h: h.giver.unit.name, sort=("giver__unit__path",)),
        Column("taker", gettext_lazy("接交人"), lambda h: h.taker.name, sort=("taker__name_pinyin",)),
        Column("taker_no", gettext_lazy("接交人工号"), lambda h: h.taker.employee_no, shown=False),
        Column("taker_unit", gettext_lazy("接收机构"), lambda h: h.taker.unit.name, sort=("taker__unit__path",)),
        Column("customers", gettext_lazy("客户数"), lambda h: h.customers, sort=("customers",), numeric=True, kind="number"),
        Column("stays", gettext_lazy("不移交"), lambda h: h.stays, sort=("stays",), numeric=True, kind="number", shown=False),
        Column("cutoff_on", gettext_lazy("截止日"), lambda h: h.cutoff_on, sort=("cutoff_on",), kind="date"),
        Column("due_on", gettext_lazy("签字期限"), lambda h: h.due_on, sort=("due_on",), kind="date"),
        Column("state", gettext_lazy("状态"), state_said, sort=("state",), tone=tone),
        Column("plan", gettext_lazy("分客方案"), lambda h: h.plan and h.plan.number, sort=("plan__number",), shown=False),
    )  # fmt: skip

    def queryset(self, actor: Actor, action: str) -> QuerySet[Any]:
        rows = super().queryset(actor, action)
        return rows.select_related("giver__unit", "taker__unit", "unit", "plan")

    def subtitle(self, request: Any, total: int) -> Text:
        return subtitle_of(request, HANDOVER_VIEW)

    def object_title(self, instance: Any) -> str:
        return _("移交单 %(number)s") % {"number": instance.number}

    def object_subtitle(self, instance: Any) -> Text:
        return _("%(giver)s（%(from)s）→ %(taker)s（%(to)s）") % {
            "giver": instance.giver.name, "from": instance.giver.unit.name, "taker": instance.taker.name,
            "to": instance.taker.unit.name,
        }  # fmt: skip

    def figures(self, request: Any, instance: Any) -> list[dict[str, Any]]:
        stays = _("其中不移交 %(n)d 户") % {"n": instance.stays} if instance.stays else ""
        return [
            {"label": _("状态"), "value": state_said(instance)},
            {"label": _("客户数"), "value": instance.customers, "before": stays},
            {"label": _("截止日"), "value": instance.cutoff_on.isoformat()},
            {"label": _("签字期限"), "value": instance.due_on.isoformat()},
        ]

    def object_actions(self, request: Any, instance: Any) -> list[Action]:
        """What this reader can do with this very handover as it stands; two queries at most."""
        verbs, actions = self._verbs(request.user, instance), []
        labels = {
            "decline": _("退回移交人"), "return": _("退回重签"), "give": _("移交人签字"), "stand-in": _("代移交人签字"),
            "take": _("接交人签字"), "close": _("监交签字"),
        }  # fmt: skip
        if instance.state != HandoverState.CANCELLED:
            actions.append(
                Action(_("打印移交清单"), reverse("handovers_print", args=[instance.number]), icon="print")
            )
        for verb, label in labels.items():
            if verb in verbs:
                back = verb in ("decline", "return")
                url = reverse("handover_act", args=[instance.number, verb])
                actions.append(
                    Action(label, url, primary=not back, danger=back, icon="" if back else "check")
                )
        return actions

    def _verbs(self, user: Any, instance: Any) -> set[str]:
        today, number = timezone.localdate(), number_of(user)
        signs = bool(number) and may(user, HANDOVER_SIGN)
        if instance.state == HandoverState.OPEN:
            if signs and instance.giver.employee_no == number:
                return {"give"}
            return {"stand-in"} if to_stand_in(user, today).filter(pk=instance.pk).exists() else set()
        if instance.state == HandoverState.GIVEN:
            return {"take", "decline"} if signs and instance.taker.employee_no == number else set()
        if instance.state == HandoverState.TAKEN and to_watch(user, today).filter(pk=instance.pk).exists():
            return {"close", "return"}
        return set()


class LineResource(Resource):
    """移交清单: one customer a line, with his figures at the cut-off."""

    key = "handover-lines"
    noun = gettext_lazy("移交清单")
    model = HandoverLine
    filterset = LineFilterSet
    default_sort = ("-handover__opened_at", "customer__customer_no")
    columns = (
        Column("customer_no", gettext_lazy("客户编号"), lambda r: r.customer.customer_no, sort=("customer__customer_no",)),
        Column("customer", gettext_lazy("客户名称"), lambda r: line_customer(r)),
        Column("handover", gettext_lazy("移交单号"), lambda r: r.handover.number, sort=("handover__year", "handover__serial"),
               url=lambda r: reverse("handovers_detail", args=[r.handover.number])),
        Column("kind", gettext_lazy("移交方式"), lambda r: r.get_kind_display(), sort=("kind",), tone=lambda r: KIND_TONES[r.kind]),
        Column("contracts", gettext_lazy("在执行合同"), lambda r: r.snapshot["contracts"]["n"], numeric=True, kind="number"),
        Column("amount", gettext_lazy("合同金额"), lambda r: yuan(r.snapshot["contracts"]["fen"]), numeric=True),
        Column("revenue", gettext_lazy("近四季业绩"), lambda r: yuan(revenue_of(r.snapshot)), numeric=True),
        Column("renewals", gettext_lazy("90 天内到期"), lambda r: r.snapshot["renewals"]["n"], numeric=True, kind="number"),
        Column("opportunities", gettext_lazy("在谈商机"), lambda r: r.snapshot["opportunities"]["n"], numeric=True, kind="number"),
        Column("tickets", gettext_lazy("未办结工单"), lambda r: r.snapshot["tickets"]["n"], numeric=True, kind="number"),
        Column("visit_on", gettext_lazy("共同走访"), lambda r: r.visit_on, sort=("visit_on",), kind="date"),
    )  # fmt: skip

    def queryset(self, actor: Actor, action: str) -> QuerySet[Any]:
        rows = super().queryset(actor, action).select_related(
            "customer__tier", "handover__giver__unit", "handover__taker__unit", "handover__plan"
        )  # fmt: skip
        return with_named_customer(rows, actor)

    def subtitle(self, request: Any, total: int) -> Text:
        number = request.GET.get("handover", "")
        return _("移交单 %(number)s") % {"number": number} if number else subtitle_of(request, HANDOVER_VIEW)

    def object_title(self, instance: Any) -> str:
        return line_customer(instance)

    def object_subtitle(self, instance: Any) -> Text:
        return _("客户编号 %(no)s · %(number)s · %(giver)s → %(taker)s") % {
            "no": instance.customer.customer_no, "number": instance.handover.number,
            "giver": instance.handover.giver.name, "taker": instance.handover.taker.name,
        }  # fmt: skip

    def figures(self, request: Any, instance: Any) -> list[dict[str, Any]]:
        shot = instance.snapshot
        at = _("截至 %(day)s") % {"day": instance.handover.cutoff_on.isoformat()}
        return [
            {"label": _("在执行合同"), "value": _("%(n)d 份") % shot["contracts"], "before": yuan(shot["contracts"]["fen"])},
            {"label": _("近四季业绩"), "value": yuan(revenue_of(shot)), "before": at},
            {"label": _("90 天内到期"), "value": _("%(n)d 份") % shot["renewals"], "before": yuan(shot["renewals"]["fen"])},
            {"label": _("在谈商机"), "value": _("%(n)d 个") % shot["opportunities"], "before": yuan(shot["opportunities"]["fen"])},
            {"label": _("未办结工单"), "value": _("%(n)d 件") % shot["tickets"], "before": _("其中投诉 %(n)d 件") % {"n": shot["tickets"]["complaints"]}},
        ]  # fmt: skip

    def object_actions(self, request: Any, instance: Any) -> list[Action]:
        """One query at most."""
        state, actions = instance.handover.state, []
        asked = {one for one in (HANDOVER_ARRANGE, HANDOVER_SIGN) if may(request.user, one)}
        if not asked or state == HandoverState.CANCELLED:
            return []
        reached = self.within_reach(request.user, asked, instance)
        if HANDOVER_ARRANGE in reached and state == HandoverState.OPEN:
            url = reverse("handover_line_arrange", args=[instance.pk])
            actions.append(Action(_("确定移交方式"), url, icon="edit"))
        if HANDOVER_SIGN in reached and instance.kind != LineKind.STAY:
            url = reverse("handover_line_visit", args=[instance.pk])
            actions.append(Action(_("登记共同走访"), url, primary=True, icon="calendar"))
        return actions


def line_customer(row: Any) -> str:
    """The customer's name as the reader may have it: masked for a person who is not his own customer."""
    return customer_name(row, row.customer) or str(row.customer.masked_name)


class ContactResource(Resource):
    """首次联系: what a new owner owes his customers, the most urgent first."""

    key = "first-contacts"
    noun = gettext_lazy("首次联系")
    model = FirstContact
    filterset = ContactFilterSet
    default_sort = ("due_on", "pk")
    columns = (
        Column("customer", gettext_lazy("客户名称"), lambda c: line_customer(c)),
        Column("customer_no", gettext_lazy("客户编号"), lambda c: c.customer.customer_no, sort=("customer__customer_no",)),
        Column("manager", gettext_lazy("主办客户经理"), lambda c: c.manager.name, sort=("manager__name_pinyin",)),
        Column("employee_no", gettext_lazy("工号"), lambda c: c.manager.employee_no, shown=False),
        Column("unit", gettext_lazy("机构"), lambda c: c.manager.unit.name, sort=("manager__unit__path",)),
        Column("begins_on", gettext_lazy("管户开始日"), lambda c: c.begins_on, sort=("begins_on",), kind="date"),
        Column("due_on", gettext_lazy("联系期限"), lambda c: c.due_on, sort=("due_on",), kind="date"),
        Column("state", gettext_lazy("状态"), lambda c: contact_state(c).label, tone=lambda c: CONTACT_TONES[contact_state(c)]),
        Column("done_on", gettext_lazy("联系日期"), lambda c: c.done_on, sort=("done_on",), kind="date"),
        Column("channel", gettext_lazy("联系方式"), lambda c: c.get_channel_display()),
        Column("objection", gettext_lazy("客户异议"), lambda c: c.objection and _("有"), tone=lambda c: "warn" if c.objection else ""),
        Column("handover", gettext_lazy("移交单号"), lambda c: c.handover and c.handover.number, shown=False),
    )  # fmt: skip

    def queryset(self, actor: Actor, action: str) -> QuerySet[Any]:
        rows = super().queryset(actor, action).select_related("customer", "manager__unit", "plan", "handover")
        return with_named_customer(rows, actor)

    def subtitle(self, request: Any, total: int) -> Text:
        return subtitle_of(request, FIRST_CONTACT_VIEW)

    def object_title(self, instance: Any) -> str:
        return _("首次联系 %(customer)s") % {"customer": line_customer(instance)}

    def object_subtitle(self, instance: Any) -> Text:
        return _("%(manager)s · %(unit)s · %(state)s") % {
            "manager": instance.manager.name, "unit": instance.manager.unit.name, "state": contact_state(instance).label,
        }  # fmt: skip

    def object_actions(self, request: Any, instance: Any) -> list[Action]:
        own = number_of(request.user) == instance.manager.employee_no
        waiting = contact_state(instance) in (ContactState.DUE, ContactState.LATE)
        if not (own and waiting and may(request.user, FIRST_CONTACT_RECORD)):
            return []
        url = reverse("first_contact_record", args=[instance.pk])
        return [Action(_("记录首次联系"), url, primary=True, icon="phone")]


HANDOVERS, LINES, CONTACTS = HandoverResource(), LineResource(), ContactResource()
