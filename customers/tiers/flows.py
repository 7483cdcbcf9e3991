"""The flow between tiers of a run, as a table whose cells lead to the customers, and as a chart with the same numbers."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from cmsys.access.actors import Actor, may
from cmsys.ui.charts import Chart, Link
from customers.tiers.filters import NO_TIER
from customers.tiers.models import TierRun
from customers.tiers.permissions import CHANGE_LIST


@dataclass(frozen=True)
class Cell:
    """How many customers went this way; `tone` up, down or stay; `url` opens them."""

    count: int
    tone: str
    url: str
    label: str


@dataclass(frozen=True)
class Matrix:
    """Tiers before downwards, tiers after across; sums on both sides."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...], int], ...]
    sums: tuple[int, ...]
    total: int


def matrix(run: TierRun, names: dict[str, str], actor: Actor) -> Matrix:
    """`names`: tiers by code, the best first, none last. No query."""
    counts = {(before, after): count for before, after, count in run.flows}
    codes = list(names)
    across = [code for code in codes if code or any(after == "" for _before, after in counts)]
    down = [code for code in codes if code or any(before == "" for before, _after in counts)]
    url = f"{reverse('tier_changes_list')}?run={run.number}" if may(actor, CHANGE_LIST) else ""
    rows = []
    for before in down:
        cells = tuple(
            _cell(codes, names, before, after, counts.get((before, after), 0), url) for after in across
        )
        rows.append((names[before], cells, sum(cell.count for cell in cells)))
    sums = tuple(sum(cells[place].count for _name, cells, _sum in rows) for place in range(len(across)))
    return Matrix(tuple(names[code] for code in across), tuple(rows), sums, sum(sums))


def _cell(codes: list[str], names: dict[str, str], before: str, after: str, count: int, url: str) -> Cell:
    if before == after:
        return Cell(count, "stay", "", "")
    # None stands last among the codes: out of it is up.
    tone = "up" if codes.index(after) < codes.index(before) else "down"
    label = _("%(before)s → %(after)s，%(n)d 户") % {
        "before": names[before],
        "after": names[after],
        "n": count,
    }
    link = f"{url}&before={before or NO_TIER}&after={after}" if url and count and after else ""
    return Cell(count, tone, link, label)


def chart(run: TierRun, names: dict[str, str]) -> Chart:
    """Everybody from the left to the right."""
    left, right = (
        (_("%(tier)s（前）"), _("%(tier)s（后）"))
        if run.against is None
        else (_("%(tier)s（对照）"), _("%(tier)s（新版）"))
    )
    order = {code: place for place, code in enumerate(names)}
    flows = sorted(run.flows, key=lambda flow: (order[flow[0]], order[flow[1]]))
    links = tuple(
        Link(left % {"tier": names[before]}, right % {"tier": names[after]}, count)
        for before, after, count in flows
    )
    return Chart(
        "sankey", f"flow-{run.number}", finding(run), links=links, unit=_("户"), n=run.customers,
        note=_("基准日 %(day)s") % {"day": run.as_of},
    )  # fmt: skip


def finding(run: TierRun) -> str:
    """What the run comes to, in a sentence."""
    words = {"raised": f"{run.raised:,}", "lowered": f"{run.lowered:,}", "first": f"{run.first:,}", "n": f"{run.customers:,}"}  # fmt: skip
    if run.against is not None:
        return _("换用新版本，%(raised)s 户会更高，%(lowered)s 户会更低") % words
    if not run.moves:
        return _("%(n)s 户的分级都不变") % words
    said = _("%(raised)s 户上调，%(lowered)s 户下调") % words
    return said + (_("，%(first)s 户首次分级") % words if run.first else "")
