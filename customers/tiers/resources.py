"""The declared classes of rules, runs and changes."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmsys.access.actors import may
from cmsys.ui.context import covered
from cmsys.ui.pages import Action
from cmsys.ui.registry import Text
from cmsys.ui.resource import Column, Resource
from customers.tiers.choices import Outcome, RuleState, RunState, Settled
from customers.tiers.filters import ChangeFilterSet, RuleFilterSet, RunFilterSet
from customers.tiers.models import TierChange, TierRule, TierRun
from customers.tiers.permissions import CHANGE_LIST, RULE_ADOPT, RULE_EDIT, RUN_DECIDE, RUN_START
from customers.tiers.words import points_said, tone_of

RULE_TONES = {RuleState.DRAFT: "hold", RuleState.ACTIVE: "up", RuleState.SUPERSEDED: ""}
RUN_TONES = {
    RunState.COMPUTING: "info", RunState.SHOWN: "hold", RunState.PROPOSED: "warn", RunState.APPLYING: "info",
    RunState.APPLIED: "up", RunState.FAILED: "bad",
}  # fmt: skip
OUTCOME_TONES = {Outcome.HELD: "hold", Outcome.WAIT: "warn", Outcome.KEEP: "info"}
SETTLED_TONES = {Settled.OPEN: "warn", Settled.DONE: "up", Settled.SKIPPED: "bad"}


class RuleResource(Resource):
    """分级规则: every version, newest first."""

    key = "tier-rules"
    noun = gettext_lazy("分级规则")
    model = TierRule
    filterset = RuleFilterSet
    default_sort = ("code", "-version")
    columns = (
        Column("name", gettext_lazy("规则名称"), lambda r: r.name, sort=("name",)),
        Column("code", gettext_lazy("规则编码"), lambda r: r.code, sort=("code",)),
        Column("version", gettext_lazy("版本"), lambda r: r.version, sort=("version",), numeric=True, kind="number"),
        Column("state", gettext_lazy("状态"), lambda r: r.get_state_display(), sort=("state",), tone=lambda r: RULE_TONES[r.state]),
        Column("adopted_at", gettext_lazy("采用日期"), lambda r: r.adopted_at and timezone.localdate(r.adopted_at), sort=("adopted_at",), kind="date"),
        Column("adopted_by", gettext_lazy("采用人"), lambda r: r.adopted_by),
        Column("created_at", gettext_lazy("录入日期"), lambda r: timezone.localdate(r.created_at), sort=("created_at",), kind="date"),
    )  # fmt: skip

    def subtitle(self, request: Any, total: int) -> Text:
        return _("价值的算法与各级界线；采用后每月按它提出分级建议，由人决定是否采用建议")

    def list_actions(self, request: Any) -> list[Action]:
        if not may(request.user, RULE_EDIT):
            return []
        return [Action(_("导入规则"), reverse("tier_rules_import"), primary=True, icon="upload")]

    def object_title(self, instance: Any) -> str:
        return str(instance.name)

    def object_subtitle(self, instance: Any) -> Text:
        words = {"rule": instance, "state": instance.get_state_display(), "who": instance.adopted_by}
        if instance.adopted_at is None:
            return _("%(rule)s · %(state)s") % words
        words["day"] = timezone.localdate(instance.adopted_at)
        return _("%(rule)s · %(state)s · %(who)s 于 %(day)s 采用") % words

    def object_actions(self, request: Any, instance: Any) -> list[Action]:
        args = [instance.pk]
        actions = [Action(_("下载"), reverse("tier_rules_download", args=args), icon="download")]
        if may(request.user, RULE_EDIT):
            url = f"{reverse('tier_rules_import')}?from={instance.pk}"
            actions.append(Action(_("由此编写新版本"), url, icon="copy"))
        if may(request.user, RUN_START):
            actions.append(Action(_("试算"), reverse("tier_rules_trial", args=args), icon="preview"))
            if instance.state == RuleState.ACTIVE:
                actions.append(Action(_("运行分级"), reverse("tier_rules_run", args=args), primary=True, icon="layers"))  # fmt: skip
        if may(request.user, RULE_ADOPT) and instance.state == RuleState.DRAFT:
            actions.append(
                Action(_("采用"), reverse("tier_rules_adopt", args=args), primary=True, icon="check")
            )
        return actions


class RunResource(Resource):
    """分级批次."""

    key = "tier-runs"
    noun = gettext_lazy("分级批次")
    model = TierRun
    lookup = "number"
    filterset = RunFilterSet
    default_sort = ("-created_at", "-pk")
    columns = (
        Column("number", gettext_lazy("批次编号"), lambda r: r.number, sort=("number",)),
        Column("rule", gettext_lazy("规则"), lambda r: str(r.rule), sort=("rule__code", "rule__version")),
        Column("purpose", gettext_lazy("用途"), lambda r: r.get_purpose_display(), sort=("purpose",)),
        Column("as_of", gettext_lazy("基准日"), lambda r: r.as_of, sort=("as_of",), kind="date"),
        Column("customers", gettext_lazy("客户数"), lambda r: r.customers, sort=("customers",), numeric=True, kind="number"),
        Column("raised", gettext_lazy("上调"), lambda r: r.raised, sort=("raised",), numeric=True, kind="number"),
        Column("lowered", gettext_lazy("下调"), lambda r: r.lowered, sort=("lowered",), numeric=True, kind="number"),
        Column("first", gettext_lazy("首次分级"), lambda r: r.first, sort=("first",), numeric=True, kind="number"),
        Column("held", gettext_lazy("手工评定"), lambda r: r.held_count, sort=("held_count",), numeric=True, kind="number", shown=False),
        Column("waiting", gettext_lazy("继续观察"), lambda r: r.waiting_count, sort=("waiting_count",), numeric=True, kind="number", shown=False),
        Column("state", gettext_lazy("状态"), lambda r: r.get_state_display(), sort=("state",), tone=lambda r: RUN_TONES.get(r.state, "")),
    )  # fmt: skip

    def queryset(self, actor: Any, action: str) -> QuerySet[Any]:
        return super().queryset(actor, action).select_related("rule", "against", "asked_by")

    def subtitle(self, request: Any, total: int) -> Text:
        return _("每次按规则重新计算的结果；待决定的由客户管理部门采用或放弃")

    def object_title(self, instance: Any) -> str:
        return _("%(purpose)s批次 %(number)s") % {
            "purpose": instance.get_purpose_display(),
            "number": instance.number,
        }

    def object_subtitle(self, instance: Any) -> Text:
        return _("%(rule)s · 基准日 %(day)s · %(state)s") % {
            "rule": instance.rule if instance.against is None else _("%(rule)s 与 %(other)s 对照") % {"rule": instance.rule, "other": instance.against},
            "day": instance.as_of, "state": instance.get_state_display(),
        }  # fmt: skip

    def figures(self, request: Any, instance: Any) -> list[dict[str, Any]]:
        if instance.state in (RunState.COMPUTING, RunState.FAILED) or not instance.digest:
            return []
        url = (
            f"{reverse('tier_changes_list')}?run={instance.number}" if may(request.user, CHANGE_LIST) else ""
        )

        def linked(label: str, count: int, condition: str) -> dict[str, Any]:
            return {
                "label": label,
                "value": f"{count:,}",
                "url": f"{url}&{condition}" if url and count else "",
            }

        stays = "outcome=move&way={}" if instance.against is None else "way={}"
        return [
            {"label": _("客户数"), "value": f"{instance.customers:,}"},
            linked(_("上调"), instance.raised, stays.format("up")),
            linked(_("下调"), instance.lowered, stays.format("down")),
            linked(_("首次分级"), instance.first, stays.format("first")),
            linked(_("手工评定，不调整"), instance.held_count, "outcome=held"),
            linked(_("继续观察"), instance.waiting_count, "outcome=wait"),
        ]

    def object_actions(self, request: Any, instance: Any) -> list[Action]:
        actions, args = [], [instance.number]
        if may(request.user, CHANGE_LIST) and instance.digest:
            actions.append(Action(_("全部变动"), f"{reverse('tier_changes_list')}?run={instance.number}", icon="columns"))  # fmt: skip
        if may(request.user, RUN_DECIDE):
            if instance.state in (RunState.COMPUTING, RunState.PROPOSED):
                actions.append(Action(_("放弃"), reverse("tier_runs_discard", args=args), danger=True))
            if instance.state == RunState.PROPOSED:
                actions.append(
                    Action(_("采用建议"), reverse("tier_runs_apply", args=args), primary=True, icon="check")
                )
            if instance.state == RunState.APPLYING:
                actions.append(Action(_("继续写入"), reverse("tier_runs_apply", args=args), icon="refresh"))
        return actions


class ChangeResource(Resource):
    """分级变动: lines of runs, with the customers a reader may see."""

    key = "tier-changes"
    noun = gettext_lazy("分级变动")
    model = TierChange
    filterset = ChangeFilterSet
    list_action = "list"
    default_sort = ("-run", "pk")
    count_limit = 10_000
    columns = (
        Column("customer", gettext_lazy("客户"), lambda c: c.customer.masked_name),
        Column("customer_no", gettext_lazy("客户编号"), lambda c: c.customer.customer_no),
        Column("unit", gettext_lazy("所属机构"), lambda c: c.customer.unit and c.customer.unit.name),
        Column("before", gettext_lazy("原分级"), lambda c: c.before.name if c.before else _("未分级"), sort=("before__order",)),
        Column("after", gettext_lazy("按规则"), lambda c: c.after.name, sort=("after__order",), tone=lambda c: tone_of(c.before, c.after) or "hold"),
        Column("score", gettext_lazy("得分"), lambda c: points_said(c.score), sort=("score",), numeric=True),
        Column("outcome", gettext_lazy("结果"), lambda c: c.get_outcome_display(), sort=("outcome",), tone=lambda c: OUTCOME_TONES.get(c.outcome, "")),
        Column("settled", gettext_lazy("办理"), lambda c: c.get_settled_display(), sort=("settled",), tone=lambda c: SETTLED_TONES.get(c.settled, "")),
        Column("run", gettext_lazy("批次"), lambda c: f"{c.run.number} {c.run.get_purpose_display()}", sort=("run__number",)),
        Column("as_of", gettext_lazy("基准日"), lambda c: c.run.as_of, sort=("run__as_of",), kind="date", shown=False),
    )  # fmt: skip

    def queryset(self, actor: Any, action: str) -> QuerySet[Any]:
        rows = super().queryset(actor, action).select_related(
            "run__rule", "run__against", "customer__unit", "customer__owner", "before", "after"
        )  # fmt: skip
        return rows.defer("customer__search_key", "customer__list_name", "run__rule__text")

    def subtitle(self, request: Any, total: int) -> Text:
        return covered(request.user, CHANGE_LIST)

    def object_title(self, instance: Any) -> str:
        before = instance.before.name if instance.before else _("未分级")
        return _("%(customer)s：%(before)s → %(after)s") % {
            "customer": instance.customer.masked_name, "before": before, "after": instance.after.name,
        }  # fmt: skip

    def object_subtitle(self, instance: Any) -> Text:
        return _("批次 %(run)s · 基准日 %(day)s · %(outcome)s · %(settled)s") % {
            "run": instance.run.number, "day": instance.run.as_of, "outcome": instance.get_outcome_display(),
            "settled": instance.get_settled_display(),
        }  # fmt: skip

    def figures(self, request: Any, instance: Any) -> list[dict[str, Any]]:
        return [
            {"label": _("得分"), "value": points_said(instance.score)},
            {"label": _("名次"), "value": f"{instance.place:,} / {instance.run.customers:,}"},
        ]


RULES, RUNS, CHANGES = RuleResource(), RunResource(), ChangeResource()
