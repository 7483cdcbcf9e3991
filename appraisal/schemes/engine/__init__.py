"""The scoring and grading engine: a published regulation as a document, applied exactly and explained line by line.

Pure: no Django, no clock, no I/O. Start with `load_scheme(text)`, `read_cohort(data)` and `Evaluation(scheme, cohort)`.
"""

from __future__ import annotations

from .checks import check
from .cohort import Adjustment, Cohort, Column, Person, read_cohort
from .document import exact_data, read_yaml
from .evaluation import Evaluation
from .faults import EngineError, Fault, InputError, SchemeError
from .model import Scheme, build
from .periods import Period, parse_period

__all__ = [
    "Adjustment", "Cohort", "Column", "EngineError", "Evaluation", "Fault", "InputError", "Period", "Person", "Scheme",
    "SchemeError", "load_scheme", "load_scheme_data", "parse_period", "read_cohort",
]  # fmt: skip


def load_scheme(text: str) -> Scheme:
    """The scheme of a YAML (or JSON) document; SchemeError lists every fault by path. Costs 0.1 s or less."""
    return load_scheme_data(read_yaml(text))


def load_scheme_data(data: dict[str, object]) -> Scheme:
    """The scheme of plain data, as `load_scheme`."""
    check(data)
    return build(exact_data(data))
