"""All pages. Rooms bring their own urls; /api/v1/ is put together in api_urls."""

from django.urls import include, path

urlpatterns = [
    path("", include("cmsys.accounts.urls")),
]
