"""What a planner is shown before a choice: the customers it is about, what it would do, and who else could have them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmsys.accounts.requests import SignedInRequest
from cmsys.ui.registry import Text
from customers.allocation.engine.problem import NONE
from customers.planning.bench import Bench, bench
from customers.planning.candidates import Option, options_for, staying
from customers.planning.models import AllocationPlan
from customers.planning.pages import against, effect_words
from customers.planning.services.choosing import ASSIGN, BAR, KEEP, STAY, UNDO
from customers.planning.words import ACTS, rule_said, signed
from customers.registry.models import Customer
from managers.profiles.models import RelationshipManager

ACT_EFFECTS: Mapping[str, tuple[Text, ...]] = {
    KEEP: (gettext_lazy("重算时由现在建议的客户经理管户。"), gettext_lazy("已有的锁定被替换。")),
    STAY: (gettext_lazy("重算时留在现主办名下。"), gettext_lazy("已有的锁定被替换。")),
    ASSIGN: (gettext_lazy("重算时由选定的客户经理管户。"), gettext_lazy("已有的锁定被替换。")),
    BAR: (
        gettext_lazy("重算时不再由现在建议的客户经理管户，由系统另行安排。"),
        gettext_lazy("理由随方案保存。"),
    ),
    UNDO: (gettext_lazy("锁定与驳回都撤销，重算时重新安排。"),),
}


@dataclass(frozen=True)
class Found:
    """Rows of customers with who has them and who would; `words` and `against` say what the choice does; managers to choose
    from, of whom `out` are those a rule keeps out."""

    rows: Sequence[dict[str, Any]]
    words: Sequence[str]
    against: Sequence[str]
    options: Sequence[dict[str, Any]]
    out: Sequence[dict[str, Any]]


def act_title(act: str, count: int) -> str:
    """`改派 2 户`."""
    return _("%(act)s %(n)d 户") % {"act": ACTS[act], "n": count}


def choices_of(request: SignedInRequest, plan: AllocationPlan, act: str, customers: Sequence[int]) -> Found:
    """Three queries, and for a new manager a few milliseconds for each who could be one."""
    table = bench(plan.pk, plan.digest)
    places = {key: place for key in customers if (place := table.place(key)) is not None}
    if not places:
        return Found((), (), (), (), ())
    ids, owner = table.problem.managers.ids, table.problem.customers.owner
    offered = options_for(table, list(places.values())) if act == ASSIGN else []
    seats = {one.manager for one in offered} | {int(table.manager[place]) for place in places.values()}
    seats |= {int(owner[place]) for place in places.values() if owner[place] != NONE}
    people = {
        row.pk: row for row in RelationshipManager.objects.filter(pk__in=[int(ids[seat]) for seat in seats])
    }
    names = {pk: row.name for pk, row in people.items()}
    words, said = _effect(table, act, list(places.values()), names)
    rows = [
        {
            "key": row.pk, "name": row.masked_name, "number": row.customer_no,
            "present": names.get(int(ids[owner[places[row.pk]]]), "") if owner[places[row.pk]] != NONE else _("（未分配）"),
            "proposed": names.get(int(ids[table.manager[places[row.pk]]]), ""),
        }
        for row in Customer.objects.filter(pk__in=places).order_by("customer_no")
    ]  # fmt: skip
    options = [_option(table, one, people) for one in offered]
    return Found(
        rows,
        words,
        said,
        [one for one in options if not one["rules"]],
        [one for one in options if one["rules"]],
    )


def _effect(table: Bench, act: str, places: list[int], names: dict[int, str]) -> tuple[list[str], list[str]]:
    """Counted for what is certain: that the customers stay; who gets a barred one is known when it is computed again."""
    if act not in (STAY, BAR):
        return [], []
    stay, cannot = staying(table, places)
    said = [_("%(n)d 户必须移动或尚无主办，不能留在现主办名下。") % {"n": len(cannot)}] if cannot else []
    if not stay:
        return [], said
    effect = table.effect(stay)
    return effect_words(effect), said + against(table, effect, names)


def _option(table: Bench, one: Option, people: Mapping[int, RelationshipManager]) -> dict[str, Any]:
    row = people[int(table.problem.managers.ids[one.manager])]
    after = one.effect.after
    rise = one.rise
    return {
        "key": row.pk, "name": row.name, "number": row.employee_no, "rules": [rule_said(rule) for rule in one.rules],
        "over": one.effect.over.get(one.manager, 0), "others": len([seat for seat in one.effect.over if seat != one.manager]),
        "rise": "" if rise is None else signed(rise),
        "match": "" if after is None else signed((after.match - one.effect.before.match) / 1000, 3),
        "gini": "" if after is None else signed(after.gini - one.effect.before.gini, 3),
    }  # fmt: skip
