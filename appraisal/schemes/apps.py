"""Django's entry to the room."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SchemesConfig(AppConfig):
    """Registers the room; the engine below it knows nothing of Django."""

    name = "appraisal.schemes"
    label = "appraisal_schemes"
    verbose_name = "考核方案"

    def ready(self) -> None:
        from cmsys.ui.kinds import name_kinds

        name_kinds({"scheme.create": _("导入考核方案"), "scheme.update": _("更新考核方案")})
