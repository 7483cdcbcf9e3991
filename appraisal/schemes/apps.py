"""Django's entry to the room."""

from __future__ import annotations

from django.apps import AppConfig


class SchemesConfig(AppConfig):
    """Registers the room; the engine below it knows nothing of Django."""

    name = "appraisal.schemes"
    label = "appraisal_schemes"
    verbose_name = "考核方案"
