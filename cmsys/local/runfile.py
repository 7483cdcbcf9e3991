"""`$CMSYS_HOME/run.json`: where the services of a running `make run` listen, so that commands beside it need no settings."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass, fields
from pathlib import Path


@dataclass(frozen=True)
class RunFile:
    """Contents of run.json. Empty addresses mean that nothing runs; the file itself is mode 0600."""

    schema_version: int = 1
    url: str = ""
    database_url: str = ""
    owner_database_url: str = ""
    redis_url: str = ""
    secret_key: str = ""
    pid: int = 0

    @classmethod
    def read(cls, path: Path) -> RunFile:
        """The file's contents; without a readable file, no addresses and a throw-away key."""
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            known = {field.name for field in fields(cls)}
            return cls(**{key: value for key, value in found.items() if key in known})
        except (OSError, ValueError, TypeError, AttributeError):
            return cls(secret_key=secrets.token_urlsafe(50))

    def write(self, path: Path) -> None:
        """Replaces the file in one step, readable by its owner only."""
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".new")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(asdict(self), file, ensure_ascii=False, indent=2)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
