"""The list of a registered resource, for what is done with all of its rows at once: bulk reading, digests."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from rest_framework.exceptions import NotFound

from cmsys.access.functions import Function
from cmsys.api.router import registered
from cmsys.api.views import ApiView
from cmsys.api.viewsets import ReadOnlyResourceViewSet


class OfResourceView(ApiView):
    """A view below or above a resource's name in its address; asks for what the resource's own list asks for."""

    def required_functions(self) -> tuple[Function, ...]:
        """Those of the list. Raises NotFound where there is no such resource."""
        name = getattr(self, "kwargs", {}).get("resource")
        if name is None:  # while the description is made
            return ()
        return tuple(self.listing().required_functions())

    def listing(self, *parameters: str) -> Any:
        """The resource's viewset as if its list were asked for, which knows these parameters beside its filters."""
        viewset: Any = registered().get(self.kwargs["resource"])
        if viewset is None or not issubclass(viewset, ReadOnlyResourceViewSet):
            raise NotFound
        listed = viewset()
        listed.request, listed.args, listed.kwargs = self.request, (), {}
        listed.action, listed.format_kwarg = "list", None
        # Parameters take the place of paging; filters look for the key of the view they are asked by.
        listed._paginator = SimpleNamespace(parameters=parameters)
        if getattr(self.request, "parser_context", None) is not None:
            self.request.parser_context["view"] = listed
        return listed


def key_field(listed: Any) -> str:
    """The name of the key in a row of the list."""
    return "id" if listed.lookup_field == "pk" else str(listed.lookup_field)
