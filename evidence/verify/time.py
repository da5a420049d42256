"""Step 6. Existence at a time, by an outside party (RFC 3161). Needs the `full` extra."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from types import ModuleType

from cryptography import x509

from evidence.checkpoint import read_proof
from evidence.errors import NotVerified
from evidence.verify.chain import Chain
from evidence.verify.keys import TSA_INDEPENDENT, TSA_LOCAL, TrustedKeys
from evidence.verify.log import PROOF, named
from evidence.verify.records import instant
from evidence.verify.seals import path as seal_path

CHECKPOINT = "data/checkpoint.tsr"
SLACK = timedelta(seconds=2)  # genTime is in whole seconds; an authority states its accuracy in seconds


class NotEvaluatedError(Exception):
    """The `full` extra is not installed."""


@dataclass(frozen=True)
class Times:
    """`independent` of `covered` files have a token of an authority that the auditor holds to be independent."""

    covered: int
    local: int
    independent: int
    missing: tuple[str, ...]

    @property
    def code(self) -> str | None:
        if self.missing:
            return "NO_TIME"
        return None if self.independent == self.covered else "NO_INDEPENDENT_TIME"


def covered(chain: Chain, files: Mapping[str, bytes]) -> dict[str, tuple[str, str]]:
    """6.1 What has to be stamped: reply -> (file, time of the newest event it covers). No reply to nothing."""
    wanted = {CHECKPOINT: (PROOF, chain.records[-1].at)}
    for number, (_, last) in enumerate(chain.segments[:-1], 1):
        name = seal_path(number)
        wanted[name.replace(".dsse.json", ".tsr")] = (name, chain.records[last - 1].at)
    stray = [path for path in files if path.endswith(".tsr") and path not in wanted]
    if stray:
        raise NotVerified("a time stamp of nothing", record=min(stray))
    return wanted


def check(chain: Chain, files: Mapping[str, bytes], keys: TrustedKeys) -> Times:
    wanted = covered(chain, files)
    local, independent, missing = 0, 0, []
    for path, (name, newest) in wanted.items():
        if path not in files:
            missing.append(path)
            continue
        with named(name):
            data = read_proof(files[PROOF])[2] if name == PROOF else files.get(name, b"")
        if _stamped(files[path], data, instant(newest), keys, path):
            independent += 1
        else:
            local += 1
    return Times(len(wanted), local, independent, tuple(missing))


def _stamped(reply: bytes, data: bytes, newest: datetime, keys: TrustedKeys, path: str) -> bool:
    """6.2 verify one reply; whether the authority is an independent one."""
    if _verifies(reply, data, newest, keys.roots(TSA_INDEPENDENT)):
        return True
    if _verifies(reply, data, newest, keys.roots(TSA_LOCAL), path):
        return False
    raise NotVerified("no root was given for this time stamp", record=path)


def _verifies(
    reply: bytes, data: bytes, newest: datetime, roots: list[x509.Certificate], path: str | None = None
) -> bool:
    full = load_full()
    if not roots:
        return False
    try:
        at = full.stamped_at(reply, data, roots)
    except NotVerified as error:
        if path is None:
            return False
        raise NotVerified(error.detail, record=path) from None
    if instant(at) < newest - SLACK:
        raise NotVerified("stamped before the newest event it covers", record=path or "")
    return True


def load_full() -> ModuleType:
    """`evidence.verify.full`, whose libraries the core verifier does without."""
    try:
        return import_module("evidence.verify.full")
    except ImportError:
        raise NotEvaluatedError from None
