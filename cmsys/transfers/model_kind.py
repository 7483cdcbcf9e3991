"""ModelKind: the import of one Django model, for rooms to derive from."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Field, ForeignKey, Model, Q, QuerySet
from django.utils.timezone import make_aware

from cmsys.access.functions import Function
from cmsys.audit.ledger import record_many
from cmsys.audit.models import Event
from cmsys.transfers.engine.columns import Column
from cmsys.transfers.engine.problems import Code, _, shown
from cmsys.transfers.engine.rows import Row
from cmsys.transfers.keys import find_existing
from cmsys.transfers.kinds import Change, Context, Kept, prepared_event
from cmsys.transfers.row_kind import RowKind
from cmsys.transfers.undoing import undo_changes


@dataclass(frozen=True)
class Reference:
    """A column that names another object by one of `by`.

    `rows` are the objects that may be named at all; `reach` a function within whose reach the object must lie (found
    but out of reach = out_of_scope). `listed` when the choice is short enough to be named in the message.
    """

    rows: Callable[[Context], QuerySet[Any]]
    by: tuple[str, ...] = ("code",)
    reach: Function | None = None
    listed: bool = False


# Stands where two objects bear the name a row gives.
AMBIGUOUS = object()


def stored(value: Any) -> Any:
    """A database value as JSON holds it, so that values of now and then can be compared."""
    if value is None or isinstance(value, (str, int)):
        return value
    return json.loads(json.dumps(value, cls=DjangoJSONEncoder))


class ModelKind(RowKind):
    """Rows of one model, found again by its key. A room derives from it and registers an instance in apps.ready().

    Declared: `code`, `label`, `function`, `columns`, `model`, `noun` (the first half of its event kinds: `contact` gives
    contact.create, .update, .remove, to be named with name_kinds) and
    - `fields`: which model field each column fills. The model's queryset is a ScopedQuerySet.
    - `references`: how columns that name other objects are resolved; the object stands in `row.refs[code]`.
    - several `key=True` columns are one key, references among them: key and reference at once is
      `Column("customer_no", …, Type.REFERENCE, key=True, required=True)` with `fields["customer_no"] = "customer"` and
      `references["customer_no"] = Reference(rows=…, by=("customer_no",), reach=…)`.
    - `either`: columns of which exactly one is filled; as parts of the key they are
      `Column(…, key=True, key_part_may_be_empty=True)`.
    - `volatile`: fields that do not count when undo asks what was edited since.
    - `parts`: models that belong to an object, with the field that says to which.

    Overridden where a room has more to say, each calling super where it has a body: `check(rows, context)` for rules
    over several cells (`row.values`, `row.refs`, `row.existing`; say no with `row.refuse(self.column(code), Code.…, …)`),
    `apply` for derived fields (named in `derived_fields`), `create_many`, `update_many`, `after_restore`,
    `before_remove` for what hangs on the objects.
    """

    model: ClassVar[type[Model]]
    noun: ClassVar[str]
    fields: ClassVar[Mapping[str, str]]
    references: ClassVar[Mapping[str, Reference]] = {}
    volatile: ClassVar[frozenset[str]] = frozenset({"updated_at"})
    parts: ClassVar[Mapping[type[Model], str]] = {}
    derived_fields: ClassVar[tuple[str, ...]] = ()
    either: ClassVar[tuple[str, ...]] = ()

    # --- checking -----------------------------------------------------------------------------------------------------
    def prepare(self, rows: Sequence[Row], context: Context) -> None:
        """One query (two with a reach) for each reference, one for what exists, one for its scope."""
        of_key = {column.code for column in self.key_columns} & set(self.references)
        for code in (code for code in self.references if code in of_key):
            self._resolve(rows, context, code, self.references[code])
        find_existing(self, rows, context)
        for code in (code for code in self.references if code not in of_key):
            self._resolve(rows, context, code, self.references[code])
        self._check_either(rows)
        self.check(rows, context)
        for row in rows:
            if not row.problems:
                row.changes = self._compare(row)

    def _check_either(self, rows: Sequence[Row]) -> None:
        if not self.either:
            return
        columns = [self.column(code) for code in self.either]
        headers = "、".join(str(column.header) for column in columns)
        for row in rows:
            filled = [column for column in columns if row.raw.get(column.code)]
            if not filled:
                row.refuse(columns[0], Code.MISSING, _("%(headers)s须填其中一个"), headers=headers)
            elif len(filled) > 1:
                row.refuse(filled[1], Code.CONFLICT, _("%(headers)s只能填其中一个"), headers=headers)

    def check(self, rows: Sequence[Row], context: Context) -> None:
        """Rules that look at more than one cell; rooms add theirs."""

    def existing(self, context: Context) -> QuerySet[Any]:
        """The objects rows can be found among, with what comparing them needs."""
        related = [self.fields[code] for code in self.references if code in self.fields]
        found = self.manager().select_related(*related) if related else self.manager().all()
        return found.select_for_update(of=("self",)).order_by("pk") if context.writing else found

    def manager(self) -> Any:
        return self.model._default_manager

    @property
    def key_columns(self) -> list[Column]:
        return [column for column in self.columns if column.key]

    def _resolve(self, rows: Sequence[Row], context: Context, code: str, reference: Reference) -> None:
        wanted = {row.values[code] for row in rows if code in row.values}
        if not wanted:
            return
        named = Q()
        for by in reference.by:
            named |= Q(**{f"{by}__in": wanted})
        objects = reference.rows(context)
        found: dict[Any, Any] = {}
        matched = list(objects.filter(named))
        for by in reversed(reference.by):
            named_so: dict[Any, Any] = {}
            for item in matched:
                name = getattr(item, by)
                named_so[name] = AMBIGUOUS if name in named_so else item
            found |= named_so
        reachable = None
        if reference.reach is not None:
            inside = objects.model._default_manager.filter(pk__in=[item.pk for item in matched])
            reachable = set(inside.reached_by(context.actor, reference.reach).values_list("pk", flat=True))
        column, known = self.column(code), self._known(objects, reference, wanted - set(found))
        for row in rows:
            value = row.values.get(code)
            if value is None:
                continue
            item = found.get(value)
            if item is None:
                self.unknown_reference(row, column, value, known, context)
            elif item is AMBIGUOUS:
                row.refuse(
                    column, Code.NOT_FOUND, _("叫“%(value)s”的不止一个，请改填编码"), value=shown(value)
                )
            elif reachable is not None and item.pk not in reachable:
                row.refuse(column, Code.OUT_OF_SCOPE, _("“%(value)s”不在您的管辖范围内"), value=shown(value))
            else:
                row.refs[code] = item

    def _known(self, objects: QuerySet[Any], reference: Reference, unknown: set[Any]) -> str:
        if not (reference.listed and unknown):
            return ""
        return "、".join(str(item) for item in objects.all()[:12])

    def unknown_reference(self, row: Row, column: Column, value: Any, known: str, context: Context) -> None:
        """What is said of a name nobody has; rooms soften it where that is right."""
        if known:
            row.refuse(
                column, Code.NOT_FOUND, _("没有“%(value)s”；现有：%(known)s"), value=shown(value), known=known
            )
        else:
            row.refuse(column, Code.NOT_FOUND, _("没有“%(value)s”，请核对，或先导入它"), value=shown(value))

    def assigned(self, row: Row) -> dict[str, Any]:
        """Model field → value for every filled cell of a row."""
        values: dict[str, Any] = {}
        for code, value in row.values.items():
            field = self.fields.get(code)
            if field is None:
                continue
            if code in self.references:
                if code in row.refs:
                    values[field] = row.refs[code]
            else:
                values[field] = make_aware(value) if isinstance(value, datetime) else value
        return values

    def _compare(self, row: Row) -> dict[str, tuple[Any, Any]]:
        """Column → (before, after) for what differs; for a new row everything."""
        changes = {}
        by_field = {field: code for code, field in self.fields.items()}
        for field, after in self.assigned(row).items():
            before = getattr(row.existing, field) if row.existing is not None else None
            if before != after:
                changes[by_field[field]] = (before, after)
        return changes

    # --- writing ------------------------------------------------------------------------------------------------------
    def write(self, rows: Sequence[Row], context: Context) -> list[Change]:
        """New objects in one insert, changed ones in one update, their events in one insert."""
        created = [row for row in rows if row.existing is None]
        updated = [row for row in rows if row.existing is not None]
        before = {row.number: self.snapshot(row.existing) for row in updated}
        instances = [self.build(row, context) for row in created]
        if created:
            self.create_many(created, instances, context)
        for row in updated:
            self.apply(row.existing, row, context)
            row.existing.updated_at = context.now
        if updated:
            touched = {self.fields[code] for row in updated for code in row.changes if code in self.fields}
            self.update_many(updated, sorted({*touched, *self.derived_fields, "updated_at"}), context)
        done = [*zip(created, instances, strict=True), *((row, row.existing) for row in updated)]
        record_many([self.event_of(row, instance, context) for row, instance in done])
        return [self.change_of(row, instance, before.get(row.number)) for row, instance in done]

    def event_of(self, row: Row, instance: Any, context: Context) -> Event:
        """The one event of a changed object: what differs, on both sides."""
        before = {self.fields.get(code, code): old for code, (old, _new) in row.changes.items()}
        after = {self.fields.get(code, code): new for code, (_old, new) in row.changes.items()}
        if row.existing is None:
            return prepared_event(f"{self.noun}.create", instance, context, before={}, after=after)
        return prepared_event(f"{self.noun}.update", instance, context, before=before, after=after)

    def change_of(self, row: Row, instance: Any, then: dict[str, Any] | None) -> Change:
        """What undo needs: for a new object all its values, for a changed one those that differ."""
        now = self.snapshot(instance)
        differs = [name for name in now if then is None or then[name] != now[name]]
        return Change(
            row=row.number,
            resource=instance.resource,
            object_id=str(instance.pk),
            label=str(instance)[:200],
            op="create" if then is None else "update",
            before={} if then is None else {name: then[name] for name in differs},
            after={name: now[name] for name in differs},
        )

    def build(self, row: Row, context: Context) -> Any:
        """A new instance, not yet saved."""
        instance = self.model()
        self.apply(instance, row, context)
        return instance

    def apply(self, instance: Any, row: Row, context: Context) -> None:
        """Puts the row's values on an instance; rooms add derived fields (named in `derived_fields`)."""
        for field, value in self.assigned(row).items():
            setattr(instance, field, value)

    def create_many(self, rows: Sequence[Row], instances: list[Any], context: Context) -> None:
        self.manager().bulk_create(instances, batch_size=2000)

    def update_many(self, rows: Sequence[Row], fields: list[str], context: Context) -> None:
        self.manager().bulk_update([row.existing for row in rows], fields, batch_size=2000)

    # --- taking back --------------------------------------------------------------------------------------------------
    def snapshot(self, instance: Any) -> dict[str, Any]:
        """Every stored field that counts, as JSON holds it."""
        return {field.attname: stored(getattr(instance, field.attname)) for field in self.stored_fields()}

    def stored_fields(self) -> Iterable[Field[Any, Any]]:
        return [
            field
            for field in self.model._meta.concrete_fields
            if not field.primary_key and field.name not in self.volatile
        ]

    def foreign_keys(self) -> dict[str, type[Model]]:
        """Attribute name → model of every stored relation."""
        return {
            field.attname: field.related_model
            for field in self.stored_fields()
            if isinstance(field, ForeignKey) and isinstance(field.related_model, type)
        }

    def undo(self, changes: Sequence[Change], context: Context) -> list[Kept]:
        return undo_changes(self, changes, context)

    def after_restore(self, restored: Sequence[tuple[Any, Change]], context: Context) -> None:
        """Called when changed objects were put back; rooms put back what hangs on them."""

    def before_remove(self, instances: Sequence[Any], context: Context) -> None:
        """Called before created objects are removed; rooms remove their parts."""
