"""Step 6. Existence at a time, by an outside party (RFC 3161). Needs the `full` extra."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from types import ModuleType

from evidence.checkpoint import read_proof
from evidence.errors import NotVerified
from evidence.verify.chain import Chain
from evidence.verify.keys import TSA_INDEPENDENT, TSA_LOCAL, TrustedKeys
from evidence.verify.lifetimes import seal_terms
from evidence.verify.log import PROOF, named
from evidence.verify.records import instant
from evidence.verify.seals import path as seal_path
from evidence.verify.seals import sealed_by

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
    late: tuple[str, ...] = ()  # stamped only after the key that sealed was retired

    @property
    def code(self) -> str | None:
        if self.missing:
            return "NO_TIME"
        if self.late:
            return "KEY_RETIRED"
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
    load_full()  # what cannot be evaluated is not called wrong, either
    wanted = covered(chain, files)
    local, independent, missing, late = 0, 0, [], []
    for path, (name, newest) in wanted.items():
        if path not in files:
            missing.append(path)
            continue
        with named(name):
            data = read_proof(files[PROOF])[2] if name == PROOF else files.get(name, b"")
        at, outside = _stamped(files[path], data, keys, path)
        if at < instant(newest) - SLACK:
            raise NotVerified("stamped before the newest event it covers", record=path)
        independent, local = independent + outside, local + (not outside)
        # 6.3 a key that was retired may have been used after all: only an earlier stamp shows that it was not
        term = seal_terms(chain).get(sealed_by(data))
        if term is not None and term.until is not None and at > instant(term.until) + SLACK:
            late.append(path)
    return Times(len(wanted), local, independent, tuple(missing), tuple(late))


def _stamped(reply: bytes, data: bytes, keys: TrustedKeys, path: str) -> tuple[datetime, bool]:
    """6.2 the time that one reply gives, and whether by an independent authority."""
    full = load_full()
    refused = "no root was given for this time stamp"
    for name in (TSA_INDEPENDENT, TSA_LOCAL):
        if roots := keys.roots(name):
            try:
                return instant(full.stamped_at(reply, data, roots, keys.tsa_policies)), name == TSA_INDEPENDENT
            except NotVerified as error:
                refused = error.detail
    raise NotVerified(refused, record=path)


def load_full() -> ModuleType:
    """`evidence.verify.full`, whose libraries the core verifier does without."""
    try:
        return import_module("evidence.verify.full")
    except ImportError:
        raise NotEvaluatedError from None
