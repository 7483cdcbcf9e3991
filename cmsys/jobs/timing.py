"""How long leases, claims and slices last: settings.JOBS, read once. docs/adr/0006 says why these figures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings


@dataclass(frozen=True)
class Timing:
    """All in seconds. `lease`: a worker that is silent for so long is dead; `claim`: an id that no worker took up is
    sent again; `slice`: a job that has run so long makes room for others; `poll`: between looks at an empty table."""

    lease: float
    claim: float
    slice: float
    poll: float
    seal: float

    @property
    def lease_length(self) -> timedelta:
        return timedelta(seconds=self.lease)

    @property
    def claim_length(self) -> timedelta:
        return timedelta(seconds=self.claim)

    @property
    def renewal(self) -> float:
        """Four renewals fit into a lease, so that one that is late costs nothing."""
        return self.lease / 4


def timing() -> Timing:
    return Timing(**settings.JOBS)
