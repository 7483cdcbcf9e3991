"""What outlives a run in CMSYS_HOME: which databases have demonstration data, the secret key, the demonstration accounts."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


def write_private(path: Path, text: str) -> None:
    """Replaces a file in one step; only its owner may read it."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def read_object(path: Path) -> dict[str, Any] | None:
    """The JSON object in a file; None when the file is missing, cut off or something else."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


@dataclass
class State:
    """Contents of state.json. An unreadable file counts as empty: the database itself says whether people are in it."""

    schema_version: int = 1
    # One entry per database, `<system identifier>/<name>`: another DATABASE_URL has not been filled yet.
    demo_data: list[str] = field(default_factory=list)
    # The same database → fingerprint of the code and the schema after the last migrate.
    migrated: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> State:
        found = read_object(path) or {}
        names, migrated = found.get("demo_data"), found.get("migrated")
        return cls(
            demo_data=[str(name) for name in names] if isinstance(names, list) else [],
            migrated={str(k): str(v) for k, v in migrated.items()} if isinstance(migrated, dict) else {},
        )

    def write(self, path: Path) -> None:
        write_private(path, json.dumps(asdict(self), indent=2))


def code_fingerprint(checkout: Path) -> str:
    """Changes with every Python file of the product and every lock: what migrations and their grants depend on."""
    digest = hashlib.sha256()
    for folder in ("cmsys", "managers", "customers", "appraisal", "training", "requirements"):
        for path in sorted((checkout / folder).rglob("*")):
            if path.suffix in (".py", ".txt", ".sql"):
                digest.update(f"{path.relative_to(checkout)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def secret_key(home: Path) -> str:
    """The key of this installation, made once: sessions and encrypted fields must survive a broken run.json."""
    path = home / "secret_key"
    try:
        key = path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        key = ""
    if len(key) < 50:
        key = secrets.token_urlsafe(50)
        write_private(path, f"{key}\n")
    return key


def keep_accounts(path: Path, url: str) -> None:
    """Writes the present address into demo.json; a cut off file is brought back from the copy beside it."""
    copy = path.with_name("demo.copy.json")
    accounts = read_object(path) or read_object(copy)
    if accounts is None:
        return
    accounts["url"] = url
    text = json.dumps(accounts, ensure_ascii=False, indent=2) + "\n"
    for target in (path, copy):
        if read_object(target) != accounts:
            write_private(target, text)
