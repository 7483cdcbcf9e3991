"""What else happens when a confirmed decision loses its ground or is withdrawn: rooms above say so in apps.ready()."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from appraisal.grading.models import GradeDecision

Follower = Callable[[GradeDecision, datetime], None]

_followers: list[Follower] = []


def follow_void(follower: Follower) -> None:
    """`follower(decision, now)` is called, in the same transaction, when a decision that had been confirmed goes back to
    the reviewers because figures changed, or is withdrawn; its `state` is the new one already."""
    if follower not in _followers:
        _followers.append(follower)


def voided(decision: GradeDecision, now: datetime) -> None:
    """Tells everybody who asked."""
    for follower in _followers:
        follower(decision, now)
