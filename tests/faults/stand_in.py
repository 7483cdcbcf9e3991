"""A light product for the launcher: real PostgreSQL and Valkey, the real launcher, and processes that only pretend.

`python -m tests.faults.stand_in launch` is `make run` with stand-ins for the web, the worker and manage.py, so that a
fault can be tried in two seconds. `test_launcher_product.py` starts the real thing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import psycopg2


def launch(*arguments: str) -> int:
    from cmsys.local import frontend, launcher, processes, services

    me = "{python} -m tests.faults.stand_in"
    processes.PROCESSES.clear()
    processes.PROCESSES.update(web=f"{me} web {{port}}", worker=f"{me} worker", dispatcher=f"{me} dispatcher")
    launcher.MANAGE = ["-m", "tests.faults.stand_in", "manage"]
    services.Cluster = partial(services.Cluster, durable=False)
    frontend.missing = lambda *_, **__: []
    if os.environ.get("STAND_IN_NPM") == "missing":
        frontend.missing = lambda *_, **__: ["static/vendor/echarts.min.js"]
        frontend.shutil.which = lambda *_, **__: None
        frontend._wheel_folders = lambda root: []
    sys.argv = ["launcher", *arguments]
    return launcher.main()


def web(port: str) -> None:
    class Ready(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            return

    HTTPServer(("127.0.0.1", int(port)), Ready).serve_forever()


def worker() -> None:
    """Has a child, as a pool has: a killed worker must not leave it behind."""
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    print("stand-in ready.", flush=True)
    if os.environ.get("STAND_IN_WORKER") == "dies":
        sys.exit(3)
    time.sleep(600)


def dispatcher() -> None:
    print("dispatcher ready.", flush=True)
    time.sleep(600)


def manage(command: str, *arguments: str) -> None:
    """`migrate` makes a table of accounts, `demo_data` fills it and writes the accounts file as the real one does."""
    home = Path(os.environ["CMSYS_HOME"])
    run = json.loads((home / "run.json").read_text())
    url = os.environ.get("DATABASE_URL") or run["owner_database_url"]
    with psycopg2.connect(url, options="-c role=cmsys_owner") as connection, connection.cursor() as cursor:
        if command == "migrate":
            cursor.execute("CREATE TABLE IF NOT EXISTS accounts_user (name text)")
            cursor.execute("DROP TABLE IF EXISTS django_migrations")
            cursor.execute("CREATE TABLE django_migrations (id int, app text, name text)")
            cursor.execute("INSERT INTO django_migrations VALUES (1, 'accounts', '0001')")
        if command == "demo_data":
            cursor.execute("INSERT INTO accounts_user VALUES ('zhang')")
            print("half", flush=True)
            time.sleep(float(os.environ.get("STAND_IN_SLOW", "0")))
            Path(arguments[1]).write_text(
                json.dumps({"url": "", "accounts": [{"password": os.urandom(8).hex()}]})
            )
    print(f"{command} done", flush=True)


if __name__ == "__main__":
    name, *rest = sys.argv[1:]
    actions = {
        "web": web,
        "worker": worker,
        "manage": manage,
        "dispatcher": dispatcher,
        "launch": launch,
    }
    sys.exit(actions[name](*rest))  # type: ignore[operator]
