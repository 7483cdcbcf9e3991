"""`Idempotency-Key`: whoever sends the same request again, because its answer was lost, gets that answer again.

The answer is kept in the transaction of the change, so there is one exactly when there is an effect (docs/adr/0131). An
advisory lock, held to the end of that transaction, tells a second request that the first one is still at work.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException
from rest_framework.request import Request

from cmsys.api.models import Client, IdempotencyKey
from cmsys.api.problems import BadParameters, FieldError

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
KEPT = timedelta(hours=24)
KEPT_HEADERS = ("Content-Type", "ETag", "Location")
# Visible ASCII, as RFC 9110 has it for the values of fields.
FORM = re.compile(r"[\x21-\x7e]{1,255}")
RETRY_SECONDS = 1


class Replay(Exception):
    """This request was answered before; `response` is that answer."""

    def __init__(self, response: HttpResponse) -> None:
        super().__init__()
        self.response = response


class InFlight(APIException):
    """The first request with this key is still at work (409)."""

    status_code = 409
    default_code = "idempotency_in_flight"

    def __init__(self) -> None:
        super().__init__(_("同一个 Idempotency-Key 的请求正在处理，请稍后用原请求重试。"))
        self.wait = RETRY_SECONDS


class OtherContent(APIException):
    """The key was used for another request (422)."""

    status_code = 422
    default_code = "idempotency_mismatch"

    def __init__(self) -> None:
        super().__init__(_("这个 Idempotency-Key 已用于内容不同的请求；新的请求请用新的键。"))


@dataclass(frozen=True)
class Keyed:
    """A request that carries a key and has not been answered yet."""

    client: Client
    key: str
    fingerprint: str

    def keep(self, response: HttpResponse, now: datetime) -> None:
        """Keeps the answer, together with the change it tells of. One insert."""
        headers = {name: response[name] for name in KEPT_HEADERS if name in response}
        IdempotencyKey.objects.create(
            client=self.client, key=self.key, fingerprint=self.fingerprint, status=response.status_code,
            headers=headers, body=response.content, at=now,
        )  # fmt: skip


def keyed(request: Request, client: Client) -> Keyed | None:
    """What is to be kept when this request succeeds; None when it carries no key. Two queries with one.

    Raises Replay (it has been answered), InFlight, OtherContent, BadParameters (a malformed key), and what the parser
    raises: the key stands for the whole content.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return None
    if FORM.fullmatch(key) is None:
        message = _("Idempotency-Key 须为 1 到 255 个可见的 ASCII 字符，如 UUID。")
        raise BadParameters([FieldError(HEADER, "bad_value", message)])
    found = Keyed(client, key, fingerprint_of(request))
    if not _locked(client, key):
        raise InFlight
    kept = IdempotencyKey.objects.filter(client=client, key=key).first()
    if kept is None:
        return found
    if kept.fingerprint != found.fingerprint:
        raise OtherContent
    raise Replay(_again(kept))


def fingerprint_of(request: Request) -> str:
    """One value for method, address, parameters and content; the order of keys and blanks between them do not count."""
    whole = [
        request.method,
        request.path,
        sorted((name, values) for name, values in request.query_params.lists()),
        request.data,
    ]
    text = json.dumps(whole, sort_keys=True, default=_written)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def purge(before: datetime, most: int) -> int:
    """Forgets answers that were given before that moment, at most so many; returns how many."""
    old = IdempotencyKey.objects.filter(at__lt=before).order_by("at").values("pk")[:most]
    gone, _models = IdempotencyKey.objects.filter(pk__in=list(old.values_list("pk", flat=True))).delete()
    return gone


def _written(value: Any) -> Any:
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    raise TypeError(f"JSON has no {type(value).__name__}")


def _locked(client: Client, key: str) -> bool:
    """Whether this transaction is the one that works on the key; until it ends, no other is."""
    number = hashlib.sha256(f"idempotency {client.pk} {key}".encode()).digest()[:8]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [int.from_bytes(number, "big", signed=True)])
        return bool(cursor.fetchone()[0])


def _again(kept: IdempotencyKey) -> HttpResponse:
    response = HttpResponse(bytes(kept.body), status=kept.status)
    del response["Content-Type"]
    for name, value in kept.headers.items():
        response[name] = value
    response[REPLAYED] = "true"
    return response
