"""The kinds customers and contacts (CUS-1, CUS-4, IMP-1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _lazy

from cmsys.access.functions import Function
from cmsys.accounts.pinyin import pinyin_of
from cmsys.org.models import OrgUnit
from cmsys.transfers.engine.columns import Column, Type, choices_of, normal
from cmsys.transfers.engine.problems import Code, _, shown
from cmsys.transfers.engine.rows import Row
from cmsys.transfers.kinds import Context
from cmsys.transfers.model_kind import ModelKind, Reference
from customers.registry.masking import mask_person
from customers.registry.models import (
    Contact,
    ContactChannel,
    ContactRole,
    Customer,
    CustomerCategory,
    CustomerNature,
    CustomerTier,
    Marketing,
)
from customers.registry.models import (
    CustomerKind as Kind,
)
from customers.registry.permissions import CUSTOMER_IMPORT
from customers.registry.rules import is_addressable, is_credit_code, is_masked, is_phone


def named_customer() -> Reference:
    """A customer by its number, within the reach of whoever imports."""
    return Reference(
        rows=lambda _context: Customer.objects.defer("search_key"), by=("customer_no",), reach=CUSTOMER_IMPORT
    )


class CustomerKind(ModelKind):
    """Customers by their number. Who looks after them comes with the kind assignments."""

    code = "customers"
    label = _lazy("客户")
    order = 40
    function: ClassVar[Function] = CUSTOMER_IMPORT
    model = Customer
    noun = "customer"
    columns = (
        Column("customer_no", _lazy("客户编号"), key=True, required=True, max_length=60, example="C000001"),
        Column("name", _lazy("客户名称"), required=True, max_length=160, aliases=("客户姓名", "名称"), example="深圳恒达科技有限公司"),
        Column(
            "kind", _lazy("客户类型"), Type.CHOICE, help=_lazy("不填为企业"), example="企业",
            choices=choices_of(
                Kind.choices, enterprise=("企业客户", "公司", "对公"), government=("政府机关", "行政机关", "机关"),
                public=("事业", "行政事业单位", "行政事业"), large=("大企业", "大型"), sme=("小微企业", "小企业", "中小微企业", "小微"),
                individual=("个人客户", "自然人", "对私"),
            ),
        ),
        Column(
            "nature", _lazy("客户属性"), Type.CHOICE, example="项目类",
            choices=choices_of(CustomerNature.choices, resource=("资源", "资源类客户"), project=("项目", "项目类客户")),
        ),
        Column("group_no", _lazy("集团编号"), max_length=60, example="G001"),
        Column("industry_code", _lazy("行业代码"), max_length=40, aliases=("行业",), help=_lazy("GB/T 4754"), example="C39"),
        Column("region_code", _lazy("行政区划代码"), max_length=12, aliases=("区划代码", "区域"), example="440305"),
        Column("latitude", _lazy("纬度"), Type.DECIMAL, low=-90, high=90, places=6, example="22.536000"),
        Column("longitude", _lazy("经度"), Type.DECIMAL, low=-180, high=180, places=6, example="113.940000"),
        Column("scale", _lazy("规模"), max_length=40, aliases=("企业规模",), example="中型"),
        Column(
            "category", _lazy("客户分类"), Type.CHOICE, example="重点客户",
            choices=choices_of(CustomerCategory.choices, key=("重点",), general=("一般",), prospect=("潜在",)),
        ),
        Column(
            "tier", _lazy("客户分级"), Type.REFERENCE, max_length=40, aliases=("客户等级", "价值分级"),
            help=_lazy("编码或名称，如 A 或 A 级"), example="A",
        ),
        Column("credit_code", _lazy("统一社会信用代码"), max_length=18, aliases=("信用代码",), example="91440300708461136T"),
        Column("needs", _lazy("需求偏好"), max_length=300, aliases=("需求",), example="供应链融资"),
        Column("source", _lazy("来源"), max_length=60, aliases=("客户来源",), example="转介绍"),
        Column(
            "unit_code", _lazy("所属机构"), Type.REFERENCE, max_length=120, aliases=("机构", "机构编码", "所属机构编码"),
            refers_to="org_units", help=_lazy("机构编码；名称不重复时也可填名称"), example="CD",
        ),
    )  # fmt: skip
    fields: ClassVar[Mapping[str, str]] = {
        **{column.code: column.code for column in columns if column.code != "unit_code"},
        "unit_code": "unit",
    }
    references: ClassVar[Mapping[str, Reference]] = {
        "tier": Reference(rows=lambda _context: CustomerTier.objects.all(), by=("code", "name"), listed=True),
        "unit_code": Reference(
            rows=lambda _context: OrgUnit.objects.all(), by=("code", "name"), reach=CUSTOMER_IMPORT
        ),
    }
    volatile = frozenset({"updated_at", "list_name", "search_key"})
    derived_fields = ("name_pinyin",)

    # --- checking -----------------------------------------------------------------------------------------------------
    def prepare(self, rows: Sequence[Row], context: Context) -> None:
        """As every kind; a tier may also be written `A级`, `a 类`."""
        known = context.memo.get("tiers")
        if known is None:
            known = context.memo["tiers"] = {
                normal(said): tier.code
                for tier in CustomerTier.objects.all()
                for said in (tier.code, tier.name, f"{tier.code}级", f"{tier.code}类", f"{tier.code}级客户")
            }
        for row in rows:
            if "tier" in row.values:
                row.values["tier"] = known.get(normal(row.values["tier"]), row.values["tier"])
        super().prepare(rows, context)

    def check(self, rows: Sequence[Row], context: Context) -> None:
        """Masked names, numbers no address can carry, closed units, 潜在 for a customer that has signed, credit codes."""
        known = self._known_credit_codes(rows)
        for row in rows:
            self._check_name(row)
            self._check_number(row)
            self._check_unit(row)
            self._check_category(row)
            self._check_credit_code(row, known)

    def _check_name(self, row: Row) -> None:
        name = row.values.get("name")
        if name and _is_person(row) and is_masked(name):
            row.refuse(
                self.column("name"), Code.BAD_VALUE, _("收到的是打码后的值，请填写完整内容，或留空不改")
            )

    def _check_number(self, row: Row) -> None:
        number = row.values.get("customer_no")
        if row.existing is None and number and not is_addressable(number):
            row.refuse(
                self.column("customer_no"), Code.BAD_VALUE,
                _("客户编号不能含“/”，也不能是 new，收到“%(value)s”；请换一个编号"), value=shown(number),
            )  # fmt: skip

    def _check_unit(self, row: Row) -> None:
        unit = row.refs.get("unit_code")
        if unit is not None and unit.closed_on is not None and unit != getattr(row.existing, "unit", None):
            row.refuse(
                self.column("unit_code"),
                Code.CONFLICT,
                _("机构“%(unit)s”已撤销，不能放入客户"),
                unit=unit.name,
            )

    def _check_category(self, row: Row) -> None:
        since = getattr(row.existing, "since", None)
        if row.values.get("category") == CustomerCategory.PROSPECT and since is not None:
            row.refuse(
                self.column("category"), Code.CONFLICT,
                _("该客户自 %(day)s 起已有合作，不能再分为潜在客户"), day=since.isoformat(),
            )  # fmt: skip

    def _known_credit_codes(self, rows: Sequence[Row]) -> dict[str, str]:
        """Credit code → number of the customer that bears it; one query."""
        wanted = {row.values["credit_code"] for row in rows if "credit_code" in row.values}
        if not wanted:
            return {}
        return dict(Customer.objects.filter(credit_code__in=wanted).values_list("credit_code", "customer_no"))

    def _check_credit_code(self, row: Row, known: dict[str, str]) -> None:
        """Other systems have gaps and slips in it: said, not refused."""
        code, column = row.values.get("credit_code"), self.column("credit_code")
        if not code:
            return
        if not is_credit_code(code):
            row.warn(column, Code.BAD_VALUE, _("应为 18 位数字或大写字母（不含 I、O、S、V、Z），照原样导入"))
        other = known.get(code)
        if other is not None and other != row.values.get("customer_no"):
            row.warn(
                column, Code.DUPLICATE, _("与客户“%(other)s”的统一社会信用代码相同，请核对是否重复建档"),
                other=other,
            )  # fmt: skip

    def _compare(self, row: Row) -> dict[str, tuple[Any, Any]]:
        """What differs, as the preview and the ledger may show it: of a person's name the family name."""
        changes = super()._compare(row)
        if "name" in changes and _is_person(row):
            before, after = changes["name"]
            changes["name"] = (mask_person(before) if before else before, mask_person(after))
        return changes

    def label_of(self, row: Row) -> str:
        name = row.values.get("name")
        number = row.values.get("customer_no") or ""
        if not name:
            return str(number)
        return f"{mask_person(name) if _is_person(row) else name}（{number}）"

    # --- writing ------------------------------------------------------------------------------------------------------
    def apply(self, instance: Any, row: Row, context: Context) -> None:
        super().apply(instance, row, context)
        if "name" in row.values:
            instance.name_pinyin = pinyin_of(instance.name)


def _is_person(row: Row) -> bool:
    """Whether the row speaks of a person, or did before it."""
    return Kind.INDIVIDUAL in (row.values.get("kind"), getattr(row.existing, "kind", None))


class ContactKind(ModelKind):
    """Contacts by customer and name."""

    code = "contacts"
    label = _lazy("联系人")
    order = 42
    function: ClassVar[Function] = CUSTOMER_IMPORT
    model = Contact
    noun = "contact"
    columns = (
        Column(
            "customer_no", _lazy("客户编号"), Type.REFERENCE, key=True, required=True, max_length=60,
            refers_to="customers", example="C000001",
        ),
        Column("name", _lazy("联系人"), key=True, required=True, max_length=100, aliases=("姓名", "联系人姓名"), personal=True, example="李建国"),
        Column(
            "role", _lazy("角色"), Type.CHOICE, aliases=("联系人角色",), example="决策者",
            choices=choices_of(
                ContactRole.choices, investor=("投资人",), decider=("决策人",), user=("使用者",), supporter=("支持人",)
            ),
        ),
        Column("mobile", _lazy("手机"), max_length=20, aliases=("手机号", "手机号码", "电话"), personal=True, example="13800000000"),
        Column("birthday", _lazy("生日"), Type.DATE, aliases=("出生日期",), personal=True, example="1980-06-18"),
        Column(
            "channel", _lazy("首选渠道"), Type.CHOICE, aliases=("首选联系方式", "联系渠道"), example="电话",
            choices=choices_of(
                ContactChannel.choices, phone=("手机",), message=("信息",), mail=("电子邮件", "邮箱"), visit=("拜访", "面谈")
            ),
        ),
        Column(
            "marketing", _lazy("营销意愿"), Type.CHOICE, aliases=("是否接受营销",), example="接受营销",
            choices=choices_of(Marketing.choices, accepted=("接受", "是"), refused=("拒绝", "否")),
        ),
    )  # fmt: skip
    fields: ClassVar[Mapping[str, str]] = {
        "customer_no": "customer",
        "name": "name",
        "role": "role",
        "mobile": "mobile",
        "birthday": "birthday",
        "channel": "channel",
        "marketing": "marketing",
    }
    references: ClassVar[Mapping[str, Reference]] = {"customer_no": named_customer()}

    def check(self, rows: Sequence[Row], context: Context) -> None:
        """Telephone numbers, and birthdays that have been."""
        for row in rows:
            mobile, birthday = row.values.get("mobile"), row.values.get("birthday")
            if mobile and not is_phone(mobile):
                row.refuse(
                    self.column("mobile"), Code.BAD_VALUE,
                    _("应为 11 位手机号、带区号的座机，或港澳台号码，收到“%(value)s”"), value=shown(mobile),
                )  # fmt: skip
            if birthday is not None and birthday > context.today:
                row.refuse(self.column("birthday"), Code.BAD_DATE, _("生日不能晚于今天"))

    def label_of(self, row: Row) -> str:
        name = row.values.get("name")
        return f"{row.values.get('customer_no', '')} {mask_person(name) if name else ''}".strip()
