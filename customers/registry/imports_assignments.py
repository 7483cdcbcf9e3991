"""The kind assignments: who looked after whom, from when to when (ALC-7). The owner of today follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _lazy

from cmsys.access.functions import Function
from cmsys.audit.models import Event
from cmsys.transfers.engine.columns import Column, Type, choices_of
from cmsys.transfers.engine.problems import Code, _
from cmsys.transfers.engine.rows import Row
from cmsys.transfers.kinds import Change, Context, Kept, prepared_event
from cmsys.transfers.model_kind import ModelKind, Reference
from cmsys.transfers.undoing import undo_changes
from customers.registry.imports import named_customer
from customers.registry.models import Assignment, AssignmentRole, Customer
from customers.registry.owners import set_owners
from customers.registry.permissions import CUSTOMER_IMPORT
from managers.profiles.models import RelationshipManager, Status

PRIMARY = AssignmentRole.PRIMARY
FOR_EVER = date.max
STAYS = _lazy("接替他的归属没有撤销")


@dataclass
class Span:
    """A stretch of looking after a customer: one of the database (`held`), or one a row of the file brings."""

    manager: RelationshipManager
    role: str
    starts_on: date
    ends_on: date | None
    held: Assignment | None = None
    row: int = 0

    def meets(self, starts_on: date, ends_on: date | None) -> bool:
        return self.starts_on < (ends_on or FOR_EVER) and starts_on < (self.ends_on or FOR_EVER)


class AssignmentKind(ModelKind):
    """Assignments by customer, manager, role and first day.

    A primary manager from a later day ends the present one whose end is open, as entering him by hand does; everything
    else that overlaps is refused, also what two rows of the file say.
    """

    code = "assignments"
    label = _lazy("客户归属")
    order = 44
    function: ClassVar[Function] = CUSTOMER_IMPORT
    model = Assignment
    noun = "assignment"
    columns = (
        Column(
            "customer_no", _lazy("客户编号"), Type.REFERENCE, key=True, required=True, max_length=60,
            refers_to="customers", example="C000001",
        ),
        Column(
            "employee_no", _lazy("工号"), Type.REFERENCE, key=True, required=True, max_length=40,
            aliases=("客户经理工号", "主办工号", "员工号"), refers_to="managers", example="100086",
        ),
        Column(
            "role", _lazy("归属类型"), Type.CHOICE, key=True, required=True, aliases=("角色", "管户类型"), example="主办",
            choices=choices_of(
                AssignmentRole.choices, primary=("主办客户经理", "主办人", "主责", "管户"), assistant=("协办客户经理", "协办人"),
                backup=("A/B角", "B角"), service=("客服",), technical=("技术",), risk=("风险",),
            ),
        ),
        Column("starts_on", _lazy("开始日期"), Type.DATE, key=True, required=True, aliases=("管户开始日期",), example="2025-01-01"),
        Column(
            "ends_on", _lazy("结束日期"), Type.DATE, aliases=("管户结束日期",), help=_lazy("当天起不再负责；未结束的不填"),
            example="2025-07-01",
        ),
    )  # fmt: skip
    fields: ClassVar[Mapping[str, str]] = {
        "customer_no": "customer",
        "employee_no": "manager",
        "role": "role",
        "starts_on": "starts_on",
        "ends_on": "ends_on",
    }
    references: ClassVar[Mapping[str, Reference]] = {
        "customer_no": named_customer(),
        "employee_no": Reference(
            rows=lambda _context: RelationshipManager.objects.select_related("unit"), by=("employee_no",)
        ),
    }

    # --- checking -----------------------------------------------------------------------------------------------------
    def check(self, rows: Sequence[Row], context: Context) -> None:
        """Row by row, against what is held already and what the rows before say. Two queries, writing three."""
        spans = self._spans(rows, context)
        closing: dict[int, Span] = context.memo.setdefault("closing", {})
        for row in rows:
            if row.problems or not {"customer_no", "employee_no"} <= set(row.refs):
                continue
            self._check_period(row)
            self._check_holder(row, context)
            if not row.problems:
                self._place(row, spans[row.refs["customer_no"].pk], closing)

    def _spans(self, rows: Sequence[Row], context: Context) -> dict[int, list[Span]]:
        """The stretches of every customer of these rows; those of earlier rows are among them."""
        spans: dict[int, list[Span]] = context.memo.setdefault("spans", {})
        wanted = {row.refs["customer_no"].pk for row in rows if "customer_no" in row.refs}
        if context.writing:
            # Whoever gives one of them another manager by hand waits until the file is in.
            locked = Customer.objects.filter(pk__in=wanted).order_by("pk").select_for_update(of=("self",))
            list(locked.values_list("pk", flat=True))
        fresh = wanted - set(spans)
        spans.update((pk, []) for pk in fresh)
        known = Assignment.objects.filter(customer__in=fresh).select_related("manager", "customer")
        for held in known.order_by("starts_on", "pk"):
            span = Span(held.manager, held.role, held.starts_on, held.ends_on, held)
            spans[held.customer_id].append(span)
        return spans

    def _check_period(self, row: Row) -> None:
        ends_on = row.values.get("ends_on")
        if ends_on is not None and ends_on <= row.values["starts_on"]:
            row.refuse(self.column("ends_on"), Code.CONFLICT, _("结束日期须晚于开始日期"))

    def _check_holder(self, row: Row, context: Context) -> None:
        manager, ends_on = row.refs["employee_no"], row.values.get("ends_on")
        # What is over may well name somebody who has left since; what stands already is not begun again.
        if row.existing is not None or (ends_on is not None and ends_on <= context.today):
            return
        if manager.status == Status.LEFT:
            row.refuse(
                self.column("employee_no"), Code.CONFLICT, _("%(manager)s已离职，不能管户；历史归属请填写结束日期"),
                manager=str(manager),
            )  # fmt: skip
        elif manager.unit.closed_on is not None:
            row.refuse(
                self.column("employee_no"), Code.CONFLICT, _("%(manager)s所在机构“%(unit)s”已撤销，请先为其调整机构"),
                manager=str(manager), unit=manager.unit.name,
            )  # fmt: skip

    def _place(self, row: Row, spans: list[Span], closing: dict[int, Span]) -> None:
        """Finds room for the row among the stretches of its customer, or says what stands in the way."""
        manager, role, starts_on = row.refs["employee_no"], row.values["role"], row.values["starts_on"]
        own = next((s for s in spans if row.existing is not None and s.held == row.existing), None)
        ends_on = row.values.get("ends_on", own.ends_on if own is not None else None)
        rivals = [
            span
            for span in spans
            if span is not own and span.role == role and (role == PRIMARY or span.manager == manager)
        ]
        met = [span for span in rivals if span.meets(starts_on, ends_on)]
        if own is not None:
            if met and ends_on != own.ends_on:
                self._refuse_overlap(row, met[0])
            else:
                own.ends_on = ends_on
            return
        if len(met) == 1 and self._gives_way(met[0], manager, role, starts_on):
            met[0].ends_on = starts_on
            closing[row.number] = met[0]
            row.warn(
                self.column("starts_on"), Code.CONFLICT, _("现主办%(manager)s（自 %(day)s 起）将于这一天结束"),
                manager=str(met[0].manager), day=met[0].starts_on.isoformat(),
            )  # fmt: skip
        elif met:
            self._refuse_overlap(row, met[0])
            return
        spans.append(Span(manager, role, starts_on, ends_on, row=row.number))

    @staticmethod
    def _gives_way(span: Span, manager: RelationshipManager, role: str, starts_on: date) -> bool:
        open_ended = span.held is not None and span.ends_on is None
        return role == PRIMARY and open_ended and span.starts_on < starts_on and span.manager != manager

    def _refuse_overlap(self, row: Row, span: Span) -> None:
        what = {
            "manager": str(span.manager), "from": span.starts_on.isoformat(),
            "to": span.ends_on.isoformat() if span.ends_on else "…",
        }  # fmt: skip
        column = self.column("starts_on")
        if span.row:
            row.refuse(
                column, Code.CONFLICT,
                _("与第 %(first)s 行重叠（%(manager)s，%(from)s 至 %(to)s）；请改日期，或在那一行填写结束日期"),
                first=span.row, **what,
            )  # fmt: skip
        elif span.role == PRIMARY:
            row.refuse(
                column, Code.CONFLICT,
                _("与已登记的主办重叠（%(manager)s，%(from)s 至 %(to)s）；同一客户同一时间只能有一名主办，请改日期"),
                **what,
            )  # fmt: skip
        else:
            row.refuse(
                column,
                Code.CONFLICT,
                _("与已登记的同一归属重叠（%(manager)s，%(from)s 至 %(to)s）；请改日期"),
                **what,
            )

    # --- writing ------------------------------------------------------------------------------------------------------
    def write(self, rows: Sequence[Row], context: Context) -> list[Change]:
        """First those who give way, then the rows, then the owners of today; a number of statements that stays the same."""
        closed = self._close(rows, context)
        changes = super().write(rows, context)
        customers = {row.refs["customer_no"].pk for row in rows}
        set_owners(today=context.today, now=context.now, only=customers)
        return changes + closed

    def _close(self, rows: Sequence[Row], context: Context) -> list[Change]:
        closing: dict[int, Span] = context.memo.get("closing", {})
        changes, ended = [], []
        for row in rows:
            span = closing.get(row.number)
            held = span.held if span is not None else None
            if held is None or row.existing is not None:
                continue
            then = self.snapshot(held)
            held.ends_on, held.updated_at = row.values["starts_on"], context.now
            ended.append(held)
            changes.append(self.change_of(row, held, then))
        Assignment.objects.bulk_update(ended, ["ends_on", "updated_at"], batch_size=2000)
        return changes

    def event_of(self, row: Row, instance: Any, context: Context) -> Event:
        """Stands with the customer: that is where people look for it."""
        customer = row.refs["customer_no"]
        who = {
            "role": instance.get_role_display(),
            "manager": instance.manager,
            "starts_on": instance.starts_on,
        }
        if row.existing is not None:
            before, after = row.changes["ends_on"]
            return prepared_event(
                "assignment.update", customer, context, before=who | {"ends_on": before}, after={"ends_on": after}
            )  # fmt: skip
        former = context.memo.get("closing", {}).get(row.number)
        if instance.ends_on is not None:
            who["ends_on"] = instance.ends_on
        before = {"manager": former.manager} if former is not None else {}
        return prepared_event("assignment.begin", customer, context, before=before, after=who)

    # --- taking back --------------------------------------------------------------------------------------------------
    def undo(self, changes: Sequence[Change], context: Context) -> list[Kept]:
        """What the batch began goes first, so that those who gave way can go on; then the owners of today again."""
        begun = [change for change in changes if change.op == "create"]
        changed = [change for change in changes if change.op != "create"]
        ids = [int(change.object_id) for change in changes]
        customers = set(Assignment.objects.filter(pk__in=ids).values_list("customer_id", flat=True))
        kept = undo_changes(self, begun, context) if begun else []
        staying = {one.row for one in kept}
        blocked = [change for change in changed if change.row in staying]
        kept += [Kept(change.row, change.label, str(STAYS)) for change in blocked]
        free = [change for change in changed if change.row not in staying]
        kept += undo_changes(self, free, context) if free else []
        set_owners(today=context.today, now=context.now, only=customers)
        return sorted(kept, key=lambda one: one.row)
