"""What a head's choice among the agreed lines comes to."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.utils.translation import gettext as _

from cmsys.access.refusals import refused
from customers.approval.figures import Effect, effect_of, people_of
from customers.approval.wholes import broken_wholes
from customers.planning.choices import LineState
from customers.planning.models import AllocationPlan


@dataclass(frozen=True)
class Chosen:
    """The agreed lines of a plan as a head's choice parts them: keys of those that go, of those held back by what speaks
    against moving them, and of those he leaves out; with what the first do to loads, and which rules of the whole plan
    they alone would break, in words."""

    goes: tuple[int, ...]
    held: tuple[int, ...]
    left_out: tuple[int, ...]
    effect: Effect
    broken: tuple[str, ...]


def chosen_of(plan: AllocationPlan, despite: Collection[int], drop: Collection[int]) -> Chosen:
    """What approving would do with lines held now unless named in `despite`, and without those in `drop`. Seven queries at most.

    Raises ValidationError at `despite` or `drop` for what is no agreed line of the plan, or is in both.
    """
    rows = list(
        plan.lines.filter(state=LineState.AGREED).order_by("pk").values("pk", "present_id", "proposed_id", "effort", "holds")
    )  # fmt: skip
    known = {row["pk"] for row in rows}
    for name, keys in (("despite", despite), ("drop", drop)):
        if strange := set(keys) - known:
            said = _("有 %(n)d 行不是本方案双方都同意的客户，请刷新页面后重选。") % {"n": len(strange)}
            raise refused(name, "not_found", said)
    if both := set(despite) & set(drop):
        said = _("有 %(n)d 行既选了“仍然移动”又选了“不批准”，请只选一项。") % {"n": len(both)}
        raise refused("drop", "both", said)
    out, through = set(drop), set(despite)
    held = [row["pk"] for row in rows if row["holds"] and row["pk"] not in through | out]
    going = [row for row in rows if row["pk"] not in out and row["pk"] not in set(held)]
    effect = effect_of(people_of(plan), going)
    goes = tuple(row["pk"] for row in going)
    return Chosen(goes, tuple(held), tuple(sorted(out)), effect, tuple(broken_wholes(plan, goes)))
