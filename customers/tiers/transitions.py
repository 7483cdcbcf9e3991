"""Which way rules and runs may go (docs/states/tier_rule.md, tier_run.md)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from cmsys.workflow.transitions import Machine, Transition
from customers.tiers.choices import RuleState as R
from customers.tiers.choices import RunState as S
from customers.tiers.permissions import RULE_ADOPT, RUN_DECIDE

RULE = Machine(
    "tier_rule",
    dict(R.choices),
    Transition("adopt", _("采用"), frozenset({R.DRAFT}), R.ACTIVE, RULE_ADOPT),
    Transition("supersede", _("由新版本取代"), frozenset({R.ACTIVE}), R.SUPERSEDED, None),
)
RUN = Machine(
    "tier_run",
    dict(S.choices),
    Transition("show", _("试算完成"), frozenset({S.COMPUTING}), S.SHOWN, None),
    Transition("propose", _("提出建议"), frozenset({S.COMPUTING}), S.PROPOSED, None),
    Transition("nothing", _("无须调整"), frozenset({S.COMPUTING}), S.APPLIED, None),
    Transition("fail", _("计算失败"), frozenset({S.COMPUTING}), S.FAILED, None),
    Transition("apply", _("采用分级建议"), frozenset({S.PROPOSED}), S.APPLYING, RUN_DECIDE, reason=True),
    Transition("finish", _("写入完成"), frozenset({S.APPLYING}), S.APPLIED, None),
    Transition("discard", _("放弃分级建议"), frozenset({S.COMPUTING, S.PROPOSED}), S.DISCARDED, RUN_DECIDE, reason=True),
    Transition("replace", _("由新的批次取代"), frozenset({S.PROPOSED}), S.REPLACED, None),
)  # fmt: skip
