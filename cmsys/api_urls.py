"""Everything below /api/v1/: the registered resources, the description of the API, and a 404 for the rest."""

from django.urls import path, re_path

from cmsys.api.resources.bulk import BulkView
from cmsys.api.resources.changes import ChangesView
from cmsys.api.resources.digest import DigestView
from cmsys.api.router import urls
from cmsys.api.schema import DocsView, SchemaView
from cmsys.api.views import UnknownPathView

urlpatterns = [
    path("changes/", ChangesView.as_view(), name="api_changes"),
    path("digest/<slug:resource>/", DigestView.as_view(), name="api_digest"),
    path("<slug:resource>/bulk/", BulkView.as_view(), name="api_bulk"),
    *urls(),
    path("schema/", SchemaView.as_view(), name="api_schema"),
    path("docs/", DocsView.as_view(), name="api_docs"),
    re_path(r"^", UnknownPathView.as_view(), name="api_unknown"),
]
