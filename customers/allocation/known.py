"""What a policy means, as one value; whether the codes it names exist: grades, tiers, business lines, the unit."""

from __future__ import annotations

import hashlib
import json

from django.utils.translation import gettext as _

from cmsys.org.models import BusinessLine, OrgUnit
from customers.allocation.policy_document import LINES, PolicyDocument
from customers.registry.models import CustomerTier
from managers.careers.models import Grade

NONE = "none"


def unknown_codes(document: PolicyDocument) -> list[tuple[str, str]]:
    """(path, sentence) for each code nobody knows; four queries."""
    grades = set(Grade.objects.values_list("code", flat=True))
    tiers = set(CustomerTier.objects.values_list("code", flat=True))
    lines = set(BusinessLine.objects.values_list("code", flat=True))
    faults = []
    for code in sorted(set(document.tiers) - tiers - {NONE}):
        faults.append((f"tiers.{code}", _("没有客户分级“%(code)s”") % {"code": code}))
    for code in sorted(tiers - set(document.tiers)):
        faults.append((f"tiers.{code}", _("客户分级“%(code)s”没有写规则") % {"code": code}))
    for code, tier in document.tiers.items():
        for field in ("wanted_grade", "minimum_grade"):
            grade = getattr(tier, field)
            if grade and grade not in grades:
                faults.append((f"tiers.{code}.{field}", _("没有等级“%(code)s”") % {"code": grade}))
    for code in sorted(set(document.capacity) - grades - {NONE}):
        faults.append((f"capacity.{code}", _("没有等级“%(code)s”") % {"code": code}))
    for code in sorted(grades - set(document.capacity)):
        faults.append((f"capacity.{code}", _("等级“%(code)s”没有写容量") % {"code": code}))
    for code in sorted(set(document.lines) - lines - set(LINES)):
        faults.append((f"lines.{code}", _("没有条线“%(code)s”") % {"code": code}))
    if document.unit and not OrgUnit.objects.filter(code=document.unit).exists():
        faults.append(("unit", _("没有机构“%(code)s”") % {"code": document.unit}))
    return faults


def digest_of(document: PolicyDocument) -> str:
    """sha256 of the document's meaning: keys sorted, comments and layout left out."""
    plain = json.dumps(document.source, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(plain.encode()).hexdigest()
