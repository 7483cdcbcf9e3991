"""A scheme in words on its own page: indicators with weights and methods, the matrix, the rules of the ladder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from appraisal.schemes.models import SchemeVersion
from appraisal.scoring.methods_said import method_said, number
from appraisal.scoring.reasons import asked_said
from appraisal.scoring.words import SchemeWords, said, words_of
from cmsys.accounts.requests import SignedInRequest
from cmsys.ui.indicators import indicator_source

Data = Mapping[str, Any]


@dataclass(frozen=True)
class Rule:
    """One rule of the ladder: what follows, how its conditions are combined, and the conditions, indented by `depth`."""

    title: str
    rows: tuple[tuple[int, str], ...]


def indicators_card(request: SignedInRequest, version: SchemeVersion) -> str:
    """Every indicator under its dimension: weight, how it is scored, where its figure comes from. No query."""
    words = words_of(version)
    dimensions = [
        {
            "name": words.dimension_name(dimension.code),
            "weight": "" if dimension.weight is None else number(dimension.weight),
            "points": dimension.kind == "points",
            "rows": [
                {
                    "name": item.name, "code": item.code, "weight": number(item.weight),
                    "method": method_said(words, item), "source": _source(item.source, item.reads),
                    "unit": words.units.get(item.code, ""),
                }
                for item in dimension.indicators
            ],
            "extras": list(_extras(dimension.extras)),
        }
        for dimension in words.scheme.dimensions
    ]  # fmt: skip
    context = {"dimensions": dimensions, "extras": list(_extras(words.scheme.total))}
    return render_to_string("scoring/cards/scheme_indicators.html", context, request=request)


def _source(source: str, reads: str) -> str:
    """评分, 公式, or who computes the figure."""
    if source == "rating":
        return _("各方评分")
    if source == "formula":
        return _("公式")
    computed = indicator_source(reads.partition(".")[2])
    return _("系统记录") if computed is not None else _("导入")


def _extras(extras: Any) -> Iterator[str]:
    """Bonus and deduction items and coefficients, each in a line."""
    for title, section in ((_("加分"), extras.bonus), (_("扣分"), extras.deductions)):
        for item in (section or {}).get("items", ()):
            limit = _("，最多 %(limit)s 分") % {"limit": number(item["limit"])} if "limit" in item else ""
            each = (
                _("每次 %(points)s 分") % {"points": number(item["points"])}
                if "points" in item
                else _("按档计")
            )
            yield _("%(kind)s：%(name)s，%(each)s%(limit)s") % {
                "kind": title, "name": item.get("name", item["code"]), "each": each, "limit": limit,
            }  # fmt: skip
        if section and "cap" in section:
            yield _("%(kind)s合计不超过 %(cap)s 分") % {"kind": title, "cap": number(section["cap"])}
    for item in extras.coefficients:
        yield _("系数：%(name)s") % {"name": item.get("name", item["code"])}


def matrix_card(request: SignedInRequest, version: SchemeVersion) -> str:
    """The cells with their strategies, and where the lines between them are; nothing without a matrix."""
    words = words_of(version)
    if not words.matrix:
        return ""
    limits = words.limits
    drawn = (
        _("按本期排名的位次划分")
        if limits is None
        else _("能力 %(ability)s、绩效 %(performance)s 及以上为高一档")
        % {axis: "、".join(said(value) for value in found) for axis, found in zip(("ability", "performance"), limits, strict=True)}
    )  # fmt: skip
    context = {"cells": words.cells, "drawn": drawn, "hysteresis": words.matrix.get("hysteresis")}
    if isinstance(context["hysteresis"], Fraction):
        context["hysteresis"] = said(context["hysteresis"])
    return render_to_string("scoring/cards/scheme_matrix.html", context, request=request)


def ladder_card(request: SignedInRequest, version: SchemeVersion) -> str:
    """Grades from the lowest up, and every rule that leads up, down or keeps."""
    words = words_of(version)
    rules = [rule for kind in ("promotion", "demotion", "keep") for rule in _rules(words, kind)]
    grades = " → ".join(grade.name for grade in sorted(words.scheme.grades, key=lambda one: one.order))
    vetoes = [str(item.get("name", item["code"])) for item in words.scheme.section("vetoes")]
    if not (grades or rules):
        return ""
    context = {"grades": grades, "rules": rules, "vetoes": vetoes}
    return render_to_string("scoring/cards/scheme_ladder.html", context, request=request)


def _rules(words: SchemeWords, kind: str) -> Iterator[Rule]:
    titles = {
        "promotion": (_("晋升为%(grade)s"), "to"), "demotion": (_("%(grade)s降级"), "from"), "keep": (_("保持%(grade)s"), "grade"),
    }  # fmt: skip
    title, key = titles[kind]
    for section in words.scheme.section(kind):
        grade = words.grade_name(str(section.get(key, "")))
        yield Rule(title % {"grade": grade}, tuple(_conditions(words, section["when"], 0)))


def _conditions(words: SchemeWords, condition: Data, depth: int) -> Iterator[tuple[int, str]]:
    """A condition as lines: one a leaf, a heading where several are combined."""
    for key, heading in (("all", _("须全部满足：")), ("any", _("满足任一：")), ("not", _("以下不成立："))):
        if key in condition:
            inner = condition[key]
            yield depth, heading
            for item in inner if isinstance(inner, tuple) else (inner,):
                yield from _conditions(words, item, depth + 1)
            return
    if "at_least" in condition:
        yield depth, _("至少满足 %(n)s 项：") % {"n": said(condition["at_least"])}
        for item in condition["of"]:
            yield from _conditions(words, item, depth + 1)
        return
    yield depth, asked_said(words, condition)
