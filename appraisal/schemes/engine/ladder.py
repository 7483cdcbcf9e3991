"""Proposals: who is to be promoted, demoted or held, one step at a time, within headcount and quotas."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from .conditions import judge, shown
from .levels import _key, _worst_places, quota_room
from .model import Grade, Section
from .strikes import Strike, vetoes
from .workings import Workings

Reason = dict[str, Any]
KINDS = ("promotion", "demotion", "hold", "not_rated")


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the rules say; `eligible_for` is the grade earned but not given (headcount, quota). People decide."""

    kind: str
    to: str | None = None
    rule: str | None = None
    eligible_for: str | None = None
    steps: tuple[Reason, ...] = ()


def step_reason(rule: str, passed: bool, code: str, **data: Any) -> Reason:
    """One reason as data."""
    return {
        "rule": rule,
        "passed": passed,
        "detail": {"code": code, **{k: shown(v) for k, v in data.items()}},
    }


def rated(workings: Workings, index: int) -> tuple[bool, list[Reason]]:
    """Whether somebody is rated at all, with what prevents it: gates, circumstances, blocked dimensions."""
    reasons = []
    for gate in workings.scheme.section("gates"):
        if gate.get("otherwise", "not_rated") == "not_rated":
            outcome = judge(gate["require"], workings, index)
            if outcome is not True:
                reasons.append(step_reason(f"gate:{gate['code']}", False, "gate", known=outcome is not None))
    for item in workings.circumstances(index):
        if item.get("effect") in ("not_rated", "comment_only"):
            reasons.append(step_reason(f"circumstance:{item['code']}", False, item["effect"],
                                       backfill=bool(item.get("backfill")), name=item.get("name", item["code"]),
                                       fired=True))  # fmt: skip
    for dimension in workings.scheme.dimensions:
        result = workings.result(dimension.code)
        if not result.column.present[index]:
            codes = result.blocked.get(index, [])
            reasons.append(step_reason(f"dimension:{dimension.code}", False, "blocked", indicators=codes))
    if workings.scheme.weighted_total and not reasons and workings.total.value(index) is None:
        codes = workings.total.blocked.get(index, [])
        reasons.append(step_reason("total", False, "blocked", indicators=codes))
    return not reasons, reasons


def propose(workings: Workings, index: int) -> Proposal:
    """The proposal for one person before quotas."""
    takes_part, reasons = rated(workings, index)
    if not takes_part:
        return Proposal("not_rated", steps=tuple(reasons))
    struck = vetoes(workings, index)
    steps = [step_reason(f"veto:{item.code}", False, "veto", effect=item.effect, score="zero" if item.zero else None,
                         name=item.name, fired=True) for item in struck]  # fmt: skip
    holding = [item for item in workings.circumstances(index) if "effect" in item]
    effects = {item["effect"] for item in holding}
    for gate in workings.scheme.section("gates"):
        if gate.get("otherwise") == "hold" and judge(gate["require"], workings, index) is not True:
            steps.append(step_reason(f"gate:{gate['code']}", False, "gate"))
            effects.add("no_promotion")
    proposal = _by_rules(workings, index, steps)
    if any(item.effect == "demotion" for item in struck) and proposal.kind != "demotion":
        proposal = _forced_down(workings, index, struck, proposal)
    if struck and proposal.kind == "promotion":
        proposal = replace(proposal, kind="hold", to=None)
    for stop, kind in (("no_demotion", "demotion"), ("no_promotion", "promotion"), ("hold", proposal.kind)):
        if stop in effects and proposal.kind == kind and kind != "hold":
            fired = [item["code"] for item in holding if item["effect"] == stop]
            steps.append(step_reason(f"circumstance:{stop}", False, stop, instead_of=proposal.to, circumstances=fired,
                                     fired=True))  # fmt: skip
            proposal = replace(proposal, kind="hold", to=None)
    return replace(proposal, steps=tuple(steps) + proposal.steps)


def _forced_down(workings: Workings, index: int, struck: list[Strike], proposal: Proposal) -> Proposal:
    grade = workings.scheme.grade(workings.cohort.people[index].grade)
    below = workings.scheme.lower(grade) if grade else None
    if below is None:
        return proposal
    code = next(item.code for item in struck if item.effect == "demotion")
    return Proposal("demotion", below.code, f"veto:{code}")


def _by_rules(workings: Workings, index: int, steps: list[Reason]) -> Proposal:
    scheme, person = workings.scheme, workings.cohort.people[index]
    grade = scheme.grade(person.grade)
    if scheme.sections.get("placement"):
        return _placed(workings, index, grade)
    if grade is None:
        return Proposal("hold", steps=(step_reason("grade", False, "no_grade", grade=person.grade),))
    down, up = _demotion(workings, index, grade, steps), _promotion(workings, index, grade, steps)
    first, second = (up, down) if scheme.sections.get("precedence") == "promotion" else (down, up)
    return first or second or Proposal("hold")


def _demotion(workings: Workings, index: int, grade: Grade, steps: list[Reason]) -> Proposal | None:
    scheme, found = workings.scheme, None
    below = scheme.lower(grade)
    for k, rule in enumerate(scheme.section("demotion")):
        if rule["from"] != grade.code:
            continue
        passed = judge(rule["when"], workings, index)
        steps.append({"rule": f"demotion[{k}]", "passed": passed is True, "detail": rule["when"]})
        to = rule.get("to") or (below.code if below else None)
        if passed is True and to is not None and found is None:
            found = Proposal("demotion", to, f"demotion[{k}]")
    for k, rule in enumerate(scheme.section("keep")):
        if rule["grade"] != grade.code:
            continue
        passed = judge(rule["when"], workings, index)
        months = workings.cohort.people[index].months_in_grade
        grace = "grace_months" in rule and (months is None or months < rule["grace_months"])
        steps.append({"rule": f"keep[{k}]", "passed": passed is not False, "detail": rule["when"]})
        if passed is False and grace:
            steps.append(step_reason(f"keep[{k}]", True, "grace", months=months, until=rule["grace_months"]))
        elif passed is False and below is not None and found is None:
            found = Proposal("demotion", below.code, f"keep[{k}]")
    return found


def _promotion(workings: Workings, index: int, grade: Grade, steps: list[Reason]) -> Proposal | None:
    scheme, found = workings.scheme, None
    for k, rule in enumerate(scheme.section("promotion")):
        target = scheme.grade(rule["to"])
        if target is None or ("from" in rule and grade.code not in rule["from"]) or target.code == grade.code:
            continue
        adjacent = target.code in grade.following
        if not adjacent and not (rule.get("exceptional") and target.order > grade.order):
            continue
        passed = judge(rule["when"], workings, index) is True
        steps.append({"rule": f"promotion[{k}]", "passed": passed, "detail": rule["when"]})
        if passed and not adjacent and not workings.value("fact.exceptional_decision", index):
            steps.append(step_reason(f"promotion[{k}]", False, "needs_exceptional_decision", to=target.code))
            passed = False
        if passed and found is None:
            found = Proposal("promotion", target.code, f"promotion[{k}]")
    return found


def _placed(workings: Workings, index: int, grade: Grade | None) -> Proposal:
    """Placement: the grade the figure or the highest met standard stands for, moved at most max_up / max_down steps."""
    scheme = workings.scheme
    section = scheme.sections["placement"]
    wanted, rule = _wanted(workings, section, index)
    if wanted is None:
        return Proposal("hold", steps=(step_reason("placement", False, "no_place"),))
    data = {"to": wanted.code, "value": section.get("value")}
    if grade is None or grade.code == wanted.code:
        kind = "promotion" if grade is None else "hold"
        to = wanted.code if grade is None else None
        return Proposal(kind, to, rule, steps=(step_reason(rule, True, "placement", **data),))
    up = wanted.order > grade.order
    limit = section.get("max_up" if up else "max_down", Fraction(1))
    if up and workings.value("fact.exceptional_decision", index):
        limit = "unlimited"
    ladder = sorted(
        (item for item in scheme.grades if item.track == grade.track), key=lambda item: item.order
    )
    here, there = ladder.index(grade), ladder.index(wanted) if wanted in ladder else ladder.index(grade)
    steps = there - here
    if limit != "unlimited":
        steps = max(-int(limit), min(int(limit), steps))
    if steps == 0:
        return Proposal("hold", None, rule, steps=(step_reason(rule, False, "placement_limited", **data),))
    target = ladder[here + steps]
    kind = "promotion" if steps > 0 else "demotion"
    return Proposal(
        kind, target.code, rule, steps=(step_reason(rule, True, "placement", **data, limit=limit),)
    )


def _wanted(workings: Workings, section: Section, index: int) -> tuple[Grade | None, str]:
    scheme = workings.scheme
    if "standards" in section:
        met = []
        for k, item in enumerate(section["standards"]):
            grade = scheme.grade(item["grade"])
            if grade is not None and judge(item["when"], workings, index) is True:
                met.append((grade.order, -k, grade))
        best = max(met, default=None, key=lambda item: item[:2])
        if best is not None:
            return best[2], f"placement[{-best[1]}]"
        return scheme.grade(section.get("otherwise")), "placement"
    value = workings.number(section["value"], index)
    if value is not None and not workings.lacking(section["bands"], index):
        for k, band in enumerate(workings.resolved(section["bands"], index)):
            low, high = band.get("from"), band.get("to")
            if (low is None or value >= low) and (high is None or value < high):
                return scheme.grade(band["grade"]), f"placement[{k}]"
    return None, "placement"


def fill_quotas(workings: Workings, proposals: list[Proposal]) -> list[Proposal]:
    """Holds back promotions beyond headcount or quota; ties across the limit are held together for people to decide.

    Grades are filled from the top, so that a place freed by a promotion can be taken. O(n log n) per quota.
    """
    scheme, result = workings.scheme, list(proposals)
    order = {item.code: item.order for item in scheme.grades}
    for quota in sorted(scheme.section("quotas"), key=lambda item: -order[item["grade"]]):
        groups = workings.groups(quota.get("group", "all"))
        candidates: dict[Hashable, list[int]] = {}
        sizes: dict[Hashable, int] = {}
        taken: dict[Hashable, int] = {}
        for index, (proposal, group) in enumerate(zip(result, groups, strict=True)):
            if quota.get("of", "all") == "all" or proposal.kind != "not_rated":
                sizes[group] = sizes.get(group, 0) + 1
            if proposal.kind == "promotion" and proposal.to == quota["grade"]:
                candidates.setdefault(group, []).append(index)
            elif quota.get("kind", "headcount") == "headcount":
                after = proposal.to if proposal.to else workings.cohort.people[index].grade
                taken[group] = taken.get(group, 0) + (after == quota["grade"])
        for group, rows in candidates.items():
            room = quota_room(workings, quota, rows[0], sizes.get(group, 0))
            room = max(0, room - taken.get(group, 0))
            _admit(workings, quota, rows, room, result)
    return result


def _admit(workings: Workings, quota: Section, rows: list[int], room: int, result: list[Proposal]) -> None:
    default = "total" if workings.scheme.weighted_total else "performance"
    first = (quota.get("tie_break") or ({"value": default},))[0]
    rest = {"tie_break": (quota.get("tie_break") or ())[1:]}
    keys = []
    for index in rows:
        key = _key(workings, rest, first["value"], index)
        if first.get("order") == "asc" and key[0][0] == 0:
            key = ((0, -key[0][1]), *key[1:])
        keys.append(key)
    for index, key, place in zip(rows, keys, _worst_places(keys), strict=True):
        proposal, admitted = result[index], place <= room
        tied = not admitted and sum(other < key for other in keys) < room
        reason = step_reason(f"quota:{quota['code']}", admitted, "quota", place=place, limit=room, tied=tied,
                             candidates=len(rows), grade=quota["grade"])  # fmt: skip
        steps = (*proposal.steps, reason)
        if admitted:
            result[index] = replace(proposal, steps=steps)
        else:
            result[index] = replace(proposal, kind="hold", to=None, eligible_for=proposal.to, steps=steps)
