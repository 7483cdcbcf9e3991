"""How a sheet was answered."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Outcome(models.TextChoices):
    """What the person said of his sheet; a refusal is recorded by the supervisor before two witnesses."""

    SIGNED = "signed", _("已签字")
    OBJECTED = "objected", _("有异议签字")
    REFUSED = "refused", _("拒绝签字")


class Signature(models.TextChoices):
    """Where a sheet stands: answered in its present version, answered in an earlier one only, or not at all."""

    NONE = "none", _("未签")
    VOID = "void", _("原签字已作废")
    SIGNED = "signed", _("已签字")
    OBJECTED = "objected", _("有异议签字")
    REFUSED = "refused", _("拒绝签字")


TONES: dict[str, str] = {
    Signature.NONE: "warn", Signature.VOID: "down", Signature.SIGNED: "up", Signature.OBJECTED: "warn",
    Signature.REFUSED: "down",
}  # fmt: skip
# Working days after a round was submitted.
DAYS = 5
