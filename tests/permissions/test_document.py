"""docs/permissions.md says what the code declares, word for word, and the table of 2.1 holds function by function."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from cmsys.access.functions import declared
from cmsys.access.roles import BUSINESS_SIDE, Role, side_of

# By hand from 2.1: who has a function, and how far; a = all, u = unit and below, s = own record.
BY_HAND = {
    "api.client.approve": "SEC:a",
    "api.client.revoke": "SYS:a SEC:a",
    "api.client.view": "SYS:a SEC:a AUD:a",
    "appraisal.appeals.comment": "MGR:u",
    "appraisal.appeals.handle": "HRH:a HRB:u",
    "appraisal.appeals.lodge": "CM:s",
    "appraisal.appeals.view": "HRH:a HRB:u MGR:u CM:s",
    "appraisal.appeals.watch": "HRH:a",
    "appraisal.appointments.print": "HRH:a HRB:u MGR:u CM:s",
    "appraisal.decisions.confirm": "HRH:a HRB:u",
    "appraisal.decisions.export": "HRH:a HRB:u",
    "appraisal.decisions.list": "HRH:a HRB:u MGR:u",
    "appraisal.decisions.review": "MGR:u",
    "appraisal.decisions.view": "HRH:a HRB:u MGR:u CM:s",
    "appraisal.decisions.withdraw": "HRH:a",
    "appraisal.feedback.export": "HRH:a HRB:u",
    "appraisal.feedback.give": "MGR:u",
    "appraisal.feedback.list": "HRH:a HRB:u MGR:u",
    "appraisal.feedback.mine": "CM:s",
    "appraisal.feedback.sign": "CM:s",
    "appraisal.grades.read": "",
    "appraisal.grades.read_unpublished": "",
    "appraisal.notices.edit": "HRH:a HRB:u",
    "appraisal.notices.read": "HRH:a HRB:u MGR:s LDR:s CM:s CMD:s DA:s TRN:s",
    "appraisal.objections.handle": "HRH:a HRB:u",
    "appraisal.objections.lodge": "HRH:s HRB:s MGR:s LDR:s CM:s CMD:s DA:s TRN:s",
    "appraisal.objections.view": "HRH:a HRB:u MGR:s LDR:s CM:s CMD:s DA:s TRN:s",
    "appraisal.plans.cancel": "HRH:a HRB:u",
    "appraisal.plans.edit": "MGR:u",
    "appraisal.plans.sign": "CM:s",
    "appraisal.plans.view": "HRH:a HRB:u MGR:u CM:s",
    "appraisal.rounds.edit": "HRH:a",
    "appraisal.rounds.view": "HRH:a HRB:a MGR:a",
    "appraisal.served.list": "HRH:a HRB:u MGR:u",
    "appraisal.served.serve": "HRH:a HRB:u",
    "appraisal.served.sign": "MGR:s CM:s",
    "appraisal.served.view": "HRH:a HRB:u MGR:u CM:s",
    "conduct.declaration.edit": "HRH:a HRB:u",
    "conduct.declaration.own": "HRH:s HRB:s MGR:s LDR:s CM:s CMD:s DA:s TRN:s",
    "conduct.declaration.view": "HRH:a HRB:u",
    "feed.changes.read": "",
    "org.deputies.edit": "HRH:a HRB:u",
    "org.deputies.own": "HRH:s HRB:s MGR:s LDR:s CM:s CMD:s DA:s TRN:s",
    "accounts.grant.edit": "SEC:a",
    "accounts.user.edit": "SYS:a",
    "accounts.user.view": "SYS:a SEC:a",
    "api.client.edit": "SYS:a",
    "appraisal.figures.edit": "HRH:a HRB:u",
    "appraisal.figures.export": "HRH:a HRB:u",
    "appraisal.figures.import": "HRH:a HRB:u DA:a",
    "appraisal.ratings.export": "HRH:a HRB:u",
    "appraisal.ratings.give": "MGR:u",
    "appraisal.ratings.import": "HRH:a HRB:u",
    "appraisal.ratings.progress": "HRH:a HRB:u MGR:u",
    "appraisal.ratings.self": "CM:s",
    "appraisal.ratings.view": "HRH:a HRB:u MGR:u CM:s",
    "appraisal.readings.view": "HRH:a HRB:u MGR:u CM:s CMD:a",
    "appraisal.targets.view": "HRH:a HRB:u MGR:u CM:s CMD:a",
    "appraisal.cycles.edit": "HRH:a",
    "appraisal.cycles.members": "HRH:a HRB:u MGR:u",
    "appraisal.cycles.view": "HRH:a HRB:a MGR:a CM:a CMD:a",
    "appraisal.schemes.edit": "HRH:a",
    "appraisal.schemes.view": "HRH:a HRB:a MGR:a CM:a",
    "appraisal.scoring.regrade": "HRH:a",
    "appraisal.sheets.export": "HRH:a HRB:u",
    "appraisal.sheets.list": "HRH:a HRB:u MGR:u",
    "appraisal.sheets.mine": "CM:s",
    "appraisal.sheets.view": "HRH:a HRB:u MGR:u CM:s",
    "audit.ledger.view": "AUD:a",
    "careers.grade.edit": "HRH:a",
    "careers.grade.view": "HRH:a HRB:a MGR:a LDR:a CM:a CMD:a TRN:a",
    "careers.post.import": "HRH:a",
    "jobs.job.edit": "SYS:a SEC:s AUD:s HRH:s HRB:s MGR:s LDR:s CM:s CMD:s DA:s TRN:s",
    "jobs.job.view": "SYS:a SEC:s AUD:s HRH:s HRB:s MGR:s LDR:s CM:s CMD:s DA:s TRN:s",
    "managers.profile.contact": "CM:s",
    "managers.profile.edit": "HRH:a HRB:u",
    "managers.profile.export": "HRH:a HRB:u",
    "managers.profile.import": "HRH:a HRB:u",
    "managers.profile.list": "HRH:a HRB:u MGR:u LDR:u CMD:a TRN:a",
    "managers.profile.personal": "HRH:a HRB:u MGR:u CM:s",
    "managers.profile.reveal": "HRH:a HRB:u CM:s",
    "managers.profile.reveal_mobile": "HRH:a HRB:u MGR:u CM:s",
    "managers.profile.view": "HRH:a HRB:u MGR:u LDR:u CM:s CMD:a TRN:a",
    "training.courses.edit": "TRN:a",
    "training.courses.view": "HRH:a HRB:a MGR:a CM:a TRN:a",
    "training.plans.accept": "CM:s",
    "training.plans.export": "HRH:a HRB:u TRN:a",
    "training.plans.list": "HRH:a HRB:u MGR:u TRN:a",
    "training.plans.propose": "MGR:u TRN:a",
    "training.plans.sign": "MGR:u",
    "training.plans.track": "MGR:u TRN:a",
    "training.plans.view": "HRH:a HRB:u MGR:u CM:s TRN:a",
    "org.unit.edit": "SYS:a HRH:a",
    "org.unit.import": "HRH:a",
    "org.unit.view": "SYS:a HRH:a HRB:u MGR:u LDR:u CMD:a DA:a TRN:a",
    "customers.allocation_rules.edit": "CMD:a",
    "customers.allocation_rules.view": "MGR:u LDR:u CMD:a",
    "customers.evaluations.confirm_head": "MGR:u",
    "customers.evaluations.confirm_hr": "HRH:a HRB:u",
    "customers.evaluations.draft": "HRH:a HRB:u",
    "customers.evaluations.list": "HRH:a HRB:u MGR:u LDR:u CMD:a",
    "customers.evaluations.view": "HRH:a HRB:u MGR:u LDR:u CM:s CMD:a",
    "customers.first_contacts.record": "CM:s",
    "customers.first_contacts.view": "MGR:u LDR:u CM:s CMD:a",
    "customers.handovers.arrange": "MGR:u",
    "customers.handovers.sign": "CM:s",
    "customers.handovers.stand_in": "MGR:u",
    "customers.handovers.view": "MGR:u LDR:u CM:s CMD:a",
    "customers.handovers.watch": "MGR:u",
    "customers.plans.agree": "MGR:u",
    "customers.plans.apply": "CMD:a",
    "customers.plans.approve": "LDR:u",
    "customers.plans.edit": "CMD:a",
    "customers.plans.rebalance": "CMD:a",
    "customers.plans.view": "MGR:u LDR:u CMD:a",
    "customers.policies.edit": "CMD:a",
    "customers.policies.view": "HRH:a HRB:u MGR:u LDR:u CMD:a",
    "customers.registry.assign": "CMD:a",
    "customers.registry.clear": "CM:s",
    "customers.registry.count": "HRH:a HRB:u MGR:u LDR:u CM:s CMD:a DA:a",
    "customers.registry.edit": "CM:s DA:a",
    "customers.registry.export": "MGR:u CMD:a DA:a",
    "customers.registry.import": "CMD:a DA:a",
    "customers.registry.list": "MGR:u LDR:u CM:s CMD:a DA:a",
    "customers.registry.reveal": "MGR:u CM:s CMD:a",
    "customers.registry.tier": "CMD:a DA:a",
    "customers.registry.view": "MGR:u LDR:u CM:s CMD:a DA:a",
    "customers.tier_changes.list": "MGR:u LDR:u CMD:a DA:a",
    "customers.tier_changes.view": "MGR:u LDR:u CM:s CMD:a DA:a",
    "customers.tier_rules.adopt": "CMD:a",
    "customers.tier_rules.edit": "CMD:a",
    "customers.tier_rules.view": "HRH:a MGR:a LDR:a CMD:a",
    "customers.tier_runs.decide": "CMD:a",
    "customers.tier_runs.start": "CMD:a",
    "customers.tier_runs.view": "HRH:a MGR:a LDR:a CMD:a",
    "customers.contracts.view": "HRH:a HRB:u MGR:u LDR:u CM:s CMD:a DA:a",
    "customers.opportunities.view": "HRH:a HRB:u MGR:u LDR:u CM:s CMD:a DA:a",
    "customers.records.export": "HRH:a HRB:u DA:a",
    "customers.records.import": "HRH:a HRB:u DA:a",
    "customers.tickets.export": "MGR:u CMD:a",
    "customers.tickets.import": "CMD:a",
    "customers.tickets.view": "MGR:u LDR:u CM:s CMD:a",
    "customers.transactions.view": "HRH:a HRB:u MGR:u LDR:u CM:s CMD:a DA:a",
    "transfers.import.use": "HRH:a HRB:u CMD:a DA:a",
}
SCOPES = {
    "appraisal.appeals.view": "appeals:read",
    "appraisal.decisions.view": "grade-decisions:read",
    "appraisal.figures.edit": "perf:write",
    "appraisal.grades.read": "grades:read",
    "appraisal.grades.read_unpublished": "grades:read_unpublished",
    "appraisal.plans.view": "improvement-plans:read",
    "feed.changes.read": "changes:read",
    "customers.plans.view": "allocation-plans:read",
    "customers.handovers.view": "handovers:read",
    "customers.first_contacts.view": "handovers:read",
    "training.courses.view": "training:read",
    "training.plans.view": "training:read",
    "org.unit.view": "org:read",
    "managers.profile.view": "managers:read",
    "customers.registry.view": "customers:read",
    "customers.tier_changes.view": "customer-tiers:read",
    "customers.tier_rules.view": "customer-tiers:read",
    "customers.tier_runs.view": "customer-tiers:read",
    "appraisal.cycles.view": "cycles:read",
    "appraisal.schemes.view": "schemes:read",
    "appraisal.sheets.view": "score-sheets:read",
    "customers.contracts.view": "contracts:read",
    "customers.opportunities.view": "opportunities:read",
    "customers.tickets.view": "tickets:read",
    "customers.transactions.view": "transactions:read",
    "appraisal.ratings.view": "ratings:read",
    "appraisal.readings.view": "readings:read",
    "appraisal.targets.view": "targets:read",
}
_LETTERS = {"all": "a", "subtree": "u", "self": "s"}


def test_the_document_is_what_the_command_prints() -> None:
    out = StringIO()
    call_command("permissions_doc", stdout=out)
    written = (Path(settings.BASE_DIR) / "docs/permissions.md").read_text(encoding="utf-8")
    assert out.getvalue() == written, "manage.py permissions_doc > docs/permissions.md"


def test_the_functions_are_those_of_the_table_and_no_others() -> None:
    assert [function.code for function in declared()] == sorted(BY_HAND)


@pytest.mark.parametrize("function", declared(), ids=lambda function: function.code)
def test_who_has_a_function_and_how_far(function) -> None:
    found = [f"{role.value}:{_LETTERS[function.reach[role]]}" for role in Role if role in function.reach]
    assert " ".join(found) == BY_HAND[function.code]
    assert function.scope == SCOPES.get(function.code)


def test_the_three_administrators_have_nothing_of_business() -> None:
    """SYS keeps units, posts, accounts, clients and jobs going; SEC and AUD do not even see units."""
    of = {role: {f.code for f in declared() if role in f.reach} for role in Role}
    jobs = {"jobs.job.view", "jobs.job.edit"}
    assert of[Role.SYS] == jobs | {
        "accounts.user.view", "accounts.user.edit", "api.client.edit", "api.client.view", "api.client.revoke", "org.unit.view",
        "org.unit.edit",
    }  # fmt: skip
    clients = {"api.client.view", "api.client.approve", "api.client.revoke"}
    assert of[Role.SEC] == jobs | clients | {"accounts.user.view", "accounts.grant.edit"}
    assert of[Role.AUD] == jobs | {"audit.ledger.view", "api.client.view"}


def test_the_sides_are_apart() -> None:
    assert [side_of(role) for role in (Role.SYS, Role.SEC, Role.AUD)] == [1, 2, 3]
    assert {side_of(role) for role in Role if role not in (Role.SYS, Role.SEC, Role.AUD)} == {BUSINESS_SIDE}
