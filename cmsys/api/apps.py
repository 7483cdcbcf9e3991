"""The API as a Django app."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "cmsys.api"
    label = "api"
    verbose_name = "数据接口"

    def ready(self) -> None:
        from cmsys.api import housekeeping, schema  # noqa: F401  (schema's extensions register themselves by being imported)
        from cmsys.api.feed import ORG_UNITS
        from cmsys.api.resources.org_units import OrgUnitViewSet
        from cmsys.api.router import register
        from cmsys.feed.tables import add_feed
        from cmsys.org.permissions import UNIT_VIEW

        register("org-units", OrgUnitViewSet)
        add_feed(ORG_UNITS, {"org:read": (UNIT_VIEW,)})
        housekeeping.register()
