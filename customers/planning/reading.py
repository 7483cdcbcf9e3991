"""From rows to the engine's problem: who and what a plan for a unit is about, as of a day, under a policy (ALC-1, ALC-3).

Customers are those of the unit and below; those without a unit count where their manager is, and in a plan of the root
those without either. Managers are those at work there, and whoever holds one of these customers although he has left or
stands elsewhere: such a one may keep nobody, so the plan must find somebody else.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
from django.db.models import Q

from cmsys.org.models import OrgUnit, UnitKind
from customers.allocation.engine.problem import (  # fmt: skip
    CLOSED,
    KEEP_ONLY,
    NONE,
    OPEN,
    Customers,
    Ints,
    Managers,
    Places,
    Policy,
    Problem,
    build,
)
from customers.allocation.models import RuleKind
from customers.allocation.policy_document import KINDS, PolicyDocument, TierRules
from customers.allocation.selectors import evaluations_on, rules_on
from customers.planning.columns import columns
from customers.registry.models import CustomerTier
from customers.service.selectors import upheld_against
from managers.careers.models import Grade
from managers.conduct.selectors import related_pairs
from managers.profiles.models import Certificate, RelationshipManager, Status

# Customers are placed on a grid of about two kilometres: distances are from the middle of its squares.
GRID = 20_000
SECTIONS = "ABCDEFGHIJKLMNOPQRS"
SERVED, NOT_SERVED, NO_LINE = 1000, 300, 600
KNOWN_INDUSTRY, UNKNOWN_INDUSTRY = 1000, 400
NEUTRAL_MERIT = 500
UNASSIGNED = "none"
INTAKE = {"open": OPEN, "keep": KEEP_ONLY, "closed": CLOSED}
AREAS = {"subbranch": (UnitKind.SUBBRANCH,), "branch": (UnitKind.BRANCH,)}

CUSTOMERS = """
SELECT c.id, coalesce(c.tier_id, 0), CASE c.kind {kinds} ELSE 0 END,
    CASE WHEN c.industry_code ~ '^[A-S]' THEN ascii(c.industry_code) - 64 ELSE 0 END,
    coalesce(c.unit_id, m.unit_id, 0), coalesce(c.owner_id, 0),
    CASE WHEN a.starts_on IS NULL OR a.starts_on > %s THEN 0
         ELSE (extract(year FROM age(%s, a.starts_on)) * 12 + extract(month FROM age(%s, a.starts_on)))::int END,
    coalesce((SELECT sum(q.amount_fen) FROM customers_engagement_customerquarter q
              WHERE q.customer_id = c.id AND q.quarter > %s AND q.amount_fen > 0), 0)::bigint,
    (c.category = 'key')::int, CASE WHEN c.group_no = '' THEN 0 ELSE dense_rank() OVER (ORDER BY c.group_no) END,
    CASE WHEN c.latitude IS NULL OR c.longitude IS NULL THEN -999000000
         ELSE (round(c.latitude * 1000000 / {grid}) * {grid})::bigint END,
    CASE WHEN c.latitude IS NULL OR c.longitude IS NULL THEN -999000000
         ELSE (round(c.longitude * 1000000 / {grid}) * {grid})::bigint END
FROM customers_registry_customer c
LEFT JOIN managers_profiles_relationshipmanager m ON m.id = c.owner_id
LEFT JOIN org_orgunit u ON u.id = coalesce(c.unit_id, m.unit_id)
LEFT JOIN customers_registry_assignment a
    ON a.customer_id = c.id AND a.manager_id = c.owner_id AND a.role = 'primary' AND a.starts_on <= %s
    AND (a.ends_on IS NULL OR a.ends_on > %s)
WHERE u.path LIKE %s OR (%s AND u.id IS NULL)
ORDER BY c.id"""
NOWHERE = -999_000_000


@dataclass(frozen=True)
class Read:
    """The problem with what people are told beside it. `sheets` gives the evaluation sheet behind each manager's merit;
    `left_out` are customers who cannot take part, by reason."""

    problem: Problem
    digest: str
    sheets: dict[int, int]
    intake: dict[int, str]
    notes: list[str] = field(default_factory=list)


def read(unit: OrgUnit, document: PolicyDocument, as_of: date) -> Read:
    """Everything a plan needs, in eleven queries. Raises ProblemError for values no engine can take."""
    units = _Units(unit, document.area)
    raw = _customers(unit, as_of)
    tiers = dict(CustomerTier.objects.values_list("pk", "code"))
    people = _people(unit, raw[5])
    staff = _Staff(people, units, document, as_of)
    rules = _codes(document, tiers)
    tier = _place_of(raw[1], rules.tiers)
    position = {pk: place for place, pk in enumerate(staff.ids.tolist())}
    owner = np.array([position.get(pk, NONE) for pk in raw[5].tolist()], dtype=np.int64)
    branch = units.areas_of(raw[4])
    places, here, there = _places(units, raw[4], raw[10], raw[11], staff.units)
    kinds = len(KINDS)
    rows = Customers(
        ids=raw[0], effort=rules.effort[tier], tier=tier, profile=raw[2] * (len(SECTIONS) + 1) + raw[3], place=here,
        branch=branch, owner=owner, tenure=raw[6], value=raw[7], weight=rules.weight[tier],
        requires=_requires(staff, rules)[tier], key=raw[8] == 1, group=np.where(raw[9] == 0, NONE, raw[9]),
    )  # fmt: skip
    managers = Managers(
        ids=staff.ids, capacity=staff.capacity, grade=staff.grade, merit=staff.merit, place=there,
        branch=units.areas_of(staff.units), holds=staff.holds, intake=staff.intake, skill=staff.skill,
    )  # fmt: skip
    pins, exclusions = _pairs(raw[0], staff.ids, as_of)
    recusals = _recusals(owner, position, as_of)
    complaints = _complaints(raw[0], position, document, as_of)
    policy = Policy(
        wanted_grade=rules.wanted, minimum_grade=rules.minimum, move_price=rules.price,
        expertise=document.weights["expertise"], proximity=document.weights["proximity"],
        shortfall=document.weights["shortfall"], waste=document.weights["waste"], merit=document.weights["merit"],
        merit_cap=document.merit_cap, far=document.far_km * 1000, grade_span=document.grade_span,
        tenure_bands=document.tenure_bands, fairness=document.weights["fairness"],
        value_fairness=document.weights["value_fairness"], tenure_limit=document.tenure_limit_months,
        key_limit=document.key_limit, together=document.together, cross_branch=document.area == "all",
        pins=pins, exclusions=exclusions, recusals=recusals, complaints=complaints,
    )  # fmt: skip
    problem = build(
        customers=rows, managers=managers, places=places, profiles=_profiles(kinds), policy=policy,
        block=np.zeros(units.count, dtype=np.int64) if document.area == "all" else None,
    )  # fmt: skip
    notes = []
    if staff.without_sheet:
        notes.append(f"no_evaluation:{staff.without_sheet}")
    if apart := _groups_apart(problem):
        notes.append(f"groups_apart:{apart}")
    return Read(problem, digest_of(problem), staff.sheets, staff.intakes, notes)


def _groups_apart(problem: Problem) -> int:
    """How many groups that should stay together have members in several areas, within which alone they can."""
    rows = problem.customers
    if not problem.policy.together:
        return 0
    inside = rows.group >= 0
    pairs = np.unique(np.stack([rows.group[inside], problem.block[rows.branch[inside]]], axis=1), axis=0)
    return int((np.unique(pairs[:, 0], return_counts=True)[1] > 1).sum())


def digest_of(problem: Problem) -> str:
    """sha256 over every column: equal digests, equal plans."""
    seen = hashlib.sha256()
    for part in (problem.customers, problem.managers, problem.places, problem.policy):
        for name, value in sorted(vars(part).items()):
            seen.update(name.encode())
            seen.update(value.tobytes() if isinstance(value, np.ndarray) else repr(value).encode())
    seen.update(problem.profiles.tobytes())
    seen.update(problem.block.tobytes())
    return seen.hexdigest()


# --- units --------------------------------------------------------------------------------------------------------------
class _Units:
    """Areas that are solved together, and where a unit stands."""

    def __init__(self, root: OrgUnit, area: str) -> None:
        rows = list(
            OrgUnit.objects.order_by("path").values_list("pk", "path", "kind", "latitude", "longitude")
        )
        by_pk = {pk: (path, kind, lat, lon) for pk, path, kind, lat, lon in rows}
        numbers: dict[int, int] = {}
        self.area: dict[int, int] = {0: 0}
        self.place: dict[int, tuple[int, int]] = {}
        for pk, path, _kind, _lat, _lon in rows:
            chain = [int(part) for part in (path or "").split("/") if part]
            head = next((one for one in chain if by_pk[one][1] in AREAS.get(area, ())), None)
            # Above the level at which areas are cut, a unit is an area of its own.
            top = root.pk if area == "all" else (head or pk)
            self.area[pk] = numbers.setdefault(top, len(numbers))
            for one in reversed(chain):
                lat, lon = by_pk[one][2], by_pk[one][3]
                if lat is not None and lon is not None:
                    self.place[pk] = (int(lat * 1_000_000), int(lon * 1_000_000))
                    break
        self.count = max(len(numbers), 1)

    def areas_of(self, units: Ints) -> Ints:
        return np.array([self.area.get(pk, 0) for pk in units.tolist()], dtype=np.int64)


def _places(units: _Units, unit: Ints, lat: Ints, lon: Ints, bases: Ints) -> tuple[Places, Ints, Ints]:
    """One entry for each square of the grid and each base; whoever stands nowhere stands where his unit does."""
    fallback = {pk: units.place.get(pk, (0, 0)) for pk in set(unit.tolist()) | set(bases.tolist())}
    missing = lat == NOWHERE
    lat, lon = lat.copy(), lon.copy()
    if missing.any():
        at = np.array([fallback[pk] for pk in unit[missing].tolist()], dtype=np.int64).reshape(-1, 2)
        lat[missing], lon[missing] = at[:, 0], at[:, 1]
    base = np.array([fallback[pk] for pk in bases.tolist()], dtype=np.int64).reshape(-1, 2)
    both = np.concatenate([np.stack([lat, lon], axis=1), base])
    known, place = np.unique(both, axis=0, return_inverse=True)
    place = place.reshape(-1).astype(np.int64)
    return Places(known[:, 0].copy(), known[:, 1].copy()), place[: len(lat)], place[len(lat) :]


# --- customers ------------------------------------------------------------------------------------------------------------
def _customers(unit: OrgUnit, as_of: date) -> list[Ints]:
    kinds = " ".join(f"WHEN '{kind}' THEN {place}" for place, kind in enumerate(KINDS))
    year_ago = date(as_of.year - 1, (as_of.month - 1) // 3 * 3 + 1, 1)
    params = (as_of, as_of, as_of, year_ago, as_of, as_of, f"{unit.path}%", unit.parent_id is None)
    return columns(CUSTOMERS.format(kinds=kinds, grid=GRID), 12, params)


def _profiles(kinds: int) -> Ints:
    """What a customer of a kind and a section asks: half his kind, half his industry; his kind alone where that is unknown."""
    width = kinds + len(SECTIONS)
    found = np.zeros((kinds * (len(SECTIONS) + 1), width), dtype=np.int64)
    for kind in range(kinds):
        for section in range(len(SECTIONS) + 1):
            row = found[kind * (len(SECTIONS) + 1) + section]
            row[kind] = 1000 if section == 0 else 500
            if section:
                row[kinds + section - 1] = 500
    return found


# --- managers -------------------------------------------------------------------------------------------------------------
def _people(unit: OrgUnit, owners: Ints) -> list[RelationshipManager]:
    """Those at work in the unit and below, and whoever else holds one of its customers, by key."""
    here = Q(unit__path__startswith=unit.path or "?") & ~Q(status=Status.LEFT)
    holding = Q(pk__in=np.unique(owners[owners > 0]).tolist())
    rows: Any = RelationshipManager.objects.filter(here | holding)
    return list(rows.select_related("line", "grade", "unit").order_by("pk"))


class _Staff:
    """The managers' columns."""

    def __init__(
        self, people: list[RelationshipManager], units: _Units, document: PolicyDocument, as_of: date
    ) -> None:
        ranks = {pk: place for place, pk in enumerate(Grade.objects.order_by("order", "pk").values_list("pk", flat=True), 1)}  # fmt: skip
        sheets = {row.manager_id: row for row in evaluations_on(as_of)}
        self.ids = np.array([one.pk for one in people], dtype=np.int64)
        self.units = np.array([one.unit_id for one in people], dtype=np.int64)
        self.grade = np.array([ranks.get(one.grade_id or 0, 0) for one in people], dtype=np.int64)
        codes = [one.grade.code if one.grade else UNASSIGNED for one in people]
        usual = document.capacity.get(UNASSIGNED, 0)
        self.capacity = np.array([document.capacity.get(code, usual) for code in codes], dtype=np.int64)
        self.sheets = {one.pk: sheets[one.pk].pk for one in people if one.pk in sheets}
        self.merit = np.array(
            [int(sheets[one.pk].merit * 10) if one.pk in sheets else NEUTRAL_MERIT for one in people],
            dtype=np.int64,
        )
        self.intakes = {one.pk: _intake(one, document) for one in people}
        self.intake = np.array([INTAKE[self.intakes[one.pk]] for one in people], dtype=np.int64)
        self.without_sheet = sum(one.pk not in sheets and self.intakes[one.pk] != "closed" for one in people)
        self.skill = np.array([_skill(one, document) for one in people], dtype=np.int64).reshape(
            len(people), len(KINDS) + len(SECTIONS)
        )
        self.names = _certificate_bits(document)
        self.holds = _holds(people, self.names, as_of)


def _intake(manager: RelationshipManager, document: PolicyDocument) -> str:
    """Who has left or whose unit is closed takes nobody; otherwise as the policy says of his status."""
    if manager.status == Status.LEFT or manager.unit.closed_on is not None:
        return "closed"
    return document.intake[manager.status]


def _skill(manager: RelationshipManager, document: PolicyDocument) -> list[int]:
    line = manager.line.code if manager.line else ""
    served = document.lines.get(line)
    kinds = [
        NO_LINE if served is None else SERVED if kind in served else NOT_SERVED
        for kind in KINDS
    ]  # fmt: skip
    named = set(manager.industries)
    sections = [
        KNOWN_INDUSTRY if named & set(document.industries.get(letter, ())) else UNKNOWN_INDUSTRY
        for letter in SECTIONS
    ]
    return [*kinds, *sections]


def _certificate_bits(document: PolicyDocument) -> dict[str, int]:
    names = sorted({name for tier in document.tiers.values() for name in tier.certificates})
    return {name: 1 << place for place, name in enumerate(names)}


def _holds(people: list[RelationshipManager], bits: dict[str, int], as_of: date) -> Ints:
    held = dict.fromkeys((one.pk for one in people), 0)
    if bits:
        valid = Certificate.objects.filter(name__in=bits, manager__in=held, issued_on__lte=as_of)
        valid = valid.filter(Q(expires_on__isnull=True) | Q(expires_on__gt=as_of))
        for manager, name in valid.values_list("manager_id", "name"):
            held[manager] |= bits[name]
    return np.array([held[one.pk] for one in people], dtype=np.int64)


# --- the policy -----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class _Rules:
    """The policy by place of tier: those of the table first, `none` last."""

    tiers: dict[int, int]
    names: tuple[TierRules, ...]
    effort: Ints
    weight: Ints
    wanted: Ints
    minimum: Ints
    price: Ints


def _codes(document: PolicyDocument, tiers: dict[int, str]) -> _Rules:
    ranks = {code: place for place, code in enumerate(Grade.objects.order_by("order", "pk").values_list("code", flat=True), 1)}  # fmt: skip
    places = {pk: place for place, pk in enumerate(sorted(tiers))}
    rules = tuple(document.tiers.get(tiers[pk], document.tiers[UNASSIGNED]) for pk in sorted(tiers))
    rules += (document.tiers[UNASSIGNED],)
    bands = len(document.tenure_bands) + 1
    price = [
        list(one.move_price) if len(one.move_price) == bands else list(one.move_price) * bands
        for one in rules
    ]
    return _Rules(
        {**places, 0: len(places)}, rules, np.array([one.effort for one in rules], dtype=np.int64),
        np.array([one.weight for one in rules], dtype=np.int64),
        np.array([ranks.get(one.wanted_grade, 1) for one in rules], dtype=np.int64),
        np.array([ranks.get(one.minimum_grade, 0) for one in rules], dtype=np.int64),
        np.array([row[:bands] for row in price], dtype=np.int64),
    )  # fmt: skip


def _place_of(keys: Ints, places: dict[int, int]) -> Ints:
    known = np.array(sorted(places), dtype=np.int64)
    value = np.array([places[key] for key in sorted(places)], dtype=np.int64)
    return value[np.searchsorted(known, keys)]


def _requires(staff: _Staff, rules: _Rules) -> Ints:
    return np.array(
        [sum(staff.names[name] for name in one.certificates) for one in rules.names], dtype=np.int64
    )


def _pairs(customers: Ints, managers: Ints, as_of: date) -> tuple[Ints, Ints]:
    """Pins and exclusions as pairs of places; those of others are left out, a pin to somebody who is not here as well."""
    places = {pk: place for place, pk in enumerate(managers.tolist())}
    found: dict[str, list[tuple[int, int]]] = {RuleKind.PIN: [], RuleKind.EXCLUDE: []}
    for customer, manager, kind in rules_on(as_of).values_list("customer_id", "manager_id", "kind"):
        at = int(np.searchsorted(customers, customer))
        if at < len(customers) and customers[at] == customer and manager in places:
            found[kind].append((at, places[manager]))
    return tuple(  # type: ignore[return-value]
        np.array(sorted(found[kind]), dtype=np.int64).reshape(-1, 2)
        for kind in (RuleKind.PIN, RuleKind.EXCLUDE)
    )


def _complaints(customers: Ints, position: dict[int, int], document: PolicyDocument, as_of: date) -> Ints:
    """Pairs of places of a customer and a manager to whom a complaint of his was laid within the policy's months."""
    if document.complaint_months is None:
        return np.zeros((0, 2), dtype=np.int64)
    found = set()
    for customer, manager in upheld_against(list(position), as_of, document.complaint_months):
        at = int(np.searchsorted(customers, customer))
        if at < len(customers) and customers[at] == customer:
            found.add((at, position[manager]))
    return np.array(sorted(found), dtype=np.int64).reshape(-1, 2)


def _recusals(owner: Ints, position: dict[int, int], as_of: date) -> Ints:
    """Declared relations as pairs of places: nobody is given the customers of somebody he has declared a relation to, or
    who has declared one to him."""
    found = []
    for pair in sorted(related_pairs(as_of)):
        places = [position.get(pk, NONE) for pk in pair]
        if NONE not in places:
            for holder, other in (places, places[::-1]):
                found += [(one, other) for one in np.flatnonzero(owner == holder).tolist()]
    return np.array(sorted(found), dtype=np.int64).reshape(-1, 2)
