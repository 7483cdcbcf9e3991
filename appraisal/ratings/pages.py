"""What the room's own pages say: values only, so that templates compute nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import groupby
from typing import Any

from django import forms
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appraisal.cycles.models import Cycle, CycleMember, CycleState
from appraisal.ratings.items import items_of
from appraisal.ratings.models import RaterGroup
from appraisal.ratings.permissions import RATING_GIVE, RATING_PROGRESS
from appraisal.ratings.selectors import Leaders, Sheet, leaders, members_of, progress, sheets_for, unrated
from cmsys.accounts.models import User
from cmsys.accounts.requests import SignedInRequest
from cmsys.org.choices import UnitChoiceField
from cmsys.org.models import OrgUnit
from cmsys.ui.context import covered

SHOWN_PEOPLE = 50
SHOWN_CYCLES = 40
ORDER = {"part": 0, "open": 1, "other": 2, "own": 3}


# --- a superior's tasks, one's own sheet ------------------------------------------------------------------------------
def tasks_context(request: SignedInRequest, sheets: Sequence[Sheet], group: RaterGroup) -> dict[str, Any]:
    """Cycle by cycle: how far, the next person, everybody with his state. `all=1` adds people others should rate."""
    own = group == RaterGroup.SELF
    everybody = own or bool(request.GET.get("all"))
    shown = [sheet for sheet in sheets if everybody or sheet.direct]
    cycles = [_cycle(cycle, list(of_cycle)) for cycle, of_cycle in groupby(shown, key=lambda one: one.cycle)]
    cycles.sort(key=lambda cycle: not cycle["left"])
    left = sum(cycle["left"] for cycle in cycles)
    return {
        "page": {
            "title": _("自评") if own else _("评分任务"),
            "subtitle": _subtitle(request, left, own),
        },
        "cycles": cycles,
        "own": own,
        "others": 0 if everybody else len(sheets) - len(shown),
        "everybody": everybody and not own,
        "empty": _("没有进行中的考核周期需要您自评。") if own else _("没有进行中的考核周期需要您评分。"),
    }


def _subtitle(request: SignedInRequest, left: int, own: bool) -> str:
    if own:
        return _("待自评 %(n)d 份") % {"n": left} if left else _("都已完成")
    where = covered(request.user, RATING_GIVE)
    return f"{where} · " + (_("待评 %(n)d 人") % {"n": left} if left else _("都已评完"))


def _cycle(cycle: Cycle, sheets: list[Sheet]) -> dict[str, Any]:
    waiting = [sheet for sheet in sheets if not sheet.done]
    done = len(sheets) - len(waiting)
    ordered = sorted(sheets, key=lambda sheet: ORDER[sheet.state])
    return {
        "name": cycle.scheme.name,
        "period": cycle.period,
        "left": len(waiting),
        "progress": {
            "label": _("已评"), "done": done, "total": len(sheets),
            "text": _("%(done)d / %(total)d 人") % {"done": done, "total": len(sheets)},
        },
        "next": _person(waiting[0]) if waiting else None,
        "people": [_person(sheet) for sheet in ordered],
    }  # fmt: skip


def _person(sheet: Sheet) -> dict[str, Any]:
    states = {
        "own": (_("已评"), "up"), "other": (_("他人已评"), "info"), "open": (_("待评"), "warn"),
        "part": (_("评了 %(n)d / %(of)d 项") % {"n": sheet.given, "of": sheet.asked}, "warn"),
    }  # fmt: skip
    text, tone = states[sheet.state]
    return {
        "name": sheet.manager.name,
        "number": sheet.manager.employee_no,
        "unit": sheet.manager.unit.name,
        "url": reverse("rating_sheet", args=[sheet.cycle.pk, sheet.manager.employee_no]),
        "state": text,
        "tone": tone,
    }


def next_sheet(user: User, group: RaterGroup, member: CycleMember, today: date) -> Sheet | None:
    """The next one that waits for this reader, after this person and then from the top; three queries."""
    sheets = sheets_for(user, group, today)
    keys = [(sheet.cycle.pk, sheet.manager.pk) for sheet in sheets]
    here = (
        keys.index((member.cycle_id, member.manager_id))
        if (member.cycle_id, member.manager_id) in keys
        else -1
    )
    following = [*sheets[here + 1 :], *sheets[: max(here, 0)]]
    return next((sheet for sheet in following if sheet.direct and not sheet.done), None)


# --- how far a cycle has come -----------------------------------------------------------------------------------------
class ProgressForm(forms.Form):
    """Which cycle, and below which unit."""

    cycle = forms.ModelChoiceField(
        label=gettext_lazy("考核周期"), queryset=Cycle.objects.none(), required=False, empty_label=None
    )
    unit = UnitChoiceField(
        label=gettext_lazy("机构"), queryset=OrgUnit.objects.none(), required=False,
        empty_label=gettext_lazy("全部"),
    )  # fmt: skip

    def __init__(self, data: Any, *, user: User) -> None:
        super().__init__(data)
        cycles = Cycle.objects.visible_to(user).select_related("scheme")
        self.fields["cycle"].queryset = cycles.order_by("-starts_on", "scheme_code")  # type: ignore[attr-defined]
        self.fields["unit"].queryset = (  # type: ignore[attr-defined]
            OrgUnit.objects.visible_to(user).order_by("path")
        )


def progress_context(request: SignedInRequest, today: date) -> dict[str, Any]:
    """A cycle (the newest open one, unless another is asked for) unit by unit, and who is still waited for."""
    form = ProgressForm(request.GET or None, user=request.user)
    valid = not form.is_bound or form.is_valid()
    chosen = form.cleaned_data if form.is_bound and valid else {}
    cycle: Cycle | None = chosen.get("cycle") or _newest(request.user)
    if cycle is not None:
        form.initial["cycle"] = cycle.pk
    context: dict[str, Any] = {
        "page": {
            "title": _("评分进度"),
            "subtitle": covered(request.user, RATING_PROGRESS),
            "filter_form": form,
        },
        "valid": valid,
        "cycle": cycle,
    }
    if cycle is None or not valid:
        return context
    return context | _progress(request, cycle, chosen.get("unit"), today)


def _newest(user: User) -> Cycle | None:
    cycles = Cycle.objects.visible_to(user).select_related("scheme")
    # "open" stands behind "closed" in the alphabet.
    found: Cycle | None = cycles.order_by("-state", "-starts_on", "scheme_code").first()
    return found


def _progress(request: SignedInRequest, cycle: Cycle, within: OrgUnit | None, today: date) -> dict[str, Any]:
    members = members_of(request.user, cycle)
    if within is not None:
        members = members.filter(manager__unit__path__startswith=within.path or "?")
    units = progress(members, within, OrgUnit.objects.visible_to(request.user))
    total, rated, own = (sum(getattr(unit, name) for unit in units) for name in ("total", "rated", "own"))
    lead = leaders(today)
    late = (today - cycle.ends_on).days if cycle.state == CycleState.OPEN else -1
    has_self = bool(items_of(cycle, RaterGroup.SELF))
    url = f"{reverse('rating_progress')}?cycle={cycle.pk}"
    return {
        "has_self": has_self,
        "late": late if rated < total else -1,
        "figures": _figures(total, rated, own, has_self),
        "units": [
            {
                "label": unit.label if unit.code else _("%(unit)s（直属）") % {"unit": unit.label or _("其他")},
                "url": f"{url}&unit={unit.code}" if unit.code else "",
                "total": unit.total, "rated": unit.rated, "left": unit.left, "own": unit.own,
            }
            for unit in units
        ],
        "people": [_waited(member, lead) for member in unrated(members, SHOWN_PEOPLE)],
        "left": total - rated,
        "more": max(total - rated - SHOWN_PEOPLE, 0),
    }  # fmt: skip


def _figures(total: int, rated: int, own: int, has_self: bool) -> list[dict[str, Any]]:
    figures = [
        {"label": _("参评"), "value": total, "before": ""},
        {"label": _("上级已评"), "value": rated, "tone": "up", "before": _percent(rated, total)},
        {
            "label": _("上级未评"),
            "value": total - rated,
            "tone": "warn" if rated < total else "",
            "before": "",
        },
    ]
    if has_self:
        figures.append({"label": _("已自评"), "value": own, "before": _percent(own, total)})
    return figures


def _percent(part: int, total: int) -> str:
    return _("占 %(n)d%%") % {"n": part * 100 // total} if total else ""


def _waited(member: CycleMember, lead: Leaders) -> dict[str, Any]:
    manager = member.manager
    return {
        "name": manager.name,
        "number": manager.employee_no,
        "unit": manager.unit.name,
        "leaders": "、".join(dict.fromkeys(leader.name for leader in lead.of(manager))),
    }
