"""Everything below /api/v1/: the registered resources, the description of the API, and a 404 for the rest."""

from django.urls import path, re_path

from cmsys.api.router import urls
from cmsys.api.schema import DocsView, SchemaView
from cmsys.api.views import UnknownPathView

urlpatterns = [
    *urls(),
    path("schema/", SchemaView.as_view(), name="api_schema"),
    path("docs/", DocsView.as_view(), name="api_docs"),
    re_path(r"^", UnknownPathView.as_view(), name="api_unknown"),
]
