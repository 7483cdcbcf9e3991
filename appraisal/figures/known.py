"""What a figure may name: a period as the interfaces write it, and an indicator some scheme or the library knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from django.utils.translation import gettext as _

from appraisal.schemes.engine import SchemeError, load_scheme
from appraisal.schemes.engine.inputs import Vocabulary
from appraisal.schemes.engine.names import BUILTIN_FACTS
from appraisal.schemes.engine.periods import parse_period
from appraisal.schemes.models import SchemeVersion
from cmsys.access.refusals import refused
from cmsys.ui.indicators import all_indicators

PERIOD_FORMS = "2025Q4、2025H2、2025M11、2025"


@dataclass(frozen=True)
class Codes:
    """Code → name of what may be set as a target, brought in as a reading, or rated. `open`: there is no scheme yet."""

    targets: Mapping[str, str]
    readings: Mapping[str, str]
    ratings: Mapping[str, str]
    open: bool

    @property
    def names(self) -> dict[str, str]:
        """Every code with its name."""
        return {**self.ratings, **self.targets, **self.readings}


# A document never changes under its digest, so what it names is worked out once in a process.
_of_document: dict[str, Codes] = {}


def known_codes() -> Codes:
    """What all stored versions of all schemes name, with the library's own. One query; one more for new documents."""
    digests = dict.fromkeys(SchemeVersion.objects.order_by("pk").values_list("digest", flat=True))
    unread = [digest for digest in digests if digest not in _of_document]
    if unread:
        for digest, document in SchemeVersion.objects.filter(digest__in=unread).values_list(
            "digest", "document"
        ):
            _of_document[digest] = _read(document)
    library = {source.code: str(source.name) for source in all_indicators()}
    targets, readings = dict(library), dict(library)
    ratings: dict[str, str] = {}
    for digest in digests:
        codes = _of_document[digest]
        targets |= codes.targets
        readings |= codes.readings
        ratings |= codes.ratings
    return Codes(targets, readings, ratings, open=not digests)


def _read(document: str) -> Codes:
    try:
        scheme = load_scheme(document)
    except SchemeError:
        return Codes({}, {}, {}, open=False)
    words = Vocabulary(scheme)
    named = {item.code: item.name for item in scheme.indicators()}
    for section in ("readings", "events"):
        named |= {item["code"]: item.get("name", item["code"]) for item in scheme.section(section)}

    def with_names(codes: object) -> dict[str, str]:
        return {code: named.get(code, code) for code in sorted(codes)}  # type: ignore[call-overload]

    rated = {item.code for item in scheme.indicators() if item.source == "rating"}
    computed = {item.code for item in scheme.indicators() if item.source in ("rating", "formula")}
    return Codes(
        with_names(words.targets - rated),
        # Events are counted, and facts stated, by readings of their name.
        with_names((words.readings - computed) | words.events | (words.facts - set(BUILTIN_FACTS))),
        with_names(words.ratings),
        open=False,
    )


def normal_period(text: str) -> str | None:
    """`2025M3` as `2025M03`; None for what is no period."""
    period = parse_period(text.strip().upper())
    return str(period) if period is not None else None


def period_of(text: str) -> str:
    """The period in its one spelling. Raises ValidationError."""
    period = normal_period(text)
    if period is None:
        raise refused("period", "bad_value", _("期间应写成 %(forms)s 之一。") % {"forms": PERIOD_FORMS})
    return period


def unknown_code(code: str, known: Mapping[str, str], *, open: bool) -> str:
    """Why a code is refused, with the nearest one that exists; empty when it is known or nothing is known yet."""
    if open or code in known:
        return ""
    near = get_close_matches(code.upper(), known, n=1, cutoff=0.6)
    if near:
        return _("没有考核方案用到指标“%(code)s”，是不是“%(near)s”（%(name)s）？") % {
            "code": code[:40],
            "near": near[0],
            "name": known[near[0]],
        }
    return _("没有考核方案用到指标“%(code)s”，请核对指标编码，或先导入方案。") % {"code": code[:40]}


def check_code(code: str, known: Mapping[str, str], *, open: bool) -> None:
    """Raises ValidationError for a code nobody knows."""
    why = unknown_code(code, known, open=open)
    if why:
        raise refused("indicator_code", "not_found", why)
