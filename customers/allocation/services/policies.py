"""Allocation policies come in and are succeeded here."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from cmsys.access.actors import Actor, require
from cmsys.access.refusals import refused
from cmsys.audit.ledger import record
from cmsys.org.models import OrgUnit
from customers.allocation.known import digest_of, unknown_codes
from customers.allocation.models import AllocationPolicy
from customers.allocation.permissions import POLICY_EDIT
from customers.allocation.policy_document import PolicyDocument, PolicyError, read_policy

CREATED, UPDATED, UNCHANGED = "created", "updated", "unchanged"


@dataclass(frozen=True)
class PolicyImported:
    """The stored version and what became of it."""

    policy: AllocationPolicy
    outcome: str


@transaction.atomic
def policy_import(*, actor: Actor, text: str) -> PolicyImported:
    """Stores a document as the version it says it is. The same meaning again changes nothing; a version that a plan was
    made with is succeeded, never changed. Locks the versions of its code; five queries and the event.

    Raises MissingFunction, ValidationError at `document` (every fault with its place, codes of grades, tiers, lines or units
    that do not exist, a used version, one below the newest).
    """
    require(actor, POLICY_EDIT)
    document = _checked(text)
    unit = OrgUnit.objects.filter(code=document.unit).first() if document.unit else None
    digest = digest_of(document)
    versions = list(
        AllocationPolicy.objects.select_for_update().filter(code=document.code).order_by("-version")
    )
    stored = next((item for item in versions if item.version == document.version), None)
    if stored is not None and stored.digest == digest:
        return PolicyImported(stored, UNCHANGED)
    newest = versions[0].version if versions else 0
    if stored is None and document.version < newest:
        raise _refused("old_version", document, newest)
    if stored is not None and stored.plans.exists():
        raise _refused("used", document, newest)
    policy = stored or AllocationPolicy(code=document.code, version=document.version)
    before = {"digest": stored.digest[:12]} if stored is not None else {}
    policy.name, policy.unit, policy.text = document.name, unit, text
    policy.document, policy.digest = dict(document.source), digest
    policy.full_clean(exclude=["document"])
    policy.save()
    record(
        "policy.update" if stored is not None else "policy.create", policy, actor=actor, before=before,
        after={"name": policy.name, "unit": unit.code if unit else "", "digest": digest[:12]},
    )  # fmt: skip
    return PolicyImported(policy, UPDATED if stored is not None else CREATED)


def _checked(text: str) -> PolicyDocument:
    try:
        document = read_policy(text.removeprefix("\ufeff"))
    except PolicyError as error:
        raise refused("document", "bad_document", "；".join(f"{path}：{said}" if path else said for path, said in error.faults)) from error  # fmt: skip
    if faults := unknown_codes(document):
        raise refused("document", "not_found", "；".join(f"{path}：{said}" for path, said in faults))
    return document


def _refused(code: str, document: PolicyDocument, newest: int) -> Exception:
    words = {"code": document.code, "version": document.version, "newest": newest, "next": newest + 1}
    if code == "used":
        said = _(
            "政策 %(code)s 第 %(version)s 版已经用于分客方案，不能再改；请把 version 改为 %(next)s 后导入。"
        )
    else:
        said = _("政策 %(code)s 已有第 %(newest)s 版；请把 version 提高到 %(next)s 再导入。")
    return refused("document", code, said % words)
