"""Reading what waits: counts once for a request, items by deadline, messages newest first, who stands in for whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Q, QuerySet

from cmsys.access.actors import Actor, may
from cmsys.access.functions import Reach, declared
from cmsys.accounts.models import User
from cmsys.inbox.items import InboxItem, InboxSource, sources_for
from cmsys.inbox.models import Message
from cmsys.inbox.permissions import BUSINESS, DEPUTY_EDIT
from cmsys.org.grants import NOWHERE, GrantedAccess, access_of
from cmsys.org.models import Deputyship, RoleGrant

AT_ONCE = 50
OF_ONE_SOURCE = 200


# --- to-dos -----------------------------------------------------------------------------------------------------------
def waiting(actor: Actor, today: date) -> list[tuple[InboxSource, int]]:
    """How much of each kind waits for the actor; one query for all sources, asked once for each loaded account."""
    return _at_hand(actor, today)[0]


def unread(actor: Actor, today: date) -> int:
    """How many messages the actor has not read; the query is that of `waiting`."""
    return _at_hand(actor, today)[1]


def _at_hand(actor: Actor, today: date) -> tuple[list[tuple[InboxSource, int]], int]:
    known: dict[date, tuple[list[tuple[InboxSource, int]], int]]
    known = actor.__dict__.setdefault("_at_hand", {})
    if today not in known:
        sources = sources_for(actor)
        asked = [one.waits(actor, today) for one in sources]
        *counts, letters = sizes([*asked, unread_of(actor.actor_id or 0)])
        known[today] = list(zip(sources, counts, strict=True)), letters
    return known[today]


def sizes(found: Sequence[QuerySet[Any] | int]) -> list[int]:
    """The sizes of querysets in one query (numbers stay as they are); none where no queryset can have any rows."""
    asked: list[tuple[int, str, tuple[Any, ...]]] = []
    counts = [one if isinstance(one, int) else 0 for one in found]
    for place, rows in enumerate(found):
        if isinstance(rows, int):
            continue
        try:
            bare = rows.order_by()
            query = bare.query if bare.query.values_select or bare.query.distinct else bare.values("pk").query
            sql, params = query.get_compiler(connection=connection).as_sql()
        except EmptyResultSet:
            continue
        asked.append((place, sql, params))
    if not asked:
        return counts
    parts = ", ".join(f"(SELECT count(*) FROM ({sql}) AS waiting)" for _place, sql, _params in asked)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {parts}", [value for _place, _sql, params in asked for value in params])
        row = cursor.fetchone()
    for (place, _sql, _params), count in zip(asked, row, strict=True):
        counts[place] = count
    return counts


def waiting_count(actor: Actor, today: date) -> int:
    return sum(count for _source, count in waiting(actor, today))


@dataclass(frozen=True)
class Listed:
    """An item together with the source it comes from."""

    source: InboxSource
    item: InboxItem


def to_do(actor: Actor, today: date, only: str = "", limit: int = 0) -> list[Listed]:
    """What waits, earliest deadline first; of one source with `only`. Two queries at most for each source that has any."""
    most = limit or (OF_ONE_SOURCE if only else AT_ONCE)
    found = [
        Listed(source, item)
        for source, count in waiting(actor, today)
        if count and only in ("", source.key)
        for item in source.items(actor, today, most)
    ]
    found.sort(key=lambda row: (row.item.due_on or date.max, row.item.at))
    return found[:limit] if limit else found


def past(actor: Actor, today: date, tab: str, only: str = "") -> list[Listed]:
    """What the actor has begun (`begun`) or decided (`done`), newest first; two queries at most for each source."""
    found = []
    for source in sources_for(actor):
        listing = source.begun if tab == "begun" else source.done
        if listing is not None and only in ("", source.key):
            found += [Listed(source, item) for item in listing(actor, today, AT_ONCE)]
    found.sort(key=lambda row: row.item.at, reverse=True)
    return found


# --- messages ---------------------------------------------------------------------------------------------------------
def messages_of(user: User) -> QuerySet[Message]:
    """Everybody reads his own, and nobody another's."""
    return Message.objects.filter(recipient=user)


def unread_of(user: int) -> QuerySet[Message]:
    """What an account has not read."""
    return Message.objects.filter(recipient=user, read_at__isnull=True)


# --- deputies ---------------------------------------------------------------------------------------------------------
def standing_in(user: User, today: date) -> list[Deputyship]:
    """Whom somebody stands in for today; no query unless his access says that he does."""
    access = user.access
    principals = {pair.deputy_for for pair in access.pairs} if isinstance(access, GrantedAccess) else set()
    principals.discard(None)
    if not principals:
        return []
    rows = Deputyship.objects.filter(deputy=user, principal__in=principals)
    rows = rows.filter(starts_on__lte=today, ends_on__gt=today).select_related("principal")
    return list(rows.order_by("ends_on", "pk"))


def last_day(deputyship: Deputyship) -> date | None:
    """The last day it is in force, as people say it; None when it was taken back before it began."""
    if deputyship.ends_on <= deputyship.starts_on:
        return None
    return deputyship.ends_on - timedelta(days=1)


def in_force(day: date) -> Q:
    """Grants in force on a day."""
    return Q(starts_on__lte=day) & (Q(ends_on__isnull=True) | Q(ends_on__gt=day))


def in_business(day: date) -> QuerySet[User]:
    """Accounts that are active and hold a role in business on a day; the three administrators are never among them."""
    grants = RoleGrant.objects.filter(in_force(day))
    held = grants.filter(role__in=BUSINESS).values("user")
    kept_apart = grants.exclude(role__in=BUSINESS).values("user")
    return User.objects.filter(is_active=True, pk__in=held).exclude(pk__in=kept_apart)


def whole_within(actor: Actor, day: date) -> QuerySet[User]:
    """Business accounts all of whose roles lie within the actor's reach for recording deputies: what a deputy is lent
    can never be more than the recorder answers for. Nobody's reach contains himself."""
    within = Q(pk__in=())
    for reached in actor.access.reaches(DEPUTY_EDIT):
        within |= (
            Q(unit__path__startswith=reached.unit_path or NOWHERE)
            if reached.reach is Reach.SUBTREE
            else ~Q(pk__in=())
        )
    beyond = RoleGrant.objects.filter(in_force(day)).exclude(within).values("user")
    return in_business(day).exclude(pk__in=beyond).exclude(pk=actor.actor_id or 0)


def deputyships_of(user: User) -> tuple[QuerySet[Deputyship], QuerySet[Deputyship]]:
    """Who stands in for somebody, and for whom he does, newest first."""
    rows = Deputyship.objects.select_related("principal", "deputy").order_by("-starts_on", "-pk")
    return rows.filter(principal=user), rows.filter(deputy=user)


def recorded_within(actor: Actor, today: date) -> QuerySet[Deputyship]:
    """Deputyships of the people for whom the actor may record one, from today on."""
    rows = Deputyship.objects.select_related("principal", "deputy").filter(ends_on__gt=today)
    return rows.filter(principal__in=whole_within(actor, today)).order_by("starts_on", "pk")


def endable(user: Actor, today: date) -> QuerySet[Deputyship]:
    """Those the actor may take back: his own, and those of people for whom he may record one. One query."""
    mine = Q(principal=user.actor_id or 0)
    if may(user, DEPUTY_EDIT):
        mine |= Q(principal__in=whole_within(user, today))
    return Deputyship.objects.filter(mine).select_related("principal", "deputy")


def found_people(people: QuerySet[User], text: str, limit: int = 20) -> list[User]:
    """Accounts by name, number, account or pinyin, by name; none without a word to look for."""
    words = text.split()[:3]
    if not words:
        return []
    for word in words:
        people = people.filter(
            Q(name__icontains=word) | Q(employee_no__iexact=word) | Q(username__iexact=word)
            | Q(name_pinyin__istartswith=word)
        )  # fmt: skip
    return list(people.order_by("name_pinyin", "pk")[:limit])


def places_of(users: Sequence[User], day: date) -> dict[int, str]:
    """`机构主管 · 城东支行` of each account; one query."""
    rows = RoleGrant.objects.filter(in_force(day), user__in=[user.pk for user in users]).select_related(
        "unit"
    )
    said: dict[int, Any] = {}
    for grant in rows.order_by("pk"):
        said.setdefault(grant.user_id, []).append(f"{grant.get_role_display()} · {grant.unit.name}")
    return {pk: "、".join(texts) for pk, texts in said.items()}


def lendable(principal: User, day: date) -> bool:
    """Whether somebody has anything on a day that passes to a deputy; one query."""
    own = [pair for pair in access_of(principal, day).pairs if pair.deputy_for is None]
    return any(
        function.delegable and pair.role in function.reach and function.reach[pair.role] is not Reach.SELF
        for function in declared()
        for pair in own
    )
