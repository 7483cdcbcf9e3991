"""The manifest of a backup: what belongs to it, with sums, and what a restored database must look like."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

MANIFEST, DUMP, FILES = "manifest.json", "database.dump", "files"
SCHEMA_VERSION = 1
_PIECE = 1024 * 1024


class BackupRefused(Exception):
    """A backup or a restore does not begin, or was taken back; the text says why and what to do."""


@dataclass(frozen=True)
class Part:
    """One file of the backup: its path below the folder with `/`, its size in bytes, its sha256 as hex."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Chain:
    """The ledger at the moment of the backup, as `verify_audit` prints it."""

    events: int
    sealed: int
    head: str
    breaks: list[int]


@dataclass(frozen=True)
class Manifest:
    """Everything about a backup but its data. `server` is PostgreSQL's version number (150018), `program` pg_dump's major
    version; `tables` counts the rows of each table in the snapshot that was dumped."""

    schema_version: int
    made_at: str
    server: int
    program: int
    extensions: list[str]
    migrations: list[str]
    tables: dict[str, int]
    ledger: Chain
    parts: list[Part]

    def text(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def sum_of(path: Path) -> str:
    """sha256 of a file, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def part_of(folder: Path, path: Path) -> Part:
    return Part(path.relative_to(folder).as_posix(), path.stat().st_size, sum_of(path))


def write(folder: Path, manifest: Manifest) -> str:
    """Writes the manifest under its name in one step, after everything else is on the disk; returns its sha256."""
    draft = folder / f"{MANIFEST}.new"
    draft.write_text(manifest.text(), encoding="utf-8")
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    draft.replace(folder / MANIFEST)
    return sum_of(folder / MANIFEST)


def read(folder: Path, expected: str | None = None) -> Manifest:
    """The manifest of a backup whose every file is as it was written; reads all of them once.

    Raises BackupRefused: none there, unreadable, of another shape, not the `expected` one (sha256), a file that is missing,
    changed or not listed.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise BackupRefused(
            f"{folder} 里没有 {MANIFEST}：不是备份目录，或备份没有做完 (not a finished backup)"
        )
    if expected is not None and sum_of(path) != expected.strip().lower():
        raise BackupRefused(f"{path} 的 sha256 不是 --expect 所给的值，备份已被改动或拿错 (another manifest)")
    try:
        manifest = _loaded(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError, KeyError) as problem:
        raise BackupRefused(
            f"{path} 无法读取 ({type(problem).__name__}: {problem})，请换一份备份 (malformed)"
        )
    _check_parts(folder, manifest)
    return manifest


def _loaded(found: Any) -> Manifest:
    if not isinstance(found, dict) or found.get("schema_version") != SCHEMA_VERSION:
        raise ValueError(f"schema_version must be {SCHEMA_VERSION}")
    known = {field.name for field in fields(Manifest)}
    if set(found) != known:
        raise ValueError(f"keys: {sorted(set(found) ^ known)}")
    parts = [Part(**part) for part in found["parts"]]
    return Manifest(**{**found, "ledger": Chain(**found["ledger"]), "parts": parts})


def _check_parts(folder: Path, manifest: Manifest) -> None:
    listed = {part.path: part for part in manifest.parts}
    present = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_symlink() or not path.is_dir()
    } - {MANIFEST}
    wrong = sorted(present ^ set(listed))
    if DUMP not in listed or wrong:
        raise BackupRefused(
            f"备份中的文件与清单不符：{'、'.join(wrong[:5]) or DUMP}，请换一份备份 (files missing or not listed)"
        )
    for part in manifest.parts:
        path = folder / part.path
        if path.is_symlink() or path.stat().st_size != part.bytes or sum_of(path) != part.sha256:
            raise BackupRefused(
                f"{part.path} 与清单中的 sha256 不符，已被改动或损坏，请换一份备份 (changed or damaged)"
            )
