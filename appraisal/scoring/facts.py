"""What a scheme may ask of a person beside his figures: certificates, post, status, length of service."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from django.db.models import Q

from appraisal.schemes.engine import Scheme
from appraisal.schemes.engine.names import used_names
from appraisal.scoring.needs import Needs
from managers.profiles.models import Certificate, RelationshipManager

COLUMNS = (
    "pk", "post__code", "region_code", "status", "category__code", "line__code", "education", "major",
    "experience_years", "hire_date",
)  # fmt: skip


@dataclass(frozen=True)
class Profile:
    """What the file says of one person."""

    manager: int
    post: str | None
    region: str
    status: str
    category: str | None
    line: str | None
    education: str
    major: str
    experience_years: int | None
    hired: date | None


def whole_months(since: date, until: date) -> int:
    """Full months from a day to a day (excluded): 15 October to 1 January are two."""
    return (until.year - since.year) * 12 + until.month - since.month - (until.day < since.day)


def _service(profile: Profile, until: date) -> Fraction | None:
    return None if profile.hired is None else Fraction(max(0, whole_months(profile.hired, until)))


# Fact → how it is read off the file; `until` is the day after the period. Empty texts are unknown, never "".
KNOWN: dict[str, Callable[[Profile, date], Any]] = {
    "post": lambda profile, until: profile.post,
    "region": lambda profile, until: profile.region or None,
    "status": lambda profile, until: profile.status,
    "category": lambda profile, until: profile.category,
    "line": lambda profile, until: profile.line,
    "education": lambda profile, until: profile.education or None,
    "major": lambda profile, until: profile.major or None,
    "experience_years": lambda profile, until: (
        None if profile.experience_years is None else Fraction(profile.experience_years)
    ),
    "service_months": _service,
}
NUMBERS = {"experience_years", "service_months"}
TEXTS = set(KNOWN) - NUMBERS


def facts_of(
    scheme: Scheme,
    needs: Needs,
    managers: list[int],
    figures: Mapping[str, Mapping[int, Fraction]],
    until: date,
) -> tuple[dict[int, dict[str, Any]], list[Any]]:
    """Each person's facts that the scheme asks for, and the raw rows they came from. At most two queries.

    Brought-in readings whose code is the name of a fact give that fact: 1 and 0 where the scheme compares it with true
    and false. `has_projects` holds for whoever has a figure of an indicator that applies only to those with projects.
    """
    found: dict[int, dict[str, Any]] = defaultdict(dict)
    raw: list[Any] = []
    wanted = {name: KNOWN[name] for name in needs.facts & KNOWN.keys() if _takes(needs, name)}
    if wanted:
        rows = list(RelationshipManager.objects.filter(pk__in=managers).order_by("pk").values_list(*COLUMNS))
        raw.append(rows)
        for profile in (Profile(*row) for row in rows):
            for name, read in wanted.items():
                value = read(profile, until)
                if value is not None:
                    found[profile.manager][name] = value
    if "certificates" in needs.facts:
        raw.append(_certificates(managers, until, found))
    if "has_projects" in needs.facts:
        codes = [item.code for item in scheme.indicators() if item.applies is not None
                 and "fact.has_projects" in used_names({"applies": item.applies})]  # fmt: skip
        holders = set().union(*(figures.get(code, {}) for code in codes))
        for manager in managers:
            found[manager]["has_projects"] = manager in holders
    for name in needs.facts - KNOWN.keys() - {"certificates", "exceptional_decision"}:
        for manager, value in figures.get(name, {}).items():
            if name in needs.truths:
                found[manager][name] = value != 0
            elif needs.words.declared.get(name) in (None, "number"):
                found[manager][name] = value
    return found, raw


def _takes(needs: Needs, name: str) -> bool:
    """Whether the scheme takes what the file holds under that name: it may declare another kind of value."""
    declared = needs.words.declared.get(name)
    return declared is None or declared == ("number" if name in NUMBERS else "text")


def _certificates(managers: list[int], until: date, found: dict[int, dict[str, Any]]) -> list[Any]:
    """Certificates held on the period's last day, by name, each with its last day; the engine looks at the date."""
    held = Certificate.objects.filter(
        Q(expires_on__isnull=True) | Q(expires_on__gte=until), issued_on__lt=until
    )
    rows = list(
        held.filter(manager__in=managers).order_by("manager_id", "name", "issued_on").values_list("manager_id", "name", "expires_on")
    )  # fmt: skip
    for manager in managers:
        found[manager]["certificates"] = []
    for manager, name, expires in rows:
        last = None if expires is None else (expires - timedelta(days=1)).isoformat()
        found[manager]["certificates"].append({"code": name, "valid_until": last})
    return rows
