"""What is sent to each address that writes: the smallest body that is right. One entry for each name of matrix.yaml."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from managers.careers.models import Post
from managers.profiles.models import RelationshipManager
from tests.cast import PASSWORD
from tests.permissions.house import House, sheet
from tests.permissions.rooms import rooms

Body = dict[str, Any]
REASON = {"reason": "例行核对"}
A_MANAGER = {
    "name": "孙悦", "unit": "CX", "status": "active", "education": "bachelor", "hire_date": "2020-07-01", "industries": "",
}  # fmt: skip
A_UNIT = {"name": "新设支行", "kind": "subbranch", "opened_on": "2001-01-01"}


def _version(model: Any, **lookup: Any) -> Body:
    found = model.objects.filter(**lookup).first()
    return {"version": found.updated_at.isoformat() if found is not None else ""}


def _unit_edit(house: House, name: str) -> Body:
    unit = house.cast.units.get(name)
    return A_UNIT | {"version": unit.updated_at.isoformat() if unit is not None else ""}


BODIES: dict[str, Callable[[House, str], Body]] = {
    "sign_in": lambda house, name: {"username": "mgr", "password": PASSWORD},
    "sign_out": lambda house, name: {},
    "password_change": lambda house, name: {"present": PASSWORD, "new": "Anders-nu-2026!", "again": "Anders-nu-2026!"},
    "org_units_create": lambda house, name: A_UNIT | {"code": "NEW", "parent": "BJ"},
    "org_units_edit": _unit_edit,
    "org_units_move": lambda house, name: {"parent": "SH", "on": "2026-04-01", **REASON},
    "org_units_close": lambda house, name: {"on": "2026-04-01", **REASON},
    "users_create": lambda house, name: {"username": "newcomer", "name": "新人"},
    "users_password": lambda house, name: REASON,
    "users_active": lambda house, name: REASON,
    "grants_create": lambda house, name: {"role": "HRB", "unit": "SH", "starts_on": "2026-03-01", **REASON},
    "grants_revoke": lambda house, name: REASON,
    "jobs_cancel": lambda house, name: {},
    "jobs_retry": lambda house, name: {},
    "events_verify": lambda house, name: {},
    "posts_create": lambda house, name: {"code": "P-NEW", "name": "新岗位", "series": "business", "unit": "CX"},
    "posts_edit": lambda house, name: {"name": "改名", "series": "business", **_version(Post, code=name)},
    "managers_create": lambda house, name: A_MANAGER | {"employee_no": "M-NEW"},
    "managers_edit": lambda house, name: A_MANAGER | _version(RelationshipManager, employee_no=name),
    "manager_grade": lambda house, name: {
        "grade": str(house.cast.grades["SENIOR" if name != "M-CD2" else "JUNIOR"].pk),
        "starts_on": "2026-03-02", "cause": "correction", "note": "文号 1",
    },
    "manager_contact": lambda house, name: {"mobile": "13811112222", "email": "new@example.com"},
    "manager_reveal": lambda house, name: REASON,
    "certificate_new": lambda house, name: {"name": "CFP", "issued_on": "2025-01-01"},
    "certificate_edit": lambda house, name: {"name": "AFP", "issued_on": "2024-06-01"},
    "certificate_remove": lambda house, name: REASON,
    "imports_new": lambda house, name: {"file": SimpleUploadedFile("名册.csv", sheet("M-SHEET"))},
    "imports_commit": lambda house, name: {"mode": "all"},
    "imports_discard": lambda house, name: {},
    "imports_undo": lambda house, name: REASON,
    "oauth_token": lambda house, name: {
        "grant_type": "client_credentials", "client_id": house.client_id, "client_secret": house.client_secret,
    },
}  # fmt: skip
for room in rooms():
    BODIES |= room.BODIES
