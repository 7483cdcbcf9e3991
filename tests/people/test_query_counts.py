"""What pages and lists cost, in queries: the same for 1 and for 30 rows, and as committed in query_counts.json."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client as Browser

from cmsys.audit.models import Event
from cmsys.jobs.models import Job
from cmsys.org.models import OrgUnit
from cmsys.transfers.models import ImportBatch
from managers.careers.models import Post
from managers.profiles.models import Certificate, GradeRecord, RelationshipManager
from tests.customers.stage import thirty_customers
from tests.people.counting import API_LIMIT, BASELINE, DESK_LIMIT, PAGE_LIMIT, check, counted
from tests.permissions.house import House, clients_of, furnish
from tests.permissions.reading import addresses

pytestmark = pytest.mark.django_db

# name of the address → who asks, the address with one row, and with thirty (sizes of pages are what they are).
LISTS = {
    "managers_list": ("hrh", "/managers/?q=M-CD1", "/managers/?size=50"),
    "managers_list (fragment)": ("hrh", "/managers/?q=M-CD1", "/managers/?size=50"),
    "org_units_list": ("hrh", "/org-units/?q=CD", "/org-units/?size=50"),
    "org_tree": ("mgr", "/org-units/tree/", "/org-units/tree/"),
    "posts_list": ("hrh", "/posts/?q=P-CD", "/posts/?size=50"),
    "users_list": ("sys", "/users/?q=mgr", "/users/?size=50"),
    "events_list": ("aud", "/events/?object=M-CD1", "/events/?size=50"),
    "jobs_list": ("sys", "/jobs/?state=failed", "/jobs/?size=50"),
    "manager_composition": ("hrh", "/managers/composition/?q=M-CD1", "/managers/composition/"),
    "managers_export_csv": ("hrh", "/managers/export.csv?q=M-CD1", "/managers/export.csv"),
    "managers_export_xlsx": ("hrh", "/managers/export.xlsx?q=M-CD1", "/managers/export.xlsx"),
    "imports_home": ("hrh", "/imports/", "/imports/"),
    "customers_list": ("cmd", "/customers/?q=C-HD", "/customers/?size=50"),
    "customers_list (own)": ("cm", "/customers/?q=C-HD", "/customers/?size=50"),
    "customers_mine": ("cm", "/my-customers/?q=C-HD", "/my-customers/"),
    "customers_export_csv": ("cmd", "/customers/export.csv?q=C-HD", "/customers/export.csv"),
}
# One object's page: with little below it, and with thirty of what its cards show.
PAGES = {
    "managers_detail": ("hrh", "/managers/M-CD1/"),
    "managers_detail (own)": ("cm", "/managers/M-CD1/"),
    "managers_edit": ("hrh", "/managers/M-CD1/edit/"),
    "managers_create": ("hrh", "/managers/new/"),
    "manager_grade": ("hrh", "/managers/M-CD1/grades/new/"),
    "org_units_detail": ("hrh", "/org-units/BJ/"),
    "org_units_edit": ("hrh", "/org-units/BJ/edit/"),
    "org_units_move": ("hrh", "/org-units/CD/move/"),
    "posts_detail": ("hrh", "/posts/P-CD/"),
    "posts_edit": ("hrh", "/posts/P-CD/edit/"),
    "users_detail": ("sec", "/users/{mgr}/"),
    "grants_create": ("sec", "/users/{mgr}/grants/new/"),
    "desk (hrh)": ("hrh", "/"),
    "desk (mgr)": ("mgr", "/"),
    "desk (sys)": ("sys", "/"),
    "desk (aud)": ("aud", "/"),
    "desk (cmd)": ("cmd", "/"),
    "customers_detail": ("cmd", "/customers/C-HD/"),
    "customers_detail (own)": ("cm", "/customers/C-HD/?on=2025-01-01"),
    "customers_edit": ("da", "/customers/C-HD/edit/"),
    "customer_owner": ("cmd", "/customers/C-HD/owner/"),
}
# Measured the same way beside the rest of their rooms' tests.
BESIDE = {
    "contracts_list": "engagement/test_pages.py", "contracts-list": "engagement/test_api.py",
    "opportunities_list": "engagement/test_pages.py", "opportunities-list": "engagement/test_api.py",
    "transactions_list": "engagement/test_pages.py", "transactions-list": "engagement/test_api.py",
    "developed_list": "engagement/test_pages.py", "growth_list": "engagement/test_pages.py",
    "tickets_list": "service/test_pages.py", "tickets-list": "service/test_pages.py",
    "assignments_list": "execution/test_pages.py",
    "targets_list": "figures/test_figure_pages.py", "targets-list": "figures/test_figure_pages.py",
    "readings_list": "figures/test_figure_pages.py", "readings-list": "figures/test_figure_pages.py",
    "ratings_list": "ratings/test_rating_pages.py", "ratings-list": "ratings/test_rating_pages.py",
    "score_sheets_list": "appraisal_pages/test_costs.py", "score-sheets-list": "appraisal_pages/test_api.py",
    "cycles-list": "appraisal_pages/test_api.py", "schemes-list": "appraisal_pages/test_api.py",
    "cycles_list": "cycles/test_costs.py", "schemes_list": "cycles/test_costs.py",
    "cycle_members_list": "cycles/test_costs.py", "regrade_schedules_list": "cycles/test_costs.py",
    "notices_list": "notices/test_pages.py", "notice_objections_list": "notices/test_pages.py",
    "served_list": "notices/test_pages.py",
    "acknowledgements_list": "feedback/test_pages.py", "api_clients_list": "api/test_client_rights.py",
    "appeals_list": "appeals/test_pages.py", "improvement_plans_list": "appeals/test_pages.py",
    "appeals-list": "appeals/test_api.py", "improvement-plans-list": "appeals/test_api.py",
    "declarations_list": "conduct/test_declarations.py", "deputies_list": "planning/test_costs.py",
    "grade_decisions_list": "decisions_pages/test_lists.py", "grading_rounds_list": "decisions_pages/test_lists.py",
    "grades-list": "api/test_grades.py", "grade-decisions-list": "api/test_grades.py",
    "allocation_plans_list": "planning/test_costs.py", "allocation_policies_list": "planning/test_costs.py",
    "allocation_moves_list": "planning/test_pages.py", "staff_evaluations_list": "planning/test_pages.py",
    "allocation_reviews_list": "approval/test_pages.py",
    "customer_rules_list": "planning/test_pages.py", "allocation-plans-list": "planning/test_costs.py",
    "training_plans_list": "planning/test_costs.py", "courses_list": "planning/test_costs.py",
    "competencies_list": "planning/test_costs.py", "training-plans-list": "planning/test_costs.py",
    "courses-list": "planning/test_costs.py", "grades_list": "planning/test_costs.py",
    "handovers_list": "handover/test_pages.py", "handover_lines_list": "handover/test_pages.py",
    "first_contacts_list": "handover/test_pages.py", "handovers-list": "handover/test_pages.py",
    "first-contacts-list": "handover/test_pages.py",
    "tier_rules_list": "tiers/test_pages.py", "tier_runs_list": "tiers/test_pages.py", "tier_changes_list": "tiers/test_pages.py",
    "tier-rules-list": "tiers/test_pages.py", "tier-runs-list": "tiers/test_pages.py", "tier-changes-list": "tiers/test_pages.py",
}  # fmt: skip
API = {
    "managers-list": ("managers:read", "/api/v1/managers/"),
    "certificates-list": ("managers:read", "/api/v1/certificates/"),
    "posts-list": ("org:read", "/api/v1/posts/"),
    "org-units-list": ("org:read", "/api/v1/org-units/"),
    "customers-list": ("customers:read", "/api/v1/customers/"),
    "contacts-list": ("customers:read", "/api/v1/contacts/"),
    "assignments-list": ("customers:read", "/api/v1/assignments/"),
}


@pytest.fixture(scope="module")
def house(django_db_setup: None, django_db_blocker: Any) -> Iterator[House]:
    """The furnished house; tests add thirty of everything within their savepoint."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield furnish()
        transaction.set_rollback(True)


def thirty_more(house: House) -> None:
    """Thirty of everything that a list or a card shows, in and below 城东支行 and on 陈思远's page."""
    cast = house.cast
    unit, line, grade, chen = cast.units["CD"], cast.line, cast.grades["JUNIOR"], cast.managers["M-CD1"]
    people = [
        RelationshipManager(
            employee_no=f"M-{n:03}", name=f"员工{n}", name_pinyin=f"yuan gong {n}", unit=unit, line=line, grade=grade,
            post=cast.posts["P-CD"], education="master", major=f"专业{n}", region_code=f"11{n:04}", experience_years=n,
        )
        for n in range(30)
    ]  # fmt: skip
    RelationshipManager.objects.bulk_create(people)
    for n in range(30):
        below = OrgUnit.objects.create(
            code=f"T-{n:02}",
            name=f"第{n}组",
            kind="team",
            parent=unit,
            head=cast.users["mgr"],
            opened_on=date(2020, 1, 1),
        )
        OrgUnit.objects.filter(pk=below.pk).update(path=f"{unit.path}{below.pk}/")
        beside = OrgUnit.objects.create(
            code=f"S-{n:02}", name=f"第{n}支行", kind="subbranch", parent=cast.units["BJ"]
        )
        OrgUnit.objects.filter(pk=beside.pk).update(path=f"{cast.units['BJ'].path}{beside.pk}/")
    Post.objects.bulk_create(
        Post(code=f"P-{n:02}", name=f"岗位{n}", unit=unit, headcount=n) for n in range(30)
    )
    Certificate.objects.bulk_create(
        Certificate(manager=person, name=f"证书{n}", issued_on=date(2020, 1, 1))
        for n in range(30)
        for person in (chen,)
    )
    GradeRecord.objects.filter(manager=chen).update(starts_on=date(2019, 1, 1))
    GradeRecord.objects.bulk_create(
        GradeRecord(
            manager=chen,
            grade=grade,
            starts_on=date(1980 + n, 1, 1),
            ends_on=date(1981 + n, 1, 1),
            cause="imported",
        )
        for n in range(30)
    )
    user = cast.users["mgr"]
    Event.objects.bulk_create(
        Event(
            at="2026-03-02T01:00:00Z", kind="manager.update", resource=resource, object_id=str(key), actor_name="某人",
            before={"major": "a"}, after={"major": "b"},
        )
        for n in range(30)
        for resource, key in (("managers", chen.pk), ("users", user.pk), ("org-units", cast.units["BJ"].pk))
    )  # fmt: skip
    batch = house.batches["done_batch", "hrh"]
    ImportBatch.objects.bulk_create(
        ImportBatch(
            **{field.name: getattr(batch, field.name) for field in batch._meta.fields if field.name != "id"}
        )
        for _n in range(30)
    )
    Job.objects.bulk_create(
        Job(kind="probe", key=f"more-{n}", actor_id=user.pk, actor_name=str(user)) for n in range(30)
    )
    thirty_customers(cast)


def of(house: House, who: str, name: str) -> Browser:
    browser = house.persons[who]
    if name.endswith("(fragment)"):
        browser = Browser(headers={"HX-Request": "true"})
        browser.cookies = house.persons[who].cookies
    return browser


@pytest.mark.parametrize("name", LISTS)
def test_a_list_costs_the_same_for_one_row_and_for_thirty(house: House, name: str) -> None:
    who, one, thirty = LISTS[name]
    browser = of(house, who, name)
    few, short = counted(browser, one), len(browser.get(one).content)
    thirty_more(house)
    check(name, few, counted(browser, thirty), PAGE_LIMIT)
    # Thirty rows more are in the answer: a comparison of nothing with nothing would hold as well.
    assert len(browser.get(thirty).content) - short >= 30 * 15


@pytest.mark.parametrize("name", PAGES)
def test_a_page_costs_the_same_with_little_and_with_much_on_it(house: House, name: str) -> None:
    who, address = PAGES[name]
    address = address.format(mgr=house.cast.users["mgr"].pk)
    # What a process keeps (parsed schemes) is there on every page but its first.
    house.persons[who].get(address)
    few = counted(house.persons[who], address)
    thirty_more(house)
    limit = DESK_LIMIT if address == "/" else PAGE_LIMIT
    check(name, few, counted(house.persons[who], address), limit)


@pytest.mark.parametrize("name", API)
def test_a_list_of_the_interface_costs_the_same_for_one_row_and_for_thirty(house: House, name: str) -> None:
    scope, address = API[name]
    browser = clients_of(house.cast, scope)["client"]
    few = counted(browser, f"{address}?page_size=1")
    thirty_more(house)
    check(name, few, counted(browser, f"{address}?page_size=30"), API_LIMIT)


def test_the_baseline_names_what_is_measured_and_every_list_there_is() -> None:
    """Lists are known by their names: …_list, …-list and exports; a new one is measured or the test fails."""
    measured = {*LISTS, *PAGES, *API}
    assert set(json.loads(BASELINE.read_text())) == measured
    lists = {
        address.name for address in addresses() if re.search(r"[-_]list$|_home$|composition$", address.name)
    }
    assert lists == (measured | set(BESIDE)) & lists
    tests = Path(__file__).resolve().parents[1]
    for name, file in BESIDE.items():
        text = (tests / file).read_text(encoding="utf-8")
        address = name.removesuffix("_list").removesuffix("-list").replace("_", "-")
        told = any(word in text for word in (address, name, name.replace("_list", "")))
        assert told and ("CaptureQueriesContext" in text or "counted(" in text), (name, file)
