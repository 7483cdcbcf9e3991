"""From a model, a serializer and a filterset to a resource for clients: read only, or with writing through services."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db.models import QuerySet
from django.utils.http import parse_etags
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from cmsys.access.functions import Function
from cmsys.api.bodies import BodySerializer
from cmsys.api.filters import refuse_unknown
from cmsys.api.problems import (
    BadContent,
    BadParameters,
    FieldError,
    PreconditionFailed,
    PreconditionRequired,
    field_errors,
)
from cmsys.api.rendering import exact_json
from cmsys.api.views import ApiView, etag_of

WRITES = ("create", "update", "partial_update", "destroy")


class ReadOnlyResourceViewSet(ListModelMixin, RetrieveModelMixin, ApiView, GenericViewSet):
    """List and detail of one model, exactly the rows `visible_to` shows to the client's actor.

    A room makes a serializer with explicit fields, a FilterSet, and this, in its own `api.py`::

        class PostViewSet(ReadOnlyResourceViewSet):
            queryset = Post.objects.select_related("unit")   # all that the serializer touches: no query per row
            serializer_class = PostSerializer
            filterset_class = PostFilterSet
            lookup_field = "code"                            # the public key in the path, never the row's id

    and in `apps.ready()`: `from cmsys.api.router import register; register("posts", PostViewSet)`. Then
    `manage.py spectacular --file docs/openapi.yaml` writes the description again.

    Asked of the model: a ScopedQuerySet manager, `functions["view"]` with an OAuth scope, `updated_at` with an index
    on (updated_at, id). `select_related`, `prefetch_related` and a default manager with visible rows only are fine.
    Lists cost one query, whatever the page; details one.
    """

    queryset: Any = None
    visibility: ClassVar[str] = "view"
    # What the client's row is ordered by, with the id; must grow with each change of the row.
    updated_field: ClassVar[str] = "updated_at"
    lookup_value_regex = "[^/]+"

    def required_function(self) -> Function | None:
        """`function` when the class names one, otherwise what the model declares for `visibility`."""
        if self.function is not None:
            return self.function
        model: Any = getattr(self.queryset, "model", None)
        return model.functions[self.visibility] if model is not None else None

    def get_queryset(self) -> QuerySet[Any]:
        rows: Any = super().get_queryset()
        return rows.visible_to(self.request.user_actor, self.visibility)  # type: ignore[attr-defined]


class ResourceViewSet(ReadOnlyResourceViewSet):
    """A resource that clients also write, by the services people use, with the same rules.

    Beside what reading needs a room says what it takes (`create_body`, `update_body`) and calls its services in the
    three `perform_` methods; `names` are the client's names for fields a service calls otherwise. Then:

    - the scope for writing is that of the model's `functions[writing]`; a row beyond its reach is 404;
    - a change and a removal carry `If-Match` with the tag of the detail: 428 without it, 412 when the row has moved on.
      The row is locked in between, so that of two clients who have read the same only one wins;
    - unknown and read-only keys are 400, what a service refuses is 422 (409 where something is there already), each
      with its field; answers are the row as a reader gets it, with its tag, 201 with its address.
    """

    create_body: ClassVar[type[BodySerializer]]
    update_body: ClassVar[type[BodySerializer]]
    writing: ClassVar[str] = "edit"
    names: ClassVar[Mapping[str, str]] = {}

    def required_function(self) -> Function | None:
        if self.action in WRITES:
            function: Function = self.queryset.model.functions[self.writing]
            return function
        return super().required_function()

    def get_queryset(self) -> QuerySet[Any]:
        if self.action not in WRITES:
            return super().get_queryset()
        rows: Any = GenericViewSet.get_queryset(self)
        return rows.visible_to(self.request.user_actor, self.writing)  # type: ignore[attr-defined]

    # --- what a room says -------------------------------------------------------------------------------------------
    def perform_create(self, actor: Any, values: dict[str, Any]) -> Any:
        """Makes the row and returns it."""
        raise NotImplementedError

    def perform_update(self, actor: Any, instance: Any, values: dict[str, Any]) -> Any:
        """Changes the row and returns it; `values` are those that were sent."""
        raise NotImplementedError

    def perform_destroy(self, actor: Any, instance: Any, reason: str) -> None:
        """Takes the row away."""
        raise NotImplementedError

    def lock(self, instance: Any) -> None:
        """Locks the row as its services do, in the same order."""
        type(instance)._default_manager.select_for_update(of=("self",)).filter(pk=instance.pk).first()

    # --- the verbs --------------------------------------------------------------------------------------------------
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        refuse_unknown(request, {}, set())
        values = self._values(self.create_body, partial=False)
        with self._served():
            made = self.perform_create(request.user_actor, values)  # type: ignore[attr-defined]
        answer = self._shown(made.pk, status=201)
        answer["Location"] = self.reverse_action("detail", args=[getattr(made, self.lookup_field)])
        return answer

    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self._changed(partial=False)

    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self._changed(partial=True)

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "reason",
                {"type": "string", "minLength": 1, "maxLength": 300},
                required=True,
                description=gettext_lazy("原因，记入操作日志。"),
            )
        ],
        responses={204: None},
    )
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        refuse_unknown(request, {}, {"reason"})
        reason = request.query_params.get("reason", "").strip()
        if not 1 <= len(reason) <= 300 or "\x00" in reason:
            message = _("删除须在参数 reason 中写明原因，不超过 300 字。")
            raise BadParameters([FieldError("reason", "missing" if not reason else "bad_value", message)])
        instance = self._current()
        with self._served():
            self.perform_destroy(request.user_actor, instance, reason)  # type: ignore[attr-defined]
        return Response(status=204)

    # --- how ----------------------------------------------------------------------------------------------------------
    def representation(self, instance: Any) -> Any:
        """The row as its detail shows it."""
        return self.get_serializer_class()(instance, context=self.get_serializer_context()).data

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """A writing request names its row in the address; its parameters have been looked at already."""
        return queryset if self.action in WRITES else super().filter_queryset(queryset)

    def _changed(self, *, partial: bool) -> Response:
        refuse_unknown(self.request, {}, set())
        values = self._values(self.update_body, partial=partial)
        instance = self._current()
        with self._served():
            changed = self.perform_update(self.request.user_actor, instance, values)  # type: ignore[attr-defined]
        return self._shown(changed.pk, status=200)

    def _values(self, body: type[BodySerializer], *, partial: bool) -> dict[str, Any]:
        given = body(data=self.request.data, partial=partial, context=self.get_serializer_context())
        given.is_valid(raise_exception=True)
        return dict(given.validated_data)

    def _current(self) -> Any:
        """The row of the address, locked, and still what the client has read."""
        found = self.get_object()
        asked = self.request.headers.get("If-Match")
        if asked is None:
            raise PreconditionRequired
        self.lock(found)
        # Read again: what it is now cannot change any more.
        instance = self.get_object()
        # Strong comparison (RFC 9110 13.1.1): a weak tag matches nothing.
        tags = parse_etags(asked)
        if "*" not in tags and etag_of(exact_json(self.representation(instance))) not in tags:
            raise PreconditionFailed
        return instance

    def _shown(self, pk: Any, *, status: int) -> Response:
        # Not through visible_to: who has written a row is told what it is now, even where he may not read others.
        instance = GenericViewSet.get_queryset(self).get(pk=pk)
        data = self.representation(instance)
        return Response(data, status=status, headers={"ETag": etag_of(exact_json(data))})

    @contextmanager
    def _served(self) -> Iterator[None]:
        """What a service refuses, in the client's words."""
        try:
            yield
        except ValidationError as refusal:
            raise BadContent(
                [
                    FieldError(self.names.get(one.field, one.field), one.code, one.message)
                    for one in field_errors(refusal)
                ]
            ) from refusal
        except ObjectDoesNotExist as gone:
            raise NotFound from gone
