"""What a plan says in words: terms, rules, reasons of a line, what cannot be met."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.planning.lines import TERM_CODES

TERMS = {
    "expertise_match": gettext_lazy("专业匹配"), "proximity": gettext_lazy("区域就近"),
    "grade_shortfall": gettext_lazy("等级达标"), "grade_waste": gettext_lazy("等级适当"), "merit": gettext_lazy("综合评价"),
    "continuity": gettext_lazy("关系稳定"), "load": gettext_lazy("负荷均衡"), "value": gettext_lazy("价值均衡"),
}  # fmt: skip
RULES = {
    "branch": gettext_lazy("不在同一统筹范围"), "minimum_grade": gettext_lazy("等级低于该级客户的下限"),
    "certificates": gettext_lazy("没有要求的证书"), "intake": gettext_lazy("已离职、借调或不再接收"),
    "tenure_limit": gettext_lazy("轮换到期"), "pin": gettext_lazy("约定由他人管户"), "exclusion": gettext_lazy("约定不得管户"),
    "recusal": gettext_lazy("须回避"), "complaint": gettext_lazy("该客户对其投诉成立"), "lock": gettext_lazy("已锁定由他人管户"), "bar": gettext_lazy("已驳回留在现主办"),
}  # fmt: skip
# What a planner may do with lines of a draft.
ACTS = {
    "keep": gettext_lazy("锁定"), "stay": gettext_lazy("保持现状"), "assign": gettext_lazy("改派"), "bar": gettext_lazy("驳回"),
    "undo": gettext_lazy("撤销选择"),
}  # fmt: skip
TRIGGERS = {
    "unassigned": gettext_lazy("%(n)s 户无主办"), "overload": gettext_lazy("%(n)s 人超出容量"),
    "branch": gettext_lazy("%(n)s 户的主办不在同一统筹范围"), "minimum_grade": gettext_lazy("%(n)s 户的主办等级不够"),
    "certificates": gettext_lazy("%(n)s 户的主办缺少有效证书"), "intake": gettext_lazy("%(n)s 户的主办离职、借调或不再管户"),
    "tenure_limit": gettext_lazy("%(n)s 户轮换到期"), "pin": gettext_lazy("%(n)s 户约定由他人管户"),
    "exclusion": gettext_lazy("%(n)s 户约定不得由现主办管户"), "recusal": gettext_lazy("%(n)s 户的主办须回避"),
    "complaint": gettext_lazy("%(n)s 户对现主办的投诉成立"),
}  # fmt: skip
LACKS = {
    "nobody": gettext_lazy("没有符合硬性规则的客户经理"), "capacity": gettext_lazy("容量不足"),
    "key_limit": gettext_lazy("重点客户超过每人上限"), "apart": gettext_lazy("须分开的客户分不开"),
    "together": gettext_lazy("同一集团放不进一人"), "whole": gettext_lazy("点数够、整户放不下"),
    "budget": gettext_lazy("移动上限太低"),
}  # fmt: skip
REMEDIES = {
    "nobody": gettext_lazy("在该范围补充符合条件的人员，或调整政策的下限与统筹范围。"),
    "capacity": gettext_lazy("增加人员或提高等级容量，或把部分客户改由其他范围统筹。"),
    "key_limit": gettext_lazy("提高每人上限，或减少重点客户。"), "apart": gettext_lazy("检查须分开的约定。"),
    "together": gettext_lazy("允许集团分开，或提高容量。"), "whole": gettext_lazy("略微提高容量。"),
    "budget": gettext_lazy("提高移动上限。"),
}  # fmt: skip


def distance(metres: int) -> str:
    """`850 米`, `2.1 公里`."""
    return _("%(n)d 米") % {"n": metres} if metres < 1000 else _("%(n).1f 公里") % {"n": metres / 1000}


def reason(move: Any) -> str:
    """Why a line is there, in one sentence: the rules that force it, otherwise what gets better."""
    if move.broken:
        return "；".join(str(RULES.get(code, code)) for code in move.broken)
    if move.present_id is None:
        return _("尚无主办")
    gains = [
        (before - now, code)
        for code, now, before in zip(TERM_CODES, move.fit, move.fit_before or (), strict=False)
    ]
    better = [str(TERMS[code]) for gain, code in sorted(gains, reverse=True)[:2] if gain > 0]
    if not better:
        return _("负荷均衡")
    return _("%(terms)s更好") % {"terms": _("、").join(better)}


def unmet_said(lack: Mapping[str, Any]) -> str:
    """What cannot be met and how much is missing."""
    rule = str(LACKS.get(lack["rule"], lack["rule"]))
    words = {"rule": rule, "customers": lack["customers_count"], "missing": lack["missing"]}
    if lack["rule"] in ("capacity", "whole"):
        return _("%(rule)s：%(customers)d 户客户，差 %(missing)d 点") % words
    return _("%(rule)s：%(customers)d 户客户") % words


def note_said(note: str) -> str:
    """What else to know of a plan."""
    code, _colon, count = note.partition(":")
    if code == "no_evaluation":
        return _("%(n)s 人没有有效的员工评估，综合评价按中位 50 分计。") % {"n": count}
    if code == "groups_apart":
        return _("%(n)s 个集团的成员分属不同的统筹范围，只能在各自范围内由同一人管户。") % {"n": count}
    return note


def cause_said(plan: Any) -> str:
    """Why it was computed: 人工发起, 定期复查, 触发：3 户无主办、1 人超出容量."""
    found = [str(TRIGGERS[code]) % {"n": count} for code, count in plan.causes.items() if code in TRIGGERS]
    return plan.get_cause_display() + (f"：{_('、').join(found)}" if found else "")


def term_words(codes: Sequence[str]) -> list[str]:
    """Names of terms."""
    return [str(TERMS[code]) for code in codes]


def signed(value: float, places: int = 0) -> str:
    """`+1,234`, `−0.05`, `±0`."""
    rounded = round(value, places)
    if not rounded:
        return "±0"
    return ("+" if rounded > 0 else "−") + f"{abs(rounded):,.{places}f}"


def rule_said(code: str) -> str:
    """What a rule or term is called."""
    known: dict[str, Any] = {**TERMS, **RULES, **PRICED}
    return str(known.get(code, code))


PRICED = {
    **TERMS, "fairness": gettext_lazy("负荷均衡"), "minimum_grade": gettext_lazy("等级下限"), "certificates": gettext_lazy("须有证书"),
    "tenure_limit": gettext_lazy("到期轮换"), "key_limit": gettext_lazy("重点客户上限"), "budget": gettext_lazy("移动上限"),
    "pin": gettext_lazy("固定由某人管户（约定与锁定）"), "exclusion": gettext_lazy("不得由某人管户（约定与驳回）"),
    "recusal": gettext_lazy("利益回避"), "complaint": gettext_lazy("投诉成立后换人"), "apart": gettext_lazy("须分开的客户"), "together": gettext_lazy("集团不拆分"),
}  # fmt: skip


def change_said(change: Any, name: str) -> str:
    """The smallest change after which a line would go to `name`."""
    words = {
        "name": name, "n": f"{change.amount / 1000:.3f}",
        "whole": f"{change.amount:,}", "rule": RULES.get(change.rule, change.rule), "metres": distance(change.amount),
        "points": f"{change.amount / 10:.1f}",
    }  # fmt: skip
    said = {
        "expertise_match": _("%(name)s的专业匹配高 %(n)s，就会由其管户"), "proximity": _("%(name)s近 %(metres)s，就会由其管户"),
        "grade_shortfall": _("%(name)s的等级高 %(whole)s 级，就会由其管户"),
        "merit": _("%(name)s的综合评价高 %(points)s 分，就会由其管户"),
        "continuity": _("这一户的动户代价高 %(whole)s，就会留在%(name)s名下"),
        "capacity": _("%(name)s的容量多 %(whole)s 点，就会由其管户"),
        "rule": _("若不是“%(rule)s”，就会由%(name)s管户"),
    }  # fmt: skip
    return said[change.kind] % words
