"""The kinds targets and readings (interfaces.md 2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _lazy

from appraisal.figures.known import PERIOD_FORMS, Codes, known_codes, normal_period, unknown_code
from appraisal.figures.models import Reading, Target
from appraisal.figures.permissions import FIGURES_IMPORT
from cmsys.access.functions import Function
from cmsys.org.models import OrgUnit
from cmsys.transfers.engine.columns import Column, Type
from cmsys.transfers.engine.problems import Code, _, shown
from cmsys.transfers.engine.rows import Row
from cmsys.transfers.kinds import Context
from cmsys.transfers.model_kind import ModelKind, Reference
from managers.profiles.models import RelationshipManager

PERIOD = Column(
    "period", _lazy("期间"), key=True, required=True, max_length=7, aliases=("考核期", "周期"),
    help=_lazy("如 2025Q4、2025H2、2025M11、2025"), example="2025Q4",
)  # fmt: skip
INDICATOR = Column(
    "indicator_code", _lazy("指标编码"), key=True, required=True, max_length=40, aliases=("指标", "指标代码"),
    help=_lazy("考核方案里的指标编码"), example="SALES",
)  # fmt: skip


class PeriodKind(ModelKind):
    """Rows whose key has a period and an indicator: periods in one spelling, indicators that a scheme knows."""

    # Which of the known codes count for this kind.
    codes: ClassVar[str]

    def prepare(self, rows: Sequence[Row], context: Context) -> None:
        for row in rows:
            self._normalise(row)
        super().prepare(rows, context)

    def check(self, rows: Sequence[Row], context: Context) -> None:
        """One query, once for a file."""
        codes: Codes = context.memo.get("known_codes") or known_codes()
        context.memo["known_codes"] = codes
        known: Mapping[str, str] = getattr(codes, self.codes)
        for row in rows:
            code = row.values.get("indicator_code")
            why = unknown_code(code, known, open=codes.open) if code else ""
            if why:
                row.refuse(self.column("indicator_code"), Code.NOT_FOUND, "%(why)s", why=why)

    def _normalise(self, row: Row) -> None:
        text = row.values.get("period")
        if text is None:
            return
        period = normal_period(text)
        if period is None:
            row.refuse(
                self.column("period"), Code.BAD_VALUE, _("期间应写成 %(forms)s 之一，收到“%(value)s”"),
                forms=PERIOD_FORMS, value=shown(text),
            )  # fmt: skip
        else:
            row.values["period"] = period


def person_column(*, either: bool = False) -> Column:
    """Whose figure it is."""
    return Column(
        "employee_no", _lazy("工号"), Type.REFERENCE, key=True, required=not either, key_part_may_be_empty=either,
        max_length=40, aliases=("客户经理工号",), refers_to="managers", example="100086",
    )  # fmt: skip


def people(_context: Context) -> Any:
    return RelationshipManager.objects.all()


class TargetKind(PeriodKind):
    """Targets of people or of units, by period and indicator."""

    code = "targets"
    label = _lazy("目标")
    order = 100
    function: ClassVar[Function] = FIGURES_IMPORT
    model = Target
    noun = "target"
    codes = "targets"
    columns = (
        PERIOD,
        person_column(either=True),
        Column(
            "unit_code", _lazy("机构编码"), Type.REFERENCE, key=True, key_part_may_be_empty=True, max_length=120,
            aliases=("机构", "所属机构"), refers_to="org_units", help=_lazy("给机构定目标时填，与工号二者填一个"),
        ),
        INDICATOR,
        Column("value", _lazy("目标值"), Type.DECIMAL, required=True, places=6, aliases=("目标",), example="3000"),
    )  # fmt: skip
    fields: ClassVar[Mapping[str, str]] = {
        "period": "period", "employee_no": "manager", "unit_code": "unit", "indicator_code": "indicator_code",
        "value": "value",
    }  # fmt: skip
    references: ClassVar[Mapping[str, Reference]] = {
        "employee_no": Reference(rows=people, by=("employee_no",), reach=FIGURES_IMPORT),
        "unit_code": Reference(
            rows=lambda _context: OrgUnit.objects.all(), by=("code", "name"), reach=FIGURES_IMPORT
        ),
    }
    either = ("employee_no", "unit_code")


class ReadingKind(PeriodKind):
    """Figures of people, by period and indicator."""

    code = "readings"
    label = _lazy("指标值")
    order = 110
    function: ClassVar[Function] = FIGURES_IMPORT
    model = Reading
    noun = "reading"
    codes = "readings"
    columns = (
        PERIOD,
        person_column(),
        INDICATOR,
        Column(
            "value", _lazy("实际值"), Type.DECIMAL, required=True, places=6, aliases=("指标值", "完成值"),
            example="3482",
        ),
        Column("source", _lazy("来源"), max_length=120, help=_lazy("数从哪里来，如财务报表"), example="财务部报表"),
    )  # fmt: skip
    fields: ClassVar[Mapping[str, str]] = {
        "period": "period", "employee_no": "manager", "indicator_code": "indicator_code", "value": "value",
        "source": "source",
    }  # fmt: skip
    references: ClassVar[Mapping[str, Reference]] = {
        "employee_no": Reference(rows=people, by=("employee_no",), reach=FIGURES_IMPORT)
    }
