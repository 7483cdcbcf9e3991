"""Rules that hold for a plan as a whole, and that a part of it can break: groups that stay together, and how many key
customers one manager may have. A part may leave things as they are or as the whole plan would have them, not worse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from customers.allocation.selectors import document_of
from customers.planning.models import AllocationPlan
from customers.registry.models import Customer, CustomerCategory
from managers.profiles.models import RelationshipManager

NAMED = 5
Holders = Mapping[int, int | None]


def broken_wholes(plan: AllocationPlan, going: Collection[int]) -> list[str]:
    """What carrying out only the lines `going` (keys) would break, a sentence each. Three queries, five at most; none where
    the policy has neither rule."""
    policy = document_of(plan.policy)
    if not policy.together and policy.key_limit is None:
        return []
    taken = set(going)
    whole: dict[int, int | None] = {}
    part: dict[int, int | None] = {}
    for pk, customer, proposed in plan.lines.values_list("pk", "customer_id", "proposed_id"):
        whole[customer] = proposed
        if pk in taken:
            part[customer] = proposed
    moved = Customer.objects.filter(pk__in=plan.lines.values("customer"))
    groups = _groups(moved, whole, part) if policy.together else []
    return groups + (_keys(policy.key_limit, moved, whole, part) if policy.key_limit is not None else [])


def _groups(moved: QuerySet[Customer], whole: Holders, part: Holders) -> list[str]:
    """Groups that more people would look after than now, and than under the whole plan. Members outside the plan count, but
    only those the plan is about are named: the reader need not reach the others."""
    named = moved.exclude(group_no="").values("group_no")
    members: dict[str, list[Customer]] = {}
    fields = ("group_no", "kind", "name", "owner")
    for one in Customer.objects.filter(group_no__in=named).only(*fields).order_by("customer_no"):
        members.setdefault(one.group_no, []).append(one)
    said = []
    for _number, group in sorted(members.items()):
        most = max(1, _people(group, {}), _people(group, whole))
        if _people(group, part) > most:
            names = "、".join(one.masked_name for one in [one for one in group if one.pk in whole][:NAMED])
            said.append(_("同一集团的 %(names)s 会由不同的人管户。") % {"names": names})
    return said


def _people(group: list[Customer], changes: Holders) -> int:
    held = {changes.get(one.pk, one.owner_id) for one in group}
    return len(held - {None})


def _keys(limit: int, moved: QuerySet[Customer], whole: Holders, part: Holders) -> list[str]:
    """Managers with more key customers than the limit, than now, and than under the whole plan."""
    moving = dict(moved.filter(category=CustomerCategory.KEY).values_list("pk", "owner_id"))
    takers = {taker for pk in moving if (taker := part.get(pk)) is not None}
    keys = Customer.objects.filter(category=CustomerCategory.KEY, owner__in=takers)
    now: Counter[int | None] = Counter(keys.values_list("owner_id", flat=True))

    def loads(changes: Holders) -> Counter[int | None]:
        found = now.copy()
        for pk, owner in moving.items():
            if pk in changes:
                found[owner] -= 1
                found[changes[pk]] += 1
        return found

    least, most = loads(part), loads(whole)
    over = [pk for pk in takers if least[pk] > max(limit, now[pk], most[pk])]
    names = dict(RelationshipManager.objects.filter(pk__in=over).values_list("pk", "name")) if over else {}
    return [
        _("%(name)s会有 %(n)d 户重点客户，超过每人 %(limit)d 户的上限。")
        % {"name": names[pk], "n": least[pk], "limit": limit}
        for pk in sorted(names)
    ]
