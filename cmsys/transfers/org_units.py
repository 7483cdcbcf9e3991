"""The kind org_units: the tree of units from a file, in any order of rows (ORG-1, IMP-1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _lazy

from cmsys.access.functions import Function
from cmsys.accounts.models import User
from cmsys.org.models import OrgUnit, UnitKind, UnitPlacement
from cmsys.org.tree import lock_paths, lock_tree
from cmsys.transfers.engine.columns import Column, Type, choices_of
from cmsys.transfers.engine.problems import Code, _, shown
from cmsys.transfers.engine.rows import Row
from cmsys.transfers.kinds import Change, Context
from cmsys.transfers.model_kind import ModelKind, Reference
from cmsys.transfers.permissions import UNITS_IMPORT


class OrgUnitKind(ModelKind):
    """Units with their parents. A parent may stand anywhere in the same file; a head nobody knows yet is a warning."""

    code = "org_units"
    label = _lazy("机构")
    order = 10
    function: ClassVar[Function] = UNITS_IMPORT
    chunk_size = None
    model = OrgUnit
    noun = "unit"
    columns = (
        Column("code", _lazy("机构编码"), key=True, required=True, max_length=40, example="BJ01"),
        Column("name", _lazy("机构名称"), required=True, max_length=120, example="城东支行"),
        Column(
            "kind",
            _lazy("机构类型"),
            Type.CHOICE,
            required=True,
            choices=choices_of(UnitKind.choices),
            example="支行",
        ),
        Column(
            "parent_code",
            _lazy("上级机构编码"),
            Type.REFERENCE,
            max_length=40,
            refers_to="org_units",
            help=_lazy("可以是已有机构，也可以是本表中的另一行；最上级机构留空"),
            example="BJ",
        ),
        Column("region_code", _lazy("行政区划代码"), max_length=12, example="110105"),
        Column("latitude", _lazy("纬度"), Type.DECIMAL, low=-90, high=90, places=6, example="39.921500"),
        Column("longitude", _lazy("经度"), Type.DECIMAL, low=-180, high=180, places=6, example="116.443100"),
        Column(
            "head",
            _lazy("负责人工号"),
            Type.REFERENCE,
            max_length=40,
            refers_to="users",
            help=_lazy("须已有该工号的账号；没有时其余内容照常导入，并给出提醒"),
            example="",
        ),
    )
    fields: ClassVar[Mapping[str, str]] = {
        "code": "code",
        "name": "name",
        "kind": "kind",
        "parent_code": "parent",
        "region_code": "region_code",
        "latitude": "latitude",
        "longitude": "longitude",
        "head": "head",
    }
    references: ClassVar[Mapping[str, Reference]] = {
        "parent_code": Reference(rows=lambda _context: OrgUnit.objects.all(), reach=UNITS_IMPORT),
        "head": Reference(
            rows=lambda _context: User.objects.filter(employee_no__isnull=False), by=("employee_no",)
        ),
    }
    volatile = frozenset({"updated_at", "path"})
    parts: ClassVar[Mapping[type, str]] = {UnitPlacement: "unit"}

    # --- checking -----------------------------------------------------------------------------------------------------
    def prepare(self, rows: Sequence[Row], context: Context) -> None:
        context.memo["in_file"] = {row.key[0] for row in rows if row.key[0] is not None}
        super().prepare(rows, context)

    def unknown_reference(self, row: Row, column: Column, value: Any, known: str, context: Context) -> None:
        if column.code == "head":
            row.warn(
                column,
                Code.NOT_FOUND,
                _("没有工号为“%(value)s”的账号，负责人暂不设置；建好账号后重新导入本表即可"),
                value=shown(value),
            )
        elif value not in context.memo["in_file"]:
            super().unknown_reference(row, column, value, known, context)

    def check(self, rows: Sequence[Row], context: Context) -> None:
        """Parents: open, not among one's own descendants, and themselves without error. One query for the whole tree."""
        parent_column = self.column("parent_code")
        by_code = {row.key[0]: row for row in rows}
        if context.writing:
            lock_tree()
            if any(row.existing and row.refs.get("parent_code") and self._moves(row) for row in rows):
                lock_paths()
        tree = dict(OrgUnit.objects.values_list("code", "parent__code"))
        for row in rows:
            parent = row.refs.get("parent_code")
            if parent is not None and parent.closed_on is not None and self._moves(row):
                row.refuse(parent_column, Code.CONFLICT, _("上级机构“%(name)s”已撤销"), name=parent.name)
            if "parent_code" in row.values and row.key[0] is not None:
                tree[row.key[0]] = row.values["parent_code"]
        for row in rows:
            if "parent_code" in row.values and self._is_own_ancestor(row.key[0], tree):
                row.refuse(parent_column, Code.CONFLICT, _("机构不能移到自己或自己的下级之下"))
        self._refuse_below_bad(rows, by_code, parent_column)

    def _refuse_below_bad(self, rows: Sequence[Row], by_code: dict[Any, Row], column: Column) -> None:
        """A new unit below a row that is refused cannot come in either; from the top down."""
        waiting = True
        while waiting:
            waiting = False
            for row in rows:
                parent = by_code.get(row.values.get("parent_code"))
                if row.is_bad or parent is None or not parent.is_bad or parent.existing is not None:
                    continue
                row.refuse(
                    column,
                    Code.CONFLICT,
                    _("上级机构在第 %(row)s 行，那一行有错，请先改正"),
                    row=parent.number,
                )
                waiting = True

    @staticmethod
    def _moves(row: Row) -> bool:
        return row.existing is None or row.existing.parent_id != row.refs["parent_code"].pk

    @staticmethod
    def _is_own_ancestor(code: str | None, tree: Mapping[str, str | None]) -> bool:
        seen, above = {code}, tree.get(code or "")
        while above is not None:
            if above in seen:
                return above == code
            seen.add(above)
            above = tree.get(above)
        return False

    def _compare(self, row: Row) -> dict[str, tuple[Any, Any]]:
        changes = super()._compare(row)
        if "parent_code" in row.values and "parent_code" not in row.refs:
            before = row.existing.parent if row.existing is not None else None
            changes["parent_code"] = (before, row.values["parent_code"])
        return changes

    def existing(self, context: Context) -> QuerySet[Any]:
        return super().existing(context).select_related("parent", "head")

    # --- writing ------------------------------------------------------------------------------------------------------
    def create_many(self, rows: Sequence[Row], instances: list[Any], context: Context) -> None:
        """Rows first without parents, then parents and paths together: the order in the file does not matter."""
        parents = {row.key[0]: instance.parent for row, instance in zip(rows, instances, strict=True)}
        for instance in instances:
            instance.parent = None
        super().create_many(rows, instances, context)
        made = {instance.code: instance for instance in instances}
        context.memo["made"] = made
        for row, instance in zip(rows, instances, strict=True):
            instance.parent = parents[row.key[0]] or made.get(row.values.get("parent_code"))
        OrgUnit.objects.bulk_update(instances, ["parent"], batch_size=2000)
        UnitPlacement.objects.bulk_create(
            [
                UnitPlacement(unit=instance, parent=instance.parent, starts_on=context.today)
                for instance in instances
            ],
            batch_size=2000,
        )
        _renew_paths(instances)

    def apply(self, instance: Any, row: Row, context: Context) -> None:
        super().apply(instance, row, context)
        made: dict[str, OrgUnit] = context.memo.get("made", {})
        if row.existing is not None and row.values.get("parent_code") in made:
            instance.parent = made[row.values["parent_code"]]

    def update_many(self, rows: Sequence[Row], fields: list[str], context: Context) -> None:
        super().update_many(rows, fields, context)
        moved = [row.existing for row in rows if "parent_code" in row.changes]
        if moved:
            _place({unit.pk: unit.parent_id for unit in moved}, context)
            _renew_paths(moved)

    # --- taking back --------------------------------------------------------------------------------------------------
    def after_restore(self, restored: Sequence[tuple[Any, Change]], context: Context) -> None:
        moved = [unit for unit, change in restored if "parent_id" in change.before]
        if moved:
            _place({unit.pk: unit.parent_id for unit in moved}, context)
            _renew_paths(moved)

    def before_remove(self, instances: Sequence[Any], context: Context) -> None:
        """Their placements go with them, and none of them holds another one back."""
        ids = [unit.pk for unit in instances]
        UnitPlacement.objects.filter(unit__in=ids).delete()
        OrgUnit.objects.filter(pk__in=ids).update(parent=None)


def _place(parents: Mapping[int, int | None], context: Context) -> None:
    """Units stand below their new parents from today on. Moved twice in a day, the day has one placement; moved back
    on the same day, the earlier placement goes on as if nothing had been. A handful of queries.
    """
    placements: dict[int, list[UnitPlacement]] = {}
    found = UnitPlacement.objects.filter(unit__in=parents).select_for_update().order_by("unit", "-starts_on")
    for placement in found:
        placements.setdefault(placement.unit_id, []).append(placement)
    begun, changed, dropped = [], [], []
    for unit, parent in parents.items():
        known = placements.get(unit, [])
        present, earlier = (known[0], known[1:]) if known else (None, [])
        if present is None or present.starts_on < context.today:
            if present is not None:
                present.ends_on = context.today
                changed.append(present)
            begun.append(UnitPlacement(unit_id=unit, parent_id=parent, starts_on=context.today))
        elif earlier and earlier[0].ends_on == present.starts_on and earlier[0].parent_id == parent:
            dropped.append(present.pk)
            earlier[0].ends_on = present.ends_on
            changed.append(earlier[0])
        else:
            present.parent_id = parent
            changed.append(present)
    UnitPlacement.objects.filter(pk__in=dropped).delete()
    UnitPlacement.objects.bulk_update(changed, ["parent", "ends_on"], batch_size=2000)
    UnitPlacement.objects.bulk_create(begun, batch_size=2000)


def _renew_paths(instances: Sequence[Any]) -> None:
    """Paths of the whole tree follow the parents: one read, one write of those that differ."""
    units = {unit.pk: unit for unit in OrgUnit.objects.only("pk", "parent_id", "path").order_by("pk")}
    paths: dict[int, str] = {}

    def path(pk: int) -> str:
        if pk not in paths:
            parent = units[pk].parent_id
            paths[pk] = f"{path(parent) if parent else '/'}{pk}/"
        return paths[pk]

    changed = []
    for pk, unit in units.items():
        if unit.path != path(pk):
            unit.path = path(pk)
            changed.append(unit)
    OrgUnit.objects.bulk_update(changed, ["path"], batch_size=2000)
    for instance in instances:
        instance.path = paths[instance.pk]
