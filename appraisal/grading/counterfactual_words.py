"""The smallest change that would have altered a proposal, in sentences a supervisor and the person concerned understand."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appraisal.grading.documents import ALONE, MOVED, TOO_MANY, Altering, Counterfactual, load_counterfactual
from appraisal.grading.models import GradeDecision
from appraisal.ratings.models import RaterGroup
from appraisal.scoring.models import ProposalKind
from appraisal.scoring.reasons import value_name
from appraisal.scoring.words import SchemeWords, said, words_of
from cmsys.ui.indicators import indicator_source

SHOWN = 4
PERIODS = {
    "month": gettext_lazy("本月"),
    "quarter": gettext_lazy("本季"),
    "half": gettext_lazy("本半年"),
    "year": gettext_lazy("本年"),
}
CENT = Decimal("0.01")


@dataclass(frozen=True)
class Sentence:
    """One change in words, with the data a client needs beside it."""

    text: str
    change: Altering


def sentences(decision: GradeDecision, most: int = SHOWN) -> list[str]:
    """What to say under a proposal: the smallest change first, or why there is none to tell; empty for a hold that is no
    near miss, and while the job has not come to it. Needs cycle and scheme; no query where they are loaded."""
    document = load_counterfactual(decision.counterfactual)
    if document is None or document.basis != decision.basis:
        return []
    words = words_of(decision.cycle.scheme)
    if document.how == MOVED:
        return [_("数据在定级之后有变动，最小改变要等重新定级后推算。")]
    if document.how == TOO_MANY:
        text = _("方案按名次或名额与 %(n)d 人比较，一人的改变会牵动他人，最小改变未逐一推算。")
        return [text % {"n": document.people}]
    texts = [item.text for item in said_changes(words, decision, document, most)]
    if not texts:
        if decision.proposal in (ProposalKind.PROMOTION, ProposalKind.DEMOTION):
            return [_("单独改变任何一项数据，都不会使结论改变。") + _among(document)]
        return []
    return [_("最小改变：%(text)s") % {"text": texts[0] + _among(document)}] + [
        _("或者：%(text)s") % {"text": text} for text in texts[1:]
    ]


def _among(document: Counterfactual) -> str:
    if document.how == ALONE:
        return ""
    return _("（与同组 %(n)d 人一并推算，他人数据不变，幅度不超过两成）") % {"n": document.people}


def said_changes(
    words: SchemeWords, decision: GradeDecision, document: Counterfactual, most: int = SHOWN
) -> list[Sentence]:
    """The changes in words, in their order; each input once, in its nearer direction."""
    found: dict[str, Sentence] = {}
    for change in document.changes:
        if change.input not in found and len(found) < most:
            found[change.input] = Sentence(_sentence(words, decision, change), change)
    return list(found.values())


def _sentence(words: SchemeWords, decision: GradeDecision, change: Altering) -> str:
    what = _input_said(words, change)
    scores = _scores_said(words, change)
    text = _("若%(scores)s（%(what)s）") if scores else _("若%(what)s")
    outcome = outcome_said(words, change, held_said(words, decision))
    return _("%(when)s，结论将变为“%(outcome)s”。") % {
        "when": text % {"scores": scores, "what": what}, "outcome": outcome,
    }  # fmt: skip


def held_said(words: SchemeWords, decision: GradeDecision) -> str:
    """The grade somebody has, as the scheme calls it, else as the bank does."""
    grade = decision.previous_grade
    if grade is None:
        return ""
    return words.grade_name(grade.code) if words.scheme.grade(grade.code) is not None else grade.name


def outcome_said(words: SchemeWords, change: Altering, held: str) -> str:
    """`保持中级客户经理`, `晋升为…`, `降为…`, `未评`."""
    if change.kind == ProposalKind.HOLD:
        return _("保持%(grade)s") % {"grade": held}
    if change.kind == ProposalKind.NOT_RATED:
        return str(ProposalKind.NOT_RATED.label)
    name = words.grade_name(change.to)
    return (_("晋升为%(grade)s") if change.kind == ProposalKind.PROMOTION else _("降为%(grade)s")) % {
        "grade": name
    }


def _scores_said(words: SchemeWords, change: Altering) -> str:
    """`本季绩效低 5.27 分`; empty where no score moves, or one appears or goes."""
    parts = []
    for code, (before, after) in change.scores.items():
        if before is None or after is None:
            return ""
        moved = (Decimal(after) - Decimal(before)).quantize(CENT, ROUND_HALF_UP)
        if not moved:
            return ""
        parts.append(
            _("%(name)s%(how)s %(n)s 分") % {
                "name": words.dimension_name(code), "how": _("高") if moved > 0 else _("低"), "n": said(abs(moved), 2),
            }
        )  # fmt: skip
    return str(PERIODS[words.scheme.cycle]) + "、".join(parts) if parts else ""


def _input_said(words: SchemeWords, change: Altering) -> str:
    """`销售额少 527 万元（由 3,482 万元到 2,955 万元）`."""
    kind, _dot, code = change.input.partition(".")
    code, _dot, group = code.partition(".")
    unit = _unit(words, kind, code)
    value, nearest = Decimal(change.value), Decimal(change.nearest)
    less, more = (_("低"), _("高")) if kind == "rating" or unit == "%" else (_("少"), _("多"))
    by = _amount(abs(nearest - value), _("个百分点") if unit == "%" else unit)
    return _("%(name)s%(how)s%(by)s，由%(value)s到%(nearest)s") % {
        "name": _name(words, change.input, kind, code, group), "how": more if nearest > value else less, "by": _apart(by),
        "value": _apart(_amount(value, unit), both=True), "nearest": _apart(_amount(nearest, unit)),
    }  # fmt: skip


def _name(words: SchemeWords, name: str, kind: str, code: str, group: str) -> str:
    if kind == "rating":
        indicator = next((item for item in words.scheme.indicators() if item.reads == f"rating.{code}"), None)
        label = dict(RaterGroup.choices).get(group, group)
        return _("“%(name)s”的%(group)s评分") % {
            "name": indicator.name if indicator else code, "group": label,
        }  # fmt: skip
    if kind in ("reading", "event"):
        for item in words.scheme.indicators():
            if item.reads == name:
                return item.name
        for section in (*words.scheme.section("vetoes"), *_event_items(words)):
            if section.get("event") == code:
                return str(section.get("name", code))
        source = indicator_source(code)
        return str(source.name) if source is not None else code
    return value_name(words, name)


def _event_items(words: SchemeWords) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for extras in (*(dimension.extras for dimension in words.scheme.dimensions), words.scheme.total):
        for section in (extras.bonus, extras.deductions):
            found += [dict(row) for row in (section or {}).get("items") or ()]
    return found


def _unit(words: SchemeWords, kind: str, code: str) -> str:
    if kind in ("reading", "target"):
        return words.units.get(code, "")
    return {"rating": _("分"), "months_in_grade": _("个月"), "event": _("次")}.get(kind, "")


def _apart(text: str, both: bool = False) -> str:
    """Figures stand apart from the words before them, and after them (`both`); words do not."""

    def figure(letter: str) -> bool:
        return not "\u4e00" <= letter <= "\u9fff"

    return (" " if figure(text[0]) else "") + text + (" " if both and figure(text[-1]) else "")


def _amount(value: Decimal, unit: str) -> str:
    """`527 万元`, `约 939.63 万元`, `3 分`, `12`; yuan in tens of thousands where that is no longer to read, and rounded:
    the document has every digit."""
    if unit == "元" and abs(value) >= 10_000:
        large = value / 10_000
        rounded = large.quantize(CENT, ROUND_HALF_UP)
        if rounded == large:
            return _("%(n)s 万元") % {"n": said(rounded)}
        return _("约 %(n)s 万元") % {"n": said(rounded, 2)}
    if unit == "%":
        return f"{said(value)}%"
    return f"{said(value)} {unit}".strip()
