"""Accounts as a Django app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "cmsys.accounts"
    label = "accounts"
    verbose_name = "账号"
