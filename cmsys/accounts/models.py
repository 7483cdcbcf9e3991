"""User: a person (or nobody else) who signs in."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cmsys.access.actors import Access, load_access
from cmsys.access.masks import Mask


class UserManager(BaseUserManager["User"]):
    """Looks accounts up without regard to case, so that one person cannot have two spellings."""

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(username__iexact=username)


class User(AbstractBaseUser):
    """An account. `employee_no` ties it to the person in the personnel file, where it is the same number.

    There is no superuser and no staff flag: rights come from dated grants only (cmsys.org.RoleGrant).
    """

    resource: ClassVar[str] = "users"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}

    username = models.CharField(_("账号"), max_length=60)
    name = models.CharField(_("姓名"), max_length=100)
    name_pinyin = models.CharField(_("姓名拼音"), max_length=200, blank=True)
    employee_no = models.CharField(_("工号"), max_length=40, unique=True, null=True, blank=True)
    is_active = models.BooleanField(_("启用"), default=True)
    is_demo = models.BooleanField(_("演示账号"), default=False)
    must_change_password = models.BooleanField(_("下次登录须修改密码"), default=True)
    password_changed_at = models.DateTimeField(_("密码修改时间"), null=True, blank=True)
    created_at = models.DateTimeField(_("创建时间"), default=timezone.now, editable=False)

    objects = UserManager()
    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        verbose_name = _("账号")
        ordering = ["username"]
        constraints = [models.UniqueConstraint(Lower("username"), name="accounts_user_username_unique")]

    def __str__(self) -> str:
        return f"{self.name}（{self.username}）"

    @property
    def actor_id(self) -> int:
        return self.pk

    @property
    def actor_name(self) -> str:
        return str(self)

    @cached_property
    def access(self) -> Access:
        """What this person may do now; one query, kept for the lifetime of this instance (one request)."""
        return load_access(self)
