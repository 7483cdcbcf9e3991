"""接口客户端 as people meet it: the list, one client's page, what the approver has to look at."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmsys.access.actors import Actor, may
from cmsys.accounts.requests import SignedInRequest
from cmsys.administration.api_client_forms import ClientFilterSet, states, with_end
from cmsys.api.models import Client, ClientState
from cmsys.api.permissions import CLIENT_APPROVE, CLIENT_EDIT, CLIENT_REVOKE
from cmsys.api.scopes import all_scopes
from cmsys.inbox.items import InboxItem, InboxSource
from cmsys.ui.listing import shown
from cmsys.ui.pages import Action
from cmsys.ui.registry import Text
from cmsys.ui.resource import Column, Resource

TONES = {
    ClientState.WAITING: "warn", ClientState.ACTIVE: "up", ClientState.EXPIRING: "warn", ClientState.EXPIRED: "hold",
    ClientState.REVOKED: "hold",
}  # fmt: skip


def state_of(client: Client) -> ClientState:
    return client.state_at(timezone.now())


def end_of(client: Client) -> str:
    """The day on which it ends, with the days that are left when they are few."""
    ends = timezone.localtime(client.ends_at).date()
    if state_of(client) is not ClientState.EXPIRING:
        return ends.isoformat()
    return _("%(day)s（还有 %(n)d 天）") % {"day": ends, "n": (ends - timezone.localdate()).days}


class ClientResource(Resource):
    """接口客户端: which programs read and write, with which rights, until when."""

    key = "api-clients"
    noun = gettext_lazy("接口客户端")
    model = Client
    filterset = ClientFilterSet
    default_sort = ("name", "pk")
    columns = (
        Column("name", gettext_lazy("名称"), lambda c: c.name, sort=("name",)),
        Column("state", gettext_lazy("状态"), lambda c: state_of(c).label, tone=lambda c: TONES[state_of(c)]),
        Column("scopes", gettext_lazy("权限范围"), lambda c: "、".join(c.allowed_scopes)),
        Column("unit", gettext_lazy("机构范围"), lambda c: c.unit.name if c.unit else _("全行")),
        Column("ends", gettext_lazy("到期"), end_of, sort=("ends",), kind="date"),
        Column("last_used_at", gettext_lazy("最近使用"), lambda c: c.last_used_at, sort=("last_used_at",)),
        Column("client_id", gettext_lazy("客户端编号"), lambda c: c.client_id, shown=False),
        Column("created", gettext_lazy("创建时间"), lambda c: c.created, sort=("created",), shown=False),
    )

    def queryset(self, actor: Any, action: str) -> QuerySet[Any]:
        rows = super().queryset(actor, action)
        return with_end(rows.select_related("unit", "created_by", "changed_by", "approved_by"))

    def subtitle(self, request: Any, total: int) -> Text:
        return _("系统管理员新建，安全管理员核准权限后才能使用")

    def list_actions(self, request: Any) -> list[Action]:
        if not may(request.user, CLIENT_EDIT):
            return []
        label = _("新建接口客户端")
        return [Action(label, reverse("api_clients_create"), primary=True, icon="plus")]

    def object_title(self, instance: Any) -> str:
        return str(instance.name)

    def object_subtitle(self, instance: Any) -> Text:
        return _("客户端编号 %(id)s") % {"id": instance.client_id}

    def object_actions(self, request: Any, instance: Any) -> list[Action]:
        state = state_of(instance)
        if state is ClientState.REVOKED:
            return []
        actions = []
        if may(request.user, CLIENT_REVOKE):
            url = reverse("api_clients_revoke", args=[instance.pk])
            actions.append(Action(_("停用"), url, danger=True))
        if may(request.user, CLIENT_EDIT):
            if instance.next_secret:
                url = reverse("api_clients_retire", args=[instance.pk])
                actions.append(Action(_("停用旧密钥"), url))
            else:
                actions.append(Action(_("更换密钥"), reverse("api_clients_rotate", args=[instance.pk])))
            url = reverse("api_clients_edit", args=[instance.pk])
            actions.append(Action(_("修改权限"), url, primary=True, icon="edit"))
        if may(request.user, CLIENT_APPROVE) and state is ClientState.WAITING:
            actions.append(
                Action(_("核准"), reverse("api_clients_approve", args=[instance.pk]), primary=True)
            )
        return actions


CLIENTS = ClientResource()


def client_card(request: SignedInRequest, client: Client) -> str:
    """Who made it, who approved it, until when; never a secret."""
    state = state_of(client)
    by = {
        "who": client.approved_by.name if client.approved_by else _("系统"),
        "at": shown(client.approved_at),
    }
    facts: list[dict[str, Any]] = [
        {"label": _("状态"), "value": state.label, "tag": TONES[state]},
        {"label": _("机构范围"), "value": client.unit.name if client.unit else _("全行")},
        {"label": _("来源地址"), "value": "、".join(client.addresses) or _("不限")},
        {"label": _("最近使用"), "value": shown(client.last_used_at)},
        {"label": _("创建"), "value": _who(client.created_by, client.created)},
        {"label": _("核准"), "value": _("%(who)s · %(at)s") % by if client.approved_at else ""},
        {"label": _("密钥到期"), "value": shown(client.expires_at)},
        {"label": _("新密钥到期"), "value": shown(client.next_expires_at)},
        {"label": _("停用时间"), "value": shown(client.revoked_at)},
        {"label": _("用途与依据"), "value": client.purpose, "wide": True},
    ]
    facts = [fact for fact in facts if fact["value"] or fact["label"] not in (_("新密钥到期"), _("停用时间"))]
    return render_to_string("components/facts.html", {"facts": facts}, request=request)


def scopes_card(request: SignedInRequest, client: Client) -> str:
    """Each scope with what it allows."""
    known = all_scopes()
    facts = [
        {"label": scope, "value": known.get(scope, _("已没有这个权限范围"))}
        for scope in client.allowed_scopes
    ]
    return render_to_string("components/facts.html", {"facts": facts}, request=request)


def _who(user: Any, at: Any) -> str:
    return f"{user.name if user is not None else _('系统')} · {shown(at)}"


# --- what waits ------------------------------------------------------------------------------------------------------
def _waiting(actor: Actor, state: ClientState) -> QuerySet[Any]:
    rows: Any = Client.objects.reached_by(actor, WAITING_FOR[state])
    found: QuerySet[Any] = with_end(rows).filter(states(timezone.now())[state]).select_related("unit")
    return found


WAITING_FOR = {ClientState.WAITING: CLIENT_APPROVE, ClientState.EXPIRING: CLIENT_EDIT}


def _source(state: ClientState, key: str, label: Text, order: int, detail: Any) -> InboxSource:
    def items(actor: Actor, today: date, limit: int) -> list[InboxItem]:
        return [
            InboxItem(
                title=client.name, detail=detail(client), url=CLIENTS.url("detail", client), at=client.updated,
                due_on=timezone.localtime(client.ends_at).date() if state is ClientState.EXPIRING else None,
                state=str(state.label),
            )
            for client in _waiting(actor, state).order_by("ends", "pk")[:limit]
        ]  # fmt: skip

    return InboxSource(
        key=key, label=label, order=order, waits=lambda actor, today: _waiting(actor, state), items=items,
        function=WAITING_FOR[state],
    )  # fmt: skip


TO_APPROVE = _source(
    ClientState.WAITING, "api_clients", gettext_lazy("核准接口客户端"), 900,
    lambda client: "、".join(client.allowed_scopes),
)  # fmt: skip
TO_RENEW = _source(
    ClientState.EXPIRING, "api_clients_expiring", gettext_lazy("更换即将到期的接口密钥"), 910,
    lambda client: _("到期后程序取不到数据；请更换密钥并通知使用方。"),
)  # fmt: skip
