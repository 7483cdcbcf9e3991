"""Accounts are made, disabled, enabled and given a new password here."""

from __future__ import annotations

import secrets
import string
from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from cmsys.access.actors import Actor, require
from cmsys.accounts.models import User
from cmsys.accounts.permissions import USER_EDIT
from cmsys.accounts.pinyin import pinyin_of
from cmsys.audit.ledger import record

_SYMBOLS = "!#%+=?@"


def random_password(length: int = 16) -> str:
    """A password that satisfies every profile: letters of both cases, digits and a symbol, from the system's source."""
    alphabet = string.ascii_letters + string.digits
    body = [secrets.choice(alphabet) for _place in range(length - 4)]
    must = [
        secrets.choice(group)
        for group in (string.ascii_lowercase, string.ascii_uppercase, string.digits, _SYMBOLS)
    ]
    mixed = body + must
    secrets.SystemRandom().shuffle(mixed)
    return "".join(mixed)


@transaction.atomic
def user_create(
    *,
    actor: Actor,
    username: str,
    name: str,
    employee_no: str | None = None,
    password: str,
    is_demo: bool = False,
) -> User:
    """Makes an account whose owner changes the password at the first sign-in (demonstration accounts excepted).

    Raises MissingFunction, ValidationError (username or employee number taken, malformed name).
    """
    require(actor, USER_EDIT)
    user = User(
        username=username,
        name=name,
        name_pinyin=pinyin_of(name),
        employee_no=employee_no or None,
        is_demo=is_demo,
        must_change_password=not is_demo,
    )
    user.set_password(password)
    user.full_clean()
    user.save()
    record(
        "user.create",
        user,
        actor=actor,
        after={"username": username, "name": name, "employee_no": employee_no},
    )
    return user


@transaction.atomic
def user_set_active(*, actor: Actor, user_id: int, active: bool, reason: str) -> User:
    """Enables or disables an account. A disabled one loses its sessions at once; repeating changes nothing.

    Raises MissingFunction, User.DoesNotExist.
    """
    require(actor, USER_EDIT)
    user = User.objects.select_for_update().get(pk=user_id)
    if user.is_active != active:
        user.is_active = active
        user.save(update_fields=["is_active"])
        record(
            "user.enable" if active else "user.disable",
            user,
            actor=actor,
            before={"is_active": not active},
            after={"is_active": active},
            reason=reason,
        )
    if not active:
        end_sessions(user)
    return user


@transaction.atomic
def password_reset(*, actor: Actor, user_id: int, reason: str) -> tuple[User, str]:
    """Gives the account a random password, shown once and to be changed at the next sign-in. Ends its sessions.

    Raises MissingFunction, User.DoesNotExist.
    """
    require(actor, USER_EDIT)
    user = User.objects.select_for_update().get(pk=user_id)
    password = random_password()
    user.set_password(password)
    user.must_change_password = True
    user.save(update_fields=["password", "must_change_password"])
    record("user.password_reset", user, actor=actor, reason=reason)
    end_sessions(user)
    return user, password


@transaction.atomic
def password_change(*, user: User, password: str, now: datetime) -> None:
    """The person's own change. Raises ValidationError when the password breaks a rule or is the present one."""
    validate_password(password, user)
    locked = User.objects.select_for_update().get(pk=user.pk)
    if locked.check_password(password):
        raise ValidationError(_("新密码不能与当前密码相同。"), code="unchanged")
    locked.set_password(password)
    locked.must_change_password = False
    locked.password_changed_at = now
    locked.save(update_fields=["password", "must_change_password", "password_changed_at"])
    record("user.password_change", locked, actor=user, now=now)
    user.password = locked.password
    user.must_change_password = False


def end_sessions(user: User) -> int:
    """Deletes the account's sessions and returns how many; reads every live session, for there is no index on the owner."""
    ended = 0
    for session in Session.objects.all().iterator():
        if session.get_decoded().get("_auth_user_id") == str(user.pk):
            session.delete()
            ended += 1
    return ended
