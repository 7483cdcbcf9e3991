"""`manage.py api_client NAME --scopes "managers:read" [--unit CODE] --json`: make a client; its secret is shown once."""

from __future__ import annotations

import json
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from cmsys.access.actors import SystemActor
from cmsys.api.services.clients import client_create
from cmsys.audit.acting import acting_as
from cmsys.org.models import OrgUnit


class Command(BaseCommand):
    help = "新建接口客户端；密钥只显示这一次。权限范围或机构不存在时退出码为 2"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="NAME", help="客户端名称")
        parser.add_argument("--scopes", required=True, help='权限范围，空格分隔，例如 "org:read"')
        parser.add_argument("--unit", metavar="CODE", help="机构编码：只能看到该机构及其下级的数据")
        parser.add_argument("--json", action="store_true", help="输出 JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        # An empty code is a mistake in somebody's script, and must not make a client that sees everything.
        unit = OrgUnit.objects.filter(code=options["unit"]).first() if options["unit"] is not None else None
        if options["unit"] is not None and unit is None:
            raise CommandError(f"没有编码为“{options['unit']}”的机构，请核对 --unit。", returncode=2)
        actor = SystemActor("system:api_client")
        try:
            with acting_as(actor):
                client, secret = client_create(
                    actor=actor,
                    now=timezone.now(),
                    name=options["name"],
                    scopes=options["scopes"].split(),
                    unit=unit,
                )
        except ValidationError as problem:
            raise CommandError(" ".join(problem.messages), returncode=2)
        expires = timezone.localtime(client.expires_at).isoformat(timespec="seconds")
        if options["json"]:
            shown = {"client_id": client.client_id, "client_secret": secret, "expires": expires}
            self.stdout.write(json.dumps(shown))
        else:
            self.stdout.write(
                f"client_id      {client.client_id}\nclient_secret  {secret}\n有效期至       {expires}"
            )
            self.stdout.write("密钥只显示这一次，请立即妥善保存。")
