"""Where a handover stands, what passes with a customer, and how somebody was reached."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class HandoverState(models.TextChoices):
    """Where a handover stands (docs/states/handover.md)."""

    OPEN = "open", _("待移交人签")
    GIVEN = "given", _("待接交人签")
    TAKEN = "taken", _("待监交")
    CLOSED = "closed", _("已办结")
    CANCELLED = "cancelled", _("已取消")


# States in which somebody has yet to sign.
PENDING = (HandoverState.OPEN, HandoverState.GIVEN, HandoverState.TAKEN)


class LineKind(models.TextChoices):
    """What passes with a customer. 业绩余额 is what the giver has earned with him in the running period."""

    CARE = "care", _("仅管户")
    FULL = "full", _("管户和业绩余额")
    STAY = "stay", _("不移交")


class Channel(models.TextChoices):
    """How a customer was reached."""

    PHONE = "phone", _("电话")
    VISIT = "visit", _("上门拜访")
    BRANCH = "branch", _("网点面谈")
    ONLINE = "online", _("视频或线上")
    MESSAGE = "message", _("短信或微信")


class ContactState(models.TextChoices):
    """Where a first contact stands; derived from its days."""

    DUE = "due", _("待联系")
    LATE = "late", _("已逾期")
    DONE = "done", _("已联系")
    CANCELLED = "cancelled", _("已取消")


# Three signatures are due within so many working days of the cut-off.
SIGN_DAYS = 10
# A first contact still missing so many working days after it was due is told to customers management.
SECOND_DAYS = 2
# An owner entered for a day longer ago than this is a record of the past, and nothing is handed over for it.
RECENT_DAYS = 30
# Contracts that end within so many days are talked about at the joint visit.
RENEWAL_DAYS = 90
# How long it is watched whether things go on as before.
WATCH_DAYS = 90
