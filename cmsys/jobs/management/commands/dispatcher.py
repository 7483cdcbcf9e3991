"""`manage.py dispatcher`: runs until SIGTERM or SIGINT."""

from __future__ import annotations

import logging
import signal
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand

from cmsys.jobs.dispatcher import Dispatcher


class Command(BaseCommand):
    help = "把到期的后台任务发送给执行进程，并封存操作日志；持续运行，收到 SIGTERM 或 Ctrl-C 时结束"
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
        dispatcher = Dispatcher()

        def stop(number: int, frame: FrameType | None) -> None:
            dispatcher.stop()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        self.stdout.write("dispatcher ready.")
        dispatcher.loop()
