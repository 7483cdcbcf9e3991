"""changes: what a client has to do to its copy, in one fixed order (docs/adr/0132)."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from cmsys.api.actors import ClientActor
from cmsys.api.filters import refuse_unknown
from cmsys.api.paging import DEFAULT_SIZE, MAX_SIZE
from cmsys.api.problems import CONTENT_TYPE, BadParameters, FieldError
from cmsys.api.views import ApiView
from cmsys.feed.permissions import CHANGES_READ
from cmsys.feed.selectors import changes_for, floor, position

BIGGEST = 2**63 - 1
# The sealer looks every two seconds and needs two looks.
SETTLING_SECONDS = 4


class Resync(APIException):
    """The position says nothing about what this client has: it must load everything again (410)."""

    status_code = status.HTTP_410_GONE
    default_code = "resync"
    default_detail = gettext_lazy(
        "不能从这个位置继续：它早于保留期限，或客户端的权限、机构范围在此之后有变动，或数据已从备份恢复。"
        "请不带 after 重新取得起点，再全量读取。"
    )


class Settling(APIException):
    """The client's rights have just been changed; a position for the new ones is there in seconds (503)."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "settling"
    default_detail = gettext_lazy("客户端的权限或机构范围刚刚变动，起点尚未确定，请稍后重试。")
    wait = SETTLING_SECONDS


class ChangeSerializer(serializers.Serializer):
    """一处变更。`upsert`：按 `id` 重新读取该行（读到 404 则删除）；`leave`：该行已离开客户端的范围，
    `delete`：该行已删除，两者都从副本中去掉。"""

    seq = serializers.IntegerField(read_only=True)
    at = serializers.DateTimeField(read_only=True)
    resource = serializers.CharField(read_only=True)
    id = serializers.CharField(read_only=True)
    op = serializers.ChoiceField(choices=["upsert", "delete", "leave"], read_only=True)
    version = serializers.DateTimeField(read_only=True, allow_null=True)


class ChangePageSerializer(serializers.Serializer):
    """`next_after` 存下来，下次作为 `after`；`more` 为真时可立即再取。"""

    results = ChangeSerializer(many=True, read_only=True)
    next_after = serializers.IntegerField(read_only=True)
    more = serializers.BooleanField(read_only=True)


def whole_number(request: Request, name: str, *, least: int, most: int) -> int | None:
    """A parameter that is a whole number within bounds, None without it. Raises BadParameters."""
    text = request.query_params.get(name)
    if text is None:
        return None
    if text.isascii() and text.isdigit() and len(text) <= 19 and least <= int(text) <= most:
        return int(text)
    message = _("%(name)s 须为 %(least)d 到 %(most)d 的整数。") % {"name": name, "least": least, "most": most}
    raise BadParameters([FieldError(name, "bad_value", message)])


class ChangesView(ApiView):
    """变更流：自 `after` 之后发生的变更，按固定次序，不遗漏；同一行的变更保持先后。

    只列出客户端能读的资源，以及变更前或变更后在其范围内的行。不带 `after` 时返回当前位置，供首次全量读取之前使用。
    """

    function = CHANGES_READ

    @extend_schema(
        summary=gettext_lazy("变更流"),
        operation_id="changes_list",
        parameters=[
            OpenApiParameter(
                "after",
                {"type": "integer", "minimum": 0, "maximum": BIGGEST},
                description=gettext_lazy("上次得到的 next_after。"),
            ),
            OpenApiParameter(
                "limit",
                {"type": "integer", "minimum": 1, "maximum": MAX_SIZE, "default": DEFAULT_SIZE},
                description=gettext_lazy("最多几处变更。"),
            ),
        ],
        responses={
            200: ChangePageSerializer,
            (410, CONTENT_TYPE): {"$ref": "#/components/schemas/Problem"},
        },
    )
    def get(self, request: Request) -> Response:
        refuse_unknown(request, {}, {"after", "limit"})
        after = whole_number(request, "after", least=0, most=BIGGEST)
        limit = whole_number(request, "limit", least=1, most=MAX_SIZE) or DEFAULT_SIZE
        actor: Any = request.user_actor  # type: ignore[attr-defined]
        if after is None:
            return Response({"results": [], "next_after": _start(actor), "more": False})
        _check(actor, after)
        page = changes_for(actor, after=after, limit=limit)
        return Response(ChangePageSerializer(page).data)


def _start(actor: ClientActor) -> int:
    """The present position; everything that is changed above it will be told. Raises Settling."""
    here = position()
    if here < (actor.client.feed_from or 0):
        # A position that was given for the rights before could not be told from this one.
        raise Settling
    return here


def _check(actor: ClientActor, after: int) -> None:
    """Raises Resync where changes between `after` and now cannot all be told, or were told for other rights."""
    if after < floor() or after < (actor.client.feed_from or 0) or after > position():
        raise Resync
