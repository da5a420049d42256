"""`unshare -rn python -m tests.kyc.sealed_off DATA`: a whole journey where the kernel knows no network but its own.

Prints what there was to send on, and how the journey ended, as JSON.
"""

import asyncio
import fcntl
import json
import socket
import struct
import sys
from pathlib import Path

from bench import specimen
from bench.server import running
from bench.walk import Walk
from kyc import models
from kyc.engine import FaceEngine
from kyc.intake import decode
from kyc.ocr import Reader
from kyc.pool import Workers

GET_FLAGS, SET_FLAGS, UP = 0x8913, 0x8914, 1  # linux/sockios.h, linux/if.h


def loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        found = fcntl.ioctl(any_socket, GET_FLAGS, struct.pack("16sh14x", b"lo", 0))
        flags = struct.unpack("16sh14x", found)[1]
        fcntl.ioctl(any_socket, SET_FLAGS, struct.pack("16sh14x", b"lo", flags | UP))


async def looked(folder: Path) -> tuple[int, list[str]]:
    """How many people a picture shows, and what was read of a card; on the engine itself."""
    workers, reader = Workers(), Reader()
    try:
        engine = FaceEngine(models.load(folder), workers)
        look = await engine.look(specimen.frames(["neutral"], seed=3)[0])
        reading = await reader.read(decode(specimen.front()), "cn_id_front")
        return look.faces, sorted(reading.fields)
    finally:
        workers.close()
        reader.close()


def main(data: Path) -> None:
    interfaces = [name for _, name in socket.if_nameindex()]
    loopback_up()
    faces, fields = asyncio.run(looked(Path("build/models")))
    with running(data, dwell_percent="2", entries_per_minute="6000") as server:
        walk = Walk(server)
        try:
            bundle = walk.all()
        finally:
            walk.close()
        identity = walk.customer.view["identity"]
    told = {"interfaces": interfaces, "faces": faces, "fields": fields, "bundle": len(bundle), "identity": identity}
    sys.stdout.write(f"{json.dumps(told)}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
