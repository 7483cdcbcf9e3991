"""Posts are made and changed here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from cmsys.access.actors import Actor, require
from cmsys.audit.ledger import changes_between, record
from cmsys.org.permissions import UNIT_EDIT
from cmsys.org.services.units import check_placeable
from managers.careers.models import Post

EDITABLE = ("name", "series", "headcount", "unit")


@transaction.atomic
def post_create(*, actor: Actor, code: str, **values: Any) -> Post:
    """Makes a post (values of EDITABLE). Raises MissingFunction, ValidationError (code taken, unit out of reach)."""
    require(actor, UNIT_EDIT)
    check_placeable(actor, values.get("unit"), UNIT_EDIT)
    post = Post(code=code, **values)
    post.full_clean()
    post.save()
    record("post.create", post, actor=actor, after={"code": code, **values})
    return post


@transaction.atomic
def post_update(*, actor: Actor, post_id: int, values: Mapping[str, Any], reason: str = "") -> Post:
    """Changes the named fields; no event when nothing differs.

    Raises MissingFunction, Post.DoesNotExist (out of scope), ValidationError.
    """
    require(actor, UNIT_EDIT)
    post = Post.objects.visible_to(actor, "edit").select_for_update(of=("self",)).get(pk=post_id)
    if set(values) - set(EDITABLE):
        raise ValueError(f"not editable here: {sorted(set(values) - set(EDITABLE))}")
    if "unit" in values:
        check_placeable(actor, values["unit"], UNIT_EDIT)
    before, after = changes_between({name: getattr(post, name) for name in values}, values)
    if not after:
        return post
    for name, value in values.items():
        setattr(post, name, value)
    post.full_clean()
    post.save()
    record("post.update", post, actor=actor, before=before, after=after, reason=reason)
    return post
