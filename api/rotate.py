"""`python -m api.rotate [TENANT …]`: a new version of the tenants' keys, while the service runs. Default: all tenants.

Data keys are wrapped anew one by one, nothing that is stored is encrypted again, and no request has to wait or fail.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence

from api.clock import utc_now
from api.keys import SetupRefused
from api.settings import Settings, load
from api.store import Store
from evidence.custody import Rotation, rotate
from evidence.errors import Error


async def rotate_all(settings: Settings, tenants: Sequence[str]) -> list[Rotation]:
    """One rotation for each tenant named, or for each that has a key."""
    async with Store.of(settings, utc_now).opened() as store:
        keyring = store.vault.keyring
        known = sorted({key.tenant for key in await keyring.store.tenant_keys()})
        return [await rotate(tenant, keyring, store.ledger, utc_now) for tenant in tenants or known]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m api.rotate", description=__doc__)
    parser.add_argument("tenant", nargs="*")
    given = parser.parse_args()
    try:
        done = asyncio.run(rotate_all(load(), given.tenant))
    except (SetupRefused, Error) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for rotation in done:
        retired = ", ".join(map(str, rotation.retired)) or "-"
        what = f"version {rotation.version}, {rotation.rewrapped} keys wrapped anew, retired {retired}"
        sys.stdout.write(f"{rotation.tenant}: {what}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
