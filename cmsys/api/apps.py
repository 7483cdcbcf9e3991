"""The API as a Django app."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "cmsys.api"
    label = "api"
    verbose_name = "数据接口"

    def ready(self) -> None:
        from cmsys.api import schema  # noqa: F401  (its extension registers itself by being imported)
        from cmsys.api.resources.org_units import OrgUnitViewSet
        from cmsys.api.router import register

        register("org-units", OrgUnitViewSet)
