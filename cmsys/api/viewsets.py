"""ReadOnlyResourceViewSet: from a model, a serializer and a filterset to a resource for clients."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.viewsets import GenericViewSet

from cmsys.access.functions import Function
from cmsys.api.views import ApiView


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
