"""Profiles as a Django app."""

from django.apps import AppConfig


class ProfilesConfig(AppConfig):
    name = "managers.profiles"
    label = "managers_profiles"
    verbose_name = "客户经理档案"
