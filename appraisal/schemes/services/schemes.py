"""Appraisal schemes come in and are succeeded here."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from appraisal.schemes.adapters import digest_of
from appraisal.schemes.engine import EngineError, Scheme, load_scheme
from appraisal.schemes.engine.document import read_yaml
from appraisal.schemes.engine.lint import ADVICE, lint
from appraisal.schemes.models import SchemeVersion
from appraisal.schemes.permissions import SCHEME_EDIT
from cmsys.access.actors import Actor, require
from cmsys.access.refusals import refused
from cmsys.audit.ledger import record

CREATED, UPDATED, UNCHANGED = "created", "updated", "unchanged"


@dataclass(frozen=True)
class Imported:
    """What came of an import: the stored version, `created`, `updated` or `unchanged`, and the advice of the lint as
    (path in the document, sentence)."""

    version: SchemeVersion
    outcome: str
    warnings: tuple[tuple[str, str], ...]


@transaction.atomic
def scheme_import(*, actor: Actor, text: str) -> Imported:
    """Stores a document as the version it says it is. The same meaning again changes nothing; a version that a cycle
    uses is succeeded, never changed. Locks the versions of its code; four queries and the event.

    Raises MissingFunction, ValidationError at `document` (every fault with its place; a used version; a version below
    the newest one).
    """
    require(actor, SCHEME_EDIT)
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    scheme, digest, warnings = _checked(text)
    versions = list(SchemeVersion.objects.select_for_update().filter(code=scheme.code).order_by("-version"))
    stored = next((item for item in versions if item.version == scheme.version), None)
    if stored is not None and stored.digest == digest:
        return Imported(stored, UNCHANGED, warnings)
    newest = versions[0].version if versions else 0
    if stored is None and scheme.version < newest:
        raise _refused(
            "old_version",
            _("方案 %(code)s 已有第 %(newest)s 版；请把 version 提高到 %(next)s 再导入。"),
            scheme,
            newest,
        )
    if stored is not None and stored.cycles.exists():
        raise _refused(
            "used",
            _(
                "方案 %(code)s 第 %(version)s 版已有考核周期使用，不能修改；请把 version 提高到 %(next)s 再导入。"
            ),
            scheme,
            newest,
        )
    before = {} if stored is None else {"name": stored.name, "cycle": stored.cycle, "digest": stored.digest}
    version = stored or SchemeVersion(code=scheme.code, version=scheme.version)
    version.name, version.cycle, version.document, version.digest = scheme.name, scheme.cycle, text, digest
    version.full_clean()
    version.save()
    after = {"code": version.code, "version": version.version, "name": version.name, "cycle": version.cycle,
             "digest": digest}  # fmt: skip
    record("scheme.update" if stored else "scheme.create", version, actor=actor, before=before, after=after)
    return Imported(version, UPDATED if stored else CREATED, warnings)


def _checked(text: str) -> tuple[Scheme, str, tuple[tuple[str, str], ...]]:
    try:
        scheme = load_scheme(text)
    except EngineError as error:
        faults = [ValidationError(fault.zh, code=fault.code) for fault in error.faults]
        raise ValidationError({"document": faults})
    return scheme, digest_of(text), tuple((path, ADVICE[code][0]) for path, code in lint(read_yaml(text)))


def _refused(code: str, sentence: str, scheme: Scheme, newest: int) -> ValidationError:
    values = {"code": scheme.code, "version": scheme.version, "newest": newest, "next": newest + 1}
    return refused("document", code, sentence % values)
