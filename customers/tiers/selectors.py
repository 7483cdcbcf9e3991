"""Which rules are in force, whether what a rule names exists, which run goes before another."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from typing import Any

from django.db.models import OuterRef, Subquery
from django.db.models.functions import JSONObject
from django.utils.translation import gettext as _

from customers.registry.models import CustomerKind, CustomerTier
from customers.tiers.choices import Purpose, RuleState, RunState
from customers.tiers.engine.document import RuleDocument, rule_of
from customers.tiers.models import TierRule, TierRun


def document_of(rule: TierRule) -> RuleDocument:
    """The checked document of a stored version."""
    return rule_of(rule.document)


def digest_of(document: RuleDocument) -> str:
    """sha256 of the document's meaning: keys sorted, comments and layout left out."""
    plain = json.dumps(document.source, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(plain.encode()).hexdigest()


def active_rules() -> Any:
    """What is in force, by code."""
    return TierRule.objects.filter(state=RuleState.ACTIVE).order_by("code")


def rules_with_last_run() -> Any:
    """What is in force, each with the run of its code that was applied last (`last`: pk, number, as_of); one query."""
    runs = TierRun.objects.filter(rule__code=OuterRef("code"), state=RunState.APPLIED).order_by(
        "-as_of", "-pk"
    )
    said = runs.values(said=JSONObject(pk="pk", number="number", as_of="as_of"))[:1]
    return active_rules().defer("text").annotate(last=Subquery(said))


def newest(code: str) -> TierRule | None:
    """The version in force, otherwise the newest; one query."""
    found = TierRule.objects.filter(code=code).order_by("-version")
    return next((rule for rule in found if rule.state == RuleState.ACTIVE), None) or found.first()


def unknown_tiers(document: RuleDocument) -> list[tuple[str, str]]:
    """(path, sentence) for each tier the institution does not have, or the rule does not name; one query."""
    known = list(CustomerTier.objects.order_by("order").values_list("code", flat=True))
    named = [tier.code for tier in document.tiers]
    faults = [
        (f"tiers[{place}].code", _("没有客户分级“%(code)s”") % {"code": code})
        for place, code in enumerate(named)
        if code not in known
    ]
    faults += [
        ("tiers", _("没有写客户分级“%(code)s”") % {"code": code}) for code in known if code not in named
    ]
    if not faults and named != known:
        faults.append(("tiers", _("应按从高到低的次序：%(codes)s") % {"codes": "、".join(known)}))
    return faults


def rivals(rule: TierRule) -> list[tuple[TierRule, str]]:
    """Other rules in force that speak of the same customers, with the kinds they share; one query."""
    kinds = set(document_of(rule).kinds)
    found = []
    for other in active_rules().exclude(code=rule.code):
        if shared := kinds & set(document_of(other).kinds):
            found.append((other, "、".join(str(CustomerKind(kind).label) for kind in sorted(shared))))
    return found


def last_applied(rule: TierRule, as_of: date) -> TierRun | None:
    """The run before `as_of` whose patience goes on: the newest one that was carried out; one query."""
    return (
        TierRun.objects.filter(
            rule__code=rule.code, purpose=Purpose.PROPOSAL, state=RunState.APPLIED, as_of__lt=as_of
        )
        .order_by("-as_of", "-pk")
        .first()
    )
