"""Forms of API clients."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cmsys.api.models import EXPIRY_WARNING, Client, ClientState
from cmsys.api.scopes import all_scopes
from cmsys.org.choices import UnitChoiceField
from cmsys.org.models import OrgUnit


def scope_choices() -> list[tuple[str, str]]:
    """Every scope with what it allows."""
    return [(scope, f"{scope} · {label}") for scope, label in all_scopes().items()]


class RightsForm(forms.Form):
    """What a client may do, and from where; for a new one with its name."""

    name = forms.CharField(
        label=_("名称"), max_length=255, help_text=_("如“数据仓库”，操作日志里就写这个名称。")
    )
    purpose = forms.CharField(
        label=_("用途与依据"), max_length=300, help_text=_("谁用、用来做什么、依据哪一份批准。")
    )
    allowed_scopes = forms.MultipleChoiceField(
        label=_("权限范围"), choices=scope_choices, widget=forms.CheckboxSelectMultiple,
        help_text=_("只选需要的。"),
    )  # fmt: skip
    unit = UnitChoiceField(
        label=_("机构范围"), queryset=OrgUnit.objects.filter(closed_on__isnull=True).order_by("path"),
        required=False, empty_label=_("全行"), help_text=_("只能看到该机构及其下级的数据。"),
    )  # fmt: skip
    addresses = forms.CharField(
        label=_("来源地址"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("每行一个地址或网段，如 10.1.0.0/16；不填为不限。"),
    )  # fmt: skip

    def values(self) -> dict[str, Any]:
        """As the services take them."""
        data = self.cleaned_data
        return {
            "scopes": data["allowed_scopes"],
            "unit": data["unit"],
            "purpose": data["purpose"],
            "addresses": [line for line in data["addresses"].splitlines() if line.strip()],
        }


class ChangeForm(RightsForm):
    """Other rights for a client that is there; its name stays."""

    reason = forms.CharField(label=_("原因"), max_length=300)
    version = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, client: Client, **kwargs: Any) -> None:
        kwargs["initial"] = {
            "purpose": client.purpose,
            "allowed_scopes": client.allowed_scopes,
            "unit": client.unit.code if client.unit is not None else None,
            "addresses": "\n".join(client.addresses),
            "version": client.updated.isoformat(),
        }
        super().__init__(*args, **kwargs)
        del self.fields["name"]


class ApprovalForm(forms.Form):
    """The approver's yes to what he has read."""

    version = forms.CharField(required=False, widget=forms.HiddenInput)


def states(now: Any) -> dict[str, Q]:
    """The states of clients as conditions, with `ends` annotated (with_end)."""
    live = Q(revoked_at__isnull=True, ends__gt=now)
    approved = live & Q(approved_at__isnull=False)
    return {
        ClientState.WAITING: live & Q(approved_at__isnull=True),
        ClientState.ACTIVE: approved & Q(ends__gt=now + EXPIRY_WARNING),
        ClientState.EXPIRING: approved & Q(ends__lte=now + EXPIRY_WARNING),
        ClientState.EXPIRED: Q(revoked_at__isnull=True, ends__lte=now),
        ClientState.REVOKED: Q(revoked_at__isnull=False),
    }


def with_end(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Clients with the moment their last secret expires as `ends`."""
    return rows.annotate(ends=Greatest("expires_at", Coalesce("next_expires_at", F("expires_at"))))


class ClientFilterSet(django_filters.FilterSet):
    """Name or id, state, one scope."""

    q = django_filters.CharFilter(label=_("名称/客户端编号"), method="search")
    state = django_filters.ChoiceFilter(
        label=_("状态"), choices=ClientState.choices, empty_label=_("全部"), method="in_state"
    )
    scope = django_filters.ChoiceFilter(
        label=_("权限范围"), choices=scope_choices, empty_label=_("全部"), method="with_scope",
    )  # fmt: skip

    class Meta:
        model = Client
        fields: tuple[str, ...] = ()

    def search(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(Q(name__icontains=value) | Q(client_id=value))

    def in_state(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(states(timezone.now())[value])

    def with_scope(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(allowed_scopes__contains=[value])
