"""How an indicator is scored and what became of a figure, in sentences a reader of the sheet understands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appraisal.ratings.models import RaterGroup
from appraisal.schemes.engine.model import Indicator
from appraisal.scoring.words import SchemeWords, said

Method = Mapping[str, Any]
SHOWN_BANDS = 6


def number(value: Any) -> str:
    """A number of the document, or the parameter it names."""
    if isinstance(value, Mapping):
        return _("参数 %(name)s") % {"name": value["param"]}
    return said(value)


def method_said(words: SchemeWords, indicator: Indicator) -> str:
    """One sentence: where the figure comes from when that is a formula, then how it becomes a score."""
    method = indicator.method
    sentence = _SENTENCES[method["type"]](method) + _limits(method)
    formula = words.formulas.get(indicator.code)
    if formula:
        return _("公式 %(formula)s；%(then)s") % {"formula": formula, "then": sentence}
    return sentence


def _limits(method: Method) -> str:
    floor, cap = method.get("floor"), method.get("cap")
    if method["type"] == "deduct":
        return ""
    if floor is not None and cap is not None:
        return _("，最低 %(floor)s、%(cap)s 封顶") % {"floor": number(floor), "cap": number(cap)}
    if cap is not None:
        return _("，%(cap)s 封顶") % {"cap": number(cap)}
    return _("，最低 %(floor)s") % {"floor": number(floor)} if floor is not None else ""


def _ratio(method: Method) -> str:
    return _("完成率（实际 ÷ 目标）× %(full)s") % {"full": number(method.get("full", 100))}


def _lower(method: Method) -> str:
    return _("目标 ÷ 实际 × %(full)s，越低越好") % {"full": number(method.get("full", 100))}


def _range(band: Method, upper: bool) -> str:
    low, high = band.get("from"), band.get("to")
    if low is None and high is None:
        return _("任何值")
    if low is None:
        return (_("不超过 %(high)s") if upper else _("低于 %(high)s")) % {"high": number(high)}
    if high is None:
        return (_("超过 %(low)s") if upper else _("%(low)s 及以上")) % {"low": number(low)}
    text = _("超过 %(low)s 至 %(high)s") if upper else _("%(low)s 至不足 %(high)s")
    return text % {"low": number(low), "high": number(high)}


def _bands(method: Method) -> str:
    upper = method.get("edges") == "upper"
    parts = []
    for band in method["bands"][:SHOWN_BANDS]:
        if "score" in band:
            score = _("%(score)s 分") % {"score": number(band["score"])}
        elif "range" in band:
            low, high = band["range"]
            score = _("%(low)s–%(high)s 分内评定") % {"low": number(low), "high": number(high)}
        else:
            score = _("%(low)s 到 %(high)s 分按比例") % {
                "low": number(band["score_from"]),
                "high": number(band["score_to"]),
            }
        parts.append(f"{_range(band, upper)}：{score}")
    return _("分档：") + "；".join(parts) + _more(method["bands"])


def _more(rows: Any) -> str:
    return _("；共 %(n)d 档") % {"n": len(rows)} if len(rows) > SHOWN_BANDS else ""


def _linear(method: Method) -> str:
    points = "，".join(f"{number(x)} → {number(y)}" for x, y in method["points"])
    return _("按点连线：%(points)s，两端持平") % {"points": points}


def _per_unit(method: Method) -> str:
    whole = _("（按整数计）") if method.get("whole") else ""
    above = _("超过 %(n)s 的部分") % {"n": number(method["above"])} if method.get("above") else ""
    return _("基础 %(base)s 分，%(above)s每 %(per)s 计 %(points)s 分%(whole)s") % {
        "base": number(method.get("base", 0)), "above": above, "per": number(method["per"]),
        "points": number(method["points"]), "whole": whole,
    }  # fmt: skip


def _step(method: Method) -> str:
    text = _("达到 %(at)s 得 %(base)s 分") % {
        "at": number(method["at"]),
        "base": number(method.get("base", 0)),
    }
    for key, words in (
        ("up", _("，每高 %(per)s 加 %(points)s 分")),
        ("down", _("，每低 %(per)s 扣 %(points)s 分")),
    ):
        side = method.get(key)
        if side is not None:
            text += words % {"per": number(side["per"]), "points": number(side["points"])}
            if side.get("limit") is not None:
                text += _("（最多 %(limit)s）") % {"limit": number(side["limit"])}
    return text


def _deduct(method: Method) -> str:
    return _("满分 %(start)s，每次扣 %(per)s 分，最低 %(floor)s") % {
        "start": number(method.get("start", 100)), "per": number(method.get("per", method.get("per_event", 0))),
        "floor": number(method.get("floor", 0)),
    }  # fmt: skip


def _threshold(method: Method) -> str:
    text = _("达到 %(at)s 得 %(score)s 分，否则 %(below)s 分") % {
        "at": number(method["at"]), "score": number(method["score"]), "below": number(method.get("below", 0)),
    }  # fmt: skip
    return text + (_("，超过部分按比例增加") if method.get("above") == "proportional" else "")


def _progressive(method: Method) -> str:
    parts = [f"{_range(band, False)} × {number(band['rate'])}" for band in method["bands"][:SHOWN_BANDS]]
    return _("分段累进：") + "；".join(parts) + _more(method["bands"])


def _shortfall(method: Method) -> str:
    return _("不超过目标得 %(full)s 分，超出比例按 %(times)s 倍扣减") % {
        "full": number(method.get("full", 100)),
        "times": number(method.get("times", 1)),
    }


def _direct(method: Method) -> str:
    return _("实际值即得分")


def _rating(method: Method) -> str:
    names = dict(RaterGroup.choices)
    parts = [f"{names.get(group, group)} {number(weight)}" for group, weight in method["groups"].items()]
    return _("各方评分加权：%(groups)s，没有评分的一方按其余折算") % {"groups": "、".join(parts)}


def _veto(method: Method) -> str:
    return _("一票否决：未发生得 100 分，发生即 0 分")


def group_said(spec: str) -> str:
    """The people somebody is compared with."""
    known = {"all": _("全体"), "unit": _("同机构"), "grade": _("同等级"), "level": _("同考核等次")}
    return known.get(spec) or _("同 %(name)s") % {"name": spec.partition(".")[2]}


def _peers(text: Promise) -> Callable[[Method], str]:
    def sentence(method: Method) -> str:
        lower = _("，越低越好") if method.get("direction") == "lower" else ""
        return _("在%(group)s中%(how)s%(lower)s") % {
            "group": group_said(method.get("group", "all")),
            "how": text,
            "lower": lower,
        }

    return sentence


_SENTENCES: dict[str, Callable[[Method], str]] = {
    "ratio": _ratio, "lower_is_better": _lower, "bands": _bands, "linear": _linear, "per_unit": _per_unit,
    "step": _step, "deduct": _deduct, "threshold": _threshold, "progressive": _progressive,
    "shortfall": _shortfall, "direct": _direct, "rating": _rating, "veto": _veto,
    "rank": _peers(gettext_lazy("按名次计分")), "percentile": _peers(gettext_lazy("按百分位计分")), "z_score": _peers(gettext_lazy("按标准分计分")),
    "equal_interval": _peers(gettext_lazy("按名次等距计分")), "forced": _peers(gettext_lazy("按强制分布计分")),
}  # fmt: skip

_WHY = {
    "missing": gettext_lazy("没有数据"), "target_missing": gettext_lazy("没有目标"), "no_answer": gettext_lazy("数值不在计分范围内"),
}  # fmt: skip
_THEN = {
    "zero": gettext_lazy("按零分计"), "excluded": gettext_lazy("不计入，权重由其余指标分担"), "blocked": gettext_lazy("本维度不能评定"),
    "given": gettext_lazy("按方案规定的分数计"),
}  # fmt: skip
_NOTES = {
    "not_applicable": gettext_lazy("不适用于本人，权重由其余指标分担"),
    "excluded_by_circumstance": gettext_lazy("因特殊情形不计入，权重由其余指标分担"),
    "capped": gettext_lazy("已到上限（封顶）"), "floored": gettext_lazy("已到下限"), "veto": gettext_lazy("一票否决，计零分"), "veto_zero": gettext_lazy("一票否决，综合得分归零"),
    "absorbed": gettext_lazy("只计最重的一项，此项不再计"), "adjusted": gettext_lazy("人工调整"),
}  # fmt: skip


def note_said(note: str) -> str:
    """The engine's note on a line in words; a note this product does not know stays as it is written."""
    if note in _NOTES:
        return str(_NOTES[note])
    why, _dash, then = note.rpartition("_")
    if why in _WHY and then in _THEN:
        return _("%(why)s，%(then)s") % {"why": _WHY[why], "then": _THEN[then]}
    return note


_KINDS = {
    "indicator": gettext_lazy("指标"), "start": gettext_lazy("起始分"), "bonus": gettext_lazy("加分"), "bonus_cap": gettext_lazy("加分上限"), "deduction": gettext_lazy("扣分"),
    "deduction_cap": gettext_lazy("扣分上限"), "coefficient": gettext_lazy("系数"), "cap": gettext_lazy("封顶"), "floor": gettext_lazy("保底"), "adjustment": gettext_lazy("人工调整"),
    "veto": gettext_lazy("一票否决"),
}  # fmt: skip


def kind_said(kind: str) -> str:
    """What a line is."""
    return str(_KINDS.get(kind, kind))
