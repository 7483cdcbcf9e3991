"""The kind ratings (interfaces.md 2): what peers, customers, other departments and subordinates say comes this way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _lazy

from appraisal.cycles.models import CycleMember, CycleState
from appraisal.figures.imports import INDICATOR, PERIOD, PeriodKind, people
from appraisal.ratings.models import RaterGroup, Rating
from appraisal.ratings.permissions import RATING_IMPORT
from cmsys.access.functions import Function
from cmsys.transfers.engine.columns import Column, Type, choices_of
from cmsys.transfers.engine.problems import Code, _
from cmsys.transfers.engine.rows import Row
from cmsys.transfers.kinds import Change, Context, Kept
from cmsys.transfers.model_kind import Reference


class RatingKind(PeriodKind):
    """One rater's score for one person and indicator. Preview and ledger show neither rater nor score."""

    code = "ratings"
    label = _lazy("能力评分")
    order = 120
    function: ClassVar[Function] = RATING_IMPORT
    model = Rating
    noun = "rating"
    codes = "ratings"
    columns = (
        PERIOD,
        Column(
            "employee_no", _lazy("被评人工号"), Type.REFERENCE, key=True, required=True, max_length=40,
            aliases=("工号", "客户经理工号"), refers_to="managers", example="100086",
        ),
        Column(
            "rater", _lazy("评价人"), key=True, required=True, max_length=80, aliases=("评价人工号",),
            help=_lazy("工号；外部人员填名称或编号，同一人写法要一致"), example="100001",
        ),
        Column(
            "rater_group", _lazy("评价关系"), Type.CHOICE, required=True,
            choices=choices_of(
                RaterGroup.choices, superior=("主管", "领导"), peer=("同事", "平级"), department=("跨部门", "协作部门"),
                subordinate=("下属",), self=("自评", "自己"),
            ),
            example="同级",
        ),
        INDICATOR,
        Column("score", _lazy("评分"), Type.DECIMAL, required=True, low=0, high=100, places=2, aliases=("得分", "分数"),
               example="86"),
        Column("comment", _lazy("评语"), max_length=500),
    )  # fmt: skip
    fields: ClassVar[Mapping[str, str]] = {
        "period": "period", "employee_no": "manager", "rater": "rater", "rater_group": "rater_group",
        "indicator_code": "indicator_code", "score": "score", "comment": "comment",
    }  # fmt: skip
    references: ClassVar[Mapping[str, Reference]] = {
        "employee_no": Reference(rows=people, by=("employee_no",), reach=RATING_IMPORT)
    }

    def prepare(self, rows: Sequence[Row], context: Context) -> None:
        super().prepare(rows, context)
        self._refuse_closed([row for row in rows if row.action in ("create", "update")])

    def check(self, rows: Sequence[Row], context: Context) -> None:
        super().check(rows, context)
        for row in rows:
            self._check_relation(row)

    def _check_relation(self, row: Row) -> None:
        """Whoever rates himself is `self`, and nobody else is."""
        manager = row.refs.get("employee_no")
        group = row.values.get("rater_group") or getattr(row.existing, "rater_group", None)
        rater = row.values.get("rater")
        if manager is None or group is None or rater is None:
            return
        own = rater == manager.employee_no
        if own and group != RaterGroup.SELF:
            row.refuse(self.column("rater_group"), Code.CONFLICT, _("评价人就是被评人，评价关系应为“本人”"))
        elif group == RaterGroup.SELF and not own:
            row.refuse(self.column("rater"), Code.CONFLICT, _("评价关系为“本人”时，评价人应填被评人的工号"))

    def _refuse_closed(self, rows: Sequence[Row]) -> None:
        """What a closed cycle was graded on stays as it is. One query."""
        closed = _closed({(row.values["period"], row.refs["employee_no"].pk) for row in rows})
        for row in rows:
            if (row.values["period"], row.refs["employee_no"].pk) in closed:
                row.refuse(
                    self.column("period"), Code.CONFLICT, _("%(period)s 的考核周期已结束，评分不能再改"),
                    period=row.values["period"],
                )  # fmt: skip

    def undo(self, changes: Sequence[Change], context: Context) -> list[Kept]:
        """Ratings that a closed cycle was graded on are kept."""
        rated = Rating.objects.filter(pk__in=[int(change.object_id) for change in changes])
        about = {
            str(pk): (period, manager)
            for pk, period, manager in rated.values_list("pk", "period", "manager_id")
        }
        closed = _closed(set(about.values()))
        fixed = [change for change in changes if about.get(change.object_id) in closed]
        rest = [change for change in changes if about.get(change.object_id) not in closed]
        kept = [Kept(change.row, change.label, gettext("考核周期已结束，评分不能再改")) for change in fixed]
        return sorted([*kept, *super().undo(rest, context)], key=lambda item: item.row)

    def label_of(self, row: Row) -> str:
        """Without the rater: the preview is read by others too."""
        parts = (row.values.get(name) for name in ("period", "employee_no", "indicator_code"))
        return " ".join(str(part) for part in parts if part is not None)


def _closed(wanted: set[tuple[str, int]]) -> set[tuple[str, int]]:
    """Of these (period, person), those with a cycle that has ended and none that is open. One query."""
    if not wanted:
        return set()
    members = CycleMember.objects.filter(
        cycle__period__in={period for period, _pk in wanted}, manager__in={pk for _period, pk in wanted}
    )
    states: dict[tuple[str, int], set[str]] = {}
    for period, pk, state in members.values_list("cycle__period", "manager_id", "cycle__state"):
        states.setdefault((period, pk), set()).add(state)
    return {key for key, found in states.items() if key in wanted and found == {CycleState.CLOSED}}
