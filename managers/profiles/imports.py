"""The kind managers: 客户经理 with unit, post and grade from a roster (MGR-1, IMP-1)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _lazy

from cmsys.access.functions import Function
from cmsys.accounts.pinyin import pinyin_of
from cmsys.org.models import BusinessLine, OrgUnit
from cmsys.transfers.engine.columns import Column, Type, choices_of
from cmsys.transfers.engine.problems import Code, _, shown
from cmsys.transfers.engine.rows import Row
from cmsys.transfers.kinds import Change, Context
from cmsys.transfers.model_kind import ModelKind, Reference
from managers.careers.models import Grade, Post
from managers.profiles.models import (
    Education,
    Gender,
    GradeCause,
    GradeRecord,
    ManagerCategory,
    RelationshipManager,
    Status,
)
from managers.profiles.permissions import MANAGER_IMPORT

# Mainland mobile, landline with area code, Hong Kong, Macao, Taiwan.
_PHONE = re.compile(r"(?:\+?86)?1[3-9]\d{9}|(?:\+?86)?0\d{9,11}|\+?(?:852|853|886)\d{7,10}")


class ManagerKind(ModelKind):
    """People by their employee number. A grade in the file begins a grade record; it never rewrites an earlier one."""

    code = "managers"
    label = _lazy("客户经理")
    order = 30
    function: ClassVar[Function] = MANAGER_IMPORT
    model = RelationshipManager
    noun = "manager"
    columns = (
        Column("employee_no", _lazy("工号"), key=True, required=True, max_length=40, example="100086"),
        Column("name", _lazy("姓名"), required=True, max_length=100, example="陈思远"),
        Column(
            "gender",
            _lazy("性别"),
            Type.CHOICE,
            choices=choices_of(Gender.choices, male=("M", "男性", "先生"), female=("F", "女性", "女士")),
            example="男",
        ),
        Column("birth_date", _lazy("出生日期"), Type.DATE, personal=True, example="1990-05-17"),
        Column(
            "unit_code",
            _lazy("所属机构"),
            Type.REFERENCE,
            required=True,
            max_length=120,
            aliases=("机构", "机构编码", "所属机构编码"),
            refers_to="org_units",
            help=_lazy("机构编码；名称不重复时也可填名称"),
            example="CD",
        ),
        Column(
            "post_code",
            _lazy("岗位编码"),
            Type.REFERENCE,
            max_length=120,
            aliases=("岗位", "所任岗位"),
            refers_to="posts",
            help=_lazy("岗位编码；名称不重复时也可填名称"),
            example="P-CD-01",
        ),
        Column(
            "line",
            _lazy("条线"),
            Type.REFERENCE,
            max_length=80,
            aliases=("业务条线",),
            help=_lazy("编码或名称"),
            example="公司业务",
        ),
        Column(
            "category",
            _lazy("类别"),
            Type.REFERENCE,
            max_length=80,
            aliases=("客户经理类别",),
            help=_lazy("编码或名称"),
            example="对公",
        ),
        Column(
            "grade_code",
            _lazy("等级"),
            Type.REFERENCE,
            max_length=80,
            aliases=("等级编码", "客户经理等级"),
            help=_lazy("编码或名称；新录入者自入职日期（没有则自导入当天）起算，已有者自导入当天起算"),
            example="初级客户经理",
        ),
        Column("hire_date", _lazy("入职日期"), Type.DATE, example="2018-07-01"),
        Column(
            "education",
            _lazy("学历"),
            Type.CHOICE,
            choices=choices_of(
                Education.choices,
                high_school=("高中", "中专", "初中", "高中/中专"),
                college=("专科", "大学专科", "高职"),
                bachelor=("大学", "大学本科", "学士"),
                master=("研究生", "硕士研究生"),
                doctor=("博士研究生",),
            ),
            example="本科",
        ),
        Column("major", _lazy("专业"), max_length=80, example="金融学"),
        Column("experience_years", _lazy("从业年限"), Type.INTEGER, low=0, high=60, example="7"),
        Column(
            "industries",
            _lazy("擅长行业"),
            Type.LIST,
            max_length=40,
            help=_lazy("多个用顿号或分号分开"),
            example="制造业、批发零售",
        ),
        Column(
            "region_code",
            _lazy("服务区域"),
            max_length=12,
            aliases=("行政区划代码", "服务区域代码"),
            example="110105",
        ),
        Column(
            "mobile",
            _lazy("手机"),
            max_length=20,
            aliases=("手机号", "手机号码"),
            personal=True,
            example="13800000000",
        ),
        Column(
            "email",
            _lazy("邮箱"),
            max_length=120,
            aliases=("电子邮箱",),
            personal=True,
            example="name@example.com",
        ),
        Column("capacity", _lazy("客户容量"), Type.INTEGER, low=0, high=1_000_000, example="120"),
        Column(
            "status",
            _lazy("状态"),
            Type.CHOICE,
            choices=choices_of(Status.choices, active=("在职", "正式"), on_leave=("请假",), left=("已离职",)),
            help=_lazy("不填为在岗"),
            example="在岗",
        ),
    )
    fields: ClassVar[Mapping[str, str]] = {
        "employee_no": "employee_no",
        "name": "name",
        "gender": "gender",
        "birth_date": "birth_date",
        "unit_code": "unit",
        "post_code": "post",
        "line": "line",
        "category": "category",
        "grade_code": "grade",
        "hire_date": "hire_date",
        "education": "education",
        "major": "major",
        "experience_years": "experience_years",
        "industries": "industries",
        "region_code": "region_code",
        "mobile": "mobile",
        "email": "email",
        "capacity": "capacity",
        "status": "status",
    }
    references: ClassVar[Mapping[str, Reference]] = {
        "unit_code": Reference(
            rows=lambda _context: OrgUnit.objects.all(), by=("code", "name"), reach=MANAGER_IMPORT
        ),
        "post_code": Reference(
            rows=lambda context: Post.objects.reached_by(context.actor, MANAGER_IMPORT), by=("code", "name")
        ),
        "line": Reference(rows=lambda _context: BusinessLine.objects.all(), by=("code", "name"), listed=True),
        "category": Reference(
            rows=lambda _context: ManagerCategory.objects.all(), by=("code", "name"), listed=True
        ),
        "grade_code": Reference(rows=lambda _context: Grade.objects.all(), by=("code", "name"), listed=True),
    }
    derived_fields = ("name_pinyin",)
    parts: ClassVar[Mapping[type, str]] = {GradeRecord: "manager"}

    # --- checking -----------------------------------------------------------------------------------------------------
    def check(self, rows: Sequence[Row], context: Context) -> None:
        """Contacts, dates against each other, units that are open, lines within reach, grades that can begin."""
        present = self._present_records(rows, context)
        for row in rows:
            self._check_contacts(row)
            self._check_dates(row, context)
            self._check_unit(row)
            self._check_line(row, context)
            self._check_grade(row, context, present)

    def _check_contacts(self, row: Row) -> None:
        mobile, email = row.values.get("mobile"), row.values.get("email")
        if mobile and not _PHONE.fullmatch(re.sub(r"[\s\-()（）]", "", mobile)):
            row.refuse(
                self.column("mobile"),
                Code.BAD_VALUE,
                _("应为 11 位手机号、带区号的座机，或港澳台号码，收到“%(value)s”"),
                value=shown(mobile),
            )
        if email:
            try:
                validate_email(email)
            except ValidationError:
                row.refuse(
                    self.column("email"),
                    Code.BAD_VALUE,
                    _("应为邮箱地址（如 name@example.com），收到“%(value)s”"),
                    value=shown(email),
                )

    def _check_dates(self, row: Row, context: Context) -> None:
        born = row.values.get("birth_date") or getattr(row.existing, "birth_date", None)
        hired = row.values.get("hire_date") or getattr(row.existing, "hire_date", None)
        if "birth_date" in row.values and row.values["birth_date"] > context.today:
            row.refuse(self.column("birth_date"), Code.BAD_DATE, _("出生日期不能晚于今天"))
        elif born and hired and hired <= born and {"birth_date", "hire_date"} & set(row.values):
            column = self.column("hire_date" if "hire_date" in row.values else "birth_date")
            row.refuse(
                column,
                Code.CONFLICT,
                _("入职日期须晚于出生日期"),
            )

    def _check_unit(self, row: Row) -> None:
        unit = row.refs.get("unit_code")
        present = row.existing.unit_id if row.existing is not None else None
        if unit is not None and unit.closed_on is not None and unit.pk != present:
            row.refuse(self.column("unit_code"), Code.CONFLICT, _("机构“%(name)s”已撤销"), name=unit.name)

    def _check_line(self, row: Row, context: Context) -> None:
        """Whoever imports for one business line only puts nobody into another, nor outside of all lines."""
        unit = row.refs.get("unit_code") or getattr(row.existing, "unit", None)
        line = row.refs.get("line") or getattr(row.existing, "line", None)
        if unit is None or row.problems:
            return
        reached = context.memo.setdefault("reached", context.actor.access.reaches(MANAGER_IMPORT))
        inside = [
            pair for pair in reached if (unit.path or "").startswith(pair.unit_path) or pair.reach == "all"
        ]
        if inside and not any(pair.line_id in (None, line.pk if line else 0) for pair in inside):
            row.refuse(self.column("line"), Code.OUT_OF_SCOPE, _("您只能导入本条线的客户经理"))

    def _check_grade(self, row: Row, context: Context, present: Mapping[int, GradeRecord]) -> None:
        grade = row.refs.get("grade_code")
        if grade is None or row.existing is None or row.existing.grade_id == grade.pk:
            return
        record = present.get(row.existing.pk)
        if record is not None and record.starts_on >= context.today:
            row.refuse(
                self.column("grade_code"),
                Code.CONFLICT,
                _("现等级自 %(day)s 起，新等级须晚于这一天开始；请改天导入，或在档案中更正"),
                day=record.starts_on.isoformat(),
            )

    def _present_records(self, rows: Sequence[Row], context: Context) -> dict[int, GradeRecord]:
        """The grade records that would end, by manager; one query."""
        changing = [
            row.existing.pk
            for row in rows
            if row.existing is not None
            and "grade_code" in row.refs
            and row.existing.grade != row.refs["grade_code"]
        ]
        if not changing:
            return {}
        records = GradeRecord.objects.filter(manager__in=changing, ends_on__isnull=True)
        if context.writing:
            records = records.select_for_update()
        return {record.manager_id: record for record in records}

    # --- writing ------------------------------------------------------------------------------------------------------
    def apply(self, instance: Any, row: Row, context: Context) -> None:
        super().apply(instance, row, context)
        instance.name_pinyin = pinyin_of(instance.name)

    def create_many(self, rows: Sequence[Row], instances: list[Any], context: Context) -> None:
        super().create_many(rows, instances, context)
        begun = [
            self._record(instance, instance.hire_date or context.today, context)
            for instance in instances
            if instance.grade_id is not None
        ]
        GradeRecord.objects.bulk_create(begun, batch_size=2000)

    def update_many(self, rows: Sequence[Row], fields: list[str], context: Context) -> None:
        super().update_many(rows, fields, context)
        graded = [row.existing for row in rows if "grade_code" in row.changes]
        if not graded:
            return
        GradeRecord.objects.filter(manager__in=graded, ends_on__isnull=True).update(ends_on=context.today)
        GradeRecord.objects.bulk_create(
            [self._record(manager, context.today, context) for manager in graded], batch_size=2000
        )

    @staticmethod
    def _record(manager: RelationshipManager, starts_on: Any, context: Context) -> GradeRecord:
        return GradeRecord(
            manager=manager,
            grade=manager.grade,
            starts_on=starts_on,
            cause=GradeCause.IMPORTED,
            note=context.reason,
        )

    # --- taking back --------------------------------------------------------------------------------------------------
    def after_restore(self, restored: Sequence[tuple[Any, Change]], context: Context) -> None:
        """A grade that came with the batch never was: its record goes, the one before it goes on."""
        managers = [manager.pk for manager, change in restored if "grade_id" in change.before]
        if not managers:
            return
        records: dict[int, list[GradeRecord]] = {}
        for record in GradeRecord.objects.filter(manager__in=managers).order_by("manager", "-starts_on"):
            records.setdefault(record.manager_id, []).append(record)
        dropped, resumed = [], []
        for last, *earlier in records.values():
            dropped.append(last.pk)
            if earlier and earlier[0].ends_on == last.starts_on:
                earlier[0].ends_on = None
                resumed.append(earlier[0])
        GradeRecord.objects.filter(pk__in=dropped).delete()
        GradeRecord.objects.bulk_update(resumed, ["ends_on"], batch_size=2000)

    def before_remove(self, instances: Sequence[Any], context: Context) -> None:
        GradeRecord.objects.filter(manager__in=instances).delete()
