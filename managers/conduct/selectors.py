"""Who is kept from deciding about whom (回避)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _

from cmsys.access.actors import Actor
from cmsys.accounts.models import User
from managers.conduct.models import InterestDeclaration
from managers.conduct.permissions import DECLARATION_EDIT, DECLARATION_OWN, DECLARATION_VIEW
from managers.profiles.models import RelationshipManager


def _in_force(day: date) -> Q:
    return Q(starts_on__lte=day) & (Q(ends_on__isnull=True) | Q(ends_on__gt=day))


def related_managers(user_id: int, employee_no: str | None, day: date) -> set[int]:
    """Keys of the people a person must not decide about because of a declaration, whichever side made it; one query."""
    mine = Q(declarant=user_id)
    declared = InterestDeclaration.objects.filter(_in_force(day), mine).values_list("manager_id", flat=True)
    found = set(declared)
    if employee_no:
        # The other side declared it: the declarant's own file is the one the person must keep away from.
        theirs = InterestDeclaration.objects.filter(
            _in_force(day), manager__employee_no=employee_no, declarant__employee_no__isnull=False
        ).values_list("declarant__employee_no", flat=True)
        numbers = list(theirs)
        if numbers:
            found |= set(
                RelationshipManager.objects.filter(employee_no__in=numbers).values_list("pk", flat=True)
            )
    return found


def related_pairs(day: date) -> set[tuple[int, int]]:
    """Relationship managers who stand in a declared relation to each other, as (smaller key, larger key); one query."""
    number = RelationshipManager.objects.filter(employee_no=OuterRef("declarant__employee_no")).values("pk")
    rows = InterestDeclaration.objects.filter(_in_force(day), declarant__employee_no__isnull=False)
    found = rows.annotate(own=Subquery(number[:1])).filter(own__isnull=False)
    return {(min(pair), max(pair)) for pair in found.values_list("own", "manager_id")}


def kept_away(user_id: int | None, employee_no: str | None, manager: str, day: date) -> Q:
    """The same as a condition on rows: those whose `manager` (a path to a person on file) is the person himself, or one
    between whom and him there is a declaration. Joins no rows."""
    declared = InterestDeclaration.objects.filter(_in_force(day))
    kept = Q(Exists(declared.filter(declarant=user_id, manager=OuterRef(manager))))
    if employee_no:
        theirs = declared.filter(
            manager__employee_no=employee_no, declarant__employee_no=OuterRef(f"{manager}__employee_no")
        )
        kept |= Q(Exists(theirs)) | Q(**{f"{manager}__employee_no": employee_no})
    return kept


def recusal(user_id: int, employee_no: str | None, manager_id: int, manager_no: str, day: date) -> str:
    """Why somebody must not decide about a person, as a sentence; empty when nothing stands against it."""
    if employee_no and employee_no == manager_no:
        return _("这是您本人的事项，须由他人办理。")
    if manager_id in related_managers(user_id, employee_no, day):
        return _("您与当事人有已申报的利害关系，须回避。")
    return ""


def recused_among(
    users: Collection[tuple[int, str | None]], manager_id: int, manager_no: str, day: date
) -> set[int]:
    """Of several accounts those that must not decide about a person; three queries at most for each."""
    return {pk for pk, number in users if recusal(pk, number, manager_id, manager_no, day)}


# --- reading declarations -----------------------------------------------------------------------------------------------
def readable(actor: Actor) -> QuerySet[InterestDeclaration]:
    """One's own declarations, and those about people within reach for human resources. A superior who is neither reads
    none of them: that somebody must keep away is told to him when he is refused, and no more."""
    rows = InterestDeclaration.objects
    return rows.reached_by(actor, DECLARATION_OWN) | rows.reached_by(actor, DECLARATION_VIEW)


def endable(actor: Actor) -> QuerySet[InterestDeclaration]:
    """Those that the actor may end: his own, and as human resources those within reach."""
    rows = InterestDeclaration.objects
    return rows.reached_by(actor, DECLARATION_OWN) | rows.reached_by(actor, DECLARATION_EDIT)


def named_exactly(text: str, limit: int = 10) -> list[RelationshipManager]:
    """People by full name or employee number, as somebody who declares a relation knows them; the roster cannot be
    browsed by it. One query."""
    text = text.strip()
    if not text:
        return []
    found = RelationshipManager.objects.filter(Q(name=text) | Q(employee_no__iexact=text))
    return list(found.select_related("unit").order_by("employee_no")[:limit])


def accounts_named(text: str, limit: int = 10) -> list[User]:
    """Active accounts by full name, account or employee number; one query."""
    text = text.strip()
    if not text:
        return []
    found = User.objects.filter(
        Q(name=text) | Q(username__iexact=text) | Q(employee_no__iexact=text), is_active=True
    )
    return list(found.order_by("username")[:limit])
