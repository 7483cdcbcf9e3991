"""Taking back the objects of a batch (peers 32): restored, removed, or kept because somebody works with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from cmsys.audit.ledger import record_many
from cmsys.transfers.kinds import Change, Context, Kept, prepared_event

if TYPE_CHECKING:
    from cmsys.transfers.model_kind import ModelKind


def undo_changes(kind: ModelKind, changes: Sequence[Change], context: Context) -> list[Kept]:
    """Puts objects of one model back; locks them. Queries: a handful and one for each relation that points at the model.

    Returns what was left alone: gone, out of reach, edited since, or (for created ones) referred to by others.
    """
    ids = [int(change.object_id) for change in changes]
    found = {
        item.pk: item
        for item in kind.manager().filter(pk__in=ids).select_for_update(of=("self",)).order_by("pk")
    }
    reachable = set(
        kind.manager()
        .filter(pk__in=ids)
        .reached_by(context.actor, kind.function)
        .values_list("pk", flat=True)
    )
    kept: list[Kept] = []
    to_restore: list[tuple[Any, Change]] = []
    to_remove: list[tuple[Any, Change]] = []
    for change in changes:
        instance = found.get(int(change.object_id))
        why = _why_kept(kind, instance, change, reachable)
        if why:
            kept.append(Kept(change.row, change.label, why))
        elif instance is not None:
            (to_restore if change.op == "update" else to_remove).append((instance, change))
    to_restore, lost = _with_living_targets(kind, to_restore)
    kept += lost
    _restore(kind, to_restore, context)
    kept += _remove(kind, to_remove, context)
    return sorted(kept, key=lambda item: item.row)


def _why_kept(kind: ModelKind, instance: Any, change: Change, reachable: set[int]) -> str:
    if instance is None:
        return "" if change.op == "create" else _("已被删除")
    if instance.pk not in reachable:
        return _("已不在您的管辖范围内")
    now = kind.snapshot(instance)
    edited = [name for name, value in change.after.items() if now.get(name) != value]
    if edited:
        labels = {field.attname: str(field.verbose_name) for field in kind.stored_fields()}
        return _("导入之后又改过：%(fields)s") % {
            "fields": "、".join(labels.get(name, name) for name in edited)
        }
    return ""


def _with_living_targets(
    kind: ModelKind, pairs: list[tuple[Any, Change]]
) -> tuple[list[tuple[Any, Change]], list[Kept]]:
    """Those whose former unit, post … still exists; one query for each relation that changed."""
    missing: dict[str, set[int]] = {}
    for attname, model in kind.foreign_keys().items():
        wanted = {change.before[attname] for _i, change in pairs if change.before.get(attname) is not None}
        if wanted:
            missing[attname] = wanted - set(
                model._default_manager.filter(pk__in=wanted).values_list("pk", flat=True)
            )
    living, lost = [], []
    for instance, change in pairs:
        if any(change.before.get(attname) in gone for attname, gone in missing.items()):
            lost.append(Kept(change.row, change.label, _("原来引用的对象已不存在")))
        else:
            living.append((instance, change))
    return living, lost


def _restore(kind: ModelKind, pairs: list[tuple[Any, Change]], context: Context) -> None:
    if not pairs:
        return
    fields = {field.attname: field for field in kind.stored_fields()}
    touched: set[str] = set()
    events = []
    for instance, change in pairs:
        for attname, value in change.before.items():
            setattr(instance, attname, fields[attname].to_python(value))
            touched.add(fields[attname].name)
        instance.updated_at = context.now
        events.append(
            prepared_event(
                f"{kind.noun}.update",
                instance,
                context,
                before={fields[name].name: value for name, value in change.after.items()},
                after={fields[name].name: value for name, value in change.before.items()},
            )
        )
    instances = [instance for instance, _change in pairs]
    kind.manager().bulk_update(instances, [*sorted(touched), "updated_at"], batch_size=2000)
    record_many(events)
    kind.after_restore(pairs, context)


def _remove(kind: ModelKind, pairs: list[tuple[Any, Change]], context: Context) -> list[Kept]:
    """Removes created objects nobody refers to; an object referred to by one that stays stays too."""
    removable = {instance.pk: instance for instance, _change in pairs}
    why = _referred_to(kind, set(removable))
    for pk in why:
        del removable[pk]
    kept = [
        Kept(change.row, change.label, _("已被“%(what)s”引用，不能删除") % {"what": why[instance.pk]})
        for instance, change in pairs
        if instance.pk in why
    ]
    instances = list(removable.values())
    if instances:
        record_many(
            [
                prepared_event(
                    f"{kind.noun}.remove", instance, context, before=kind.snapshot(instance), after={}
                )
                for instance in instances
            ]
        )
        kind.before_remove(instances, context)
        # What points here was looked up above, parts are gone: one statement instead of one look per hundred rows.
        gone = kind.manager().filter(pk__in=[instance.pk for instance in instances])
        gone._raw_delete(gone.db)
    return kept


def _referred_to(kind: ModelKind, wanted: set[int]) -> dict[int, str]:
    """Of the objects to be removed, those something that stays points at, and what. One query per relation."""
    why: dict[int, str] = {}
    edges: list[tuple[int, int]] = []
    for field in kind.model._meta.get_fields(include_hidden=True):
        if not wanted or not (field.auto_created and (field.one_to_many or field.one_to_one)):
            continue
        model: Any = field.related_model
        name = field.field.name  # type: ignore[union-attr]
        owner = kind.parts.get(model)
        if owner == name:
            continue
        holder = "pk" if model is kind.model else f"{owner}_id" if owner else None
        pointing = model._base_manager.filter(**{f"{name}__in": wanted})
        if holder is None:
            why |= dict.fromkeys(pointing.values_list(name, flat=True), str(model._meta.verbose_name))
        else:
            edges += pointing.values_list(holder, name)
    stays = True
    while stays:
        stays = False
        for holding, target in edges:
            if target not in why and (holding not in wanted or holding in why):
                why[target] = str(kind.model._meta.verbose_name)
                stays = True
    return why
