"""A witness as its operator runs it, and a service that knows it and a time authority outside."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from api.settings import Settings
from api.store import Store
from evidence.checkpoint import NoteKey
from evidence.verify.keys import DOCUMENT_CA, LOG, SEAL, TSA_INDEPENDENT, WITNESSES
from tests.api.service import Service
from tests.witness.authority import Authority


@contextmanager
def witness(folder: Path, log: NoteKey, port: int = 0) -> Iterator[tuple[NoteKey, str]]:
    """(its key, its address) while the process runs."""
    command = [sys.executable, "-m", "evidence.witness", "--dir", str(folder), "--listen", f"127.0.0.1:{port}"]
    command += ["--log", log.vkey, "--name", "witness.example/w1", "--rate", "1000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            key = NoteKey.parse(process.stdout.readline().strip())
            yield key, f"http://{process.stdout.readline().strip().removeprefix('listening on ')}"
        finally:
            process.terminate()
            process.wait(20)


def log_key(data: Path, **settings: Any) -> NoteKey:
    """The log's key, made before the service runs: witnesses and their policy need it."""
    return Store.of(Settings(data=data, **settings), lambda: datetime.now(UTC)).sequencer.public


def policy_file(path: Path, log: NoteKey, key: NoteKey, address: str) -> Path:
    path.write_text(f"log {log.vkey}\nwitness w1 {key.vkey} {address}\nquorum w1\n")
    return path


@dataclass
class World:
    """`auditor`: a folder of keys that an auditor collected, each from whom it belongs to."""

    service: Service
    authority: Authority
    auditor: Path
    witness: NoteKey


@contextmanager
def world(folder: Path, **settings: Any) -> Iterator[World]:
    data = folder / "data"
    with ExitStack() as stack:
        authority = stack.enter_context(Authority())
        (folder / "tsa.pem").write_bytes(authority.chain.pem)
        time = {"tsa_url": authority.url, "tsa_root": str(folder / "tsa.pem")}
        log = log_key(data, **time)
        key, address = stack.enter_context(witness(folder / "witness", log))
        options = time | {"witness_policy": str(policy_file(folder / "policy", log, key, address))}
        service = Service(data, **(options | settings))
        try:
            auditor = folder / "auditor"
            auditor.mkdir()
            for name in (LOG, SEAL, DOCUMENT_CA):
                (auditor / name).write_bytes((data / "public-keys" / name).read_bytes())
            (auditor / TSA_INDEPENDENT).write_bytes(authority.chain.pem)
            (auditor / WITNESSES).write_text(f"{key.vkey}\n")
            yield World(service, authority, auditor, key)
        finally:
            service.stop()
