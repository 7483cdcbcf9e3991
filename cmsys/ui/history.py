"""变更历史: the card that reads the ledger for one object."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from cmsys.accounts.requests import SignedInRequest
from cmsys.audit.models import Event
from cmsys.ui.kinds import kind_label
from cmsys.ui.listing import shown

NEWEST = 20


def history_card(request: SignedInRequest, instance: Any) -> str:
    """The newest changes of the object, each with who, when, from what to what; one query.

    Signing in, of a person or a program, is no change: that log is the auditor's.
    """
    model = type(instance)
    own = Event.objects.filter(resource=model.resource, object_id=str(instance.pk))
    changed = own.exclude(kind__startswith="auth.").exclude(kind__startswith="api.token_")
    events = changed.order_by("-id")[:NEWEST]
    items = [
        {
            "title": kind_label(event.kind),
            "at": event.at,
            "who": event.actor_name,
            "reason": event.reason,
            "changes": changes(model, event.before, event.after),
        }
        for event in events
    ]
    return render_to_string("ui/history.html", {"items": items, "newest": NEWEST}, request=request)


def changes(model: type[Model], before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, str]]:
    """Field by field in the words of the model: label, before, after."""
    names = list(dict.fromkeys([*before, *after]))
    return [
        {
            "label": field_label(model, name),
            "before": field_value(model, name, before.get(name)),
            "after": field_value(model, name, after.get(name)),
        }
        for name in names
    ]


def field_label(model: type[Model], name: str) -> str:
    if name == "digest":
        return _("内容指纹")
    try:
        return str(model._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
    except (FieldDoesNotExist, AttributeError):
        return {
            "starts_on": _("开始日期"), "ends_on": _("结束日期"), "on": _("生效日期"), "cause": _("原因"),
            "manager": _("客户经理"), "role": _("归属类型"), "job": _("任务"), "changed": _("有变化"), "managers": _("人数"),
            "excluded": _("未列入"), "rows": _("行数"), "scheme": _("考核方案"),
            "act": _("操作"), "count": _("户数"), "choices": _("选择"), "percent_before": _("原移动上限（%）"), "kept": _("已采用"),
            "run": _("分级批次"), "rule": _("分级规则"), "score": _("得分"), "lines": _("方案行"), "applied": _("已执行"),
            "skipped": _("未执行"), "reverted": _("已撤回"), "stayed": _("未能撤回"),
        }.get(name, name)  # fmt: skip


def field_value(model: type[Model], name: str, value: Any) -> str:
    """The value as the page of the object would show it; choices by their label."""
    try:
        choices = dict(getattr(model._meta.get_field(name), "flatchoices", ()))
    except FieldDoesNotExist:
        choices = {}
    return str(choices.get(value, shown(value))) if not isinstance(value, (list, dict)) else shown(value)
