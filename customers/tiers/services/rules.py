"""Tier rules come in, are changed as long as they are drafts, and are adopted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from cmsys.access.actors import Actor, require
from cmsys.access.refusals import refused
from cmsys.audit.ledger import record
from customers.tiers.choices import RuleState
from customers.tiers.engine.document import RuleDocument, RuleError, read_rule
from customers.tiers.models import TierRule
from customers.tiers.permissions import RULE_ADOPT, RULE_EDIT
from customers.tiers.selectors import digest_of, rivals, unknown_tiers
from customers.tiers.transitions import RULE

CREATED, UPDATED, UNCHANGED = "created", "updated", "unchanged"


@dataclass(frozen=True)
class RuleImported:
    """The stored version and what became of it."""

    rule: TierRule
    outcome: str


@transaction.atomic
def rule_import(*, actor: Actor, text: str) -> RuleImported:
    """Stores a document as the version it says it is, as a draft. The same meaning again changes nothing; a version that is
    or was in force is succeeded, never changed. Locks the versions of its code; four queries and the event.

    Raises MissingFunction, ValidationError at `document` (every fault with its place, tiers that do not exist, a version
    that was adopted, one below the newest).
    """
    require(actor, RULE_EDIT)
    document = _checked(text)
    digest = digest_of(document)
    versions = list(TierRule.objects.select_for_update().filter(code=document.code).order_by("-version"))
    stored = next((item for item in versions if item.version == document.version), None)
    if stored is not None and stored.digest == digest:
        return RuleImported(stored, UNCHANGED)
    latest = versions[0].version if versions else 0
    if stored is None and document.version < latest:
        raise _refused("old_version", document, latest)
    if stored is not None and stored.state != RuleState.DRAFT:
        raise _refused("used", document, latest)
    rule = stored or TierRule(code=document.code, version=document.version)
    before = {"digest": stored.digest[:12]} if stored is not None else {}
    rule.name, rule.text, rule.document, rule.digest = document.name, text, dict(document.source), digest
    rule.full_clean(exclude=["document"])
    rule.save()
    record(
        "tier_rule.update" if stored is not None else "tier_rule.create", rule, actor=actor, before=before,
        after={"name": rule.name, "digest": digest[:12]},
    )  # fmt: skip
    return RuleImported(rule, UPDATED if stored is not None else CREATED)


@transaction.atomic
def rule_adopt(*, actor: Actor, rule_id: int, reason: str, now: datetime) -> TierRule:
    """Puts a draft in force in place of the version before it. Nothing changes for customers until a run is applied.
    Adopting again what is in force changes nothing. Locks every rule, so that two cannot come to speak of one customer.

    Raises MissingFunction, TierRule.DoesNotExist, Conflict (superseded), ValidationError (no reason, another rule in
    force speaks of the same customers, a tier that no longer exists, a newer version is in force).
    """
    require(actor, RULE_ADOPT)
    rules = {
        rule.pk: rule
        for rule in TierRule.objects.visible_to(actor, "adopt").select_for_update().order_by("pk")
    }
    if rule_id not in rules:
        raise TierRule.DoesNotExist
    rule = rules[rule_id]
    if rule.state == RuleState.ACTIVE:
        return rule
    RULE.check("adopt", rule.state, by=rule.adopted_by, at=rule.adopted_at)
    if not reason.strip():
        raise refused("reason", "missing", _("请填写采用的理由。"))
    _checked(rule.text)
    for other, kinds in rivals(rule):
        raise refused(
            "reason", "conflict",
            _("现行规则“%(other)s”也适用于%(kinds)s；一位客户只能适用一份规则，请先调整适用的客户类型。") % {"other": other, "kinds": kinds},
        )  # fmt: skip
    earlier = [one for one in rules.values() if one.code == rule.code and one.state == RuleState.ACTIVE]
    for one in earlier:
        if one.version > rule.version:
            raise refused("reason", "old_version", _("第 %(n)s 版已经现行，不能退回较早的版本；请导入新版本。") % {"n": one.version})  # fmt: skip
        one.state = RULE["supersede"].target
        one.save(update_fields=["state", "updated_at"])
        record("tier_rule.supersede", one, actor=actor, before={"state": RuleState.ACTIVE}, after={"state": one.state}, now=now)  # fmt: skip
    rule.state, rule.adopted_at, rule.adopted_by = RULE["adopt"].target, now, actor.actor_name[:120]
    rule.save(update_fields=["state", "adopted_at", "adopted_by", "updated_at"])
    record(
        "tier_rule.adopt", rule, actor=actor, before={"state": RuleState.DRAFT}, after={"state": rule.state},
        reason=reason, now=now,
    )  # fmt: skip
    return rule


def _checked(text: str) -> RuleDocument:
    try:
        document = read_rule(text.removeprefix("\ufeff"))
    except RuleError as error:
        raise refused("document", "bad_document", _joined(error.faults)) from error
    if faults := unknown_tiers(document):
        raise refused("document", "not_found", _joined(faults))
    return document


def _joined(faults: object) -> str:
    return "；".join(f"{path}：{said}" if path else said for path, said in faults)  # type: ignore[attr-defined]


def _refused(code: str, document: RuleDocument, latest: int) -> Exception:
    words = {"code": document.code, "version": document.version, "latest": latest, "next": latest + 1}
    if code == "used":
        said = _("规则 %(code)s 第 %(version)s 版已经采用过，不能再改；请把 version 改为 %(next)s 后导入。")
    else:
        said = _("规则 %(code)s 已有第 %(latest)s 版；请把 version 提高到 %(next)s 再导入。")
    return refused("document", code, said % words)
