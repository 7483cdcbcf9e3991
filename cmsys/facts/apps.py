"""Facts as a Django app."""

from django.apps import AppConfig


class FactsConfig(AppConfig):
    name = "cmsys.facts"
    label = "facts"
    verbose_name = "事实导入"
