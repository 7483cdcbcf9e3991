"""The kind posts: 岗位 with headcount and unit (ORG-2, IMP-1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from django.utils.translation import gettext_lazy as _lazy

from cmsys.access.functions import Function
from cmsys.org.models import OrgUnit
from cmsys.transfers.engine.columns import Column, Type, choices_of
from cmsys.transfers.engine.problems import Code, _
from cmsys.transfers.engine.rows import Row
from cmsys.transfers.kinds import Context
from cmsys.transfers.model_kind import ModelKind, Reference
from managers.careers.models import Post, Series
from managers.careers.permissions import POSTS_IMPORT


class PostKind(ModelKind):
    """Posts by their code; without a unit a post exists everywhere."""

    code = "posts"
    label = _lazy("岗位")
    order = 20
    function: ClassVar[Function] = POSTS_IMPORT
    model = Post
    noun = "post"
    columns = (
        Column("code", _lazy("岗位编码"), key=True, required=True, max_length=40, example="P-CD-01"),
        Column("name", _lazy("岗位名称"), required=True, max_length=120, example="公司客户经理岗"),
        Column(
            "series",
            _lazy("序列"),
            Type.CHOICE,
            choices=choices_of(
                Series.choices, business=("业务",), management=("管理",), expert=("专家", "专业序列")
            ),
            help=_lazy("不填为业务序列"),
            example="业务序列",
        ),
        Column("headcount", _lazy("编制"), Type.INTEGER, low=0, high=100_000, example="3"),
        Column(
            "unit_code",
            _lazy("所属机构"),
            Type.REFERENCE,
            max_length=120,
            aliases=("机构", "机构编码", "所属机构编码"),
            refers_to="org_units",
            help=_lazy("机构编码；名称不重复时也可填名称。不填表示全行通用"),
            example="CD",
        ),
    )
    fields: ClassVar[Mapping[str, str]] = {
        "code": "code",
        "name": "name",
        "series": "series",
        "headcount": "headcount",
        "unit_code": "unit",
    }
    references: ClassVar[Mapping[str, Reference]] = {
        "unit_code": Reference(
            rows=lambda _context: OrgUnit.objects.all(), by=("code", "name"), reach=POSTS_IMPORT
        )
    }

    def check(self, rows: Sequence[Row], context: Context) -> None:
        column = self.column("unit_code")
        for row in rows:
            unit = row.refs.get("unit_code")
            present = row.existing.unit_id if row.existing is not None else None
            if unit is not None and unit.closed_on is not None and unit.pk != present:
                row.refuse(column, Code.CONFLICT, _("机构“%(name)s”已撤销"), name=unit.name)
