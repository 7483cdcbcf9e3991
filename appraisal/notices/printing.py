"""公示稿, 送达通知书 with its receipt, and 聘任通知 on paper: A4 upright, numbered, with a place for the seal, text to be
selected. The same data give the same bytes; fonts and furniture are those of the score sheet.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from reportlab.lib.enums import TA_CENTER, TA_RIGHT
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, KeepTogether, Spacer, Table, TableStyle

from appraisal.notices.choices import Method, ServiceState
from appraisal.notices.models import AppointmentLetter, NoticeLine, PublicNotice, ServiceOfNotice
from appraisal.notices.words import cn_day
from cmsys.ui.paper import (
    BOLD,
    COLUMN,
    REGULAR,
    RULE,
    SMALL,
    SOFT,
    TEXT,
    WIDTH,
    document,
    grid,
    legible,
    pairs,
    style,
    text,
)

HEADING = style(18, BOLD, alignment=TA_CENTER, spaceAfter=2 * mm)
NUMBER = style(10.5, alignment=TA_CENTER, spaceAfter=7 * mm)
BODY = style(12, firstLineIndent=24, spaceAfter=3 * mm)
PLAIN = style(12, spaceAfter=3 * mm)
REASON = style(10.5, leftIndent=24, spaceAfter=1 * mm)
RIGHT = style(12, alignment=TA_RIGHT)
CELL = style(10.5)
SEAL = 38 * mm


class SealPlace(Flowable):
    """Issuer and day at the right, with a dashed circle where the seal goes."""

    def __init__(self, issuer: str, day: str) -> None:
        super().__init__()
        self.issuer, self.day = legible(issuer), legible(day)
        self.width, self.height = WIDTH, SEAL

    def draw(self) -> None:
        canvas: Any = self.canv
        middle = WIDTH - 34 * mm
        canvas.setStrokeColor(RULE)
        canvas.setDash(2, 2)
        canvas.circle(middle, SEAL / 2, SEAL / 2 - 1 * mm)
        canvas.setDash()
        canvas.setFont(REGULAR, 7.5)
        canvas.setFillColor(SOFT)
        canvas.drawCentredString(middle, 4 * mm, legible(_("盖章处")))
        canvas.setFont(REGULAR, 12)
        canvas.setFillColor(TEXT.textColor)
        canvas.drawCentredString(middle, SEAL / 2 + 2 * mm, self.issuer)
        canvas.drawCentredString(middle, SEAL / 2 - 5 * mm, self.day)


def notice_pdf(notice: PublicNotice, lines: Sequence[NoticeLine], issuer: str, reader: str) -> bytes:
    """公示稿; a draft says so where the number would stand."""
    number = notice.number or _("（草稿，未编号）")
    rows: list[list[Any]] = [
        [text(name, COLUMN) for name in (_("序号"), _("姓名"), _("机构"), _("现等级"), _("拟晋升等级"))]
    ]
    rows += [
        [text(str(place), CELL), text(line.name, CELL), text(line.unit_name, CELL),
         text(line.from_grade or _("未定级"), CELL), text(line.to_grade, CELL)]
        for place, line in enumerate(lines, start=1)
    ]  # fmt: skip
    widths = [14 * mm, 32 * mm, WIDTH - 126 * mm, 40 * mm, 40 * mm]
    story: list[Flowable] = [text(notice.title, HEADING), text(number, NUMBER)]
    story += [text(part, BODY) for part in notice.text.splitlines() if part.strip()]
    story += [grid(rows, widths, 1), Spacer(1, 4 * mm)]
    terms = [
        (_("公示时间"), period_said(notice)),
        (_("公示范围"), notice.audience.name if notice.audience else _("全行")),
        (_("异议受理"), notice.channel),
    ]
    story += [text(f"{label}：{value}", PLAIN) for label, value in terms]
    story.append(KeepTogether([Spacer(1, 6 * mm), SealPlace(issuer, cn_day(notice.starts_on))]))
    title = f"{notice.title} {notice.number}".strip()
    return document(title, story, title, reader)


def period_said(notice: PublicNotice) -> str:
    """`2026年9月28日至2026年10月10日（5个工作日，公布当日不计）`."""
    if notice.ends_on is None:
        return _("自公布之日起%(days)d个工作日（公布当日不计）") % {"days": notice.days}
    return _("%(from)s至%(to)s（%(days)d个工作日，公布当日不计）") % {
        "from": cn_day(notice.starts_on), "to": cn_day(notice.ends_on), "days": notice.days,
    }  # fmt: skip


def service_pdf(service: ServiceOfNotice, issuer: str, reader: str) -> bytes:
    """送达通知书, and under it the receipt: signed by hand, or telling what the system knows of it."""
    decision, manager = service.decision, service.decision.manager
    story: list[Flowable] = [
        text(_("等级变更决定送达通知书"), HEADING),
        text(service.number, NUMBER),
        text(_("%(name)s（工号 %(number)s）：") % {"name": manager.name, "number": manager.employee_no}, PLAIN),
        text(_("根据%(period)s考核结果，经复核、审定，您的客户经理等级由“%(from)s”调整为“%(to)s”，自%(day)s起执行。") % {
            "period": decision.cycle.period, "from": service.from_grade or _("未定级"), "to": service.to_grade,
            "day": cn_day(decision.effective_from) or _("生效日"),
        }, BODY),
        text(_("理由："), PLAIN),
        *[text(part, REASON) for part in service.reasons.splitlines() if part.strip()],
        Spacer(1, 2 * mm),
        text(_("您如对本决定有异议，可在%(day)s前（含当日）提出申诉：%(how)s申诉由未参与本决定的人员办理，结果不会更不利于您。") % {
            "day": cn_day(service.appeal_until), "how": _sentence(service.channel),
        }, BODY),
        KeepTogether([SealPlace(issuer, cn_day(service.served_on))]),
        KeepTogether([_cut(), *_receipt(service)]),
    ]  # fmt: skip
    title = _("送达通知书 %(number)s") % {"number": service.number}
    return document(title, story, title, reader)


def _sentence(text: str) -> str:
    return text if text.endswith(("。", "；", "！")) else f"{text}。"


def _cut() -> Table:
    line = Table([[text(_("（裁切线）"), SMALL)]], colWidths=[WIDTH])
    line.setStyle(TableStyle([("LINEABOVE", (0, 0), (-1, 0), 0.6, SOFT, None, (3, 3))]))
    return line


def _receipt(service: ServiceOfNotice) -> list[Flowable]:
    facts = pairs([
        (_("文号"), service.number), (_("受送达人"), service.decision.manager.name),
        (_("送达方式"), _method(service)), (_("送达日期"), cn_day(service.served_on)),
        (_("送达人"), service.served_name), (_("签收情况"), receipt_said(service)),
    ], 2)  # fmt: skip
    signs = grid(
        [
            [text(_("受送达人签收"), COLUMN), "", text(_("签字：\n日期：　　　　年　　月　　日"))],
            [text(_("拒收时见证人"), COLUMN), _witness(service.witness_one, 1), _witness(service.witness_two, 2)],
        ],
        [28 * mm, (WIDTH - 28 * mm) / 2, (WIDTH - 28 * mm) / 2], 0,
        ("TOPPADDING", (0, 0), (-1, -1), 8), ("BOTTOMPADDING", (0, 0), (-1, -1), 8),
    )  # fmt: skip
    return [
        text(_("送达回执"), HEADING),
        facts,
        signs,
        text(_("签收只表示收到本通知书，不表示同意其内容。"), SMALL),
    ]


def _witness(witness: Any, place: int) -> Any:
    return text(_("见证人%(n)d：%(name)s\n签字：") % {"n": place, "name": str(witness) if witness else ""})


def _method(service: ServiceOfNotice) -> str:
    label = str(service.get_method_display())
    return f"{label} {service.mail_no}" if service.method == Method.MAIL else label


def receipt_said(service: ServiceOfNotice) -> str:
    """What is known of the receipt, with its day."""
    label = str(service.get_state_display())
    if service.state == ServiceState.SIGNED and not service.on_paper:
        label = _("已在系统签收")
    return f"{label} {service.closed_at:%Y-%m-%d}" if service.closed_at else label


def letter_pdf(letter: AppointmentLetter, issuer: str, reader: str) -> bytes:
    """聘任通知."""
    decision, manager = letter.decision, letter.decision.manager
    story: list[Flowable] = [
        text(_("聘任通知"), HEADING),
        text(letter.number, NUMBER),
        text(_("%(name)s（工号 %(number)s）：") % {"name": manager.name, "number": manager.employee_no}, PLAIN),
        text(_("根据%(period)s考核结果，经复核、审定并公示期满，自%(day)s起聘任您为%(to)s（原等级：%(from)s）。") % {
            "period": decision.cycle.period, "day": cn_day(decision.effective_from),
            "from": decision.previous_grade.name if decision.previous_grade else _("未定级"),
            "to": decision.grade.name if decision.grade else "",
        }, BODY),
        text(_("特此通知。"), BODY),
        KeepTogether([Spacer(1, 10 * mm), SealPlace(issuer, cn_day(letter.issued_on))]),
    ]  # fmt: skip
    title = _("聘任通知 %(number)s") % {"number": letter.number}
    return document(title, story, title, reader)
