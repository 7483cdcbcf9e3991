"""Imports in the browser: from the template to the undo (IMP-1, UX 3.2)."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from cmsys.jobs.kinds import JobRefused
from cmsys.jobs.models import Job
from cmsys.org.models import OrgUnit
from cmsys.transfers.engine.source import Source
from cmsys.transfers.kinds import kind_of
from cmsys.transfers.models import ImportBatch, ImportFile, State
from cmsys.transfers.services import queued
from cmsys.transfers.services.batches import KEPT_DAYS, files_expire
from managers.profiles.models import RelationshipManager
from tests.cast import Cast
from tests.transfers.conftest import Bring, contents
from tests.transfers.roster import FAULTS, PLACE, faulty_roster, roster
from tests.transfers.sheets import read, xlsx_bytes

HEAD = "机构编码,机构名称,机构类型,上级机构编码"
Browser = Callable[[str], Client]


@pytest.fixture
def browser(cast: Cast) -> Browser:
    def signed_in(name: str) -> Client:
        client = Client()
        client.force_login(cast.users[name], backend="django.contrib.auth.backends.ModelBackend")
        session = client.session
        session["seen_at"] = int(timezone.now().timestamp())
        session.save()
        return client

    return signed_in


def _upload(client: Client, kind: str, content: bytes | str, name: str = "表.csv", **more: Any) -> Any:
    data = content.encode() if isinstance(content, str) else content
    return client.post(reverse("imports_new", args=[kind]), {"file": SimpleUploadedFile(name, data), **more})


def _batch() -> ImportBatch:
    return ImportBatch.objects.latest("pk")


def test_home_shows_the_kinds_one_may_import(browser: Browser) -> None:
    text = browser("hrh").get(reverse("imports_home")).content.decode()
    for label in ("机构", "岗位", "客户经理", "下载模板"):
        assert label in text
    text = browser("hrb").get(reverse("imports_home")).content.decode()
    assert reverse("imports_new", args=["managers"]) in text
    assert reverse("imports_new", args=["org_units"]) not in text


@pytest.mark.parametrize("kind", ["org_units", "posts", "managers"])
def test_the_template_is_read_back_without_its_example(browser: Browser, kind: str) -> None:
    response = browser("hrh").get(reverse("imports_template", args=[kind]))
    content = b"".join(response) if response.streaming else response.content
    found = kind_of(kind)
    assert found is not None
    reading, rows = read(Source.of_bytes("模板.xlsx", content), columns=found.columns)
    assert rows == []
    assert reading.headers.problems == []
    assert set(reading.headers.places) == {column.code for column in found.columns}
    book = load_workbook(io.BytesIO(content))
    assert book.sheetnames == ["数据", "填写说明"]
    lists = {v.formula1 for v in book["数据"].data_validations.dataValidation}
    assert len(lists) == len({c.choices for c in found.columns if c.choices})
    told = {row[0].value for row in book["填写说明"].iter_rows()}
    assert {str(column.header) for column in found.columns} <= told


def test_from_upload_to_undo(browser: Browser) -> None:
    client = browser("hrh")
    before = contents(OrgUnit)
    answer = _upload(client, "org_units", f"{HEAD}\nGZ,广州分行,分行,HO\nBJ,北京一分行,分行,HO")
    batch = _batch()
    assert (answer.status_code, answer["Location"]) == (302, reverse("imports_batch", args=[batch.pk]))
    assert contents(OrgUnit) == before
    text = client.get(answer["Location"]).content.decode()
    for words in (
        "表.csv：可以导入",
        "将新增",
        "广州分行（GZ）",
        "<del>北京分行</del>",
        "<ins>北京一分行</ins>",
        "导入全部 2 行",
    ):
        assert words in text

    answer = client.post(reverse("imports_commit", args=[batch.pk]), {"mode": "all"})
    assert answer.status_code == 302
    assert set(OrgUnit.objects.filter(code__in=["GZ", "BJ"]).values_list("name", flat=True)) == {
        "广州分行",
        "北京一分行",
    }
    text = client.get(answer["Location"]).content.decode()
    assert "撤销这一批" in text

    undo = reverse("imports_undo", args=[batch.pk])
    assert "删除这一批新增的 1 条" in client.get(undo).content.decode()
    assert client.post(undo, {"reason": ""}).status_code == 422
    assert client.post(undo, {"reason": "文件版本不对"}).status_code == 302
    assert contents(OrgUnit) == before
    assert "恢复到导入之前" in client.get(reverse("imports_batch", args=[batch.pk])).content.decode()


def test_faults_are_listed_and_come_back_in_the_file(browser: Browser) -> None:
    client = browser("hrh")
    _upload(client, "managers", xlsx_bytes(faulty_roster()), "名册.xlsx")
    batch = _batch()
    text = client.get(reverse("imports_batch", args=[batch.pk])).content.decode()
    assert "名册.xlsx：40 处需要改正" in text
    assert "应为整数，收到“十二万”" in text
    assert "跳过有错的 40 行，导入其余的" in text
    assert "导入全部" not in text
    response = client.get(reverse("imports_marked", args=[batch.pk]))
    assert "attachment" in response["Content-Disposition"]
    sheet = load_workbook(io.BytesIO(response.content)).active
    red = {(c.row, c.column - 1) for line in sheet.iter_rows() for c in line if c.comment}
    assert red == {(row, PLACE[header]) for row, header, *_rest in FAULTS}

    answer = client.post(reverse("imports_commit", args=[batch.pk]), {"mode": "all"})
    assert answer.status_code == 302
    assert _batch().state == State.CHECKED
    assert not RelationshipManager.objects.filter(employee_no__startswith="N").exists()
    client.post(reverse("imports_commit", args=[batch.pk]), {"mode": "skip"})
    assert _batch().state == State.DONE
    assert RelationshipManager.objects.filter(employee_no__startswith="N").count() == 260


def test_personal_values_are_masked_in_the_preview(browser: Browser) -> None:
    client = browser("hrh")
    _upload(client, "managers", "工号,姓名,所属机构,手机\nM-CD1,陈思远,CD,13911112222")
    text = client.get(reverse("imports_batch", args=[_batch().pk])).content.decode()
    assert "<del>138****5678</del>" in text
    assert "<ins>139****2222</ins>" in text
    assert "13812345678" not in text


def test_twice_committed_is_once_in(browser: Browser) -> None:
    client = browser("hrh")
    _upload(client, "org_units", f"{HEAD}\nGZ,广州分行,分行,HO")
    url = reverse("imports_commit", args=[_batch().pk])
    assert client.post(url, {"mode": "all"}).status_code == 302
    second = client.post(url, {"mode": "all"})
    assert second.status_code == 422
    assert "不能再导入" in second.content.decode()
    assert OrgUnit.objects.filter(code="GZ").count() == 1


def test_what_changed_since_the_preview_is_checked_again(browser: Browser) -> None:
    client = browser("hrh")
    _upload(client, "posts", "岗位编码,岗位名称,所属机构\nP-X,岗,GZ")
    assert _batch().report["error_count"] == 1
    _upload(client, "posts", "岗位编码,岗位名称,所属机构\nP-X,岗,CX")
    batch = _batch()
    unit = OrgUnit.objects.get(code="CX")
    unit.closed_on = timezone.localdate()
    unit.save()
    client.post(reverse("imports_commit", args=[batch.pk]), {"mode": "all"})
    batch.refresh_from_db()
    assert batch.state == State.CHECKED
    assert "机构“城西支行”已撤销" in client.get(reverse("imports_batch", args=[batch.pk])).content.decode()


def test_discarding_removes_file_and_values(browser: Browser) -> None:
    client = browser("hrh")
    _upload(client, "managers", "工号,姓名,所属机构\nA1,甲,火星")
    batch = _batch()
    assert client.post(reverse("imports_discard", args=[batch.pk])).status_code == 302
    batch.refresh_from_db()
    assert (batch.state, batch.report["errors"], ImportFile.objects.count()) == ("discarded", [], 0)
    assert client.post(reverse("imports_discard", args=[batch.pk])).status_code == 422
    assert client.get(reverse("imports_marked", args=[batch.pk])).status_code == 422


def test_files_expire(browser: Browser) -> None:
    client = browser("hrh")
    _upload(client, "managers", "工号,姓名,所属机构\nA1,甲,火星")
    batch = _batch()
    from datetime import timedelta

    assert files_expire(now=timezone.now() + timedelta(days=KEPT_DAYS - 1)) == 0
    assert files_expire(now=timezone.now() + timedelta(days=KEPT_DAYS, minutes=1)) == 1
    batch.refresh_from_db()
    assert (batch.state, batch.report["errors"], batch.report["error_count"]) == ("discarded", [], 1)


def test_unreadable_files_are_explained_on_the_page(browser: Browser) -> None:
    client = browser("hrh")
    answer = _upload(client, "managers", b"\xd0\xcf\x11\xe0" + b"\0" * 900, "旧.xls")
    text = client.get(answer["Location"]).content.decode()
    assert "这是旧版 Excel 文件（.xls）。请在 Excel 中另存为 .xlsx 后再上传。" in text
    assert "导入其余的" not in text


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"mapping": SimpleUploadedFile("m.yaml", b"columns: {nose: a}")}, "columns.nose：没有这一列"),
        ({"mapping": SimpleUploadedFile("m.yaml", "列".encode("gbk"))}, "UTF-8"),
    ],
)
def test_a_wrong_mapping_is_explained_at_its_field(
    browser: Browser, more: dict[str, Any], words: str
) -> None:
    answer = _upload(browser("hrh"), "managers", "工号,姓名\nA,甲", **more)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not ImportBatch.objects.exists()


def test_a_mapping_is_used(browser: Browser) -> None:
    mapping = "columns: {employee_no: nummer, name: naam, unit_code: plaats}\nskip_unknown_columns: true"
    _upload(
        browser("hrh"),
        "managers",
        "nummer,naam,plaats,x\nA1,甲,CD,1",
        mapping=SimpleUploadedFile("m.yaml", mapping.encode()),
    )
    assert (_batch().report["created"], _batch().report["error_count"]) == (1, 0)


def test_no_file_and_too_large_a_file(browser: Browser) -> None:
    client = browser("hrh")
    assert client.post(reverse("imports_new", args=["managers"]), {}).status_code == 422
    answer = _upload(client, "managers", b"a" * (10 * 1024 * 1024 + 1))
    assert answer.status_code == 422
    assert "不能超过 10 MB" in answer.content.decode()


def test_large_files_are_checked_and_brought_in_by_a_job(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queued, "CHECKED_AT_ONCE_BYTES", 100)
    monkeypatch.setattr(queued, "COMMITTED_AT_ONCE_ROWS", 20)
    client = browser("hrh")
    _upload(client, "managers", xlsx_bytes(roster(30)), "大.xlsx")
    batch = _batch()
    page, poll = reverse("imports_batch", args=[batch.pk]), reverse("imports_poll", args=[batch.pk])
    assert batch.state == State.CHECKING
    assert "正在后台逐行检查" in client.get(page).content.decode()
    assert "HX-Refresh" not in client.get(poll)
    _work(Job.objects.latest("pk"))
    assert client.get(poll)["HX-Refresh"] == "true"
    assert "可以导入" in client.get(page).content.decode()
    client.post(reverse("imports_commit", args=[batch.pk]), {"mode": "all"})
    batch.refresh_from_db()
    assert batch.state == State.QUEUED
    assert "正在后台导入" in client.get(page).content.decode()
    _work(Job.objects.latest("pk"))
    batch.refresh_from_db()
    assert batch.state == State.DONE
    assert RelationshipManager.objects.filter(employee_no__startswith="N").count() == 30
    assert batch.changes.count() == 30


def test_a_failed_job_leaves_a_way_on(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queued, "COMMITTED_AT_ONCE_ROWS", 0)
    client = browser("hrh")
    _upload(client, "org_units", f"{HEAD}\nGZ,广州分行,分行,HO")
    batch = _batch()
    client.post(reverse("imports_commit", args=[batch.pk]), {"mode": "all"})
    Job.objects.update(state="failed", finished_at=timezone.now())
    text = client.get(reverse("imports_batch", args=[batch.pk])).content.decode()
    assert "后台任务已失败，什么都没有写入" in text
    assert "重新导入" in text
    client.post(reverse("imports_commit", args=[batch.pk]), {"mode": "all"})
    _work(Job.objects.latest("pk"))
    assert _batch().state == State.DONE
    assert OrgUnit.objects.filter(code="GZ").exists()


def test_a_discarded_batch_ends_its_job(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queued, "COMMITTED_AT_ONCE_ROWS", 0)
    client = browser("hrh")
    _upload(client, "org_units", f"{HEAD}\nGZ,广州分行,分行,HO")
    client.post(reverse("imports_commit", args=[_batch().pk]), {"mode": "all"})
    assert client.post(reverse("imports_discard", args=[_batch().pk])).status_code == 302
    with pytest.raises(JobRefused, match="已放弃"):
        _work(Job.objects.latest("pk"))
    assert not OrgUnit.objects.filter(code="GZ").exists()


def _work(job: Job) -> None:
    """Does the job's steps here, in the test's transaction."""
    from cmsys.audit.acting import acting_as
    from cmsys.jobs.documents import load
    from cmsys.jobs.kinds import Run
    from cmsys.jobs.kinds import kind_of as job_kind
    from cmsys.jobs.work import actor_of

    kind = job_kind(job.kind)
    run = Run(job.pk, job.key, actor_of(job), load(kind.args, job.args), None, timezone.now())
    with acting_as(run.actor):
        assert kind.step(run).cursor is None


# --- who --------------------------------------------------------------------------------------------------------------
def test_batches_are_seen_by_their_author_and_by_head_office(browser: Browser) -> None:
    hrb, hrh = browser("hrb"), browser("hrh")
    _upload(hrb, "managers", "工号,姓名,所属机构\nA1,甲,CD")
    own = _batch()
    _upload(hrh, "managers", "工号,姓名,所属机构\nA2,乙,CD")
    foreign = _batch()
    for name in ("imports_batch", "imports_marked", "imports_poll"):
        assert hrb.get(reverse(name, args=[own.pk])).status_code == 200
        assert hrh.get(reverse(name, args=[own.pk])).status_code == 200
        assert hrb.get(reverse(name, args=[foreign.pk])).status_code == 404
    for name in ("imports_commit", "imports_discard", "imports_undo"):
        assert hrb.post(reverse(name, args=[foreign.pk]), {"mode": "all", "reason": "x"}).status_code == 404
    assert "A2" not in hrb.get(reverse("imports_home")).content.decode()


@pytest.mark.parametrize("user", ["cmd", "da"])
def test_who_imports_customers_neither_sees_nor_touches_batches_of_people(
    browser: Browser, bring: Bring, user: str
) -> None:
    batch = bring("managers", ["工号,姓名,所属机构", "A1,甲,CD"]).batch
    assert batch is not None
    client = browser(user)
    assert client.get(reverse("imports_home")).status_code == 200
    assert client.get(reverse("imports_new", args=["customers"])).status_code == 200
    assert client.get(reverse("imports_new", args=["managers"])).status_code == 403
    assert client.get(reverse("imports_batch", args=[batch.pk])).status_code == 404
    assert client.post(reverse("imports_undo", args=[batch.pk]), {"reason": "x"}).status_code == 404


def test_transactions_in_the_browser_from_upload_to_undo(browser: Browser, cast: Cast) -> None:
    from customers.engagement.models import Transaction
    from customers.registry.models import Customer

    Customer.objects.create(customer_no="C1", name="恒达科技", unit=cast.units["CD"])
    client = browser("hrh")
    _upload(
        client,
        "transactions",
        "流水号,客户编号,工号,日期,金额\nT1,C1,M-CD1,2025-12-31,100\nT2,C9,,2025-12-31,5",
    )
    page = client.get(reverse("imports_batch", args=[_batch().pk])).content.decode()
    assert "1 处需要改正" in page
    assert "没有“C9”，请核对，或先导入它" in page
    assert "恒达科技" in page
    assert client.get(reverse("imports_marked", args=[_batch().pk])).status_code == 200
    assert not Transaction.objects.exists()
    client.post(reverse("imports_commit", args=[_batch().pk]), {"mode": "skip"})
    assert Transaction.objects.get().transaction_no == "T1"
    page = client.get(reverse("imports_undo", args=[_batch().pk])).content.decode()
    assert "删除这一批新增的 1 条" in page
    client.post(reverse("imports_undo", args=[_batch().pk]), {"reason": "版本不对"})
    assert not Transaction.objects.exists()
    assert _batch().state == "undone"


@pytest.mark.parametrize("user", ["sys", "sec", "aud", "mgr", "cm", "trn", "nobody"])
def test_others_are_shown_the_door(browser: Browser, bring: Bring, user: str) -> None:
    batch = bring("managers", ["工号,姓名,所属机构", "A1,甲,CD"]).batch
    assert batch is not None
    client = browser(user)
    assert client.get(reverse("imports_home")).status_code == 403
    assert client.get(reverse("imports_new", args=["managers"])).status_code == 403
    assert client.get(reverse("imports_template", args=["managers"])).status_code == 403
    assert client.get(reverse("imports_batch", args=[batch.pk])).status_code == 403
    assert client.post(reverse("imports_undo", args=[batch.pk]), {"reason": "x"}).status_code == 403


def test_a_kind_that_is_not_there_or_not_ours(browser: Browser) -> None:
    assert browser("hrh").get(reverse("imports_new", args=["planets"])).status_code == 404
    assert browser("hrb").get(reverse("imports_new", args=["org_units"])).status_code == 403
