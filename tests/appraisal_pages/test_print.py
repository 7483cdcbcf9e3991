"""考核表 as PDF: what the text says, which fonts it carries, the same bytes for the same data, the event."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from django.test import Client as Browser
from pypdf import PdfReader

from appraisal.scoring.models import ScoreSheet, SheetLine
from cmsys.audit.models import Event
from cmsys.local import frontend
from cmsys.ui.paper import legible
from tests.appraisal_pages.graded import Graded
from tests.appraisal_pages.test_pages import page_of, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def _fonts() -> None:
    frontend.ensure(print)


def printed(world: Graded, browser: Browser, number: str) -> bytes:
    answer = browser.get(page_of(world, number, "print.pdf"))
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/pdf"
    return bytes(answer.content)


def words(content: bytes) -> str:
    """All text without blanks: lines are broken wherever a column ends."""
    return re.sub(r"\s", "", "".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages))


def test_the_text_is_what_the_database_says(world: Graded) -> None:
    found = words(printed(world, signed_in(world, "hrh"), "M-CX1"))
    sheet = world.sheet("M-CX1")
    expected = [
        "客户经理考核表", "赵立群", "M-CX1", "城西支行", "公司业务", "初级", "2025Q4", "示例方案第1版", "88.45", "99.249", "93.8495",
        "高能高绩", "晋升与挑战", "晋升为中级", "连续2期绩效得分≥85", "99.249、87.4", "各行贡献相加=绩效得分，逐位相符",
        "完成率（实际÷目标）×100，最低0、120封顶", "本人意见", "直接主管意见", "人事部门意见", "签字：", "第1页共1页",
    ]  # fmt: skip
    assert [item for item in expected if item not in found] == []
    for line in sheet.lines.all():
        for figure in (line.raw, line.score, line.contribution):
            assert figure is None or f"{figure.normalize():,f}" in found, (line.code, figure)


def test_fonts_are_embedded_subsets_and_no_other_is_named(world: Graded) -> None:
    fonts: dict[str, Any] = {}
    for page in PdfReader(io.BytesIO(printed(world, signed_in(world, "hrh"), "M-CX1"))).pages:
        resources: Any = page["/Resources"]
        for font in resources["/Font"].values():
            fonts[font["/BaseFont"]] = font.get_object()
    assert {re.sub("^/[A-Z]{6}", "", name) for name in fonts} == {
        "+NotoSansSC-Regular",
        "+NotoSansSC-SemiBold",
    }
    assert all("/FontFile2" in font["/FontDescriptor"] and "/ToUnicode" in font for font in fonts.values())


def test_the_same_data_give_the_same_bytes_and_other_data_others(world: Graded) -> None:
    hrh = signed_in(world, "hrh")
    first = printed(world, hrh, "M-CX1")
    assert printed(world, hrh, "M-CX1") == first
    assert printed(world, hrh, "M-CD2") != first
    assert len(first) < 200_000
    SheetLine.objects.filter(sheet=world.sheets["2025Q4", "M-CX1"], code="SALES").update(raw="3483")
    assert printed(world, hrh, "M-CX1") != first


def test_the_readers_name_is_the_watermark(world: Graded) -> None:
    assert "郑人事" in words(printed(world, signed_in(world, "hrh"), "M-CX1"))
    assert "李敏" in words(printed(world, signed_in(world, "mgr"), "M-CD1"))


def test_printing_is_an_event_of_the_sheet(world: Graded) -> None:
    printed(world, signed_in(world, "mgr"), "M-CD1")
    event = Event.objects.get(kind="sheet.print")
    assert (event.resource, event.object_id) == ("score-sheets", str(world.sheets["2025Q4", "M-CD1"].pk))
    assert (event.actor_name, event.after) == (
        str(world.cast.user("mgr").actor_name),
        {"cycle": "DEMO 2025Q4", "manager": "M-CD1"},
    )


def test_a_long_sheet_repeats_its_header_and_cuts_no_row(world: Graded) -> None:
    sheet = world.sheets["2025Q4", "M-CX1"]
    SheetLine.objects.bulk_create(
        SheetLine(
            sheet=sheet, position=100 + n, dimension="performance", code=f"EXTRA{n}", name=f"加分项目{n:02}", kind="bonus",
            raw=n, contribution=0, source="none",
        )
        for n in range(70)
    )  # fmt: skip
    reader = PdfReader(io.BytesIO(printed(world, signed_in(world, "hrh"), "M-CX1")))
    texts = [re.sub(r"\s", "", page.extract_text()) for page in reader.pages]
    assert len(texts) == 5
    assert [text for n, text in enumerate(texts, start=1) if f"第{n}页共5页" not in text] == []
    assert [n for n, text in enumerate(texts) if "加分项目" in text and "指标与计分方法" not in text] == []
    assert all(f"加分项目{n:02}" in "".join(texts) for n in range(70))
    assert texts[-1].count("签字：") == 3


def test_a_character_the_font_lacks_is_shown_with_its_code(world: Graded) -> None:
    assert legible("𠮷野䶮龘 A") == "□(U+20BB7)野䶮龘 A"
    manager = world.cast.managers["M-CX1"]
    type(manager).objects.filter(pk=manager.pk).update(name="赵𠮷䶮")
    assert "赵□(U+20BB7)䶮" in words(printed(world, signed_in(world, "hrh"), "M-CX1"))


def test_who_is_not_rated_is_printed_with_the_reason_and_without_zeros(world: Graded) -> None:
    found = words(printed(world, signed_in(world, "hrh"), "M-PD1"))
    assert "未评：绩效得分无法给出：缺：逾期率" in found
    assert "绩效得分未评" in found
    assert ScoreSheet.objects.get(pk=world.sheets["2025Q4", "M-PD1"].pk).performance is None


def test_markup_in_a_name_is_text(world: Graded) -> None:
    manager = world.cast.managers["M-CX1"]
    type(manager).objects.filter(pk=manager.pk).update(name="<b>赵&立群")
    assert "<b>赵&立群" in words(printed(world, signed_in(world, "hrh"), "M-CX1"))
