"""The user interface as a Django app."""

from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "cmsys.ui"
    label = "ui"
    verbose_name = "界面"
