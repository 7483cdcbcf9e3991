"""Why the rules say what they say: the engine's reasons as sentences, each condition with one's own value beside it.

What the engine writes stands in `Reasons.reasons` (documents.py); this module only finds the words. A code it does not
know is shown by the rule's name, never left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _

from appraisal.schemes.engine.exact import plain
from appraisal.scoring.documents import Reasons
from appraisal.scoring.methods_said import group_said, number
from appraisal.scoring.words import SchemeWords, said

Data = Mapping[str, Any]


@dataclass(frozen=True)
class Condition:
    """One condition of a rule: what is asked, what was found (newest first), whether it is met; None when data lack."""

    text: str
    own: str
    passed: bool | None

    @property
    def outcome(self) -> str:
        return _("缺数据") if self.passed is None else _("满足") if self.passed else _("不满足")

    @property
    def tone(self) -> str:
        return "warn" if self.passed is None else "up" if self.passed else "hold"


@dataclass(frozen=True)
class Reason:
    """One rule that was asked: its title, what came of it, and its conditions or a sentence."""

    title: str
    outcome: str
    tone: str
    text: str = ""
    conditions: tuple[Condition, ...] = ()


def reasons_said(words: SchemeWords, reasons: Reasons | None) -> tuple[Reason, ...]:
    """Every reason of a sheet in the engine's order; none while they have not been written."""
    return tuple(_said(words, row) for row in reasons.reasons) if reasons is not None else ()


def _said(words: SchemeWords, row: Data) -> Reason:
    detail: Data = row.get("detail") or {}
    rule, passed, code = str(row.get("rule", "")), bool(row.get("passed")), str(detail.get("code", ""))
    if code == "rule":
        return _ladder(words, rule, passed, detail)
    for known in (_entry, _strike, _limit, _level):
        found = known(words, rule, passed, code, detail)
        if found is not None:
            return found
    return Reason(
        _("规则 %(rule)s") % {"rule": rule}, _("满足") if passed else _("不满足"), "up" if passed else "hold"
    )


# --- rules of the ladder ------------------------------------------------------------------------------------------------
def _section(words: SchemeWords, rule: str) -> Data:
    name, _bracket, place = rule.partition("[")
    rows = words.scheme.section(name) if name != "placement" else ()
    number = place.rstrip("]")
    return rows[int(number)] if number.isdigit() and int(number) < len(rows) else {}


def _ladder(words: SchemeWords, rule: str, passed: bool, detail: Data) -> Reason:
    section, kind = _section(words, rule), rule.partition("[")[0]
    grade = words.grade_name(
        section.get("to" if kind == "promotion" else "from" if kind == "demotion" else "grade")
    )
    if kind == "promotion":
        title, outcome = _("晋升为%(grade)s") % {"grade": grade}, _("达到") if passed else _("未达到")
        tone = "up" if passed else "hold"
    elif kind == "demotion":
        title, outcome = _("%(grade)s的降级规则") % {"grade": grade}, _("触发") if passed else _("未触发")
        tone = "down" if passed else "hold"
    else:
        title, outcome = _("保持%(grade)s的要求") % {"grade": grade}, _("达到") if passed else _("未达到")
        tone = "up" if passed else "down"
    if section.get("name"):
        title = f"{section['name']}（{title}）"
    conditions = tuple(_condition(words, item) for item in detail.get("conditions") or ())
    return Reason(title, outcome, tone, _combined(detail, section, len(conditions)), conditions)


def _combined(detail: Data, section: Data, count: int) -> str:
    kind, when = detail.get("combine"), section.get("when") or {}
    if count < 2 and kind != "not":
        return ""
    if kind == "at_least":
        return (
            _("至少满足 %(n)s 项") % {"n": said(when["at_least"])}
            if "at_least" in when
            else _("满足其中几项")
        )
    words = {"all": _("须全部满足"), "any": _("满足其中一项即可"), "not": _("以下不成立时满足")}
    return words.get(str(kind), "")


OPERATORS = {
    ">=": "≥",
    ">": ">",
    "<=": "≤",
    "<": "<",
    "=": "为",
    "==": "为",
    "!=": "不为",
    "in": "属于",
    "not_in": "不属于",
}


def _condition(words: SchemeWords, item: Data) -> Condition:
    passed = item.get("passed")
    found = item.get("found") or ()
    if item.get("code") == "certificate":
        until = next(iter(found), None)
        own = (
            _("未持有")
            if until is None
            else _("长期有效")
            if str(until).startswith("9999")
            else _("至 %(day)s") % {"day": until}
        )
        return Condition(_("持有证书 %(code)s 且在有效期内") % {"code": item.get("certificate")}, own, passed)
    name = str(item.get("value", ""))
    text = _("%(when)s%(what)s %(op)s %(than)s") % {
        "when": _when(item), "what": value_name(words, name), "op": OPERATORS.get(str(item.get("op")), item.get("op")),
        "than": value_said(words, name, item.get("than")),
    }  # fmt: skip
    own = "、".join(value_said(words, name, value) for value in found) or _("缺数据")
    return Condition(text, own, passed)


def asked_said(words: SchemeWords, leaf: Data) -> str:
    """What one condition of a document asks, before anybody is asked."""
    item = dict(leaf, found=())
    if "certificate" in leaf:
        item["code"] = "certificate"
    than = leaf.get("than")
    if isinstance(than, Mapping):
        item["than"] = number(than) if "param" in than else value_name(words, str(than["value"]))
    return _condition(words, item).text


def _when(item: Data) -> str:
    if "times" in item:
        within = item.get("within")
        span = _("本年度内") if within == "calendar_year" else _("近 %(n)s 期内") % {"n": within}
        return _("%(span)s至少 %(times)s 期") % {"span": span, "times": item["times"]}
    text = ""
    if item.get("offset") not in (None, 0, "0"):
        text = _("自前 %(n)s 期起") % {"n": item["offset"]}
    if str(item.get("consecutive", "1")) != "1":
        text += _("连续 %(n)s 期") % {"n": item["consecutive"]}
    return text


def value_name(words: SchemeWords, name: str) -> str:
    """What a value of a condition is called."""
    plain = {
        "total": _("综合得分"), "months_in_grade": _("任现等级月数"), "grade": _("现等级"), "grade_order": _("现等级次序"),
        "unit": _("机构"), "quadrant": _("矩阵位置"), "level": _("考核等次"), "vetoed": _("一票否决"),
    }  # fmt: skip
    if name in plain:
        return plain[name]
    kind, _dot, code = name.partition(".")
    if not code or kind == "dimension":
        if words.scheme.dimension(code or name) is not None:
            return _("%(name)s得分") % {"name": words.dimension_name(code or name)}
        return _measure(words, code or name)
    indicator = words.indicator(code)
    label = indicator.name if indicator is not None else code
    shapes = {
        "score": _("%(name)s得分"), "target": _("%(name)s目标"), "rating": _("%(name)s评分"),
        "previous": _("上期%(name)s"), "param": _("参数 %(name)s"), "event": _("%(name)s次数"),
    }  # fmt: skip
    if kind == "fact":
        facts = {"has_projects": _("承担项目"), "maternity": _("三期"), "exceptional_decision": _("破格决定")}
        return facts.get(code, code)
    if kind == "measure":
        return _measure(words, code)
    return shapes[kind] % {"name": label} if kind in shapes else label


def _measure(words: SchemeWords, code: str) -> str:
    return str((words.scheme.measures.get(code) or {}).get("name", code))


def value_said(words: SchemeWords, name: str, value: Any) -> str:
    """A value of that name as readers know it: cells, grades and levels by their names, numbers in full."""
    if value is None:
        return "—"
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, (list, tuple)):
        return "、".join(value_said(words, name, item) for item in value)
    text = plain(value) if isinstance(value, Fraction) else str(value)
    if name == "quadrant":
        return words.cell_name(text)
    if name == "grade":
        return words.grade_name(text)
    if name == "level":
        return words.level_name(text)
    try:
        return said(text)
    except ArithmeticError:
        return text


# --- who takes part, vetoes, circumstances --------------------------------------------------------------------------------
def _named(words: SchemeWords, section: str, code: str) -> str:
    row = next((item for item in words.scheme.section(section) if item["code"] == code), {})
    return str(row.get("name", code))


def _indicators(words: SchemeWords, codes: Any) -> str:
    names = []
    for code in codes or ():
        plain = str(code).removeprefix("param.")
        indicator = words.indicator(plain)
        dimension = words.scheme.dimension(plain)
        names.append(indicator.name if indicator else words.dimension_name(plain) if dimension else plain)
    return "、".join(names) or "—"


def _entry(words: SchemeWords, rule: str, passed: bool, code: str, detail: Data) -> Reason | None:
    kind, _colon, key = rule.partition(":")
    if code == "gate":
        text = _("没有可以判断的数据。") if detail.get("known") is False else _("没有达到这一条件。")
        return Reason(_("前提：%(name)s") % {"name": _named(words, "gates", key)}, _("不满足"), "warn", text)
    if code in ("not_rated", "comment_only"):
        text = _("本期不评定。") if code == "not_rated" else _("本期只写评语，不评分。")
        return Reason(str(detail.get("name", key)), _("未评"), "warn", text)
    if code == "blocked":
        what = words.dimension_name(key if kind == "dimension" else "total")
        text = _("缺：%(what)s。补齐后重新运行定级即可评定。") % {
            "what": _indicators(words, detail.get("indicators"))
        }
        return Reason(_("%(name)s得分无法给出") % {"name": what}, _("未评"), "warn", text)
    if code == "no_grade":
        text = _("现等级“%(grade)s”不在方案的等级里，无法提出等级建议。") % {
            "grade": detail.get("grade") or _("未定级")
        }
        return Reason(_("现等级"), _("保持"), "warn", text)
    return None


def _strike(words: SchemeWords, rule: str, passed: bool, code: str, detail: Data) -> Reason | None:
    key = rule.partition(":")[2]
    if code == "veto":
        text = _("降一级。") if detail.get("effect") == "demotion" else _("本期不得晋升。")
        if detail.get("score") == "zero":
            text = _("综合得分归零。") + text
        return Reason(_("一票否决：%(name)s") % {"name": detail.get("name") or key}, _("触发"), "down", text)
    if code in ("no_demotion", "no_promotion", "hold"):
        effect = {
            "no_demotion": _("本期不降级"),
            "no_promotion": _("本期不晋升"),
            "hold": _("本期保持原等级"),
        }[code]
        names = "、".join(_named(words, "circumstances", item) for item in detail.get("circumstances") or ())
        text = ""
        if detail.get("instead_of"):
            text = _("按规则原应调为%(grade)s。") % {"grade": words.grade_name(detail["instead_of"])}
        return Reason(f"{names or _('前提未满足')}：{effect}", _("保持"), "info", text)
    return None


# --- limits of the ladder -----------------------------------------------------------------------------------------------
def _limit(words: SchemeWords, rule: str, passed: bool, code: str, detail: Data) -> Reason | None:
    grade = words.grade_name(detail.get("to") or detail.get("grade"))
    if code == "grace":
        text = _("任现等级 %(months)s 个月，未满 %(until)s 个月，暂不降级。") % {
            "months": value_said(words, "", detail.get("months")),
            "until": value_said(words, "", detail.get("until")),
        }
        return Reason(_("保级过渡期"), _("保持"), "info", text)
    if code == "needs_exceptional_decision":
        return Reason(_("越级晋升为%(grade)s") % {"grade": grade}, _("未满足"), "warn", _("须先有破格决定。"))
    if code == "no_place":
        return Reason(_("按得分定级"), _("保持"), "warn", _("没有与本人得分对应的等级。"))
    if code in ("placement", "placement_limited"):
        text = _("对应等级为%(grade)s。") % {"grade": grade}
        if code == "placement_limited":
            text += _("一次升降的级数受限，本期保持。")
        return Reason(_("按得分定级"), _("满足") if passed else _("受限"), "up" if passed else "warn", text)
    if code == "quota":
        key = rule.partition(":")[2]
        text = _("候选 %(candidates)s 人，本人第 %(place)s 位，名额 %(limit)s 个。") % {
            "candidates": detail.get("candidates"), "place": detail.get("place"), "limit": detail.get("limit"),
        }  # fmt: skip
        if detail.get("tied"):
            text += _("与他人并列在名额边上，由人决定。")
        name = _named(words, "quotas", key)
        title = _("%(grade)s名额") % {"grade": grade} + ("" if name == key else f"（{name}）")
        return Reason(title, _("在名额内") if passed else _("超出名额"), "up" if passed else "warn", text)
    return None


def _level(words: SchemeWords, rule: str, passed: bool, code: str, detail: Data) -> Reason | None:
    if not code.startswith("level_"):
        return None
    before, after = words.level_name(str(detail.get("before"))), words.level_name(str(detail.get("after")))
    if code == "level_quota":
        quotas = (words.scheme.sections.get("levels") or {}).get("quotas") or ()
        group = next((item.get("group", "all") for item in quotas if item["code"] == rule), "all")
        text = _("在%(group)s中候选 %(candidates)s 人，本人第 %(place)s 位，名额 %(limit)s 个。") % {
            "group": group_said(group), "candidates": detail.get("candidates"), "place": detail.get("place"),
            "limit": detail.get("limit"),
        }  # fmt: skip
        title = _("考核等次“%(level)s”名额") % {"level": words.level_name(str(detail.get("level")))}
        return Reason(title, _("在名额内") if passed else _("降一档"), "up" if passed else "warn", text)
    text = _("由%(before)s改为%(after)s。") % {"before": before, "after": after}
    if code == "level_adjusted" and detail.get("reason"):
        text += _("原因：%(reason)s。") % {"reason": detail["reason"]}
    titles = {
        "level_fixed": _("考核等次按规则直接确定"),
        "level_limited": _("考核等次受限"),
        "level_adjusted": _("考核等次人工调整"),
    }
    return Reason(titles.get(code, rule), _("生效"), "info", text)
