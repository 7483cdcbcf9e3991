"""The records behind a line: which list shows them, what they come to now, and whether that is the figure on the sheet."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.urls import Resolver404, resolve, reverse
from django.utils.translation import gettext as _

from appraisal.figures.models import Reading, Target
from appraisal.figures.permissions import READING_VIEW, TARGET_VIEW
from appraisal.ratings.models import LEAST_RATERS, NAMED, RaterGroup, Rating
from appraisal.ratings.permissions import RATING_VIEW
from appraisal.schemes.engine.names import used_names
from appraisal.scoring.models import ScoreSheet, SheetLine
from appraisal.scoring.words import SchemeWords, exact, said
from cmsys.access.actors import Actor, may
from cmsys.access.functions import Function
from cmsys.ui.indicators import Span, indicator_source


@dataclass(frozen=True)
class Evidence:
    """One source of a line. `url` is empty where the reader may not open the records; `text` then still says what they
    come to. `holds` is None where there is nothing to compare."""

    label: str
    text: str
    url: str = ""
    holds: bool | None = None
    details: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Asked:
    actor: Actor
    sheet: ScoreSheet
    line: SheetLine
    words: SchemeWords

    @property
    def query(self) -> dict[str, str]:
        return {"period": self.sheet.cycle.period, "employee_no": self.sheet.manager.employee_no}


def evidence_of(actor: Actor, sheet: ScoreSheet, line: SheetLine, words: SchemeWords) -> list[Evidence]:
    """What the line rests on, in the order in which it is read; a few queries for each source."""
    asked = _Asked(actor, sheet, line, words)
    names = list(dict.fromkeys(_names(words, line)))
    single = len([name for name in names if not name.startswith("target.")]) == 1
    return [found for name in names if (found := _one(asked, name, single)) is not None]


def _names(words: SchemeWords, line: SheetLine) -> Iterator[str]:
    """The names of values a line reads, measures opened up."""
    indicator = words.indicator(line.code) if line.kind == "indicator" else None
    if indicator is not None:
        names = list(indicator.formula.names()) if indicator.formula is not None else [indicator.reads]
        if line.target is not None and indicator.against:
            names.append(indicator.against)
    else:
        names = list(_of_extra(words, line))
    for name in names:
        yield from _opened(words, name, 0)


def _opened(words: SchemeWords, name: str, depth: int) -> Iterator[str]:
    kind, _dot, code = name.partition(".")
    measure = words.scheme.measures.get(code if kind == "measure" else name)
    if measure is None or depth > 4:
        yield name
        return
    formula = words.scheme.formulas.get(measure["code"])
    inner = list(formula.names()) if formula is not None else []
    inner += list(used_names({key: value for key, value in measure.items() if key != "formula"}))
    for found in inner:
        yield from _opened(words, found, depth + 1)


def _of_extra(words: SchemeWords, line: SheetLine) -> Iterator[str]:
    dimension = words.scheme.dimension(line.dimension)
    extras = dimension.extras if dimension is not None else words.scheme.total
    items = [
        *(extras.bonus or {}).get("items", ()),
        *(extras.deductions or {}).get("items", ()),
        *extras.coefficients,
    ]
    for item in items:
        if item["code"] == line.code:
            if "event" in item:
                yield f"event.{item['event']}"
            yield from used_names(item)


def _one(asked: _Asked, name: str, single: bool) -> Evidence | None:
    kind, _dot, code = name.partition(".")
    if kind in ("reading", "event", "previous"):
        return _figure(asked, code, single and kind != "previous")
    if kind == "target":
        return _target(asked, code)
    if kind == "rating":
        return _ratings(asked, code)
    if kind == "score":
        return _score(asked, code)
    return None


def _name(words: SchemeWords, code: str) -> str:
    indicator = words.indicator(code)
    source = indicator_source(code)
    return indicator.name if indicator is not None else str(source.name) if source is not None else code


def _figure(asked: _Asked, code: str, single: bool) -> Evidence:
    """A reading people brought in stands before what the system would compute."""
    sheet, raw = asked.sheet, exact(asked.line.raw)
    name = _name(asked.words, code)
    brought = Reading.objects.filter(
        manager_id=sheet.manager_id, period=sheet.cycle.period, indicator_code=code
    ).first()
    if brought is not None:
        url = _link(asked.actor, READING_VIEW, "readings_list", asked.query | {"indicator_code": code})
        source = _("，来源：%(source)s") % {"source": brought.source} if brought.source else ""
        return _compared(
            _("导入的指标值：%(name)s") % {"name": name},
            url,
            brought.value,
            raw,
            single,
            (source.strip("，"),) if source else (),
        )
    computed = indicator_source(code)
    if computed is None:
        return Evidence(_("指标值：%(name)s") % {"name": name}, _("这一期没有导入的数据。"))
    records = computed.records(Span(sheet.cycle.starts_on, sheet.cycle.ends_on), sheet.manager_id)
    url = records.url if may_open(asked.actor, records.url) else ""
    return _compared(str(records.label), url, records.value, raw, single, (str(computed.description),))


def _compared(
    label: str, url: str, value: Decimal | None, raw: Decimal | None, single: bool, details: tuple[str, ...]
) -> Evidence:
    if value is None:
        return Evidence(label, _("没有记录。"), url, None, details)
    text = _("记录合计为 %(value)s") % {"value": said(value)}
    if not single:
        return Evidence(label, text, url, None, details)
    holds = exact(value) == raw
    text += _("，与表上的实际值相符。") if holds else _(
        "，表上的实际值是 %(raw)s：记录在定级之后有变化，重新运行定级后更新。"
    ) % {"raw": said(raw)}  # fmt: skip
    return Evidence(label, text, url, holds, details)


def _target(asked: _Asked, code: str) -> Evidence | None:
    if asked.line.target is None:
        return None
    sheet = asked.sheet
    found = Target.objects.filter(
        manager_id=sheet.manager_id, period=sheet.cycle.period, indicator_code=code
    ).first()
    url = _link(asked.actor, TARGET_VIEW, "targets_list", asked.query | {"indicator_code": code})
    label = _("目标：%(name)s") % {"name": _name(asked.words, code)}
    if found is None:
        return Evidence(label, _("目标登记在机构，或登记后已删除。"), url)
    holds = exact(found.value) == exact(asked.line.target)
    text = _("登记的目标为 %(value)s") % {"value": said(found.value)}
    text += _("，与表上的目标相符。") if holds else _("，表上的目标是 %(target)s（按方案折算，或登记之后有变化）。") % {
        "target": said(asked.line.target)
    }  # fmt: skip
    return Evidence(label, text, url, holds)


def _ratings(asked: _Asked, code: str) -> Evidence:
    """How many ratings each group gave, and its mean where that does not give away what one person said."""
    sheet = asked.sheet
    rows = Rating.objects.filter(manager_id=sheet.manager_id, period=sheet.cycle.period, indicator_code=code)
    groups: dict[str, list[Decimal]] = {}
    for group, score in rows.order_by("rater_group", "pk").values_list("rater_group", "score"):
        groups.setdefault(group, []).append(score)
    indicator = asked.words.indicator(code)
    weights: Mapping[str, Any] = indicator.method.get("groups", {}) if indicator is not None else {}
    details = tuple(_group(group, scores, weights) for group, scores in groups.items())
    count = sum(len(scores) for scores in groups.values())
    text = _("共 %(n)d 条评分。") % {"n": count} if count else _("这一期没有评分。")
    url = _link(asked.actor, RATING_VIEW, "ratings_list", asked.query | {"indicator_code": code})
    return Evidence(
        _("评分：%(name)s") % {"name": _name(asked.words, code)}, text, url if count else "", None, details
    )


def _group(group: str, scores: list[Decimal], weights: Mapping[str, Any]) -> str:
    label = str(dict(RaterGroup.choices).get(group, group))
    weight = _("权重 %(weight)s") % {"weight": said(weights[group])} if group in weights else _("不计入")
    if group not in NAMED and len(scores) < LEAST_RATERS:
        return _("%(group)s %(n)d 人（%(weight)s），人数少，不列平均分") % {
            "group": label,
            "n": len(scores),
            "weight": weight,
        }
    mean = (sum(scores, Decimal(0)) / len(scores)).quantize(Decimal("0.01"))
    return _("%(group)s %(n)d 人（%(weight)s），平均 %(mean)s") % {
        "group": label, "n": len(scores), "weight": weight, "mean": said(mean, 2),
    }  # fmt: skip


def _score(asked: _Asked, code: str) -> Evidence | None:
    other = SheetLine.objects.filter(sheet_id=asked.sheet.pk, code=code, kind="indicator").first()
    if other is None:
        return None
    url = reverse("sheet_line", args=[asked.sheet.pk, other.position])
    return Evidence(
        _("本表的一行：%(name)s") % {"name": other.name},
        _("得分 %(score)s") % {"score": said(other.score, 2)},
        url,
    )


def _link(actor: Actor, function: Function, name: str, query: Mapping[str, str]) -> str:
    return f"{reverse(name)}?{urlencode(query)}" if may(actor, function) else ""


def may_open(actor: Actor, url: str) -> bool:
    """Whether the reader has the function of a declared list, so that no number leads to a refusal."""
    if not url:
        return False
    try:
        view: Any = inspect.unwrap(resolve(urlsplit(url).path).func)
    except Resolver404:
        return False
    resource = getattr(getattr(view, "__self__", None), "resource", None)
    return resource is None or may(actor, resource.function(resource.list_action))
