"""Posts and grades as a Django app."""

from django.apps import AppConfig


class CareersConfig(AppConfig):
    name = "managers.careers"
    label = "managers_careers"
    verbose_name = "岗位与等级"
