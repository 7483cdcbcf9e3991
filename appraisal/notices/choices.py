"""States of notices, of their lines, of objections and of service."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class NoticeState(models.TextChoices):
    """Where a notice stands (docs/states/public_notice.md)."""

    DRAFT = "draft", _("草稿")
    PUBLISHED = "published", _("公示中")
    ENDED = "ended", _("已结束")
    WITHDRAWN = "withdrawn", _("已撤下")


class LineState(models.TextChoices):
    """What became of one person on a notice."""

    STANDING = "standing", _("公示中")
    CLEARED = "cleared", _("公示期满")
    STRUCK = "struck", _("已撤下")


class ObjectionState(models.TextChoices):
    """Where an objection stands (docs/states/objection.md)."""

    OPEN = "open", _("待答复")
    REJECTED = "rejected", _("异议不成立")
    UPHELD = "upheld", _("异议成立")
    MOOT = "moot", _("公示已撤下")


class Method(models.TextChoices):
    """How a decision reaches the person."""

    IN_PERSON = "in_person", _("当面")
    SYSTEM = "system", _("系统")
    MAIL = "mail", _("邮寄")


class ServiceState(models.TextChoices):
    """Whether the person has acknowledged what was served."""

    SERVED = "served", _("待签收")
    SIGNED = "signed", _("已签收")
    REFUSED = "refused", _("拒绝签收（有见证）")
    VOID = "void", _("已失效")
