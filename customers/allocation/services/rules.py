"""What is agreed for single customers: begun and ended here."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from cmsys.access.actors import Actor, require
from cmsys.access.refusals import refused
from cmsys.audit.ledger import record
from customers.allocation.models import CustomerRule, RuleKind
from customers.allocation.permissions import RULE_EDIT
from customers.registry.models import Customer
from managers.profiles.models import RelationshipManager, Status


@transaction.atomic
def rule_begin(
    *, actor: Actor, customer_no: str, employee_no: str, kind: str, starts_on: date, ends_on: date | None, reason: str,
    now: datetime,
) -> CustomerRule:  # fmt: skip
    """Fixes a customer to a manager, or keeps him from one, with a reason. Raises MissingFunction, ValidationError at
    `customer_no` or `employee_no` (unknown, left), `kind` (pinned to another already, pinned and excluded at once)."""
    require(actor, RULE_EDIT)
    customer = Customer.objects.reached_by(actor, RULE_EDIT).select_for_update(of=("self",)).filter(customer_no=customer_no).first()  # fmt: skip
    if customer is None:
        raise refused(
            "customer_no", "not_found", _("没有客户“%(no)s”，或者不在您的管理范围内。") % {"no": customer_no}
        )
    manager = RelationshipManager.objects.filter(employee_no=employee_no).first()
    if manager is None or manager.status == Status.LEFT:
        raise refused("employee_no", "not_found", _("没有在岗的客户经理“%(no)s”。") % {"no": employee_no})
    if not reason.strip():
        raise refused("reason", "missing", _("请填写原因。"))
    opposite = RuleKind.EXCLUDE if kind == RuleKind.PIN else RuleKind.PIN
    overlapping = CustomerRule.objects.filter(customer=customer).exclude(ends_on__lte=starts_on)
    if overlapping.filter(kind=opposite, manager=manager).exists():
        raise refused("kind", "conflict", _("该客户对这位客户经理已有相反的约定，请先结束它。"))
    if kind == RuleKind.PIN and overlapping.filter(kind=RuleKind.PIN).exists():
        raise refused("kind", "conflict", _("该客户已经固定了客户经理，请先结束原约定。"))
    rule = CustomerRule(
        customer=customer,
        manager=manager,
        kind=kind,
        starts_on=starts_on,
        ends_on=ends_on,
        reason=reason.strip(),
    )
    rule.full_clean()
    rule.save()
    record("customer_rule.begin", rule, actor=actor, reason=reason, now=now,
           after={"customer": customer.customer_no, "manager": manager, "kind": kind, "starts_on": starts_on, "ends_on": ends_on})  # fmt: skip
    return rule


@transaction.atomic
def rule_end(*, actor: Actor, rule_id: int, ends_on: date, reason: str, now: datetime) -> CustomerRule:
    """Ends what was agreed; `ends_on` is the first day on which it no longer holds.

    Raises MissingFunction, CustomerRule.DoesNotExist, ValidationError (no reason, before it began, ended before).
    """
    require(actor, RULE_EDIT)
    rule: CustomerRule = (
        CustomerRule.objects.visible_to(actor, "edit").select_for_update(of=("self",)).get(pk=rule_id)
    )
    if not reason.strip():
        raise refused("reason", "missing", _("请填写原因。"))
    if rule.ends_on is not None and rule.ends_on <= ends_on:
        raise refused("ends_on", "conflict", _("该约定已于 %(day)s 结束。") % {"day": rule.ends_on})
    before = rule.ends_on
    rule.ends_on = ends_on
    rule.full_clean()
    rule.save(update_fields=["ends_on", "updated_at"])
    record("customer_rule.end", rule, actor=actor, before={"ends_on": before}, after={"ends_on": ends_on}, reason=reason, now=now)  # fmt: skip
    return rule
