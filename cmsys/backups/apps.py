"""Backups as a Django app: it has commands and names of events, and no tables."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BackupsConfig(AppConfig):
    name = "cmsys.backups"
    label = "backups"
    verbose_name = "备份"

    def ready(self) -> None:
        from cmsys.ui.kinds import name_kinds

        name_kinds({"system.backup": _("备份"), "system.restore": _("从备份恢复")})
