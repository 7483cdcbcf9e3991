"""Named and Flaw: what a kind of facts declares about its cells."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Model

from cmsys.transfers.engine.problems import Code


@dataclass(frozen=True)
class Named:
    """A column that names another object by `by`, which is unique there."""

    model: type[Model]
    by: str


@dataclass(frozen=True)
class Flaw:
    """A rule that rows can break: `when` is SQL over the prepared row `y`, `column` the cell that is refused.

    `text` may quote the cell as %(value)s. Without a code the row is refused in silence: the reason stands elsewhere.
    """

    column: str
    code: Code | None
    text: str
    when: str
