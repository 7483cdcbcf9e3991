"""Where data are missing in a graded cycle: figures, targets, ratings of a group, who is not rated and why.

Every gap is named by a code, so that its people can be listed: `reading:SALES`, `target:SALES`, `rating:COMM`,
`group:peer`, `not_rated`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from appraisal.cycles.models import Cycle
from appraisal.ratings.models import RaterGroup, Rating
from appraisal.schemes.engine import Scheme
from appraisal.scoring.documents import Reasons
from appraisal.scoring.models import ProposalKind, SheetLine
from appraisal.scoring.reasons import reasons_said
from appraisal.scoring.words import SchemeWords

NO_TARGET, NO_FIGURE, NO_RATING, NO_GROUP, NOT_RATED = "target", "reading", "rating", "group", "not_rated"
# What the engine notes on a line that has no figure, and on one that has no target: why, and what was done then.
_THEN = ("zero", "excluded", "blocked", "given")
NOTES = {
    NO_TARGET: [f"target_missing_{then}" for then in _THEN],
    NO_FIGURE: [f"{why}_{then}" for why in ("missing", "no_answer") for then in _THEN],
}


@dataclass(frozen=True)
class Gap:
    """What is missing, for how many people; `code` lists them."""

    code: str
    text: str
    count: int


@dataclass(frozen=True)
class Why:
    """Why people are not rated, in the words of the sheet."""

    text: str
    count: int


def missing_figures(rows: QuerySet[Any], words: SchemeWords) -> list[Gap]:
    """Indicators without a figure, a target or a rating, most people first; one query."""
    lines = SheetLine.objects.filter(
        sheet__decision__in=rows.order_by(), kind="indicator", note__in=[*NOTES[NO_TARGET], *NOTES[NO_FIGURE]]
    )
    counted = lines.order_by().values_list("code", "name", "note").annotate(n=Count("pk"))
    found: dict[str, tuple[str, int]] = {}
    for code, name, note, count in counted:
        indicator = words.indicator(code)
        kind = NO_TARGET if note.startswith("target_missing") else NO_FIGURE
        if kind == NO_FIGURE and indicator is not None and indicator.source == "rating":
            kind = NO_RATING
        key = f"{kind}:{code}"
        found[key] = (name, found.get(key, ("", 0))[1] + count)
    gaps = [Gap(key, gap_said(words, key, name), count) for key, (name, count) in found.items()]
    return sorted(gaps, key=lambda gap: (-gap.count, gap.code))


def groups_of(scheme: Scheme) -> tuple[list[str], list[str]]:
    """The rater groups a scheme weighs, in its order, and the codes they rate."""
    rated = [item for item in scheme.indicators() if item.method["type"] == "rating"]
    groups = dict.fromkeys(
        group for item in rated for group, weight in item.method["groups"].items() if weight
    )
    return [str(group) for group in groups], [item.reads.partition(".")[2] for item in rated]


def _without(cycle: Cycle, codes: list[str], group: str) -> Q:
    given = Rating.objects.filter(
        period=cycle.period, manager=OuterRef("manager"), rater_group=group, indicator_code__in=codes
    )
    return ~Q(Exists(given))


def missing_groups(rows: QuerySet[Any], cycle: Cycle, words: SchemeWords) -> list[Gap]:
    """Groups of raters from whom somebody has no rating at all; one query, none where the scheme takes no ratings."""
    groups, codes = groups_of(words.scheme)
    if not groups:
        return []
    counted = rows.order_by().aggregate(
        **{
            f"group_{place}": Count("pk", filter=_without(cycle, codes, group))
            for place, group in enumerate(groups)
        }
    )
    gaps = [
        Gap(f"{NO_GROUP}:{group}", gap_said(words, f"{NO_GROUP}:{group}"), counted[f"group_{place}"])
        for place, group in enumerate(groups)
    ]
    return [gap for gap in gaps if gap.count]


def not_rated(rows: QuerySet[Any], words: SchemeWords) -> list[Why]:
    """Why people are not rated, most first; one query, a row for each reason the rules give."""
    left = rows.filter(proposal=ProposalKind.NOT_RATED).order_by()
    found: dict[str, int] = {}
    for first, count in left.values_list("sheet__reasons__reasons__0").annotate(n=Count("pk")):
        said = reasons_said(words, Reasons(reasons=[first])) if first else ()
        text = "；".join(f"{item.title}：{item.text}" if item.text else item.title for item in said)
        text = text or _("没有可以评定的数据。")
        found[text] = found.get(text, 0) + count
    return [Why(text, count) for text, count in sorted(found.items(), key=lambda item: (-item[1], item[0]))]


def gap_said(words: SchemeWords, code: str, name: str = "") -> str:
    """A gap in words."""
    kind, _colon, what = code.partition(":")
    indicator = words.indicator(what)
    name = name or (indicator.name if indicator is not None else what)
    if kind == NO_TARGET:
        return _("没有“%(name)s”的目标") % {"name": name}
    if kind == NO_FIGURE:
        return _("没有“%(name)s”的数据") % {"name": name}
    if kind == NO_RATING:
        return _("“%(name)s”没有可用的评分") % {"name": name}
    if kind == NO_GROUP:
        return _("没有任何%(group)s评分") % {"group": dict(RaterGroup.choices).get(what, what)}
    return _("未评")


def people_of(rows: QuerySet[Any], cycle: Cycle, words: SchemeWords, code: str) -> QuerySet[Any] | None:
    """The cases behind a gap; None for a code that names none."""
    kind, _colon, what = code.partition(":")
    if code == NOT_RATED:
        return rows.filter(proposal=ProposalKind.NOT_RATED)
    if kind == NO_GROUP:
        groups, codes = groups_of(words.scheme)
        return rows.filter(_without(cycle, codes, what)) if what in groups else None
    if kind in (NO_TARGET, NO_FIGURE, NO_RATING) and words.indicator(what) is not None:
        notes = NOTES[NO_TARGET if kind == NO_TARGET else NO_FIGURE]
        lines = SheetLine.objects.filter(sheet=OuterRef("sheet"), kind="indicator", code=what, note__in=notes)
        return rows.filter(Exists(lines))
    return None
