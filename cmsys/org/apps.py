"""The organisation as a Django app."""

from django.apps import AppConfig


class OrgConfig(AppConfig):
    name = "cmsys.org"
    label = "org"
    verbose_name = "组织机构"

    def ready(self) -> None:
        from cmsys.access.actors import set_access_loader
        from cmsys.org.grants import access_of

        set_access_loader(access_of)
