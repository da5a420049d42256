"""KYC-17, EVD-09: the backup drill, on SQLite and on PostgreSQL, with a whole case in the store.

Back everything up; erase; put the backup back with every key that still exists. Before the erasure the very same backup
opens; after it, nothing of it does. What stands in files is searched for as text, base64 and hex, by a search that is
first shown to find it.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from api.settings import Settings
from api.store import Store
from evidence.bundle import BundlePorts, build_bundle
from evidence.erasure import flow
from evidence.erasure.rules import Erase
from evidence.errors import Error
from evidence.events import ContractEnded, Retention, Stamp
from evidence.ledger import Ledger
from evidence.retention import table
from evidence.sealer import SealPorts, seal_new
from evidence.sequencer import Sequencer
from evidence.sql.database import normal
from evidence.verify import TrustedKeys, verify_bundle
from evidence.verify.container import read
from evidence.verify.fields import VALUES
from tests import servers
from tests.erasure.conftest import ADMIN
from tests.proof.story import NAME, ORIGIN, PHONE, Teller, World, stream_of, world
from tests.proof.tampering import rebuilt
from tests.scan import search

CLASSES: tuple[Retention, ...] = ("biometric", "identity", "location", "contract")
SECRETS: dict[str, str | bytes] = {"name": NAME, "phone": PHONE}


class Drill:
    """A story told into a real store. `opened` points the world at the store as it is on disk now."""

    def __init__(self, made: World, data: Path, server: servers.Server | None, name: str) -> None:
        self.world, self.data, self._server, self._name = made, data, server, name
        self.teller = Teller(made, stream_of(made))
        self.settings = Settings(data=data)
        if server is not None:
            self.settings = Settings(data=data, database_url=self._url("log"), keys_url=self._url("keys"))
        self._copy = data.with_name("backup")

    def _url(self, part: str) -> str:
        assert self._server is not None
        return urlsplit(self._server.url)._replace(path=f"/{self._name}_{part}").geturl()

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Store]:
        async with Store.of(self.settings, self.world.clock).opened() as store:
            made = self.world
            made.log, made.objects = store.log, store.objects  # type: ignore[assignment]
            made.ledger, made.vault = Ledger(store.log), store.vault
            made.sequencer = Sequencer(store.log, made.tiles, made.checkpoint, ORIGIN, made.log_key)
            made.seals = SealPorts(made.ledger, made.vault, store.objects, made.seal_key, made.clock, made.tsa)
            made.bundles = BundlePorts(made.ledger, made.vault, store.objects, made.sequencer, made.tsa)
            yield store

    # --- databases of a server ---------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _owner(self) -> AsyncIterator[AsyncConnection]:
        assert self._server is not None
        engine = create_async_engine(normal(self._server.url), isolation_level="AUTOCOMMIT")
        async with engine.connect() as connection:
            yield connection
        await engine.dispose()

    async def begin(self) -> None:
        await self._run(*(f'CREATE DATABASE "{self._name}_{part}"' for part in ("log", "keys")))

    async def end(self) -> None:
        names = [f"{self._name}_{part}" for part in ("log", "keys", "backup")]
        await self._run(*(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)' for name in names))

    async def _run(self, *statements: str) -> None:
        if self._server is not None:
            async with self._owner() as connection:
                for statement in statements:
                    await connection.execute(text(statement))

    # --- what an operator does ---------------------------------------------------------------------------------------

    async def back_up(self) -> None:
        """Everything that is kept. The key database has backups of its own, which are left alone here."""
        await asyncio.to_thread(shutil.copytree, self.data, self._copy)
        await self._run(f'CREATE DATABASE "{self._name}_backup" TEMPLATE "{self._name}_log"')

    async def restore(self) -> None:
        """The backup in place of what is there; the keys are those of today."""
        await asyncio.to_thread(_put_back, self._copy, self.data)
        await self._run(
            f'DROP DATABASE "{self._name}_log" WITH (FORCE)',
            f'CREATE DATABASE "{self._name}_log" TEMPLATE "{self._name}_backup"',
        )

    def folders(self) -> list[Path]:
        """Where bytes lie: our own folder, and all of the server's, its write-ahead log too."""
        server = [] if self._server is None or self._server.folder is None else [self._server.folder / "data"]
        return [self.data, *server]

    async def on_disk(self) -> list[tuple[str, str]]:
        await self._run("CHECKPOINT")
        return await asyncio.to_thread(search, self.folders(), SECRETS)

    # --- the story ---------------------------------------------------------------------------------------------------

    async def tell(self) -> None:
        async with self.opened():
            await self.world.adopt_keys()
            await self.teller.whole()

    async def erase(self) -> None:
        async with self.opened() as store:
            ended = ContractEnded(ended="1990-01-01T00:00:00.000Z", period="up_to_one_year")
            await self.teller.happen(ended, actor=ADMIN)
            ports = flow.Ports(self.world.ledger, store.vault, self.world.clock, table())
            for retention in CLASSES:
                case = await self.world.ledger.case(self.teller.stream)
                stamp = Stamp(actor=ADMIN, at=self.world.clock.forward(1))
                await flow.erase(case, Erase(retention=retention, basis="EVD-08"), stamp, ports)
            await seal_new(self.teller.stream, self.world.seals)

    async def bundle(self) -> bytes:
        async with self.opened():
            return (await build_bundle(self.teller.stream, self.world.bundles, self.world.extras)).data

    async def values(self) -> int:
        """How many hidden values and files of the case open."""
        async with self.opened() as store:
            opened = 0
            events = await self.world.ledger.events(self.teller.stream)
            places = {place.commitment: place for place in flow.all_places(events)}
            opened += len(await store.vault.reveal(self.teller.stream, places))
            for place in places.values():
                if place.media is not None:
                    opened += await flow._opens(self.teller.stream, place, store.vault)
            return opened


def _put_back(copy: Path, data: Path) -> None:
    today = data.with_name("keys-today")
    shutil.copytree(data / "keys", today)
    shutil.rmtree(data)
    shutil.copytree(copy, data)
    shutil.rmtree(data / "keys")
    shutil.move(today, data / "keys")


@pytest.fixture(params=("sqlite", "postgresql"))
def server(request: pytest.FixtureRequest) -> Iterator[servers.Server | None]:
    """A server of this module's own: other tests' databases would be searched as well."""
    if request.param == "sqlite":
        yield None
        return
    found = servers.postgres()
    yield found
    found.stop()


@pytest.fixture
async def drill(server: servers.Server | None, tmp_path: Path) -> AsyncIterator[Drill]:
    found = Drill(world(tmp_path / "tsa"), tmp_path / "data", server, f"drill_{tmp_path.name[-6:]}")
    await found.begin()
    await found.tell()
    yield found
    await found.end()


async def test_after_an_erasure_no_backup_opens_and_before_it_every_one_does(drill: Drill) -> None:
    before = await drill.values()
    assert before >= 20
    await drill.back_up()
    await drill.restore()
    assert await drill.values() == before, "the very same backup opens while its keys exist"
    await drill.erase()
    assert await drill.values() == 0
    await drill.restore()
    assert await drill.values() == 0, "with every key that still exists, nothing of it opens"
    with pytest.raises(Error):  # nor is a bundle made of it as if nothing had been erased
        await drill.bundle()


async def test_the_bundle_verifies_with_what_was_erased_and_fails_with_what_was_taken_away(drill: Drill) -> None:
    keys = TrustedKeys.of(drill.world.keys)
    root, files = read(await drill.bundle())
    gone = files[VALUES].splitlines(keepends=True)[0]
    report = verify_bundle(rebuilt(root, files | {VALUES: files[VALUES].replace(gone, b"")}), keys)
    assert report.verdict == "TOTAL-FAILED"
    assert "MISSING" in {field.state for field in report.fields}
    await drill.erase()
    report = verify_bundle(await drill.bundle(), keys)
    assert {step.name for step in report.steps if step.state == "failed"} == set()
    assert {field.state for field in report.fields} == {"ERASED"}


async def test_no_value_stands_in_clear_in_any_file_of_the_store(drill: Drill, tmp_path: Path) -> None:
    canaries = tmp_path / "canaries"
    canaries.mkdir()
    (canaries / "a").write_bytes(NAME.encode() + PHONE.encode("utf-16-le"))
    assert {name for _, name in search([canaries], SECRETS)} == SECRETS.keys()
    assert await drill.on_disk() == []
    await drill.erase()
    assert await drill.on_disk() == []
