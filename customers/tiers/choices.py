"""Where rules, runs and changes stand."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class RuleState(models.TextChoices):
    """One version of a code is in force at most."""

    DRAFT = "draft", _("草稿")
    ACTIVE = "active", _("现行")
    SUPERSEDED = "superseded", _("已被取代")


class Purpose(models.TextChoices):
    """A trial shows what a rule would do; a proposal can be applied."""

    TRIAL = "trial", _("试算")
    PROPOSAL = "proposal", _("分级")


class RunState(models.TextChoices):
    """docs/states/tier_run.md."""

    COMPUTING = "computing", _("计算中")
    SHOWN = "shown", _("试算完成")
    PROPOSED = "proposed", _("待决定")
    APPLYING = "applying", _("写入中")
    APPLIED = "applied", _("已采用")
    DISCARDED = "discarded", _("已放弃")
    REPLACED = "replaced", _("已被取代")
    FAILED = "failed", _("计算失败")


class Outcome(models.TextChoices):
    """What a run says of a customer it writes a line for; the values are those of the engine."""

    MOVE = "move", _("调整分级")
    HELD = "held", _("手工评定，不调整")
    WAIT = "wait", _("界线之外，继续观察")
    KEEP = "keep", _("只调整分类")


class Settled(models.TextChoices):
    """What became of a proposed change."""

    OPEN = "open", _("待决定")
    DONE = "done", _("已写入")
    SKIPPED = "skipped", _("未写入：此后已有变动")
    NONE = "none", _("不写入")
