"""Imports and exports as a Django app."""

from django.apps import AppConfig


class TransfersConfig(AppConfig):
    name = "cmsys.transfers"
    label = "transfers"
    verbose_name = "导入导出"

    def ready(self) -> None:
        from cmsys.transfers import jobs
        from cmsys.transfers.kinds import register_kind
        from cmsys.transfers.org_units import OrgUnitKind

        # The organisation lies below this room and cannot register itself (docs/adr/0007).
        register_kind(OrgUnitKind())
        jobs.register()
