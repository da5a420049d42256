"""The composition root: builds every concrete thing once, and is the only importer of adapters."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from litestar import Litestar, Request, Router
from litestar.channels import ChannelsPlugin
from litestar.channels.backends.base import ChannelsBackend
from litestar.channels.backends.memory import MemoryChannelsBackend
from litestar.channels.backends.redis import RedisChannelsPubSubBackend
from litestar.di import Provide
from litestar.middleware.rate_limit import RateLimitConfig
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.routes import HTTPRoute
from litestar.static_files import create_static_files_router
from litestar.stores.base import Store as SharedStore
from litestar.stores.memory import MemoryStore
from litestar.stores.redis import RedisStore
from redis.asyncio import Redis

from api import errors, wire
from api.alarms import AlarmBoard
from api.announcing import Announcing
from api.auth import Caller, Gate, Tokens, idempotency_key
from api.clock import utc_now
from api.desk import Act, Desk
from api.dpop import Proofs
from api.duties import FaceDuties
from api.followers import following
from api.health import Health
from api.index import CaseIndex
from api.keeper import Keeper
from api.keys import check_mode, derived
from api.live import Live
from api.logs import configure_logs
from api.metrics import watch_models
from api.monitor import Monitor
from api.once import MemoryOnce, Once, RedisOnce
from api.packs import PackChanger
from api.proofroom import Proofroom
from api.rooms import open_rooms
from api.routes import (
    access,
    cases,
    catalogue,
    duties,
    handouts,
    identity,
    pictures,
    privacy,
    proof,
    reading,
    releases,
    screening,
    service,
    signals,
    signing,
    suitability,
)
from api.screening import OpenScreenings, Rescreener
from api.sender import ConsoleSender
from api.settings import Settings
from api.signals import OpenSignals, SignalWatch
from api.store import Store
from api.sweeper import Sweeper
from evidence import custody
from evidence.ports import Clock, Random, Sender
from kyc.duties.count import StoredFaces

TIDY_EVERY_S = 600


@dataclass(frozen=True)
class Shared:
    """State shared by workers: in this process, or in Redis."""

    answers: SharedStore
    proofs: Once
    limits: SharedStore
    channels: ChannelsBackend
    redis: Redis | None

    @classmethod
    def open(cls, settings: Settings, now: Clock) -> "Shared":
        if not settings.redis_url:
            return cls(MemoryStore(), MemoryOnce(now), MemoryStore(), MemoryChannelsBackend(), None)
        redis = Redis.from_url(settings.redis_url)
        return cls(
            answers=RedisStore(redis, namespace="jianzheng:answers"),
            proofs=RedisOnce(redis, "jianzheng:proofs"),
            limits=RedisStore(redis, namespace="jianzheng:limits"),
            channels=RedisChannelsPubSubBackend(redis=redis, key_prefix="jianzheng"),
            redis=redis,
        )

    async def tidy(self) -> None:
        """A chore: what is over is dropped from memory; Redis does it by itself."""
        while True:
            await asyncio.sleep(TIDY_EVERY_S)
            for store in (self.answers, self.limits):
                if isinstance(store, MemoryStore):
                    await store.delete_expired()

    async def close(self) -> None:
        if self.redis is not None:
            await self.redis.aclose()


def create_app(
    settings: Settings,
    *,
    now: Clock = utc_now,
    random: Random = os.urandom,
    sender: Sender | None = None,
) -> Litestar:
    """The whole service as one ASGI app. SetupRefused when it may not run like this.

    `sender` replaces the console (tests collect what was sent).
    """
    configure_logs()
    check_mode(settings)
    store = Store.of(settings, now, random)
    shared = Shared.open(settings, now)
    rooms = open_rooms(settings, store, now, random, sender or ConsoleSender())
    health, index = Health(now), CaseIndex()
    channels = ChannelsPlugin(shared.channels, arbitrary_channels_allowed=True)
    live = Live(channels)
    tokens = Tokens(derived(store.master, "tokens"), now)
    gate = Gate(tokens, Proofs(settings, shared.proofs, now))
    sweeper = Sweeper(store.ledger, store.log, store.objects, rooms.identity, now, health)
    keeper = Keeper(rooms.erasure, health, store.key_files, store.leases)
    screenings, rescreener = OpenScreenings(), Rescreener(rooms.identity, health)
    open_signals, signal_watch = OpenSignals(), SignalWatch(rooms.identity.signals, health)
    faces = StoredFaces()
    face_duties = FaceDuties(rooms.duties, faces, health)
    alarms = AlarmBoard(store.alarms, health)
    monitor = Monitor(store, health, now, settings.monitor_every_s)
    packs = PackChanger(rooms.identity.faces, health)
    watch_models(rooms.workers.load)
    desk = Desk(store.ledger, store.vault, shared.answers, now, alone=not settings.redis_url)
    proofroom = Proofroom.of(settings, store, rooms, now, health.alarm, lambda: health.sound)

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(shared.close)
            await stack.enter_async_context(store.opened())
            await proofroom.check()  # before anything is written
            await alarms.start()
            # In production four people approve a version and an admin publishes it.
            announce = health.sound and settings.mode == "sandbox"
            await stack.enter_async_context(rooms.opened(announce=announce))
            if health.sound:
                await proofroom.start()
            heed = partial(custody.heed, keyring=store.vault.keyring)
            learners = (
                index.learn,
                sweeper.learn,
                keeper.learn,
                heed,
                screenings.learn,
                rescreener.learn,
                open_signals.learn,
                signal_watch.learn,
                rooms.identity.signals.seen.learn,
                rooms.identity.signals.gallery.learn,
                faces.learn,
                face_duties.learn,
                packs.watch.learn,
            )
            chores = (
                alarms.run,
                monitor.run,
                sweeper.run,
                keeper.run,
                proofroom.stamp_checkpoints,
                rescreener.run,
                signal_watch.run,
                face_duties.run,
                Announcing(rooms.products, health).run,
                packs.run,
                shared.tidy,
            )
            await stack.enter_async_context(following(store, proofroom.duties(live), learners, chores, health, now))
            await packs.look()  # before the first picture
            health.started()
            yield
            health.stopping()

    def provide(value: object) -> Provide:
        return Provide(lambda: value, sync_to_thread=False, use_cache=True)

    async def caller(request: Request[Any, Any, Any]) -> Caller:
        return await gate.caller(request)

    async def act(request: Request[Any, Any, Any]) -> Act:
        return Act(desk, await gate.caller(request), idempotency_key(request))

    limit = RateLimitConfig(("minute", settings.entries_per_minute), store="limits", set_rate_limit_headers=False)
    doors = Router("/", route_handlers=[*access.ROUTES, *proof.OPEN_ROUTES], middleware=[limit.middleware])
    routes = [
        route
        for room in (
            cases,
            catalogue,
            handouts,
            reading,
            releases,
            suitability,
            identity,
            pictures,
            signing,
            proof,
            privacy,
            screening,
            duties,
            signals,
            service,
        )
        for route in room.ROUTES
    ]
    pages = create_static_files_router("/static", [settings.pages], after_response=None)
    app = Litestar(
        [doors, *routes, pages],
        lifespan=[lifespan],
        request_class=wire.DoorRequest,
        request_max_body_size=256 * 1024,
        before_request=health.admit,
        exception_handlers=errors.HANDLERS,
        middleware=[wire.Wire],
        plugins=[channels],
        stores={"limits": shared.limits},
        dependencies={
            "settings": provide(settings),
            "rooms": provide(rooms),
            "desk": provide(desk),
            "gate": provide(gate),
            "tokens": provide(tokens),
            "health": provide(health),
            "case_index": provide(index),
            "live": provide(live),
            "screenings": provide(screenings),
            "signals": provide(open_signals),
            "duties": provide(face_duties),
            "proofroom": provide(proofroom),
            "caller": Provide(caller),
            "act": Provide(act),
        },
        openapi_config=OpenAPIConfig(
            title="Jianzheng 见证",
            version="1",
            description="Understand, identify, sign, prove.",
            render_plugins=[JsonRenderPlugin()],
            components=Components(
                security_schemes={
                    "staff": SecurityScheme(type="http", scheme="bearer"),
                    "customer": SecurityScheme(type="http", scheme="DPoP"),
                }
            ),
            security=[{"staff": []}, {"customer": []}],
        ),
        logging_config=None,
        debug=False,
    )
    _resolve_one_by_one(app)
    return app


def _resolve_one_by_one(app: Litestar) -> None:
    """The framework asks for what a route needs in a group of tasks, a fifth of a millisecond each time; ours never
    wait for one another. The order of dependencies among themselves stays."""
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for _, model in route.route_handler_map.values():
                model.dependency_batches = [{one} for batch in model.dependency_batches for one in batch]
