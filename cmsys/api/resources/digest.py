"""digest: with which a client proves that its copy equals what it may read, or finds where it does not (NEW-14)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db.models import CharField, F
from django.db.models.functions import Cast, Collate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cmsys.api.filters import refuse_unknown
from cmsys.api.problems import BadParameters, FieldError
from cmsys.api.resources.changes import BIGGEST, whole_number
from cmsys.api.resources.listing import OfResourceView, key_field
from cmsys.feed.selectors import changed_after
from cmsys.feed.tables import feeds

AT_ONCE = 5_000
BUCKET = re.compile("[0-9a-f]{2}")


def bucket_of(key: str) -> str:
    """Two hexadecimal digits: which of 256 parts a row belongs to."""
    return hashlib.sha256(key.encode()).hexdigest()[:2]


@dataclass
class Sum:
    """How many rows, and the hash over their lines `<key> <version>\\n` in the order of their keys."""

    count: int = 0
    hash: Any = field(default_factory=hashlib.sha256)

    def add(self, line: bytes) -> None:
        self.count += 1
        self.hash.update(line)

    def written(self) -> dict[str, Any]:
        return {"count": self.count, "sha256": self.hash.hexdigest()}


class SumSerializer(serializers.Serializer):
    """行数与指纹。"""

    count = serializers.IntegerField(read_only=True)
    sha256 = serializers.CharField(read_only=True)


class VersionSerializer(serializers.Serializer):
    """一行的键与版本。"""

    id = serializers.CharField(read_only=True)
    version = serializers.DateTimeField(read_only=True)


class DigestSerializer(SumSerializer):
    """`sha256` 是对全部可见行的“键 空格 版本 换行”按键排序后连接起来的指纹；`buckets` 按键的 sha256 前两位分为 256 份。"""

    resource = serializers.CharField(read_only=True)
    key = serializers.CharField(read_only=True, help_text=_("行中哪个字段是键。"))
    version = serializers.CharField(read_only=True, help_text=_("行中哪个字段是版本。"))
    buckets = serializers.DictField(child=SumSerializer(), read_only=True)
    changed = serializers.BooleanField(
        read_only=True,
        allow_null=True,
        help_text=_("after 之后该资源是否又有变更；为真时先取变更再比。不在变更流中的资源为 null。"),
    )
    rows = VersionSerializer(many=True, read_only=True, allow_null=True)


class DigestView(OfResourceView):
    """副本核对：与客户端自己的副本算出的指纹相同，即两者相同。"""

    @extend_schema(
        summary=gettext_lazy("副本核对"),
        operation_id="digest_retrieve",
        parameters=[
            OpenApiParameter(
                "resource", {"type": "string", "pattern": "^[a-z][a-z-]*$"}, "path", description=gettext_lazy("资源。")
            ),
            OpenApiParameter(
                "after",
                {"type": "integer", "minimum": 0, "maximum": BIGGEST},
                description=gettext_lazy("副本所在的位置（next_after）。"),
            ),
            OpenApiParameter(
                "bucket",
                {"type": "string", "pattern": "^[0-9a-f]{2}$"},
                description=gettext_lazy("同时列出这一份的全部键与版本。"),
            ),
        ],
        responses=DigestSerializer,
    )  # fmt: skip
    def get(self, request: Request, resource: str) -> Response:
        refuse_unknown(request, {}, {"after", "bucket"})
        after = whole_number(request, "after", least=0, most=BIGGEST)
        asked = request.query_params.get("bucket")
        if asked is not None and BUCKET.fullmatch(asked) is None:
            message = _("bucket 须为两位十六进制小写数字，如 0f。")
            raise BadParameters([FieldError("bucket", "bad_value", message)])
        listed = self.listing()
        whole, buckets = Sum(), {f"{number:02x}": Sum() for number in range(256)}
        rows: list[dict[str, str]] = []
        for key, version in _versions(listed):
            line, bucket = f"{key} {version}\n".encode(), bucket_of(key)
            whole.add(line)
            buckets[bucket].add(line)
            if bucket == asked:
                rows.append({"id": key, "version": version})
        # Looked at after the rows: what is not seen here was not among them either.
        changed = self._changed(resource, after)
        return Response({
            "resource": resource, "key": key_field(listed), "version": listed.updated_field, **whole.written(),
            "changed": changed, "buckets": {name: one.written() for name, one in buckets.items()},
            "rows": rows if asked is not None else None,
        })  # fmt: skip

    def _changed(self, resource: str, after: int | None) -> bool | None:
        if after is None or resource not in feeds():
            return None
        return changed_after(self.request.user_actor, resource, after)  # type: ignore[attr-defined]


def _versions(listed: Any) -> Iterator[tuple[str, str]]:
    """Key and version of every visible row as clients read them, in the order of the keys' bytes; memory stays flat."""
    key, written = listed.lookup_field, serializers.DateTimeField()
    rows = listed.get_queryset().order_by().prefetch_related(None)
    rows = rows.annotate(digest_key=Collate(Cast(F(key), CharField()), "C")).order_by("digest_key")
    for text, version in rows.values_list("digest_key", listed.updated_field).iterator(chunk_size=AT_ONCE):
        yield text, str(written.to_representation(version))
