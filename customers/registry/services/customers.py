"""Customers are registered, changed, classified, and the names of people among them looked up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from cmsys.access.actors import Actor, Reached, require
from cmsys.access.functions import Reach
from cmsys.access.refusals import refused
from cmsys.accounts.pinyin import pinyin_of
from cmsys.audit.ledger import record
from cmsys.org.services.units import check_placeable
from customers.registry.masking import mask_person
from customers.registry.models import AssignmentRole, Customer, CustomerCategory, CustomerKind
from customers.registry.permissions import CUSTOMER_EDIT, CUSTOMER_REVEAL, CUSTOMER_TIER
from customers.registry.rules import is_addressable, is_credit_code, is_masked
from customers.registry.services.assignments import _begin
from managers.profiles.models import RelationshipManager, Status

# The tier changes by a step of its own; owner and the day the relation began follow from other rows.
EDITABLE = (
    "name", "kind", "nature", "category", "group_no", "industry_code", "region_code", "latitude", "longitude", "scale",
    "credit_code", "needs", "source", "unit",
)  # fmt: skip
# Who changes one of these says why (CUS-2).
CLASSIFYING = ("category", "nature")


@transaction.atomic
def customer_create(*, actor: Actor, today: date, customer_no: str, **values: Any) -> Customer:
    """Registers a customer (values of EDITABLE, and `tier` for those who may set it).

    Whoever keeps only his own customers registers one for himself: it belongs to his unit and he is its primary manager
    from today. Raises MissingFunction, ValidationError (number taken, unit out of reach or closed, credit code known).
    """
    reached = require(actor, CUSTOMER_EDIT)
    if values.get("tier") is not None:
        require(actor, CUSTOMER_TIER)
    _check_values(values, (*EDITABLE, "tier"))
    holder = _registers_for_himself(actor, reached)
    if holder is not None:
        if values.setdefault("unit", holder.unit) != holder.unit:
            raise refused("unit", "out_of_scope", _("只能登记在本人所在机构“%(unit)s”。") % {"unit": holder.unit.name})  # fmt: skip
    else:
        check_placeable(actor, values.get("unit"), CUSTOMER_EDIT)
    if not is_addressable(customer_no):
        raise refused("customer_no", "bad_value", _("客户编号不能含“/”，也不能是 new；请换一个编号。"))
    customer = Customer(customer_no=customer_no, name_pinyin=pinyin_of(values.get("name", "")), **values)
    _check(customer)
    _check_known(customer, actor)
    customer.save()
    record(
        "customer.create", customer, actor=actor,
        after=_said(customer.kind, {"customer_no": customer_no, **values}),
    )  # fmt: skip
    if holder is not None:
        _begin(actor, customer, holder, AssignmentRole.PRIMARY, today, None, today, _("客户经理本人登记"))
    return customer


@transaction.atomic
def customer_update(
    *, actor: Actor, customer_id: int, values: Mapping[str, Any], reason: str = ""
) -> Customer:
    """Changes the named fields of a customer within the actor's reach; no event when nothing differs. Locks the row.

    Raises MissingFunction, Customer.DoesNotExist (out of scope), ValidationError (category or nature without a reason,
    潜在 for a customer that has signed, unit out of reach).
    """
    reached = require(actor, CUSTOMER_EDIT)
    _check_values(values, EDITABLE)
    customer = _locked(actor, "edit", customer_id)
    after = {name: value for name, value in values.items() if getattr(customer, name) != value}
    before = {name: getattr(customer, name) for name in after}
    if not after:
        return customer
    if not reason.strip() and set(CLASSIFYING) & set(after):
        raise refused("reason", "missing", _("修改客户分类或客户属性须填写原因。"))
    if "unit" in after:
        if _registers_for_himself(actor, reached) is not None:
            raise refused("unit", "out_of_scope", _("所属机构由客户管理部门或数据管理员调整。"))
        check_placeable(actor, values["unit"], CUSTOMER_EDIT)
    kind_before = customer.kind
    for name, value in after.items():
        setattr(customer, name, value)
    if "name" in after:
        customer.name_pinyin = pinyin_of(customer.name)
    _check(customer)
    if "credit_code" in after:
        _check_known(customer, actor)
    customer.save()
    # A person who became an institution, or the other way round, was a person once: both sides stay masked.
    kind = (
        CustomerKind.INDIVIDUAL if CustomerKind.INDIVIDUAL in (kind_before, customer.kind) else customer.kind
    )
    record(
        "customer.update", customer, actor=actor, before=_said(kind, before), after=_said(kind, after), reason=reason
    )  # fmt: skip
    return customer


@transaction.atomic
def customer_reveal(*, actor: Actor, customer_id: int, reason: str) -> str:
    """The name of a person in clear; the look itself is an event with its reason. One's own customer needs none.

    Raises MissingFunction, Customer.DoesNotExist, ValidationError (no reason).
    """
    require(actor, CUSTOMER_REVEAL)
    customer = Customer.objects.visible_to(actor, "reveal").select_related("owner").get(pk=customer_id)
    own = customer.owner is not None and customer.owner.employee_no == getattr(actor, "employee_no", None)
    if not reason.strip() and not own:
        raise refused("reason", "missing", _("请填写查看原因。"))
    record("pii.reveal", customer, actor=actor, after={"field": "name"}, reason=reason)
    return str(customer.name)


def _locked(actor: Actor, action: str, customer_id: int) -> Customer:
    found = (
        Customer.objects.visible_to(actor, action)
        .select_related("unit", "tier", "owner")
        .select_for_update(of=("self",))
        .get(pk=customer_id)
    )
    assert isinstance(found, Customer)
    return found


def _registers_for_himself(actor: Actor, reached: tuple[Reached, ...]) -> RelationshipManager | None:
    """The actor's own profile where he reaches no further than his own customers; refused where he has none at work."""
    if any(one.reach is not Reach.SELF for one in reached):
        return None
    number = getattr(actor, "employee_no", None)
    working = RelationshipManager.objects.exclude(status=Status.LEFT).select_related("unit")
    own = working.filter(employee_no=number).first() if number else None
    if own is None:
        raise refused("unit", "out_of_scope", _("您的账号没有对应的在职客户经理档案，不能登记客户。"))
    return own


def _check_values(values: Mapping[str, Any], editable: tuple[str, ...]) -> None:
    if set(values) - set(editable):
        raise ValueError(f"not editable here: {sorted(set(values) - set(editable))}")


def _check(customer: Customer) -> None:
    """What a customer cannot be, whatever column it stands in."""
    if customer.is_person and is_masked(customer.name):
        raise refused("name", "bad_value", _("收到的是打码后的值，请填写完整内容。"))
    if customer.credit_code and not is_credit_code(customer.credit_code):
        raise refused("credit_code", "bad_value", _("统一社会信用代码应为 18 位数字或大写字母（不含 I、O、S、V、Z）。"))  # fmt: skip
    if customer.category == CustomerCategory.PROSPECT and customer.since is not None:
        raise refused(
            "category", "conflict",
            _("该客户自 %(day)s 起已有合作，不能再分为潜在客户。") % {"day": customer.since},
        )  # fmt: skip
    customer.full_clean()


def _check_known(customer: Customer, actor: Actor) -> None:
    """Several departments register customers: the same institution is not entered twice (CUS-1). Two queries."""
    if not customer.credit_code:
        return
    same = Customer.objects.filter(credit_code=customer.credit_code).exclude(pk=customer.pk)
    if not same.exists():
        return
    seen = same.visible_to(actor, "view").first()
    told = _("（%(customer)s）") % {"customer": seen} if seen is not None else ""
    raise refused(
        "credit_code", "duplicate",
        _("统一社会信用代码已登记在另一客户名下%(told)s，请核对；确属同一客户的不要重复建档。") % {"told": told},
    )  # fmt: skip


def _said(kind: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as the ledger may hold them: of a person the family name."""
    said = dict(values)
    if kind == CustomerKind.INDIVIDUAL and said.get("name"):
        said["name"] = mask_person(str(said["name"]))
    return said
