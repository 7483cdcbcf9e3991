"""Problems of the engine as sentences: translated, filled in, with the place in front."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from cmsys.transfers.engine.problems import FileRefused, Problem


@dataclass(frozen=True)
class Finding:
    """One complaint as it is stored, printed and marked in the person's own sheet. `row` 0 is the file as a whole."""

    row: int
    column: str
    value: str
    code: str
    message: str
    header: str = ""
    index: int | None = None
    reason: str = ""

    def as_json(self) -> dict[str, object]:
        """The six members scripts read (interfaces 1) and the header as the file writes it."""
        return {
            "row": self.row,
            "column": self.column,
            "value": self.value,
            "code": self.code,
            "message": self.message,
            "header": self.header,
        }


def finding(problem: Problem) -> Finding:
    """`第 37 行 销售额：应为数字，收到“十二万”`; `reason` is the sentence without the place."""
    reason = _(problem.text) % problem.params if problem.params else _(problem.text)
    place = _("第 %(row)s 行") % {"row": problem.row}
    if problem.header:
        place = f"{place} {problem.header}"
    return Finding(
        row=problem.row,
        column=problem.column,
        value=problem.value,
        code=problem.code.value,
        message=_("%(place)s：%(reason)s") % {"place": place, "reason": reason},
        header=problem.header,
        index=problem.index,
        reason=reason,
    )


def refusal(refused: FileRefused) -> Finding:
    """The whole file, as one finding."""
    sentence = _(refused.text) % refused.params if refused.params else _(refused.text)
    return Finding(
        row=refused.row, column="", value="", code=refused.code.value, message=sentence, reason=sentence
    )
