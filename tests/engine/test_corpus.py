"""Broken documents, one fault each: the fault is told once, by path, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from appraisal.schemes.engine import SchemeError, load_scheme
from tests.engine.casting import ROOT

CORPUS = sorted((ROOT / "tests" / "corpus" / "schemes").glob("*.yaml"))


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_the_one_fault_is_told_by_path(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    expected = dict(re.findall(r"^# (path|code|zh|en): ?(.*)$", text, re.MULTILINE))
    body = text.split("\n", 4)[4]
    with pytest.raises(SchemeError) as refused:
        load_scheme(body)
    (fault,) = refused.value.faults
    assert (fault.path, fault.code) == (expected["path"], expected["code"])
    if fault.code != "document_syntax":  # the words of the YAML parser are its own
        assert (fault.zh, fault.en) == (expected["zh"], expected["en"])


def test_the_corpus_is_large_and_covers_every_kind_of_fault_of_a_document() -> None:
    codes = {
        re.search(r"^# code: (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)[1] for path in CORPUS
    }  # type: ignore[index]
    assert len(CORPUS) == 99
    assert len(codes) == 26
