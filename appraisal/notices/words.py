"""Texts that stand in notices and services unless somebody writes others."""

from __future__ import annotations

from datetime import date, timedelta

from django.utils.translation import gettext as _

from appraisal.grading.models import GradeDecision, GradingRound
from appraisal.notices.choices import NoticeState
from appraisal.notices.models import PublicNotice
from appraisal.scoring.paper import Paper
from appraisal.scoring.words import said
from cmsys.accounts.models import User
from cmsys.org.workdays import add_working_days

CHANNEL = 300


def cn_day(day: date | None) -> str:
    """`2026年10月10日`."""
    return _("%(y)d年%(m)d月%(d)d日") % {"y": day.year, "m": day.month, "d": day.day} if day else ""


def last_day(starts_on: date, days: int) -> date:
    """The last day of a notice: the working day that is `days` working days after the day it was put up, which itself is
    not counted (民法典 art. 201)."""
    return add_working_days(starts_on, days)


def effective_from(effective_on: date | None, ended_on: date) -> date:
    """The day a decision takes effect: as planned, but never before the day after `ended_on`."""
    return max(effective_on or date.min, ended_on + timedelta(days=1))


def notice_title(round_: GradingRound) -> str:
    return _("关于%(period)s客户经理拟晋升人员的公示") % {"period": round_.cycle.period}


def notice_text(round_: GradingRound) -> str:
    return _(
        "根据《%(scheme)s》和%(period)s考核结果，经复核、审定，拟晋升下列人员的客户经理等级，现予公示。公示期间，对公示人员有异议的，"
        "请实名提出，写明事实与依据；我部门在%(days)d个工作日内核实并书面答复，并对异议人的身份保密。"
    ) % {"scheme": round_.cycle.scheme.name, "period": round_.cycle.period, "days": ANSWER_DAYS}


def notice_channel() -> str:
    return _("登录系统，在“公示栏”打开本公示，点“提出异议”；也可以书面送人力资源部。")


def appeal_channel() -> str:
    return _("登录系统，在“我的等级”提出申诉；也可以书面送人力资源部。")


# Objections are answered within so many working days.
ANSWER_DAYS = 5


def reasons_of(decision: GradeDecision, paper: Paper | None) -> str:
    """Why a grade goes down, as the sheet says it: scores, the rules that fired, and the words of whoever amended it."""
    lines = []
    if paper is not None and paper.rated:
        scores = [
            _("%(name)s得分 %(score)s") % {"name": part.name, "score": said(part.result, 2)}
            for part in paper.parts
            if part.result is not None
        ]
        lines.append(_("%(period)s考核：%(scores)s。") % {
            "period": decision.cycle.period, "scores": "，".join(scores),
        })  # fmt: skip
        for reason in paper.reasons:
            told = "：".join(filter(None, (reason.title, reason.text)))
            lines.append(f"{told}（{reason.outcome}）" if reason.outcome else told)
            lines += [
                _("　%(rule)s：本人 %(own)s，%(outcome)s") % {
                    "rule": condition.text, "own": condition.own or "—", "outcome": condition.outcome,
                }
                for condition in reason.conditions
            ]  # fmt: skip
    amended = decision.steps.filter(verb="amend").order_by("-pk").first()
    if amended is not None and amended.reason:
        lines.append(_("复核意见：%(text)s") % {"text": amended.reason})
    return "\n".join(lines)[:2000]


def account_of(employee_no: str) -> User | None:
    """The person's account, if he has one that is enabled; one query."""
    return User.objects.filter(employee_no=employee_no, is_active=True).first()


def closed_said(notice: PublicNotice) -> str:
    """Why nobody can object now: the days on which one could, or could have."""
    if notice.state == NoticeState.WITHDRAWN:
        return _("公示已撤下，不能再提出异议。")
    return _("公示期为 %(from)s 至 %(to)s，现在不能提出异议。") % {
        "from": notice.starts_on.isoformat(), "to": notice.ends_on.isoformat() if notice.ends_on else "—",
    }  # fmt: skip
