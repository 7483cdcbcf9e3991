"""Cards of a unit, an account and an event."""

from __future__ import annotations

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from cmsys.access.actors import may
from cmsys.accounts.models import User
from cmsys.accounts.requests import SignedInRequest
from cmsys.administration.resources import JOB_TONES, UNITS
from cmsys.audit.models import Event, Seal
from cmsys.jobs.models import Job
from cmsys.org.models import OrgUnit
from cmsys.org.permissions import GRANT_EDIT
from cmsys.ui.listing import shown


def unit_card(request: SignedInRequest, unit: OrgUnit) -> str:
    """What the unit is and where it stands."""
    place = (
        f"{unit.latitude}, {unit.longitude}"
        if unit.latitude is not None and unit.longitude is not None
        else ""
    )
    parent_url = UNITS.url("detail", unit.parent) if unit.parent and _visible(request, unit.parent) else ""
    facts = [
        {"label": _("机构编码"), "value": unit.code},
        {"label": _("类型"), "value": unit.get_kind_display()},
        {"label": _("上级机构"), "value": unit.parent and unit.parent.name, "url": parent_url},
        {"label": _("负责人"), "value": unit.head and unit.head.name},
        {"label": _("设立日期"), "value": shown(unit.opened_on)},
        {"label": _("撤销日期"), "value": shown(unit.closed_on)},
        {"label": _("行政区划代码"), "value": unit.region_code},
        {"label": _("坐标"), "value": place},
    ]
    return render_to_string("components/facts.html", {"facts": facts}, request=request)


def _visible(request: SignedInRequest, unit: OrgUnit) -> bool:
    return OrgUnit.objects.visible_to(request.user).filter(pk=unit.pk).exists()


def below_card(request: SignedInRequest, unit: OrgUnit) -> str:
    """The units directly below."""
    below = OrgUnit.objects.visible_to(request.user).filter(parent=unit).order_by("code")
    rows = [
        {
            "name": child.name,
            "url": UNITS.url("detail", child),
            "sub": child.get_kind_display(),
            "closed": child.closed_on,
        }
        for child in below
    ]
    return render_to_string("administration/cards/below.html", {"rows": rows}, request=request)


def placement_card(request: SignedInRequest, unit: OrgUnit) -> str:
    """Where the unit stood in the tree, newest first."""
    placements = unit.placements.select_related("parent").order_by("-starts_on")
    return render_to_string(
        "administration/cards/placements.html", {"placements": placements}, request=request
    )


def grants_card(request: SignedInRequest, user: User) -> str:
    """Roles in force and to come first, then those that ended."""
    today = timezone.localdate()
    rows = []
    for grant in user.grants.select_related("unit", "line", "granted_by").order_by("-starts_on", "role"):
        over = grant.ends_on is not None and grant.ends_on <= today
        future = grant.starts_on > today
        state, tone = (
            (_("已失效"), "hold") if over else (_("未生效"), "info") if future else (_("生效中"), "up")
        )
        revocable = not over and may(request.user, GRANT_EDIT) and request.user.pk != user.pk
        rows.append({
            "grant": grant, "state": state, "tone": tone,
            "revoke_url": reverse("grants_revoke", args=[user.pk, grant.pk]) if revocable else "",
        })  # fmt: skip
    return render_to_string("administration/cards/grants.html", {"rows": rows}, request=request)


def event_card(request: SignedInRequest, event: Event) -> str:
    """Everything the row says, field by field before and after."""
    names = list(dict.fromkeys([*event.before, *event.after]))
    changes = [
        {"label": name, "before": shown(event.before.get(name)), "after": shown(event.after.get(name))}
        for name in names
    ]
    facts = [
        {"label": _("操作人"), "value": event.actor_name},
        {"label": _("对象"), "value": event.object_label},
        {"label": _("对象类型"), "value": event.resource},
        {"label": _("对象编号"), "value": event.object_id},
        {"label": _("结果"), "value": _("成功") if event.success else _("失败")},
        {"label": _("原因"), "value": event.reason},
        {"label": _("来源地址"), "value": event.address},
        {"label": _("请求号"), "value": event.request_id, "wide": True},
    ]
    return render_to_string(
        "administration/cards/event.html", {"facts": facts, "changes": changes}, request=request
    )


def seal_card(request: SignedInRequest, event: Event) -> str:
    """The event's place in the chain."""
    seal = Seal.objects.filter(event=event).first()
    facts = [
        {"label": _("封存序号"), "value": seal and seal.seq},
        {"label": _("封存时间"), "value": seal and shown(seal.sealed_at)},
        {"label": _("哈希"), "value": bytes(seal.hash).hex() if seal else _("等待封存"), "wide": True},
    ]
    return render_to_string("components/facts.html", {"facts": facts}, request=request)


def job_card(request: SignedInRequest, job: Job) -> str:
    """How far a job is; while it is open the card fetches itself again."""
    facts = [
        {"label": _("状态"), "value": job.get_state_display(), "tag": JOB_TONES[job.state]},
        {"label": _("对象"), "value": job.key},
        {
            "label": _("已处理"),
            "value": f"{job.progress_done} / {job.progress_total}" if job.progress_total else "",
        },
        {"label": _("尝试次数"), "value": f"{job.attempt} / {job.max_attempts}"},
        {"label": _("提交时间"), "value": shown(job.created_at)},
        {"label": _("开始时间"), "value": shown(job.started_at)},
        {"label": _("结束时间"), "value": shown(job.finished_at)},
        {"label": _("进展"), "value": job.message, "wide": True},
    ]
    if job.error:
        facts.append({"label": _("失败原因"), "value": job.error, "wide": True})
    context = {"facts": facts, "job": job, "url": reverse("jobs_poll", args=[job.pk])}
    return render_to_string("administration/cards/job.html", context, request=request)
