"""Posts and certificates: each verb with its event, its refusals, its limits."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from cmsys.org.models import OrgUnit
from managers.careers.models import Post
from managers.careers.services.posts import post_create, post_update
from managers.profiles.models import Certificate, RelationshipManager
from managers.profiles.services.certificates import certificate_add, certificate_remove, certificate_update
from tests.cast import Cast
from tests.kernel.ledger import events, nothing_written, refused_without, said

pytestmark = pytest.mark.django_db

HRH, HRB = "郑人事（hrh）", "冯分行（hrb）"
JANUARY, JUNE = date(2024, 1, 15), date(2027, 6, 30)
NOBODY = 999_999_999


def add(cast: Cast, number: str = "M-CD1", who: str = "hrb", **values: Any) -> Certificate:
    given: dict[str, Any] = {
        "name": "AFP",
        "number": "A-1",
        "issuer": "协会",
        "issued_on": JANUARY,
        "expires_on": JUNE,
    }
    return certificate_add(actor=cast.user(who), manager_id=cast.managers[number].pk, **given | values)


# --- posts ----------------------------------------------------------------------------------------------------------------
def test_making_a_post(cast: Cast) -> None:
    with events() as written:
        post = post_create(
            actor=cast.user("hrh"),
            code="P-NEW",
            name="小微岗",
            series="expert",
            headcount=0,
            unit=cast.units["CX"],
        )
    assert post.headcount == 0
    assert [said(event) for event in written] == [
        {
            "kind": "post.create", "who": HRH, "object": "小微岗", "before": {}, "reason": "",
            "after": {"code": "P-NEW", "name": "小微岗", "series": "expert", "headcount": 0, "unit": "城西支行"},
        }
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("values", "errors"),
    [
        ({"code": "P-CD"}, {"code": ["具有 岗位编码 的 岗位 已存在。"]}),
        ({"name": ""}, {"name": ["此字段不能为空。"]}),
        ({"series": "secret"}, {"series": ["值 'secret' 不是有效选项。"]}),
        ({"headcount": -1}, {"headcount": ["确保该值大于或等于0。"]}),
    ],
)
def test_what_a_post_cannot_be(cast: Cast, values: dict[str, Any], errors: dict[str, list[str]]) -> None:
    with nothing_written(), pytest.raises(ValidationError) as refusal:
        post_create(actor=cast.user("hrh"), **{"code": "P-NEW", "name": "岗", **values})
    assert refusal.value.message_dict == errors


def test_a_post_is_not_put_into_a_closed_unit(cast: Cast) -> None:
    OrgUnit.objects.filter(code="CX").update(closed_on=JANUARY)
    closed = OrgUnit.objects.get(code="CX")
    with nothing_written(), pytest.raises(ValidationError, match="机构“城西支行”已撤销。"):
        post_create(actor=cast.user("hrh"), code="P-NEW", name="岗", unit=closed)
    with nothing_written(), pytest.raises(ValidationError, match="机构“城西支行”已撤销。"):
        post_update(actor=cast.user("hrh"), post_id=cast.posts["P-CD"].pk, values={"unit": closed})


def test_changing_a_post_says_only_what_differs_and_nothing_the_second_time(cast: Cast) -> None:
    values = {"name": "公司客户经理岗", "headcount": 5, "unit": None}
    with events() as written:
        post_update(actor=cast.user("sys"), post_id=cast.posts["P-CD"].pk, values=values, reason="扩编")
    assert [said(event) for event in written] == [
        {
            "kind": "post.update", "who": "孙系统（sys）", "object": "公司客户经理岗", "reason": "扩编",
            "before": {"headcount": 3, "unit": "城东支行"}, "after": {"headcount": 5, "unit": None},
        }
    ]  # fmt: skip
    with nothing_written():
        post_update(actor=cast.user("sys"), post_id=cast.posts["P-CD"].pk, values=values)
    with nothing_written(), pytest.raises(ValueError, match=r"not editable here: \['code'\]"):
        post_update(actor=cast.user("sys"), post_id=cast.posts["P-CD"].pk, values={"code": "x"})


@pytest.mark.parametrize("who", ["sec", "aud", "hrb", "mgr", "cm", "cmd", "da", "trn", "nobody"])
def test_posts_are_kept_by_headquarters(cast: Cast, who: str) -> None:
    with refused_without("维护机构与岗位"):
        post_create(actor=cast.user(who), code="P-NEW", name="岗")
    with refused_without("维护机构与岗位"):
        post_update(actor=cast.user(who), post_id=cast.posts["P-CD"].pk, values={"name": "x"})


def test_a_post_that_is_not_there_does_not_exist(cast: Cast) -> None:
    with nothing_written(), pytest.raises(Post.DoesNotExist):
        post_update(actor=cast.user("hrh"), post_id=NOBODY, values={"name": "x"})


# --- certificates -----------------------------------------------------------------------------------------------------------
def test_entering_a_certificate(cast: Cast) -> None:
    with events() as written:
        add(cast)
    assert [said(event) for event in written] == [
        {
            "kind": "certificate.add", "who": HRB, "object": "陈思远（M-CD1）：AFP", "before": {}, "reason": "",
            "after": {
                "name": "AFP", "number": "A-1", "issuer": "协会", "issued_on": "2024-01-15", "expires_on": "2027-06-30",
                "manager": "陈思远（M-CD1）",
            },
        }
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("values", "errors"),
    [
        ({"name": ""}, {"name": ["此字段不能为空。"]}),
        ({"name": "证" * 81}, {"name": ["确保该变量包含不超过 80 字符 (目前字符数 81)。"]}),
        ({"expires_on": JANUARY}, {"__all__": ["失效日期须晚于取得日期"]}),
    ],
)
def test_what_a_certificate_cannot_be(
    cast: Cast, values: dict[str, Any], errors: dict[str, list[str]]
) -> None:
    with nothing_written(), pytest.raises(ValidationError) as refusal:
        add(cast, **values)
    assert refusal.value.message_dict == errors


def test_a_certificate_is_entered_once(cast: Cast) -> None:
    add(cast)
    with nothing_written(), pytest.raises(ValidationError) as refusal:
        add(cast)
    assert list(refusal.value.message_dict) == ["__all__"]
    add(cast, issued_on=date(2024, 1, 16))
    add(cast, name="CFP")


def test_changing_and_taking_back_a_certificate(cast: Cast) -> None:
    certificate = add(cast)
    values = {"issuer": "总会", "number": "A-1"}
    with events() as written:
        certificate_update(actor=cast.user("hrb"), certificate_id=certificate.pk, values=values)
    assert [(e.kind, e.object_label, e.before, e.after) for e in written] == [
        ("certificate.update", "陈思远（M-CD1）：AFP", {"issuer": "协会"}, {"issuer": "总会"})
    ]
    with nothing_written():
        certificate_update(actor=cast.user("hrb"), certificate_id=certificate.pk, values=values)
    with events() as written:
        certificate_remove(actor=cast.user("hrb"), certificate_id=certificate.pk, reason="重复登记")
    assert [said(event) for event in written] == [
        {
            "kind": "certificate.remove", "who": HRB, "object": "陈思远（M-CD1）：AFP", "after": {}, "reason": "重复登记",
            "before": {
                "name": "AFP", "number": "A-1", "issuer": "总会", "issued_on": "2024-01-15", "expires_on": "2027-06-30",
            },
        }
    ]  # fmt: skip
    with nothing_written(), pytest.raises(Certificate.DoesNotExist):
        certificate_remove(actor=cast.user("hrb"), certificate_id=certificate.pk, reason="再来")


@pytest.mark.parametrize("who", ["sys", "sec", "aud", "mgr", "cm", "cmd", "da", "trn", "nobody"])
def test_certificates_are_kept_by_hr(cast: Cast, who: str) -> None:
    certificate = add(cast)
    with refused_without("维护客户经理档案"):
        add(cast, who=who, name="CFP")
    with refused_without("维护客户经理档案"):
        certificate_update(actor=cast.user(who), certificate_id=certificate.pk, values={"name": "x"})
    with refused_without("维护客户经理档案"):
        certificate_remove(actor=cast.user(who), certificate_id=certificate.pk, reason="x")


def test_certificates_of_people_out_of_scope_do_not_exist(cast: Cast) -> None:
    foreign = add(cast, "M-PD1", who="hrh")
    with nothing_written(), pytest.raises(RelationshipManager.DoesNotExist):
        add(cast, "M-PD1", name="CFP")
    with nothing_written(), pytest.raises(Certificate.DoesNotExist):
        certificate_update(actor=cast.user("hrb"), certificate_id=foreign.pk, values={"name": "x"})
    with nothing_written(), pytest.raises(Certificate.DoesNotExist):
        certificate_remove(actor=cast.user("hrb"), certificate_id=foreign.pk, reason="x")
