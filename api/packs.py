"""`python -m api.packs use FOLDER REASON`, `python -m api.packs back REASON`: another model pack, or the one before,
while the service runs. Sealed first; every process then changes within seconds, and says so when it cannot."""

import argparse
import asyncio
import logging
import sys
from pathlib import Path

from api.clock import utc_now
from api.health import Health
from api.keys import SetupRefused
from api.proofroom import keep_manifest
from api.settings import Settings, load
from api.store import Store
from evidence.errors import Error
from evidence.events import ModelPackChosen
from kyc import choosing
from kyc.choosing import PackWatch
from kyc.engine import FaceEngine
from kyc.models import PackInvalid

EVERY_S = 2.0
ALARM = "model_pack"

_log = logging.getLogger(__name__)


class PackChanger:
    """A chore of each process: uses what was chosen. A pack that is not what was chosen, or does not answer as it must,
    is an alarm, and the pack before stays in use: decisions always name the pack they were taken with."""

    def __init__(self, engine: FaceEngine, health: Health) -> None:
        self.watch = PackWatch()
        self._engine = engine
        self._health = health
        self._failed: ModelPackChosen | None = None

    async def run(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(EVERY_S)

    async def look(self) -> None:
        """What failed once is not tried again until something else is chosen."""
        wanted = self.watch.chosen
        if wanted is None or wanted is self._failed:
            return
        try:
            if await self.watch.follow(self._engine):
                _log.warning("model pack %s is in use from now on", self._engine.pack.manifest.model_id)
        except PackInvalid as error:
            self._failed = wanted
            self._health.alarm(ALARM, f"{wanted.pack} is not used: {error}", stops=False)


async def change(settings: Settings, folder: Path | None, reason: str) -> ModelPackChosen | None:
    """`folder` None: the pack before."""
    async with Store.of(settings, utc_now).opened() as store:
        if folder is not None:
            await keep_manifest(folder, store.objects)  # before a score can name it
        ports = choosing.Ports(store.ledger, utc_now, settings.models)
        return await (choosing.back(reason, ports) if folder is None else choosing.choose(folder, reason, ports))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m api.packs", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    use = verbs.add_parser("use")
    use.add_argument("folder", type=Path)
    for verb in (use, verbs.add_parser("back")):
        verb.add_argument("reason")
    given = parser.parse_args()
    try:
        done = asyncio.run(change(load(), given.folder if given.verb == "use" else None, given.reason))
    except (SetupRefused, Error, PackInvalid) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write("nothing to change\n" if done is None else f"{done.pack} from {done.folder}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
