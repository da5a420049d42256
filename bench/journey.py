"""One journey against the real service: wall and CPU seconds a step and in all, and the memory it needs.

CPU is the server's (whole process tree), not the client's that draws the photographs. Wall time includes what a person
waits for, and the reading floors at 2 %. The floor is the pure model and signature time of the same journey on one
thread: every `session.run` of the same photographs, and the asymmetric signatures.
"""

import asyncio
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import onnxruntime
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from bench import specimen
from bench.server import Server, running
from bench.table import Metric
from bench.walk import Walk
from kyc import intake, models
from kyc.engine import FaceEngine
from kyc.liveness import drawn
from kyc.ocr import Reader
from kyc.pool import Workers

MODELS = Path("build/models")
SIGNATURES = {"p256": 2, "rsa": 4}  # a journey's: act and paper; time stamps of paper, seals and checkpoint


class _Clock:
    """Seconds a step, on the wall and of the server's processors."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.wall: dict[str, float] = {}
        self.cpu: dict[str, float] = {}

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        wall, cpu = time.perf_counter(), self.server.cpu_s()
        yield
        self.wall[name] = time.perf_counter() - wall
        self.cpu[name] = self.server.cpu_s() - cpu


async def measure() -> dict[str, Metric]:
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder) / "data", dwell_percent="2", entries_per_minute="600") as server,
    ):
        first, clock = Walk(server, seed=1), _Clock(server)
        await asyncio.to_thread(first.all)  # the first customer warms the caches for the second
        second = Walk(server, clock, seed=2)
        second.agent.token = first.agent.token
        await asyncio.to_thread(second.all)
        first.close()
        second.close()
        memory = server.memory_mb()
    floor = await asyncio.to_thread(pure_s)
    found = {
        "journey_wall_s": Metric(value=sum(clock.wall.values()), unit="s", floor=floor),
        "journey_cpu_s": Metric(value=sum(clock.cpu.values()), unit="s", floor=floor),
        "server_rss_mb": Metric(value=memory, unit="MB"),
    }
    for name in clock.wall:
        found[f"journey_{name}_wall_s"] = Metric(value=clock.wall[name], unit="s")
        found[f"journey_{name}_cpu_s"] = Metric(value=clock.cpu[name], unit="s")
    return found


def pure_s() -> float:
    """Seconds inside `session.run` and inside private keys, for what one journey needs of them."""
    return _model_s() + _signature_s()


def _model_s() -> float:
    spent = 0.0
    plain_run = onnxruntime.InferenceSession.run

    def timed(self: Any, *arguments: Any, **options: Any) -> Any:
        nonlocal spent
        began = time.perf_counter()
        try:
            return plain_run(self, *arguments, **options)
        finally:
            spent += time.perf_counter() - began

    faces, reader = FaceEngine(models.load(MODELS), Workers(threads=1)), Reader()
    front, back = specimen.front(), specimen.back()
    frames = specimen.frames(drawn(bytes(8)), seed=3)

    async def look() -> None:
        await reader.read(intake.decode(front), "cn_id_front")
        await reader.read(intake.decode(back), "cn_id_back")
        for picture in (*frames, front, front):  # the card's face is looked for when it is read and when it is matched
            await faces.look(picture)

    asyncio.run(look())  # warm
    onnxruntime.InferenceSession.run = timed
    try:
        asyncio.run(look())
    finally:
        onnxruntime.InferenceSession.run = plain_run
    return spent


def _signature_s() -> float:
    curve, modulus = ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 3072)
    began = time.perf_counter()
    for _ in range(SIGNATURES["p256"]):
        curve.sign(b"x", ec.ECDSA(hashes.SHA256()))
    for _ in range(SIGNATURES["rsa"]):
        modulus.sign(b"x", padding.PKCS1v15(), hashes.SHA256())
    return time.perf_counter() - began
