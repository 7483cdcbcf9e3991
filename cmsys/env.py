"""Strict reading of environment variables: a wrong or missing value stops the start with a sentence that says what to do."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit, urlunsplit


class ConfigurationError(SystemExit):
    """A setting is missing or malformed. Leaves with exit code 2 and one sentence, without a traceback."""

    def __init__(self, message: str) -> None:
        super().__init__(f"配置错误 / configuration error: {message}")


class Env:
    """Typed access to one mapping of variables (the process environment unless a test passes another)."""

    def __init__(self, variables: Mapping[str, str] | None = None) -> None:
        self._variables = os.environ if variables is None else variables

    def text(self, name: str, default: str | None = None) -> str:
        """The value as it stands; an empty value counts as missing. Raises when missing without a default."""
        value = self._variables.get(name, "")
        if value == "":
            if default is None:
                raise ConfigurationError(f"{name} 未设置，请设置后再启动 (set {name} and start again)")
            return default
        return value

    def flag(self, name: str, default: bool) -> bool:
        value = self._variables.get(name, "").lower()
        if value == "":
            return default
        if value in ("1", "true", "yes", "on"):
            return True
        if value in ("0", "false", "no", "off"):
            return False
        raise ConfigurationError(f"{name}={value!r}：应为 true 或 false (expected true or false)")

    def integer(self, name: str, default: int, *, low: int, high: int) -> int:
        value = self._variables.get(name, "")
        if value == "":
            return default
        if not value.isascii() or not value.isdigit() or not low <= int(value) <= high:
            raise ConfigurationError(
                f"{name}={value!r}：应为 {low} 到 {high} 的整数 (expected an integer in that range)"
            )
        return int(value)

    def choice(self, name: str, default: str, options: tuple[str, ...]) -> str:
        value = self._variables.get(name, "") or default
        if value not in options:
            raise ConfigurationError(
                f"{name}={value!r}：应为 {'、'.join(options)} 之一 (expected one of these)"
            )
        return value

    def words(self, name: str, default: tuple[str, ...] | None = None) -> list[str]:
        """A comma separated list without empty entries; at least one entry unless a default is given."""
        raw = self._variables.get(name, "")
        found = [word.strip() for word in raw.split(",") if word.strip()]
        if found:
            return found
        if default is None:
            raise ConfigurationError(f"{name} 未设置，应为逗号分隔的列表 (set a comma separated list)")
        return list(default)

    def secret(self, name: str, *, least: int = 50) -> str:
        """A secret from the variable or from the file named by NAME_FILE; refused when short or a known placeholder."""
        filed = self._filed(name)
        return _strong(name, self.text(name) if filed is None else filed, least)

    def secrets(self, name: str, *, least: int = 50) -> list[str]:
        """Secrets from the variable, comma separated, or from the file named by NAME_FILE, one a line; there may be none."""
        filed = self._filed(name)
        found = self.words(name, ()) if filed is None else filed.split()
        return [_strong(name, value, least) for value in found]

    def address(self, name: str, password: str) -> str:
        """The address in `name`; its password is what the file named by `password`_FILE holds, where that is set, so that
        no secret need stand in the environment. Raises when both say one."""
        address, filed = self.text(name), self._filed(password)
        if filed is None:
            return address
        parts = urlsplit(address)
        if parts.password is not None or not parts.hostname or not filed:
            raise ConfigurationError(
                f"{name} 与 {password}_FILE：地址中应有主机而没有密码，密码文件不应为空"
                " (the address needs a host and no password, the file must not be empty)"
            )
        login = f"{parts.username or ''}:{quote(filed, safe='')}@{parts.netloc.rpartition('@')[2]}"
        return urlunsplit(parts._replace(netloc=login))

    def _filed(self, name: str) -> str | None:
        """What the file named by NAME_FILE holds, None where no file is named. Raises when it cannot be read."""
        path = self._variables.get(f"{name}_FILE", "")
        if not path:
            return None
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as problem:
            raise ConfigurationError(
                f"{name}_FILE={path}：无法读取 ({type(problem).__name__})，请检查路径与权限 (cannot be read)"
            ) from None


def _strong(name: str, value: str, least: int) -> str:
    if len(value) < least or "insecure" in value or "changeme" in value.lower():
        raise ConfigurationError(
            f"{name} 过短或为示例值，至少 {least} 个随机字符 (too short or a placeholder)"
        )
    return value


def database(url: str, *, role: str) -> dict[str, Any]:
    """Django's settings for one PostgreSQL address `postgresql://user:password@host:port/name?host=/socket/folder`.

    Every connection runs as `role` (cmsys_app or cmsys_owner), whichever login it came in with, and expects a disk without
    a moving head: with PostgreSQL's own guess a few hundred rows of a large table are not fetched by their index.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql"):
        raise ConfigurationError(
            "DATABASE_URL 应形如 postgresql://用户:密码@主机:端口/库名 (expected a PostgreSQL address)"
        )
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    name = unquote(parts.path.lstrip("/"))
    if not name:
        raise ConfigurationError("DATABASE_URL 缺少库名 (no database name in it)")
    options: dict[str, Any] = {
        "options": f"-c role={role} -c lock_timeout=3s -c idle_in_transaction_session_timeout=15min -c random_page_cost=1.1",
        "application_name": "cmsys",
    }
    options.update(
        {key: value for key, value in query.items() if key in ("sslmode", "sslrootcert", "connect_timeout")}
    )
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.get("host") or parts.hostname or "",
        "PORT": query.get("port") or (str(parts.port) if parts.port else ""),
        "OPTIONS": options,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


def caches(redis_url: str) -> dict[str, Any]:
    """Django's CACHES: the Redis-protocol server when there is one, memory of this process otherwise.

    A server that hangs costs a request one second and no repetition: what is cached here can be done without.
    """
    if not redis_url:
        return {
            "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "KEY_PREFIX": "cmsys"}
        }
    return {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": redis_url,
            "KEY_PREFIX": "cmsys",
            "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
        }
    }
