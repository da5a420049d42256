"""Notices about products that customers are owed: told while they wait, alarmed once they are late (PRD-07)."""

import asyncio
import logging

from api.health import Health
from evidence.errors import Error
from evidence.workdays import HERE
from products.ports import Ports
from products.release import flow, rules

EVERY_S = 600.0

_log = logging.getLogger(__name__)


class Announcing:
    """Looks at every product of the catalogue; an alarm about a late notice stops nothing."""

    def __init__(self, ports: Ports, health: Health) -> None:
        self._ports = ports
        self._health = health

    async def run(self) -> None:
        while True:
            if self._health.sound:
                await self.look()
            await asyncio.sleep(EVERY_S)

    async def look(self) -> None:
        today = self._ports.now().astimezone(HERE).date()
        for product in self._ports.catalogue.names():
            try:
                held = await flow.releases(product, self._ports)
            except Error as error:
                _log.warning("the notices of products were put off: %s", error.code)
                continue
            waiting = ", ".join(f"version {version} by {day}" for version, day in sorted(held.notice_due.items()))
            self._health.lacks(f"product_notice_{product}", waiting or None)
            late = rules.overdue(held, today)
            if late:
                said = ", ".join(map(str, late))
                self._health.alarm(f"product_notice_{product}", f"the notice of version {said} is late", stops=False)
