"""Django's entry to the room."""

from __future__ import annotations

from django.apps import AppConfig


class AllocationConfig(AppConfig):
    """Registers the room; the engine below it knows nothing of Django."""

    name = "customers.allocation"
    label = "customers_allocation"
    verbose_name = "分客制"
