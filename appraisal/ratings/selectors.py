"""Reading ratings: who still is to be rated, by whom, and how far a cycle has come."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from appraisal.cycles.models import Cycle, CycleMember, CycleState
from appraisal.ratings.items import items_of, required_codes
from appraisal.ratings.models import RaterGroup, Rating, RatingLine
from appraisal.ratings.permissions import RATING_GIVE, RATING_PROGRESS, RATING_SELF
from cmsys.access.actors import Actor
from cmsys.accounts.models import User
from cmsys.org.models import OrgUnit, RoleGrant
from managers.profiles.models import RelationshipManager


def rater_of(actor: Actor) -> str:
    """How a rater is written: by employee number, by account where he has none, by name where he is a program."""
    number = getattr(actor, "employee_no", None) or getattr(actor, "username", None)
    return str(number or actor.actor_name)[:80]


def with_names(lines: QuerySet[RatingLine]) -> QuerySet[RatingLine]:
    """The lines with `rater_name`: the account's, the person's on file, else what was written. No further query."""
    accounts = User.objects.filter(Q(employee_no=OuterRef("rater")) | Q(username=OuterRef("rater")))
    people = RelationshipManager.objects.filter(employee_no=OuterRef("rater")).order_by()
    return lines.annotate(
        rater_name=Coalesce(
            Subquery(accounts.order_by("pk").values("name")[:1]),
            Subquery(people.values("name")[:1]),
            F("rater"),
        )
    )


# --- one's own work -------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Sheet:
    """A sheet to fill in: one person in one open cycle. `given` indicators of `asked` are there from this rater; `done`
    when somebody in the same relation has given all of them; `direct` when it is this reader's turn to."""

    cycle: Cycle
    manager: RelationshipManager
    group: RaterGroup
    given: int
    asked: int
    done: bool
    direct: bool

    @property
    def state(self) -> str:
        """own, other, part or open."""
        if self.given >= self.asked:
            return "own"
        return "other" if self.done else "part" if self.given else "open"


def sheets_for(actor: Actor, group: RaterGroup, today: date) -> list[Sheet]:
    """Every sheet of open cycles within the reader's reach, cycle by cycle, people by name. Three queries."""
    function = RATING_SELF if group == RaterGroup.SELF else RATING_GIVE
    people = RelationshipManager.objects.reached_by(actor, function).order_by()
    members = list(
        CycleMember.objects.filter(cycle__state=CycleState.OPEN, included=True, manager__in=people)
        .select_related("cycle", "cycle__scheme", "manager", "manager__unit")
        .order_by(
            "-cycle__starts_on", "cycle__scheme_code", "manager__unit__code", "manager__name_pinyin", "pk"
        )
    )
    own = getattr(actor, "employee_no", None)
    if group == RaterGroup.SUPERIOR:
        members = [member for member in members if member.manager.employee_no != own]
    if not members:
        return []
    given = _given(members, group)
    leads = leaders(today) if group == RaterGroup.SUPERIOR else None
    rater = rater_of(actor)
    sheets = []
    for member in members:
        codes = set(required_codes(member.cycle, group))
        if not items_of(member.cycle, group):
            continue
        by_rater = given[member.cycle.period, member.manager_id]
        direct = leads is None or actor.actor_id in {one.user_id for one in leads.of(member.manager)}
        sheets.append(
            Sheet(
                member.cycle, member.manager, group, given=len(codes & by_rater[rater]), asked=len(codes),
                done=any(codes <= rated for rated in by_rater.values()), direct=direct,
            )
        )  # fmt: skip
    return sheets


def _given(
    members: Sequence[CycleMember], group: RaterGroup
) -> defaultdict[tuple[str, int], defaultdict[str, set[str]]]:
    """(period, person) → rater → codes rated."""
    given: defaultdict[tuple[str, int], defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    rows = Rating.objects.filter(
        period__in={member.cycle.period for member in members},
        manager__in={member.manager_id for member in members},
        rater_group=group,
    )
    for period, manager_id, rater, code in rows.values_list(
        "period", "manager_id", "rater", "indicator_code"
    ):
        given[period, manager_id][rater].add(code)
    return given


# --- who leads whom -------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Leader:
    """Somebody whose role lets him rate the people below a unit, perhaps of one line only."""

    user_id: int
    name: str
    employee_no: str | None
    path: str
    line_id: int | None


class Leaders:
    """Everybody who may rate, at the units they lead."""

    def __init__(self, found: Iterable[Leader]) -> None:
        self._at: defaultdict[str, list[Leader]] = defaultdict(list)
        for leader in found:
            self._at[leader.path].append(leader)

    def of(self, manager: RelationshipManager) -> list[Leader]:
        """Whose turn it is to rate a person: those at the nearest unit above him that has one, never himself."""
        ids = (manager.unit.path or "").strip("/").split("/")
        for end in range(len(ids), 0, -1):
            here = [
                leader
                for leader in self._at.get(f"/{'/'.join(ids[:end])}/", ())
                if leader.line_id in (None, manager.line_id) and leader.employee_no != manager.employee_no
            ]
            if here:
                return here
        return []


def leaders(today: date) -> Leaders:
    """The grants in force that let their holders rate; one query."""
    in_force = Q(starts_on__lte=today) & (Q(ends_on__isnull=True) | Q(ends_on__gt=today))
    grants = RoleGrant.objects.filter(in_force, role__in=list(RATING_GIVE.reach), user__is_active=True)
    rows = grants.order_by("pk").values_list(
        "user_id", "user__name", "user__employee_no", "unit__path", "line_id"
    )
    return Leaders(
        Leader(user_id, name, employee_no, path, line_id)
        for user_id, name, employee_no, path, line_id in rows
        if path
    )


# --- how far a cycle has come -----------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Progress:
    """People of one unit with all below it: to be rated, rated by a superior, and by themselves."""

    label: str
    code: str
    total: int
    rated: int
    own: int

    @property
    def left(self) -> int:
        return self.total - self.rated


def members_of(actor: Actor, cycle: Cycle) -> QuerySet[Any]:
    """Who takes part and is within the reader's reach, with `rated` and `own`: whether the sheets are complete."""
    people = RelationshipManager.objects.reached_by(actor, RATING_PROGRESS).order_by()
    members = CycleMember.objects.filter(cycle=cycle, included=True, manager__in=people)
    return members.annotate(
        rated=_complete(cycle, RaterGroup.SUPERIOR), own=_complete(cycle, RaterGroup.SELF)
    ).order_by()


def _complete(cycle: Cycle, group: RaterGroup) -> Exists:
    codes = required_codes(cycle, group)
    full = (
        Rating.objects.filter(
            period=cycle.period, manager=OuterRef("manager"), rater_group=group, indicator_code__in=codes
        )
        .order_by()
        .values("rater")
        .annotate(n=Count("pk"))
        .filter(n__gte=max(len(codes), 1))
    )
    return Exists(full)


def progress(members: QuerySet[Any], within: OrgUnit | None, units: QuerySet[OrgUnit]) -> list[Progress]:
    """The units directly below `within` (without it, below the one top unit there is), each with all below it; those
    with most left first. Two queries."""
    counts = members.values("manager__unit__path").annotate(
        total=Count("pk"), done=Count("pk", filter=Q(rated=True)), self_done=Count("pk", filter=Q(own=True))
    )
    named = {unit.pk: unit for unit in units}
    chains: list[tuple[list[int], tuple[int, int, int]]] = []
    for row in counts:
        chain = [int(part) for part in (row["manager__unit__path"] or "").strip("/").split("/") if part]
        chain = [pk for pk in chain if pk in named]
        chains.append((chain, (row["total"], row["done"], row["self_done"])))
    if within is None:
        tops = {chain[0] for chain, _sums in chains if chain}
        within = named[tops.pop()] if len(tops) == 1 else None
    sums: defaultdict[int | None, list[int]] = defaultdict(lambda: [0, 0, 0])
    for chain, figures in chains:
        rest = chain[chain.index(within.pk) + 1 :] if within is not None and within.pk in chain else chain
        place = sums[rest[0] if rest else None]
        for index, figure in enumerate(figures):
            place[index] += figure
    found = []
    for pk, (total, rated, own) in sums.items():
        unit = within if pk is None else named[pk]
        label = unit.name if unit is not None else ""
        found.append(Progress(label, "" if pk is None else named[pk].code, total, rated, own))
    return sorted(found, key=lambda one: (-one.left, one.code))


def unrated(members: QuerySet[Any], most: int) -> list[Any]:
    """People without a complete sheet of a superior, unit by unit; one query."""
    left = members.filter(rated=False).select_related("manager", "manager__unit")
    return list(left.order_by("manager__unit__code", "manager__name_pinyin", "pk")[:most])
