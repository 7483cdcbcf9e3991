"""The ledger as a Django app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AuditConfig(AppConfig):
    name = "cmsys.audit"
    label = "audit"
    verbose_name = "操作日志"

    def ready(self) -> None:
        from cmsys.audit.roles import grant_to_app

        # The only signal in the project: privileges must follow every migration, whoever runs it.
        post_migrate.connect(grant_to_app, dispatch_uid="cmsys.audit.roles")
