#!/usr/bin/env python3
"""A copy of grades and managers in a SQLite file, kept up to date through the API of cmsys. Standard library only.

    CMSYS_URL=https://cmsys.example CMSYS_CLIENT_ID=… CMSYS_CLIENT_SECRET=… python sync.py copy.sqlite3
    python sync.py copy.sqlite3 --follow 5     # and again every five seconds
    python sync.py copy.sqlite3 --verify       # and prove that the copy equals what the server shows this client

It may be killed at any point: rows and the position they belong to are written in one transaction of SQLite, so the next
run goes on where the last one had come. Exit status: 0 done, 1 the copy differs, 2 it could not be done.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import http.client
import json
import os
import sqlite3
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

# Resource → the field of its rows that is the key.
RESOURCES = {"managers": "employee_no", "grades": "id"}
IDS_AT_ONCE = 100
TRIES = 8


class Refused(Exception):
    """The server's answer means that going on as before is useless; `code` is that of its problem."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status, self.code = status, code


class Api:
    """Requests with a token: a new one when it has run out, patience when asked for it, again when the line breaks."""

    def __init__(self, url: str, client_id: str, secret: str) -> None:
        if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
            raise ValueError("CMSYS_URL must begin with https:// (or http://)")
        self.url = url.rstrip("/")
        self.basic = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
        self.token = ""

    def get(self, path: str) -> Any:
        """The answer as a value."""
        with self.open(path) as answer:
            return json.load(answer)

    def lines(self, path: str) -> Iterator[Any]:
        """An answer of lines, one value after the other. Raises OSError when it ends too early."""
        with self.open(path) as answer:
            for line in answer:
                yield json.loads(line)

    def open(self, path: str) -> Any:
        for attempt in range(TRIES):
            if not self.token:
                self.sign_in()
            request = urllib.request.Request(  # noqa: S310
                f"{self.url}{path}", headers={"Authorization": f"Bearer {self.token}"}
            )
            try:
                return urllib.request.urlopen(request, timeout=60)  # noqa: S310
            except urllib.error.HTTPError as answer:
                self.learn(answer, attempt)
            except OSError:
                if attempt == TRIES - 1:
                    raise
                time.sleep(min(0.2 * 2**attempt, 10))
        raise Refused(0, "gave_up", path)

    def learn(self, answer: urllib.error.HTTPError, attempt: int) -> None:
        """401 needs a new token, 429 and 503 say when to come again; everything else is for the caller."""
        problem = _problem(answer)
        if answer.code == 401 and attempt < 2:
            self.token = ""
        elif answer.code in (429, 502, 503, 504) and attempt < TRIES - 1:
            time.sleep(float(answer.headers.get("Retry-After") or 2))
        else:
            raise Refused(answer.code, problem.get("code", ""), problem.get("detail", ""))

    def sign_in(self) -> None:
        body = urllib.parse.urlencode({"grant_type": "client_credentials"}).encode()
        request = urllib.request.Request(  # noqa: S310
            f"{self.url}/o/token/", data=body, headers={"Authorization": f"Basic {self.basic}"}
        )
        for attempt in range(TRIES):
            try:
                with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                    self.token = json.load(answer)["access_token"]
                    return
            except urllib.error.HTTPError as answer:
                if answer.code not in (429, 502, 503, 504) or attempt == TRIES - 1:
                    problem = _problem(answer)
                    raise Refused(answer.code, problem.get("error", ""), "no token") from None
                time.sleep(float(answer.headers.get("Retry-After") or 2))
            except OSError:
                if attempt == TRIES - 1:
                    raise
                time.sleep(min(0.2 * 2**attempt, 10))


def _problem(answer: urllib.error.HTTPError) -> dict[str, Any]:
    try:
        found = json.load(answer)
    except (ValueError, OSError):
        return {}
    return found if isinstance(found, dict) else {}


class Copy:
    """The file: rows as the server wrote them, and how far they are known to be complete."""

    def __init__(self, file: str) -> None:
        self.base = sqlite3.connect(file, isolation_level=None, timeout=30)
        self.base.execute("PRAGMA synchronous=FULL")
        self.base.execute(
            "CREATE TABLE IF NOT EXISTS rows (resource TEXT, id TEXT, version TEXT, body TEXT,"
            " PRIMARY KEY (resource, id)) WITHOUT ROWID"
        )
        self.base.execute(
            "CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID"
        )

    @property
    def after(self) -> int | None:
        """The position of the copy; None before the first load."""
        found = self.base.execute("SELECT value FROM state WHERE name = 'after'").fetchone()
        return int(found[0]) if found else None

    def __enter__(self) -> Copy:
        """One transaction: everything of it, or nothing."""
        self.base.execute("BEGIN IMMEDIATE")
        return self

    def __exit__(self, kind: Any, *_: Any) -> None:
        self.base.execute("COMMIT" if kind is None else "ROLLBACK")

    def stand_at(self, after: int) -> None:
        self.base.execute("INSERT OR REPLACE INTO state VALUES ('after', ?)", (str(after),))

    def put(self, resource: str, row: dict[str, Any]) -> None:
        body = json.dumps(row, ensure_ascii=False, sort_keys=True)
        values = (resource, str(row[RESOURCES[resource]]), row["updated_at"], body)
        self.base.execute("INSERT OR REPLACE INTO rows VALUES (?, ?, ?, ?)", values)

    def drop(self, resource: str, key: str) -> None:
        self.base.execute("DELETE FROM rows WHERE resource = ? AND id = ?", (resource, key))

    def clear(self) -> None:
        self.base.execute("DELETE FROM rows")

    def digest(self, resource: str) -> str:
        """sha256 over the lines `<key> <version>`, in the order of the keys."""
        found = self.base.execute(
            "SELECT id, version FROM rows WHERE resource = ? ORDER BY id COLLATE BINARY", (resource,)
        )
        whole = hashlib.sha256()
        for key, version in found:
            whole.update(f"{key} {version}\n".encode())
        return whole.hexdigest()

    def count(self) -> str:
        found = self.base.execute("SELECT resource, count(*) FROM rows GROUP BY resource ORDER BY resource")
        return ", ".join(f"{resource} {number}" for resource, number in found) or "nothing"


def load(api: Api, copy: Copy) -> None:
    """Everything anew. The position is asked for first: what changes while rows are read comes again through the feed."""
    begin = api.get("/api/v1/changes/")["next_after"]
    with copy:
        copy.clear()
        for resource in RESOURCES:
            for row in api.lines(f"/api/v1/{resource}/bulk/?format=ndjson"):
                copy.put(resource, row)
        copy.stand_at(begin)


def catch_up(api: Api, copy: Copy) -> None:
    """All changes since the position of the copy, page by page. Raises Refused with `resync` when that cannot be."""
    more = True
    while more:
        page = api.get(f"/api/v1/changes/?after={copy.after}&limit=500")
        # Of several changes of an object the last one says what to do; the row is read as it is now in any case.
        last = {(one["resource"], one["id"]): one["op"] for one in page["results"]}
        wanted: dict[str, list[str]] = {}
        for (resource, key), op in last.items():
            if op == "upsert" and resource in RESOURCES:
                wanted.setdefault(resource, []).append(key)
        rows = {resource: read(api, resource, keys) for resource, keys in wanted.items()}
        with copy:
            for resource, key in last:
                row = rows.get(resource, {}).get(key)
                if row is None:  # gone, out of sight, or so by the time it was read
                    copy.drop(resource, key)
                else:
                    copy.put(resource, row)
            copy.stand_at(page["next_after"])
        more = page["more"]


def read(api: Api, resource: str, keys: list[str]) -> dict[str, dict[str, Any]]:
    """The rows of these keys as they are now; those that are not to be seen are left out."""
    found = {}
    for start in range(0, len(keys), IDS_AT_ONCE):
        ids = urllib.parse.quote(",".join(keys[start : start + IDS_AT_ONCE]))
        for row in api.get(f"/api/v1/{resource}/?ids={ids}&page_size={IDS_AT_ONCE}")["results"]:
            found[str(row[RESOURCES[resource]])] = row
    return found


def synchronise(api: Api, copy: Copy) -> None:
    """Catches up, or loads everything where there is nothing to catch up from."""
    if copy.after is not None:
        try:
            catch_up(api, copy)
            return
        except Refused as refusal:
            if refusal.code != "resync":
                raise
    load(api, copy)
    catch_up(api, copy)


def verify(api: Api, copy: Copy, patience: float) -> list[str]:
    """The resources whose copy differs; empty when all are equal. While something is being changed it asks again."""
    differ = []
    for resource in RESOURCES:
        until = time.monotonic() + patience
        while True:
            told = api.get(f"/api/v1/digest/{resource}/?after={copy.after}")
            if told["sha256"] == copy.digest(resource):
                break
            if not told["changed"] or time.monotonic() > until:
                differ.append(resource)
                break
            time.sleep(1)
            synchronise(api, copy)
    return differ


def main() -> int:
    parser = argparse.ArgumentParser(description="Keep a copy of grades and managers.")
    parser.add_argument("file", help="SQLite file; made when it is not there")
    parser.add_argument("--follow", type=float, metavar="SECONDS", help="go on for ever, with this pause")
    parser.add_argument("--verify", action="store_true", help="prove the copy with the server's digest")
    parser.add_argument("--patience", type=float, default=60, help="seconds for --verify while data changes")
    asked = parser.parse_args()
    try:
        api = Api(*(os.environ[name] for name in ("CMSYS_URL", "CMSYS_CLIENT_ID", "CMSYS_CLIENT_SECRET")))
    except KeyError as missing:
        print(f"{missing.args[0]} is not set", file=sys.stderr)
        return 2
    except ValueError as wrong:
        print(wrong, file=sys.stderr)
        return 2
    copy = Copy(asked.file)
    try:
        synchronise(api, copy)
        while asked.follow is not None:
            time.sleep(asked.follow)
            synchronise(api, copy)
        differ = verify(api, copy, asked.patience) if asked.verify else []
    except (Refused, OSError, http.client.HTTPException, ValueError) as problem:
        # Nothing is lost: the copy stands where its last transaction left it.
        print(f"not done: {problem!r}", file=sys.stderr)
        return 2
    for resource in differ:
        print(f"{resource}: the copy differs from the server", file=sys.stderr)
    print(f"{copy.count()}; position {copy.after}{'; equal' if asked.verify and not differ else ''}")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
