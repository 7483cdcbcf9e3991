"""Who looks after a customer, from which day: begun, ended, withdrawn; and the owner of today kept with the customer."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from cmsys.access.actors import Actor, require
from cmsys.access.refusals import refused
from cmsys.audit.ledger import record
from customers.registry.followers import owner_began, owner_withdrawn
from customers.registry.models import Assignment, AssignmentRole, Customer
from customers.registry.owners import set_owners
from customers.registry.permissions import ASSIGNMENT_EDIT
from customers.registry.selectors import in_force
from managers.profiles.models import RelationshipManager, Status

PRIMARY = AssignmentRole.PRIMARY


@transaction.atomic
def assignment_begin(
    *,
    actor: Actor,
    today: date,
    customer_id: int,
    manager_id: int,
    role: str,
    starts_on: date,
    ends_on: date | None = None,
    reason: str,
) -> Assignment:
    """Gives a customer a manager in a role from a day on. A new primary manager ends the present one on that day, and rooms
    that follow owners hear of it.

    Locks the customer. Raises MissingFunction, DoesNotExist (customer or manager out of reach), ValidationError (no
    reason, a day not after the last change, somebody who left or whose unit is closed, the same again).
    """
    require(actor, ASSIGNMENT_EDIT)
    if not reason.strip():
        raise refused("reason", "missing", _("请填写原因。"))
    customer = _locked_customer(actor, customer_id)
    people = RelationshipManager.objects.reached_by(actor, ASSIGNMENT_EDIT).select_related("unit")
    begun, former = _begin(
        actor, customer, people.get(pk=manager_id), role, starts_on, ends_on, today, reason
    )
    if role == PRIMARY:
        owner_began(actor, begun, former, today)
    return begun


@transaction.atomic
def assignment_end(
    *, actor: Actor, today: date, assignment_id: int, ends_on: date, reason: str
) -> Assignment:
    """Ends an assignment: `ends_on` is the first day on which it no longer holds. Locks the customer.

    Raises MissingFunction, Assignment.DoesNotExist, ValidationError (no reason, before it began, later than it ends now).
    """
    require(actor, ASSIGNMENT_EDIT)
    if not reason.strip():
        raise refused("reason", "missing", _("请填写原因。"))
    found, customer = _locked(actor, assignment_id)
    if ends_on <= found.starts_on:
        raise refused("ends_on", "conflict", _("结束日期须晚于开始日期 %(day)s。") % {"day": found.starts_on})
    if found.ends_on is not None and found.ends_on <= ends_on:
        raise refused("ends_on", "conflict", _("该归属已于 %(day)s 结束。") % {"day": found.ends_on})
    before = found.ends_on
    found.ends_on = ends_on
    found.save(update_fields=["ends_on", "updated_at"])
    _keep_owner(customer, today)
    record(
        "assignment.end", customer, actor=actor, reason=reason,
        before={"role": found.get_role_display(), "manager": found.manager, "ends_on": before}, after={"ends_on": ends_on},
    )  # fmt: skip
    return found


@transaction.atomic
def assignment_withdraw(*, actor: Actor, today: date, assignment_id: int, reason: str) -> None:
    """Takes back an assignment that has not begun; the primary manager it was to follow goes on. Locks the customer.

    Raises MissingFunction, Assignment.DoesNotExist, ValidationError (no reason, begun already).
    """
    require(actor, ASSIGNMENT_EDIT)
    if not reason.strip():
        raise refused("reason", "missing", _("请填写原因。"))
    found, customer = _locked(actor, assignment_id)
    if found.starts_on <= today:
        raise refused(
            "starts_on", "conflict",
            _("该归属自 %(day)s 起已生效，不能取消；请登记结束日期或新的主办。") % {"day": found.starts_on},
        )  # fmt: skip
    before = {"role": found.get_role_display(), "manager": found.manager, "starts_on": found.starts_on}
    if found.role == PRIMARY:
        owner_withdrawn(actor, found, today)
    found.delete()
    if found.role == PRIMARY:
        former = Assignment.objects.filter(customer=customer, role=PRIMARY, ends_on=found.starts_on)
        for one in former:
            one.ends_on = None
            one.save(update_fields=["ends_on", "updated_at"])
    _keep_owner(customer, today)
    record("assignment.withdraw", customer, actor=actor, before=before, reason=reason)


@transaction.atomic
def owners_refresh(*, actor: Actor, today: date, now: datetime, most: int = 20_000) -> int:
    """Makes the owner of at most `most` customers the primary manager of the day, where he is not; returns how many.

    For assignments that begin or end by date alone. One event for all of them, when there were any.
    """
    require(actor, ASSIGNMENT_EDIT)
    changed = set_owners(today=today, now=now, most=most)
    if changed:
        after = {"on": today, "customers": changed}
        record("assignment.owners", None, actor=actor, resource="customers", after=after, now=now)
    return changed


def _begin(
    actor: Actor,
    customer: Customer,
    manager: RelationshipManager,
    role: str,
    starts_on: date,
    ends_on: date | None,
    today: date,
    reason: str,
) -> tuple[Assignment, Assignment | None]:
    """The assignment, and the one that ends with it. The customer is locked, so that what is read here still holds when it
    is written."""
    _check_holder(manager, ends_on, today)
    if ends_on is not None and ends_on <= starts_on:
        raise refused("ends_on", "conflict", _("结束日期须晚于开始日期。"))
    former = _make_room(customer, manager, role, starts_on, ends_on)
    begun = Assignment(customer=customer, manager=manager, role=role, starts_on=starts_on, ends_on=ends_on)
    begun.clean_fields()
    begun.save()
    _keep_owner(customer, today)
    after: dict[str, Any] = {"role": begun.get_role_display(), "manager": manager, "starts_on": starts_on}
    if ends_on is not None:
        after["ends_on"] = ends_on
    record(
        "assignment.begin", customer, actor=actor, before={"manager": former.manager} if former else {}, after=after,
        reason=reason,
    )  # fmt: skip
    return begun, former


def _check_holder(manager: RelationshipManager, ends_on: date | None, today: date) -> None:
    # What is over may well name somebody who has left since.
    if ends_on is not None and ends_on <= today:
        return
    if manager.status == Status.LEFT:
        raise refused("manager", "conflict", _("%(manager)s已离职，不能管户。") % {"manager": manager})
    if manager.unit.closed_on is not None:
        raise refused(
            "manager", "conflict",
            _("%(manager)s所在机构“%(unit)s”已撤销，请先为其调整机构。") % {"manager": manager, "unit": manager.unit.name},
        )  # fmt: skip


def _make_room(
    customer: Customer, manager: RelationshipManager, role: str, starts_on: date, ends_on: date | None
) -> Assignment | None:
    """Ends the primary manager whom the new one follows and returns his assignment; refuses what would overlap."""
    same_role = Assignment.objects.filter(customer=customer, role=role).select_related("manager")
    if role != PRIMARY:
        twice = same_role.filter(manager=manager).exclude(ends_on__lte=starts_on)
        twice = twice.filter(starts_on__lt=ends_on) if ends_on is not None else twice
        found = twice.order_by("starts_on").first()
        if found is not None:
            raise refused(
                "starts_on", "conflict",
                _("%(manager)s自 %(day)s 起已是%(role)s。")
                % {"manager": manager, "day": found.starts_on, "role": found.get_role_display()},
            )  # fmt: skip
        return None
    last = same_role.order_by("-starts_on").first()
    if last is None or (last.ends_on is not None and last.ends_on <= starts_on):
        return None
    if last.starts_on >= starts_on:
        raise refused(
            "starts_on", "conflict",
            _("该客户自 %(day)s 起由%(manager)s主办，新主办须晚于这一天开始。")
            % {"day": last.starts_on, "manager": last.manager},
        )  # fmt: skip
    if last.manager_id == manager.pk:
        raise refused("manager", "unchanged", _("主办已经是%(manager)s。") % {"manager": manager})
    last.ends_on = starts_on
    last.save(update_fields=["ends_on", "updated_at"])
    return last


def _keep_owner(customer: Customer, today: date) -> None:
    """`owner` is the primary manager of today."""
    held = Assignment.objects.filter(in_force(today), customer=customer, role=PRIMARY)
    owner_id = held.values_list("manager_id", flat=True).first()
    if owner_id != customer.owner_id:
        customer.owner_id = owner_id
        customer.save(update_fields=["owner", "updated_at"])


def _locked_customer(actor: Actor, customer_id: int) -> Customer:
    found = Customer.objects.visible_to(actor, "assign").select_for_update(of=("self",)).get(pk=customer_id)
    assert isinstance(found, Customer)
    return found


def _locked(actor: Actor, assignment_id: int) -> tuple[Assignment, Customer]:
    """The assignment as it stands once its customer is locked."""
    visible = Assignment.objects.visible_to(actor, "edit")
    customer = _locked_customer(actor, visible.values_list("customer_id", flat=True).get(pk=assignment_id))
    return visible.select_related("manager").select_for_update(of=("self",)).get(pk=assignment_id), customer
