"""One alarm for all processes; `python -m api.alarms` shows those that stand, and takes one away when it was looked at.

python -m api.alarms                      # what stands
python -m api.alarms clear log            # after a person has looked; then restart every process
"""

import argparse
import asyncio
import contextlib
import sys

from api.clock import utc_now
from api.health import Health
from api.keys import SetupRefused
from api.settings import load
from api.store import Store
from evidence.alarms import Alarms
from evidence.errors import Error

EVERY_S = 2.0


class AlarmBoard:
    """Tells the others what this process found, and this process what the others did."""

    def __init__(self, alarms: Alarms, health: Health) -> None:
        self._alarms = alarms
        self._health = health
        self._told: set[str] = set()

    async def start(self) -> None:
        """What stands already holds for as long as this process runs: it does not start as usual."""
        await self._tell()
        self._health.hear(await self._alarms.standing(), keep=True)

    async def run(self) -> None:
        while True:
            with contextlib.suppress(Error):  # storage is away: the next round does it
                await self.exchange()
            await asyncio.sleep(EVERY_S)

    async def exchange(self) -> None:
        await self._tell()
        self._health.hear(await self._alarms.standing())

    async def _tell(self) -> None:
        for alarm in self._health.own_alarms:
            if alarm.name not in self._told:
                await self._alarms.put(alarm)
                self._told.add(alarm.name)


async def board(name: str | None) -> tuple[bool, list[str]]:
    """(whether `name` stood and was taken away, what stands now)."""
    async with Store.of(load(), utc_now).opened() as store:
        gone = name is not None and await store.alarms.take_away(name)
        return gone, [f"{alarm.name}: {alarm.what}" for alarm in await store.alarms.standing()]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m api.alarms", description=__doc__)
    parser.add_argument("verb", nargs="?", choices=["list", "clear"], default="list")
    parser.add_argument("name", nargs="?")
    given = parser.parse_args()
    if (given.verb == "clear") != (given.name is not None):
        parser.error("clear NAME")
    try:
        gone, standing = asyncio.run(board(given.name))
    except (SetupRefused, Error) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write("".join(f"{line}\n" for line in standing))
    return 0 if gone or not (given.name or standing) else 1


if __name__ == "__main__":
    sys.exit(main())
