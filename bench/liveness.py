"""Twenty people at once in front of their phones: how long a verdict takes, and whether the event loop stays free.

The real rooms over a store on this disk, on this loop, without HTTP. Each person takes a challenge, sends a picture for
each step and waits for the verdict; `pace_s` apart as the fastest person would, and once with no pause at all. What is
measured is the wait from the last picture to the verdict. The floor is what the models alone need for one picture.
"""

import asyncio
import hashlib
import os
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

import kyc.flow
from api.rooms import open_rooms
from api.settings import Settings
from api.store import Store
from bench import specimen
from bench.table import Metric
from evidence import decode
from evidence.case import Case
from evidence.errors import TooBusy
from evidence.events import (
    Actor,
    CaseOpened,
    CodeSent,
    ConsentGiven,
    LinkSent,
    NoticeShown,
    PaperCaptured,
    PaperConfirmed,
    PaperRead,
    PartyNamed,
    RouteChosen,
    SessionOpened,
    Stamp,
    instant,
)
from evidence.policy import Policy, ProductRef, SignaturePlan, Step
from evidence.vault import b64
from kyc.challenge import flow
from kyc.commands import CaptureFrame, DecideChallenge, IssueChallenge

PEOPLE = 20
PACE_S = 1.5  # between two pictures; the page itself leaves 2.3 s and more
BEAT_S = 0.002


class _Nobody:
    async def send(self, channel: str, to: str, text: str) -> None:
        """Nothing is sent here."""


class _Phone:
    """One person's key, case and pictures."""

    def __init__(self, number: int, ports: kyc.flow.Ports, card: bytes) -> None:
        self.number, self.ports, self.card = number, ports, card
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.actor = Actor(id=f"cus_{number}", role="customer", session=f"ses_{number}")
        self.case: Case | None = None

    def stamp(self) -> Stamp:
        return Stamp(actor=self.actor, at=datetime.now(UTC))

    async def ready(self) -> None:
        """A case whose papers are confirmed and whose camera is about to open."""
        numbers = self.key.public_key().public_numbers()
        stream, later = f"case_bench{self.number}", instant(datetime.now(UTC) + timedelta(hours=1))
        jwk = {"kty": "EC", "crv": "P-256", "x": b64(numbers.x.to_bytes(32)), "y": b64(numbers.y.to_bytes(32))}
        text, salted = "ab" * 32, "A" * 43
        opened = (
            CaseOpened(
                tenant="bench", mode="sandbox", input_origin="synthetic", policy=_policy(), opener="staff_bench"
            ),
            PartyNamed(party="proposer", customer=self.actor.id, phone=salted),
            LinkSent(link="lnk", party="proposer", customer=self.actor.id, channel="sms", expires=later),
            CodeSent(code="otp", purpose="enter", party="proposer", channel="sms", expires=later, link="lnk"),
        )
        await self.ports.ledger.open(stream, opened, Stamp(actor=Actor(id="staff_bench", role="agent"), at=_now()))
        media = await self.ports.vault.put(stream, "identity", self.card, "image/jpeg")
        fields = await self.ports.vault.hide(stream, "identity", specimen.DEFAULT.fields)
        bodies = (
            SessionOpened(
                session=self.actor.session or "",
                link="lnk",
                customer=self.actor.id,
                party="proposer",
                key=jwk,
                thumbprint=f"thumbprint-{self.number}",
                ip=salted,
                agent=salted,
                factors=("link:sms", "code:sms"),
                independent_factors=1,
                expires=later,
            ),
            *(NoticeShown(scope=scope, locale="zh-CN", text_sha256=text) for scope in ("privacy", "face")),
            *(
                ConsentGiven(scope=scope, text_sha256=text, satisfies=(f"consent:{scope}",))
                for scope in ("privacy", "face")
            ),
            RouteChosen(party="proposer", route="face"),
            *(
                body
                for paper in ("cn_id_front", "cn_id_back")
                for body in (
                    PaperCaptured(party="proposer", paper=paper, media=media, source="camera"),
                    PaperRead(party="proposer", paper=paper, verdict="pass"),
                )
            ),
            PaperConfirmed(party="proposer", fields=fields),
        )
        self.case = await self.ports.ledger.record(stream, lambda _: bodies, self.stamp())

    async def challenged(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        assert self.case is not None
        self.case = await flow.issue_challenge(self.case, IssueChallenge(), self.stamp(), self.ports)
        challenge = self.case.identity_of("proposer").challenge
        assert challenge is not None
        return challenge.actions, await flow.colours(self.case, challenge.id, self.actor.session or "", self.ports)

    async def capture(self, frames: list[bytes], pace_s: float) -> float:
        """Seconds from the last picture to the verdict."""
        assert self.case is not None
        challenge = self.case.identity_of("proposer").challenge
        assert challenge is not None
        began = time.perf_counter()
        at, last = [], 0.0
        for index, frame in enumerate(frames):
            await asyncio.sleep(pace_s)
            last = time.perf_counter()
            at.append(round((last - began) * 1000) + index)
            command = CaptureFrame(challenge=challenge.id, index=index)
            while True:  # as the phone does: told to come back, it comes back
                try:
                    self.case = await flow.capture_frame(self.case, command, frame, self.stamp(), self.ports)
                    break
                except TooBusy:
                    await asyncio.sleep(0.1)
        digests = [hashlib.sha256(frame).hexdigest() for frame in frames]
        said = {
            "actions": list(challenge.actions),
            "at": at,
            "case": self.case.id,
            "challenge": challenge.id,
            "frames": digests,
            "nonce": challenge.nonce,
            "paper": challenge.paper,
        }
        signature = b64(self.key.sign(decode.encode(said), ec.ECDSA(hashes.SHA256())))
        command_ = DecideChallenge(frames=tuple(digests), at=tuple(at), signature=signature)
        while True:
            try:
                self.case = await flow.decide(self.case, command_, challenge.id, self.stamp(), self.ports)
                break
            except TooBusy:
                await asyncio.sleep(0.1)
        attempt = self.case.identity_of("proposer").attempts[-1]
        assert attempt.verdict == "pass", attempt
        return time.perf_counter() - last


async def measure() -> dict[str, Metric]:
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        settings = Settings(data=Path(folder) / "data")
        async with Store.of(settings, _now).opened() as store:
            rooms = open_rooms(settings, store, _now, os.urandom, _Nobody())
            async with rooms.opened(announce=False):
                ports = rooms.identity
                floor = await _one_picture(ports)
                async with _heartbeat() as idle:
                    await asyncio.sleep(5)
                waits, late = await _people(ports, PACE_S, 0)
                at_once, _ = await _people(ports, 0.0, PEOPLE)
    return {
        "liveness_p50_s": Metric(value=statistics.median(waits), unit="s", floor=floor),
        "liveness_p99_s": Metric(value=_p99(waits), unit="s", floor=floor),
        "liveness_unpaced_p99_s": Metric(value=_p99(at_once), unit="s", floor=floor),
        "event_loop_block_ms": Metric(value=late.wall, unit="ms", floor=idle.wall),
        "event_loop_block_cpu_ms": Metric(value=late.cpu, unit="ms", floor=idle.cpu),
    }


async def _people(ports: kyc.flow.Ports, pace_s: float, first: int) -> tuple[list[float], "_Late"]:
    """The wait of each, and the longest that the loop could not turn to anything else."""
    card = specimen.front()
    phones = [_Phone(first + number, ports, card) for number in range(PEOPLE)]
    sessions = []
    for phone in phones:
        await phone.ready()
    for phone in phones:  # one after the other, since drawing the pictures is no work of the service
        actions, colours = await phone.challenged()
        sessions.append(await asyncio.to_thread(specimen.frames, actions, phone.number + 900, colours=colours))
    async with _heartbeat() as beats:
        waits = await asyncio.gather(
            *(phone.capture(frames, pace_s) for phone, frames in zip(phones, sessions, strict=True))
        )
    return list(waits), beats


async def _one_picture(ports: kyc.flow.Ports) -> float:
    jpeg = specimen.frames(["neutral"], seed=7)[0]
    took = []
    for _ in range(12):
        began = time.perf_counter()
        await ports.faces.look(jpeg)
        took.append(time.perf_counter() - began)
    return statistics.median(took)


@dataclass
class _Late:
    """The longest time between two turns of the loop, ms: by the clock, which a busy machine spoils, and in processor
    time of the loop's own thread, which it does not."""

    wall: float = 0.0
    cpu: float = 0.0


@asynccontextmanager
async def _heartbeat() -> AsyncIterator[_Late]:
    late = _Late()

    async def beat() -> None:
        while True:
            wall, cpu = time.perf_counter(), time.thread_time()
            await asyncio.sleep(BEAT_S)
            late.wall = max(late.wall, (time.perf_counter() - wall - BEAT_S) * 1000)
            late.cpu = max(late.cpu, (time.thread_time() - cpu) * 1000)

    task = asyncio.create_task(beat())
    try:
        yield late
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _p99(values: list[float]) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[98]


def _policy() -> Policy:
    product = ProductRef(id="bench", version=1, kind="term_life", full="ab" * 32, names={"zh-CN": "示例", "en": "Demo"})
    return Policy(
        product=product,
        steps=(
            Step(name="identity", needs=("consent:privacy",), yields=("identity:proposer:K3",)),
            Step(name="sign", needs=("identity:proposer:K3",), yields=("signed:proposer:application",)),
        ),
        identity={"proposer": "K3"},
        signatures=(SignaturePlan(party="proposer", document="application"),),
        challenge_ttl_s=600,  # the pictures are drawn between the challenge and the capture
        dwell_percent=1,
    )


def _now() -> datetime:
    return datetime.now(UTC)
